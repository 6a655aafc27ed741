"""What differs on single accounts, in JSON and in forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from django_connected_accounts.exceptions import Unavailable
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing
from tests.brief_platform import Brief, brief, brief_account

from .conftest import Api

__all__ = ["brief"]

Photo = Callable[..., bytes]

pytestmark = pytest.mark.usefixtures("brief")


@pytest.fixture(autouse=True)
def _media_root(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def short(ada: Api) -> ConnectedAccount:
    return brief_account(ada.user)


@pytest.fixture
def shop(ada: Api, account: Callable[..., ConnectedAccount]) -> ConnectedAccount:
    return account(ada.user)


def file(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def codes(answer: Any) -> dict[str, list[str]]:
    fields = answer.json()["error"]["fields"]
    return {name: [row["code"] for row in rows] for name, rows in fields.items()}


def test_what_differs_is_written_read_changed_and_ended(
    ada: Api, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    written = ada.post(
        "/posts/",
        {
            "text": "Fresh bread, every day",
            "options": {"mood": "happy"},
            "accounts": [str(shop.pk), str(short.pk)],
            "overrides": {str(short.pk): {"text": "Bread", "first_comment": "", "options": {"mood": None}}},
        },
    ).json()
    assert written["overrides"] == {str(short.pk): {"text": "Bread", "options": {"mood": None}}}
    post = f"/posts/{written['id']}/"
    fields = {row["account"]["id"]: row["fields"] for row in ada.get(f"{post}preview").json()["accounts"]}
    assert fields[str(short.pk)] == {}

    changed = ada.patch(post, {"overrides": {str(short.pk): {"text": "Far too long for this"}}}).json()
    assert changed["overrides"] == {str(short.pk): {"text": "Far too long for this"}}
    fields = {row["account"]["id"]: row["fields"] for row in ada.get(f"{post}preview").json()["accounts"]}
    assert [row["code"] for row in fields[str(short.pk)]["text"]] == ["text_too_long"]
    assert ada.patch(post, {"first_comment": "#bread"}).json()["overrides"] == changed["overrides"]
    assert ada.patch(post, {"overrides": {str(short.pk): None}}).json()["overrides"] == {}


def test_files_and_covers_of_the_post_and_of_single_accounts_come_in_one_form(
    ada: Api, shop: ConnectedAccount, short: ConnectedAccount, photo: Photo
) -> None:
    said = {
        "accounts": [str(shop.pk), str(short.pk)],
        "media": [{"alt_text": "A film"}],
        "overrides": {str(short.pk): {"text": "Look", "media": [{"alt_text": "first"}, {}]}},
    }
    form = {
        "data": json.dumps(said),
        "media": file(samples.mp4(5.0), "clip.mp4"),
        "media.0.cover": file(photo(720, 1280)),
        f"overrides.{short.pk}.media": [file(photo(400, 400)), file(photo(500, 500))],
    }
    answer = ada.form("/posts/", form)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    own = row["overrides"][str(short.pk)]
    assert [media["kind"] for media in row["media"]] == ["video"]
    assert [(media["width"], media["alt_text"]) for media in own["media"]] == [(400, "first"), (500, "")]
    assert PostMedia.objects.get(kind="video").cover
    assert composing.draft(Post.objects.get(), short).kind == "carousel"

    second = own["media"][1]["id"]
    chosen = {"media": [{"id": second}, {"id": row["media"][0]["id"]}]}
    changed = ada.patch(f"/posts/{row['id']}/", {"overrides": {str(short.pk): chosen}}).json()
    assert [media["id"] for media in changed["overrides"][str(short.pk)]["media"]] == [
        second,
        row["media"][0]["id"],
    ]
    assert [media["id"] for media in changed["media"]] == [row["media"][0]["id"]]


@pytest.mark.parametrize(
    ("own", "field", "code"),
    [
        ({"txet": "a"}, "txet", "unknown_field"),
        ({"text": 7}, "text", "wrong_type"),
        ({"media": [{}]}, "media.0", "media_missing"),
        ({"media": [{"id": str(uuid4())}]}, "media.0", "media_not_found"),
        ({"kind": "poem"}, "kind", "kind_unknown"),
        (7, "", "wrong_type"),
    ],
)
def test_what_will_not_do_is_refused_by_field(
    ada: Api, short: ConnectedAccount, own: Any, field: str, code: str
) -> None:
    answer = ada.post("/posts/", {"accounts": [str(short.pk)], "overrides": {str(short.pk): own}})
    assert answer.status_code in (400, 422)
    assert codes(answer) == {f"overrides.{short.pk}.{field}".strip("."): [code]}
    assert not Post.objects.exists()


@pytest.mark.parametrize("name", ["cover", "media.0.covers", "overrides.7.media", "media.1.cover"])
def test_a_file_that_belongs_to_nothing_is_refused(ada: Api, name: str, photo: Photo) -> None:
    form = {"text": "a", "media": file(photo(400, 400)), name: file(photo(400, 400))}
    answer = ada.form("/posts/", form)
    assert answer.status_code in (400, 422)
    expected = "media_unexpected" if name == "media.1.cover" else "unknown_field"
    assert codes(answer) == {name: [expected]}
    assert not Post.objects.exists()


def test_differences_are_for_accounts_of_the_post_and_of_the_user(
    ada: Api, ben: Api, shop: ConnectedAccount
) -> None:
    theirs = brief_account(ben.user, "2")
    body = {"accounts": [str(shop.pk)], "overrides": {str(theirs.pk): {"text": "Hi"}}}
    answer = ada.post("/posts/", body)
    assert answer.status_code == 422
    assert codes(answer) == {f"overrides.{theirs.pk}": ["override_without_account"]}


def test_what_an_account_may_choose_is_asked_of_its_platform(
    ada: Api, ben: Api, shop: ConnectedAccount, short: ConnectedAccount, brief: type[Brief]
) -> None:
    brief.audiences = {"1": {"few": "Only a few"}}
    options = ada.get(f"/{short.pk}/options").json()["options"]
    assert options["audience"]["choices"] == {"few": "Only a few"}
    assert options["audience"]["required"] is True
    assert "share_to_feed" in ada.get(f"/{shop.pk}/options").json()["options"]
    assert ben.get(f"/{short.pk}/options").status_code == 404
    brief.audiences = Unavailable("platform_unavailable")
    assert ada.get(f"/{short.pk}/options").status_code == 503

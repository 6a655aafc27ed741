"""Posts: what is written, what a platform would say of it, and what is refused with nothing half saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Event, Post, PostMedia, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import publishing

from .conftest import Api

Make = Callable[..., ConnectedAccount]
Photo = Callable[..., bytes]


def _file(content: bytes, name: str = "photo.jpg", mime: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, mime)


def _created(api: Api, *files: bytes, **content: Any) -> dict[str, Any]:
    answer = api.form("/posts/", {"data": json.dumps(content), "media": [_file(file) for file in files]})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def _codes(answer: Any) -> dict[str, list[str]]:
    fields = answer.json()["error"]["fields"]
    return {name: [row["code"] for row in rows] for name, rows in fields.items()}


def _nothing_is_saved(media_root: Path) -> bool:
    files = [path for path in media_root.rglob("*") if path.is_file()]
    rows = [model.objects.count() for model in (Post, PostMedia, Publication, Event)]
    return not any(rows) and not files


@pytest.fixture(autouse=True)
def media_root(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.mark.databases
def test_a_post_is_written_as_json_read_changed_and_deleted(
    ada: Api, account: Make, media_root: Path
) -> None:
    mine = account(ada.user)
    body = {"kind": "text", "text": "Hello", "accounts": [str(mine.pk)], "options": {"location_id": "7"}}
    written = ada.post("/posts/", body)
    assert written.status_code == 201
    row = written.json()
    assert (row["kind"], row["text"], row["review"], row["options"]) == (
        "text",
        "Hello",
        "draft",
        {"location_id": "7"},
    )
    assert [named["id"] for named in row["accounts"]] == [str(mine.pk)]
    assert ada.get(f"/posts/{row['id']}/").json() == row

    changed = ada.patch(f"/posts/{row['id']}/", {"text": "Good morning"}).json()
    assert (changed["text"], changed["options"]) == ("Good morning", {"location_id": "7"})
    assert ada.delete(f"/posts/{row['id']}/").status_code == 204
    assert ada.get(f"/posts/{row['id']}/").status_code == 404


def test_files_come_in_a_form_in_order_with_what_is_said_of_each(
    ada: Api, photo: Photo, media_root: Path, django_capture_on_commit_callbacks: Any
) -> None:
    row = _created(
        ada,
        photo(1080, 1080),
        photo(1080, 1350),
        text="Two",
        media=[{"alt_text": "A square"}, {"alt_text": "A tall one", "user_tags": [{"username": "ben"}]}],
    )
    assert row["kind"] == "carousel"
    assert [(m["width"], m["height"], m["alt_text"]) for m in row["media"]] == [
        (1080, 1080, "A square"),
        (1080, 1350, "A tall one"),
    ]
    assert row["media"][1]["user_tags"] == [{"username": "ben"}]

    first, second = (media["id"] for media in row["media"])
    turned = ada.patch(f"/posts/{row['id']}/", {"media": [{"id": second}, {"id": first}]}).json()
    assert [media["id"] for media in turned["media"]] == [second, first]
    with django_capture_on_commit_callbacks(execute=True):
        assert ada.delete(f"/posts/{row['id']}/").status_code == 204
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_a_form_may_have_plain_fields(ada: Api, account: Make, photo: Photo) -> None:
    mine = account(ada.user)
    answer = ada.form(
        "/posts/",
        {
            "text": "Plain",
            "accounts": [str(mine.pk)],
            "options": '{"location_id": "7"}',
            "media": _file(photo()),
        },
    )
    assert answer.status_code == 201
    assert answer.json()["text"] == "Plain"
    assert answer.json()["options"] == {"location_id": "7"}
    assert len(answer.json()["accounts"]) == len(answer.json()["media"]) == 1


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"txet": "a"}, "txet", "unknown_field"),
        ({"data": "{}", "text": "a"}, "text", "unknown_field"),
        ({"text": "a", "accounts": ["7"]}, "accounts", "wrong_type"),
        ({"data": '{"media": [{}]}'}, "media.0", "media_missing"),
        ({"text": "a", "file": SimpleUploadedFile("a.jpg", b"a")}, "file", "unknown_field"),
        ({"data": '{"media": []}', "media": SimpleUploadedFile("a.jpg", b"a")}, "media", "media_unexpected"),
    ],
)
def test_a_form_that_can_not_be_meant_is_refused_by_field(
    form: dict[str, Any], field: str, code: str, ada: Api, media_root: Path
) -> None:
    answer = ada.form("/posts/", form)
    assert answer.status_code in (400, 422)
    assert _codes(answer) == {field: [code]}
    assert _nothing_is_saved(media_root)


@pytest.mark.parametrize(
    ("content", "name", "mime", "code"),
    [
        (b"", "photo.jpg", "image/jpeg", "media_empty"),
        (b"%PDF-1.7 not a picture", "photo.jpg", "image/jpeg", "media_format_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "p.svg", "image/svg+xml", "media_format_unknown"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_and_nothing_is_saved(
    content: bytes, name: str, mime: str, code: str, ada: Api, photo: Photo, media_root: Path
) -> None:
    answer = ada.form("/posts/", {"text": "x", "media": [_file(photo()), _file(content, name, mime)]})
    assert answer.status_code == 422
    assert _codes(answer) == {"media.1": [code]}
    assert answer.json()["error"]["message"]
    assert _nothing_is_saved(media_root)


def test_a_truncated_picture_is_refused_and_nothing_is_saved(
    ada: Api, photo: Photo, media_root: Path
) -> None:
    answer = ada.form("/posts/", {"text": "x", "media": _file(photo()[:-2000])})
    assert (answer.status_code, _codes(answer)) == (422, {"media.0": ["media_unreadable"]})
    assert _nothing_is_saved(media_root)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.jpg", "file:///etc/passwd", "http://[::1]/", "ftp://a.example/"]
)
def test_a_link_to_where_only_we_can_look_is_refused(url: str, ada: Api, media_root: Path) -> None:
    answer = ada.post("/posts/", {"text": "x", "media": [{"url": url}]})
    assert (answer.status_code, _codes(answer)) == (422, {"media.0": ["media_url_refused"]})
    assert _nothing_is_saved(media_root)


def test_links_are_counted_before_any_is_followed(ada: Api, media_root: Path) -> None:
    answer = ada.post("/posts/", {"media": [{"url": "http://127.0.0.1/a.jpg"}] * 51})
    assert (answer.status_code, _codes(answer)) == (422, {"media": ["too_many_media"]})
    assert _nothing_is_saved(media_root)


@pytest.mark.databases
@pytest.mark.parametrize("deep", [17, 200, 900])
def test_options_deeper_than_databases_take_are_refused(deep: int, ada: Api) -> None:
    answer = ada.post("/posts/", {"options": json.loads('{"a":' * deep + "1" + "}" * deep)})
    assert (answer.status_code, _codes(answer)) == (422, {"options": ["options_invalid"]})
    assert not Post.objects.exists()


@pytest.mark.parametrize("path", ["", "/preview", "/publish", "/schedule", "/cancel"])
def test_nobody_learns_that_somebody_elses_post_exists(path: str, ada: Api, ben: Api) -> None:
    theirs = _created(ada, text="Mine", kind="text")["id"]
    method = "POST" if path else "GET"
    known = ben.send(method, f"/posts/{theirs}{path or '/'}", {} if path else None)
    unknown = ben.send(method, f"/posts/{uuid4()}{path or '/'}", {} if path else None)
    assert known.status_code == unknown.status_code == 404
    assert known.content == unknown.content
    assert ben.get("/posts/").json()["count"] == 0


def test_another_users_account_is_as_unknown_as_one_that_never_was(
    ada: Api, ben: Api, account: Make, media_root: Path
) -> None:
    theirs = account(ben.user)
    for given in (theirs.pk, uuid4()):
        answer = ada.post("/posts/", {"text": "x", "kind": "text", "accounts": [str(given)]})
        assert (answer.status_code, _codes(answer)) == (404, {"accounts": ["account_not_found"]})
        assert _nothing_is_saved(media_root)
    mine = _created(ada, text="x", kind="text")["id"]
    for verb in ("preview", "publish"):
        answer = ada.post(f"/posts/{mine}/{verb}", {"accounts": [str(theirs.pk)]})
        assert (answer.status_code, _codes(answer)) == (404, {"accounts": ["account_not_found"]})
    assert not Publication.objects.exists()


PROBLEMS: Mapping[str, tuple[dict[str, Any], Callable[[Photo], bytes], str, str]] = {
    "a 5:1 picture": ({}, lambda photo: photo(1500, 300), "media.0", "aspect_ratio"),
    "a 9 MB picture": ({}, lambda photo: photo() + bytes(9_000_000), "media.0", "media_too_large"),
    "a PNG": ({}, lambda photo: photo(image_format="PNG"), "media.0", "media_format"),
    "2,201 characters": ({"text": "x" * 2201}, lambda photo: photo(), "text", "text_too_long"),
    "31 hashtags": (
        {"text": " ".join(f"#t{n}" for n in range(31))},
        lambda photo: photo(),
        "text",
        "too_many_hashtags",
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_the_platform_would_refuse_is_kept_as_a_draft_previewed_and_not_published(
    case: str, ada: Api, account: Make, photo: Photo
) -> None:
    content, draw, field, code = PROBLEMS[case]
    mine = account(ada.user)
    post = _created(ada, draw(photo), accounts=[str(mine.pk)], **content)

    preview = ada.get(f"/posts/{post['id']}/preview").json()
    assert preview["ready"] is False
    [seen] = preview["accounts"]
    assert (seen["account"]["id"], seen["ready"]) == (str(mine.pk), False)
    [problem] = [row for row in seen["fields"][field] if row["code"] == code]
    assert problem["severity"] == "error"
    assert problem["message"]
    assert problem["action"]
    assert ada.post(f"/posts/{post['id']}/preview", {"accounts": [str(mine.pk)]}).json() == preview

    for verb, body in [("publish", {}), ("schedule", {"at": "2030-01-01T10:00:00Z"})]:
        answer = ada.post(f"/posts/{post['id']}/{verb}", body)
        assert answer.status_code == 422
        assert code in _codes(answer)[field]
    assert not Publication.objects.exists()
    assert ada.get(f"/posts/{post['id']}/").json()["review"] == "draft"


def test_a_refusal_names_what_it_is_about(ada: Api, account: Make, photo: Photo) -> None:
    mine = account(ada.user, platform="instagram_login")
    post = _created(ada, photo(), accounts=[str(mine.pk)], options={"location_id": "7"})["id"]
    error = ada.post(f"/posts/{post}/publish", {}).json()["error"]
    (field,) = error["fields"]["options.location_id"]
    assert error["message"] == field["message"] == "Instagram has no choice called “location_id”."


def test_a_post_without_accounts_asks_for_them(ada: Api) -> None:
    post = _created(ada, text="x", kind="text")["id"]
    for verb in ("preview", "publish"):
        answer = ada.post(f"/posts/{post}/{verb}", {})
        assert (answer.status_code, _codes(answer)) == (422, {"accounts": ["account_missing"]})


@pytest.mark.parametrize(
    ("when", "field", "code", "status"),
    [
        ({"at": "2001-01-01T10:00:00Z"}, "at", "past_date", 422),
        ({"at": "0001-01-01T00:00", "zone": "Asia/Tokyo"}, "at", "past_date", 422),
        ({"at": "9999-12-31T23:59:59Z"}, "at", "too_far_ahead", 422),
        ({"at": "9999-12-31T23:59:59", "zone": "America/Los_Angeles"}, "at", "too_far_ahead", 422),
        ({"at": "9999-12-31T23:59:59-12:00"}, "at", "too_far_ahead", 422),
        ({"at": "tomorrow"}, "at", "wrong_type", 400),
        ({"at": "2030-13-01T10:00:00Z"}, "at", "wrong_type", 400),
        ({"at": 7}, "at", "wrong_type", 400),
        ({"at": "2030-01-01T10:00"}, "zone", "missing_field", 400),
        ({"at": "2030-01-01T10:00", "zone": "Middle/Earth"}, "zone", "unknown_zone", 422),
        ({"at": "2030-03-31T02:30", "zone": "Europe/Vienna"}, "at", "time_does_not_exist", 422),
        ({"zone": "UTC"}, "at", "missing_field", 400),
    ],
)
def test_a_time_that_can_not_be_is_refused_by_field(
    when: dict[str, Any], field: str, code: str, status: int, ada: Api, account: Make, photo: Photo
) -> None:
    post = _created(ada, photo(), accounts=[str(account(ada.user).pk)])["id"]
    answer = ada.post(f"/posts/{post}/schedule", when)
    assert (answer.status_code, _codes(answer)) == (status, {field: [code]})
    assert not Publication.objects.exists()


@pytest.mark.databases
def test_a_local_time_is_kept_in_utc_with_its_zone(ada: Api, account: Make, photo: Photo) -> None:
    post = _created(ada, photo(), accounts=[str(account(ada.user).pk)])["id"]
    answer = ada.post(f"/posts/{post}/schedule", {"at": "2030-05-04T11:30", "zone": "Europe/Vienna"})
    assert answer.status_code == 202
    [publication] = answer.json()["publications"]
    assert (publication["due_at"], publication["zone"]) == ("2030-05-04T09:30:00Z", "Europe/Vienna")
    assert publication["status"] == "scheduled"

    again = ada.post(f"/posts/{post}/schedule", {"at": "2030-05-05T09:30:00Z"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_scheduled")
    kept = ada.delete(f"/posts/{post}/")
    assert (kept.status_code, kept.json()["error"]["code"]) == (409, "post_already_scheduled")

    cancelled = ada.post(f"/posts/{post}/cancel").json()
    assert [row["status"] for row in cancelled["publications"]] == ["cancelled"]
    nothing = ada.post(f"/posts/{post}/cancel")
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (409, "nothing_to_cancel")


def test_an_account_that_can_not_be_used_now_is_named(ada: Api, account: Make, photo: Photo) -> None:
    mine = account(ada.user, health="reconnect_needed", is_active=False)
    post = _created(ada, photo(), accounts=[str(mine.pk)])["id"]
    answer = ada.post(f"/posts/{post}/publish")
    assert "account_not_usable" in _codes(answer)["accounts"]
    assert not Publication.objects.exists()


@pytest.mark.databases
@pytest.mark.parametrize("number", [1, 30])
def test_the_list_costs_the_same_at_any_number(number: int, ada: Api, account: Make) -> None:
    mine, now = account(ada.user), timezone.now()
    for n in range(number):
        post = Post.objects.create(user=ada.user, kind="text", text=f"Post {n}")
        post.accounts.add(mine)
        Publication.objects.create(post=post, account=mine, due_at=now, deadline_at=now)
    with CaptureQueriesContext(connection) as queries:
        assert len(ada.get("/posts/", page_size=100).json()["results"]) == number
    assert len(queries) <= 7, [query["sql"] for query in queries]


@pytest.mark.databases
def test_the_list_is_narrowed_by_status_and_text(ada: Api, account: Make) -> None:
    mine, now = account(ada.user), timezone.now()
    for text, status in [("Bread", "published"), ("Coffee", "scheduled"), ("Tea", "")]:
        post = Post.objects.create(user=ada.user, kind="text", text=text)
        if status:
            Publication.objects.create(
                post=post, account=mine, due_at=now, deadline_at=now, status=status, remote_id="1"
            )

    def texts(**query: str) -> list[str]:
        return [row["text"] for row in ada.get("/posts/", **query).json()["results"]]

    assert texts() == ["Tea", "Coffee", "Bread"]
    assert texts(status="published") == ["Bread"]
    assert texts(status="draft") == ["Tea"]
    assert texts(search="off") == ["Coffee"]
    assert ada.get("/posts/", status="lost").status_code == 400


@pytest.mark.databases
def test_from_consent_to_a_live_post(ada: Api, world: World, photo: Photo) -> None:
    site = Client()

    def fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
        answer = site.get(url.removeprefix("http://testserver"))
        return answer.status_code, dict(answer.headers), answer.getvalue()

    world.fetch = fetch
    [account_id] = ada.connect("instagram_login", "shop").json()["connected"]
    post = _created(ada, photo(), text="Bread #fresh", accounts=[account_id])["id"]
    assert ada.get(f"/posts/{post}/preview").json()["ready"] is True
    answer = ada.post(f"/posts/{post}/publish", {})
    assert answer.status_code == 202

    for _ in range(20):
        Publication.objects.exclude(run_at=None).update(run_at=Now())
        publishing.tick(limit=1)
    [publication] = ada.get(f"/posts/{post}/").json()["publications"]
    [live] = world.posts()
    assert (publication["status"], publication["permalink"]) == ("published", live["permalink"])
    assert live["caption"] == "Bread #fresh"
    sent = ada.patch(f"/posts/{post}/", {"text": "Too late"})
    assert (sent.status_code, sent.json()["error"]["code"]) == (409, "post_already_sent")


def test_a_time_that_comes_twice_is_asked_and_answered_in_either_way(
    ada: Api, account: Make, photo: Photo
) -> None:
    post = _created(ada, photo(), accounts=[str(account(ada.user).pk)])["id"]
    when = {"at": "2030-10-27T02:30", "zone": "Europe/Vienna", "late_seconds": 600}
    answer = ada.post(f"/posts/{post}/schedule", when)
    assert (answer.status_code, _codes(answer)) == (422, {"at": ["time_is_ambiguous"]})
    [problem] = answer.json()["error"]["fields"]["at"]
    earlier, later = problem["choices"]
    assert earlier == {"at": "2030-10-27T02:30:00+02:00", "fold": 0, "name": "CEST (UTC+02:00)"}
    assert "02:30 CET (UTC+01:00)" in problem["action"]

    answered = ada.post(f"/posts/{post}/schedule", {**when, "fold": later["fold"]})
    assert answered.status_code == 202
    assert answered.json()["late_seconds"] == 600
    [publication] = answered.json()["publications"]
    assert (publication["due_at"], publication["fold"]) == ("2030-10-27T01:30:00Z", 1)
    assert publication["wall_time"] == "2030-10-27T02:30:00"
    assert publication["deadline_at"] == "2030-10-27T01:40:00Z"

    moved = ada.post(f"/publications/{publication['id']}/reschedule", {**when, "at": earlier["at"]}).json()
    assert (moved["due_at"], moved["fold"]) == ("2030-10-27T00:30:00Z", 0)
    refused = ada.post(f"/publications/{publication['id']}/reschedule", {**when, "fold": 2})
    assert _codes(refused) == {"fold": ["wrong_type"]}


@pytest.mark.databases
def test_a_due_time_is_told_with_seconds_and_z(ada: Api, account: Make, photo: Photo) -> None:
    post = _created(ada, photo(), accounts=[str(account(ada.user).pk)])["id"]
    at = (timezone.now() + timedelta(days=1)).isoformat()
    [publication] = ada.post(f"/posts/{post}/schedule", {"at": at}).json()["publications"]
    assert publication["due_at"].endswith("Z")
    assert len(publication["due_at"]) == len("2030-05-04T09:30:00Z")

"""The one public page: what platforms fetch."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.test import Client

from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing
from django_connected_accounts.services.composing import NewMedia
from django_connected_accounts.services.serving import public_url

pytestmark = pytest.mark.django_db

HOST = "http://testserver"
PICTURE, COVER = samples.jpeg(64, 48), samples.jpeg(90, 160)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def post() -> Post:
    user = get_user_model().objects.create_user("ada")
    film = NewMedia(file=io.BytesIO(samples.mp4()), cover=io.BytesIO(COVER))
    return composing.compose(user, media=[NewMedia(file=io.BytesIO(PICTURE)), film])


@pytest.fixture
def media(post: Post) -> PostMedia:
    return post.media.all()[0]


def path(media: PostMedia, which: Any = "sent") -> str:
    return public_url(media, which).removeprefix(HOST)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_anybody_with_the_link_gets_the_file_with_its_true_type(client: Client, media: PostMedia) -> None:
    response = client.get(path(media))
    assert response.status_code == 200
    assert body(response) == PICTURE
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Length"] == str(len(PICTURE))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    assert "Set-Cookie" not in response.headers


def test_a_film_and_its_cover_have_links_of_their_own(client: Client, post: Post) -> None:
    film = post.media.all()[1]
    assert path(film).endswith(".mp4")
    assert path(film, "cover").endswith(".jpg")
    response = client.get(path(film))
    assert (response.headers["Content-Type"], body(response)) == ("video/mp4", samples.mp4())
    response = client.get(path(film, "cover"))
    assert (response.headers["Content-Type"], body(response)) == ("image/jpeg", COVER)


def test_a_link_is_absolute_and_plain(media: PostMedia) -> None:
    url = public_url(media)
    assert url.startswith(f"{HOST}/connected-accounts/media/")
    assert url.endswith("/sent.jpg")
    assert url.isascii()
    assert "?" not in url
    assert media.file.name not in url


def test_the_rendition_is_what_is_served(client: Client, post: Post) -> None:
    png = NewMedia(file=io.BytesIO(samples.jpeg(400, 300, image_format="PNG")), fit="convert")
    account = ConnectedAccount.objects.create(user=post.user, platform="instagram", account_id="1")
    row = composing.compose(post.user, media=[png], accounts=[account]).media.get()
    assert client.head(path(row)).headers["Content-Type"] == "image/png"
    response = client.get(path(row.renditions.get()))
    assert response.headers["Content-Type"] == "image/jpeg"
    assert body(response)[:2] == b"\xff\xd8"


def test_head_answers_without_the_bytes(client: Client, media: PostMedia) -> None:
    response = client.head(path(media))
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Length"] == str(len(PICTURE))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_but_reading_is_possible(client: Client, media: PostMedia, method: str) -> None:
    assert getattr(client, method)(path(media)).status_code == 405


def test_a_link_ends(client: Client, media: PostMedia, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    url, now = path(media), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3600 - 5)
    assert body(client.get(url)) == PICTURE
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3600 + 5)
    assert client.get(url).status_code == 410


def test_a_link_lasts_longer_than_a_container_of_instagram(settings: Any) -> None:
    assert settings.CONNECTED_ACCOUNTS_MEDIA_URL_SECONDS > 24 * 3600


def test_a_changed_link_is_none(client: Client, post: Post) -> None:
    first, second = post.media.all()
    good = path(first)
    signed = good.split("/")[-2]
    for bad in (
        good.replace(first.pk.hex, second.pk.hex),
        good.replace("-sent-", "-cover-"),
        good.replace(signed, signed[:-1] + ("A" if signed[-1] != "A" else "B")),
        good.replace(signed, signed.rpartition(":")[0]),
        good.replace(signed, "x"),
        good.replace(signed, first.pk.hex),
        good.replace(signed, signing.TimestampSigner().sign(f"{first.pk.hex}-sent-0")),
        good.replace(signed, "..%2F..%2Fetc%2Fpasswd"),
    ):
        assert client.get(bad).status_code == 404, bad


def test_a_link_is_good_for_the_file_it_was_made_for_and_no_other(client: Client, post: Post) -> None:
    row = post.media.all()[0]
    url = path(row)
    others = [NewMedia(file=io.BytesIO(samples.jpeg())), NewMedia(existing=post.media.all()[1])]
    composing.edit(post, by=None, media=others)
    assert client.get(url).status_code == 410
    assert body(client.get(path(post.media.all()[0])))[:2] == b"\xff\xd8"


def test_what_was_deleted_is_gone(client: Client, media: PostMedia) -> None:
    url = path(media)
    storages["default"].delete(media.file.name)
    assert client.get(url).status_code == 404
    media.delete()
    assert client.get(url).status_code == 410


def test_a_project_that_requires_login_everywhere_still_lets_platforms_fetch(
    client: Client, media: PostMedia, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert body(client.get(path(media))) == PICTURE


def test_without_an_address_of_this_site_there_are_no_links(media: PostMedia, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_BASE_URL = ""
    with pytest.raises(ImproperlyConfigured, match="CONNECTED_ACCOUNTS_BASE_URL"):
        public_url(media)

"""Pictures and films that could not be fetched, were sent as something else, or refused too late."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import PostMedia, Publication
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing
from django_connected_accounts.services.composing import NewMedia

pytestmark = pytest.mark.django_db
Status = Publication.Status
Image.init()
FORMATS = [name for name in ("WEBP", "PNG", "AVIF") if name in Image.SAVE]


def film() -> ContentFile[bytes]:
    return ContentFile(samples.mp4(), "film.mp4")


def picture(size: tuple[int, int], image_format: str = "JPEG", **how: Any) -> ContentFile[bytes]:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, image_format, **how)
    return ContentFile(out.getvalue(), f"picture.{image_format.lower()}")


@pytest.fixture
def fetched(world, monkeypatch) -> dict[str, bytes]:
    """What the platform fetched, by address."""
    found: dict[str, bytes] = {}
    before = world.fetch

    def fetch(url: str) -> Any:
        answer = before(url)
        found[url] = answer[2]
        return answer

    monkeypatch.setattr(world, "fetch", fetch)
    return found


@pytest.mark.parametrize(
    "url", ["", "http://localhost/a.jpg", "http://192.168.0.7/a.jpg", "file:///etc/passwd", "https:///a.jpg"]
)
def test_f25_an_address_no_platform_can_fetch_from_is_refused_at_once(account, world, url) -> None:
    with pytest.raises(InvalidRequest):
        account.publish(media=[NewMedia(url=url)], text="Unreachable")
    assert not Publication.objects.exists()
    assert not [call for call in world.calls if call["path"].endswith("/media")]


def test_f25_what_the_platform_cannot_fetch_ends_with_its_reason(account, world, photo, run) -> None:
    world.fault(
        action="status", path="/media$", method="POST", status=400, code=9004, subcode=2207052, times=0
    )
    publication = account.publish(media=[photo()], text="Unfetched")
    run()
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.FAILED, "media_unreachable")


def test_f26_links_to_media_are_made_when_they_are_sent_and_end(
    account, world, photo, run, settings, fetched, client
) -> None:
    publication = account.publish(media=[photo()], text="Much later")
    stored = [str(value) for row in PostMedia.objects.values() for value in row.values()]
    assert not any(value.startswith("http") for value in stored)

    settings.CONNECTED_ACCOUNTS_MEDIA_URL_SECONDS = 60
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    [link] = fetched
    parts = urlsplit(link)
    assert b"".join(client.get(f"{parts.path}?{parts.query}")) == fetched[link]
    settings.CONNECTED_ACCOUNTS_MEDIA_URL_SECONDS = -60
    publication = account.publish(media=[photo()], text="Too old a link")
    run()
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.FAILED, "media_unreachable")


@pytest.mark.parametrize(
    ("kind", "media"),
    [("photo", [film]), ("reel", []), ("photo", []), ("carousel", [film]), ("mural", [film])],
)
def test_f27_media_that_is_not_what_the_kind_wants_is_refused(account, world, kind, media) -> None:
    with pytest.raises(InvalidRequest) as refused:
        account.publish(kind=kind, media=[make() for make in media], text="Mistaken")
    assert refused.value.code
    assert not [call for call in world.calls if call["path"].endswith("/media")]


def test_f27_a_film_goes_out_as_a_film_and_media_taken_away_is_not_missed_by_an_accident(
    account, world, photo, run
) -> None:
    account.publish(media=[film()], text="A film")
    run()
    [call] = [c for c in world.calls if c["method"] == "POST" and c["path"].endswith("/media")]
    assert "video_url" in call["params"]
    assert "image_url" not in call["params"]

    bare = account.publish(media=[photo()], text="Bare")
    bare.post.media.all().delete()
    run(steps=3)
    bare.refresh_from_db()
    assert bare.status in (Status.HELD, Status.FAILED)
    assert bare.code != "internal_error"
    assert len(world.posts()) == 1


def test_f30_shape_is_judged_by_what_is_seen_before_anything_is_sent(account, world, run) -> None:
    sideways = Image.Exif()
    sideways[0x0112] = 6
    with pytest.raises(InvalidRequest) as refused:
        account.publish(media=[picture((1000, 600), exif=sideways)], text="A tall picture")
    [problem] = [p for p in refused.value.problems if p.code == "aspect_ratio"]
    assert {"crop", "pad"} <= set(problem.fix)

    for fit in ("crop", "pad"):
        account.publish(media=[NewMedia(file=picture((1000, 600), exif=sideways), fit=fit)], text=f"{fit}ped")
    account.publish(media=[picture((500, 400), exif=sideways)], text="As it is")
    run()
    assert len(world.posts()) == 3
    for post in world.posts():
        assert all(0.79 < width / height < 1.92 for width, height in post["sizes"])


@pytest.mark.parametrize("image_format", FORMATS)
def test_f31_what_the_target_does_not_take_is_said_at_once_and_converted_on_demand(
    account, world, run, fetched, image_format
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        account.publish(media=[picture((400, 400), image_format)], text="As it is")
    assert [p.fix for p in refused.value.problems if p.code == "media_format"] == [("convert",)]

    account.publish(media=[NewMedia(file=picture((400, 400), image_format), fit="convert")], text="Converted")
    run()
    assert [post["caption"] for post in world.posts()] == ["Converted"]
    [content] = fetched.values()
    assert content.startswith(b"\xff\xd8\xff")


def test_f32_a_picture_is_sent_as_it_came_whatever_it_is_called(account, world, run, fetched) -> None:
    original = picture((400, 400)).read()
    publication = account.publish(media=[ContentFile(original, "animation.gif")], text="No GIF")
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert list(fetched.values()) == [original]
    [media] = composing.draft(publication.post, account).media
    assert media.mime == "image/jpeg"

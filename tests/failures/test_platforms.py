"""What each platform does in its own way, and others told their users wrongly."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from django_connected_accounts import registry
from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Event, Publication
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import scheduling, tokens
from tests.providers.tiktok.test_contract import CHOSEN

pytestmark = pytest.mark.django_db
Status = Publication.Status


@pytest.fixture
def tiktok(connect, settings) -> Any:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"tiktok": {"AUDITED": True}}
    return connect("shop", "tiktok")


def film() -> ContentFile[bytes]:
    return ContentFile(samples.mp4(), "film.mp4")


def was_called_published(publication: Publication) -> bool:
    return Event.objects.filter(publication=publication, verb="publication.published").exists()


@pytest.mark.parametrize(
    ("reason", "code"),
    [("picture_size_check_failed", "media_size_refused"), ("frame_rate_check_failed", "media_frame_rate")],
)
def test_f12_what_was_uploaded_is_published_only_once_the_platform_says_so(
    tiktok, world, run, reason, code
) -> None:
    world.platforms["tiktok"].toggle["fail_reason"] = reason
    publication = tiktok.publish(kind="video", text="Rejected", media=[film()], options=CHOSEN)
    for _ in range(60):
        run(steps=1)
        world.advance(60)
    publication.refresh_from_db()
    assert (publication.status, publication.code, publication.platform_code) == (Status.FAILED, code, reason)
    assert not was_called_published(publication)


def test_f12_processing_that_never_ends_ends_with_us(tiktok, world, run) -> None:
    world.platforms["tiktok"].toggle["processing_seconds"] = 10.0**9
    publication = tiktok.publish(kind="video", text="For ever", media=[film()], options=CHOSEN)
    run(steps=8)
    publication.refresh_from_db()
    assert publication.status == Status.WAITING

    Publication.objects.update(deadline_at=timezone.now(), intent_at=timezone.now() - timedelta(hours=20))
    run(steps=1)
    publication.refresh_from_db()
    assert publication.status == Status.WAITING, "moderation may take hours"

    Publication.objects.update(intent_at=timezone.now() - timedelta(hours=25))
    run()
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.UNKNOWN, "still_processing")
    assert Event.objects.filter(publication=publication, notice="unknown").exists()
    assert not was_called_published(publication)

    asked = len(world.calls)
    scheduling.check_again(publication, by=tiktok.user)
    run()
    publication.refresh_from_db()
    assert publication.status == Status.UNKNOWN
    assert len(world.calls) == asked + 1


def test_f13_a_draft_in_the_inbox_is_called_just_that_and_nobody_chooses_it_silently(
    tiktok, world, run
) -> None:
    silent = {name: value for name, value in CHOSEN.items() if name != "post_mode"}
    with pytest.raises(InvalidRequest):
        tiktok.publish(kind="video", text="Which?", media=[film()], options=silent)

    options = {**CHOSEN, "post_mode": "MEDIA_UPLOAD"}
    publication = tiktok.publish(kind="video", text="Draft", media=[film()], options=options)
    for _ in range(20):
        run(steps=1)
        world.advance(60)
    publication.refresh_from_db()
    assert publication.status == Status.HANDED_OVER
    assert "not published" in publication.get_status_display()
    assert not was_called_published(publication)
    assert world.posts() == []


def test_f14_who_may_see_it_is_never_chosen_for_the_author(tiktok, world, run) -> None:
    silent = {name: value for name, value in CHOSEN.items() if name != "privacy_level"}
    with pytest.raises(InvalidRequest) as refused:
        tiktok.publish(kind="video", text="For whom?", media=[film()], options=silent)
    assert refused.value.problems[0].code in CODES

    world.platforms["tiktok"].toggle["private_account"] = True
    provider = registry.get("tiktok")
    options = provider.options_for(tokens.fresh(tiktok))
    assert "PUBLIC_TO_EVERYONE" not in options["privacy_level"].choices
    publication = tiktok.publish(kind="video", text="No longer", media=[film()], options=CHOSEN)
    run(steps=10)
    publication.refresh_from_db()
    assert publication.status == Status.FAILED
    assert publication.code in CODES
    assert world.posts() == []


def test_f14_an_app_that_was_not_audited_says_so(tiktok, world, run) -> None:
    world.platforms["tiktok"].toggle["audited"] = False
    publication = tiktok.publish(kind="video", text="Unaudited", media=[film()], options=CHOSEN)
    run(steps=10)
    publication.refresh_from_db()
    assert publication.platform_code == "unaudited_client_can_only_post_to_private_accounts"
    assert publication.status in (Status.FAILED, Status.HELD)
    assert publication.code in CODES
    assert world.posts() == []


@pytest.mark.parametrize(("image_format", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_f32_x_gets_a_picture_byte_by_byte_with_its_own_type(connect, world, run, image_format, mime) -> None:
    out = io.BytesIO()
    Image.new("RGB", (400, 400), "teal").save(out, image_format)
    account = connect("shop", "twitter")
    publication = account.publish(text="No GIF", media=[ContentFile(out.getvalue(), "picture.gif")])
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    [upload] = world.platforms["twitter"].uploads.values()
    assert (bytes(upload.item.body), upload.item.mime) == (out.getvalue(), mime)


def test_f22_a_version_that_ended_is_the_operators_and_fails_no_post(connect, world, run, settings) -> None:
    account = connect("shop", "linkedin")
    ended = {"status": 426, "body": {"status": 426, "code": "NONEXISTENT_VERSION"}}
    world.fault(action="status", path="/rest/posts", method="POST", times=0, **ended)
    publication = account.publish(text="In time")
    run(steps=2)
    publication.refresh_from_db()
    account.refresh_from_db()
    assert (publication.status, publication.code) == (Status.HELD, "api_version_ended")
    assert CODES["api_version_ended"].who == "operator"
    assert account.health == account.Health.ACTIVE
    provider = registry.get("linkedin")
    assert provider.api_version in provider.api_versions

    world.faults.clear()
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED


@pytest.mark.parametrize("text", ["Costs (net) are up", "a_b*c~d <e> {f} [g] @h | i \\ j", "Ends with ("])
def test_f23_no_text_is_cut_at_a_character_of_linkedins(connect, world, run, text) -> None:
    connect("shop", "linkedin").publish(text=text)
    run()
    [post] = world.posts()
    assert post["caption"] == text


def test_f24_a_duplicate_of_what_is_gone_is_not_tried_again_and_again(connect, world, run) -> None:
    linkedin = world.platforms["linkedin"]
    linkedin.toggle["ghosts"] = True
    account = connect("shop", "linkedin")
    first = account.publish(text="Twice")
    run()
    first.refresh_from_db()
    del linkedin.posts[first.remote_id]  # its author deleted it there
    made = len(_creations(world))

    twin = account.publish(text="Twice")
    run()
    twin.refresh_from_db()
    assert (twin.status, twin.code) == (Status.FAILED, "duplicate_post")
    assert twin.detail == first.remote_id
    assert world.posts() == []
    assert len(_creations(world)) - made <= 2


def _creations(world: Any) -> list[Any]:
    return [call for call in world.calls if call["method"] == "POST" and call["path"].endswith("/posts")]

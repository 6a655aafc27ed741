"""What a platform has accepted is followed until it is live: nobody can call it back, and it is not late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World, samples
from django_connected_accounts.services import accounts, composing, publishing, scheduling

pytestmark = pytest.mark.django_db
Status = Publication.Status
Run = Callable[..., int]


@pytest.fixture
def page(connect: Callable[..., ConnectedAccount]) -> ConnectedAccount:
    return connect("two_businesses", "facebook")


def film(seconds: float = 5.0) -> ContentFile[bytes]:
    return ContentFile(samples.mp4(seconds), "film.mp4")


def accepted(page: ConnectedAccount, world: World, run: Run) -> Publication:
    """Return a reel that Facebook has taken and is at work on."""
    world.toggles.video_polls = 1000
    publication: Publication = page.publish(text="Rolls", kind="reel", media=[film()])
    for _ in range(20):
        run(steps=1)
        publication.refresh_from_db()
        if (publication.checkpoint or {}).get("stage") == "confirm":
            assert publication.status == Status.WAITING
            assert world.posts() == []
            return publication
    raise AssertionError("it was never accepted")


def test_it_is_published_when_the_platform_says_so(page: Any, world: World, run: Run) -> None:
    publication = accepted(page, world, run)
    world.advance(world.toggles.video_seconds)
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert (publication.remote_id, publication.permalink) == (
        world.posts()[0]["id"],
        world.posts()[0]["permalink"],
    )
    assert publication.code == ""


def test_it_is_neither_cancelled_nor_changed(page: Any, world: World, run: Run) -> None:
    publication = accepted(page, world, run)
    with pytest.raises(InvalidRequest):
        scheduling.cancel(publication, by=None)
    with pytest.raises(InvalidRequest):
        scheduling.reschedule(publication, at=timezone.now() + timedelta(days=1), by=None)
    with pytest.raises(InvalidRequest, match="post_already_sent"):
        composing.edit(publication.post, text="Other rolls", by=None)


def test_it_is_neither_missed_nor_held(page: Any, world: World, run: Run) -> None:
    publication = accepted(page, world, run)
    past = timezone.now() - timedelta(days=1)
    Publication.objects.update(due_at=past, deadline_at=past)
    accounts.pause(page, by=None)
    run(steps=2)
    publication.refresh_from_db()
    assert publication.status == Status.WAITING
    world.advance(world.toggles.video_seconds)
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED


def test_an_outage_while_it_is_processed_changes_nothing(page: Any, world: World, run: Run) -> None:
    publication = accepted(page, world, run)
    world.fault(action="status", status=503, host="graph.facebook.com", times=3)
    run(steps=2)
    world.advance(world.toggles.video_seconds)
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert len(world.posts()) == 1


def test_what_can_t_be_processed_has_failed(page: Any, world: World, run: Run) -> None:
    world.fault(action="container_error", path="/video_reels$", nth=2)
    publication = page.publish(text="Rolls", kind="reel", media=[film()])
    run()
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.FAILED, "media_processing_failed")
    assert world.posts() == []


def test_what_never_ends_is_left_to_a_person(page: Any, world: World, run: Run) -> None:
    publication = accepted(page, world, run)
    publication.intent_at = timezone.now() - timedelta(hours=3)
    publication.checkpoint = {**publication.checkpoint, "polls": 48}
    publication.save()
    run(steps=1)
    publication.refresh_from_db()
    assert publication.status == Status.UNKNOWN


@pytest.mark.parametrize("kind", ["text", "photo", "carousel", "video", "reel", "story"])
@pytest.mark.parametrize("action", ["", "lose_after", "status_after"])
def test_a_page_publishes_each_kind_once(
    page: Any, world: World, run: Run, photo: Any, kind: str, action: str
) -> None:
    media = {"text": [], "carousel": [photo("a.jpg"), photo("b.jpg")], "photo": [photo()], "story": [photo()]}
    if action:
        world.fault(action=action, path="/(feed|photo_stories)$")
        world.fault(action=action, path="/(videos|video_reels)$", nth=3 if kind == "video" else 2)
    text = "" if kind == "story" else "Rolls"
    publication = page.publish(text=text, kind=kind, media=media.get(kind, [film()]))
    run()
    for _ in range(3):  # what was lost is surely not there only after a while
        Publication.objects.filter(intent_at__isnull=False).update(
            intent_at=timezone.now() - timedelta(minutes=3)
        )
        publishing.tick()
        run()
    publication.refresh_from_db()
    (post,) = world.posts()
    assert (publication.status, publication.remote_id, publication.permalink) == (
        Status.PUBLISHED,
        post["id"],
        post["permalink"],
    )
    assert post["kind"] == kind

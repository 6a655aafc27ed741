"""What platforms say in the middle of a post: not now, not yet, not so, not for you."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone as django_timezone

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.services import publishing, scheduling

pytestmark = pytest.mark.django_db
Status = Publication.Status
CONTAINERS = {"path": "/media$", "method": "POST"}


def created(world: Any) -> int:
    """Return how many containers were asked for."""
    return sum(call["method"] == "POST" and call["path"].endswith("/media") for call in world.calls)


def test_f20_a_checkpoint_stops_all_posts_of_the_account_until_its_owner_has_acted(
    account, connect, world, photo, run
) -> None:
    posts = [account.publish(media=[photo()], text=f"Post {number}") for number in range(3)]
    world.fault(action="status", status=400, code=190, subcode=459, times=0)
    publishing.tick()
    account.refresh_from_db()
    assert account.health == ConnectedAccount.Health.ACTION_NEEDED
    assert set(Publication.objects.values_list("status", flat=True)) == {Status.HELD}
    assert created(world) == 1

    world.faults.clear()
    connect()
    run()
    assert {post["caption"] for post in world.posts()} == {post.post.text for post in posts}


def test_f28_what_is_not_ready_is_waited_for_by_the_scheduler(
    account, world, photo, run, monkeypatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("slept"))
    world.toggles.image_polls = 4
    early = {"status": 400, "code": 9007, "subcode": 2207027}
    world.fault(action="status", path="media_publish", **early)
    publication = account.publish(media=[photo()], text="Slowly")
    assert publishing.tick() == 1
    publication.refresh_from_db()
    assert publication.status == Status.WAITING
    assert publication.run_at > django_timezone.now()
    run()
    publication.refresh_from_db()
    assert (publication.status, created(world), len(world.posts())) == (Status.PUBLISHED, 1, 1)


@pytest.mark.parametrize(
    ("trouble", "status", "code", "containers"),
    [
        ({}, Status.PUBLISHED, "", 1),  # IN_PROGRESS, then FINISHED
        ({"action": "expire", **CONTAINERS}, Status.PUBLISHED, "", 2),  # EXPIRED
        ({"action": "container_error", "subcode": 2207009, **CONTAINERS}, Status.FAILED, "aspect_ratio", 1),
        ({"action": "never_finish", **CONTAINERS}, Status.MISSED, "", 1),
        ({"action": "lose_after", "path": "media_publish"}, Status.PUBLISHED, "", 1),  # PUBLISHED
    ],
)
def test_f29_each_status_of_a_container_leads_somewhere(
    account, world, photo, run, trouble, status, code, containers
) -> None:
    if trouble:
        world.fault(**trouble)
    publication = account.publish(media=[photo()], text="Contained")
    run(steps=12)
    Publication.objects.exclude(run_at=None).update(deadline_at=django_timezone.now())
    run()
    publication.refresh_from_db()
    assert publication.status == status
    assert publication.code == code or status == Status.MISSED
    assert created(world) == containers
    assert len(world.posts()) == (status == Status.PUBLISHED)


def test_f38_of_three_the_one_that_failed_is_tried_again_alone(user, connect, world, photo, run) -> None:
    accounts = [
        connect("shop", "instagram_login"),
        connect("creator", "instagram_login"),
        connect("two_businesses", "instagram"),
    ]
    first = accounts[0].publish(media=[photo()], text="For three")
    scheduling.schedule(first.post, accounts[1:], by=user)
    refused = {"status": 400, "code": 36003, "subcode": 2207009}
    world.fault(action="status", path=f"/{accounts[1].account_id}/media$", method="POST", times=0, **refused)
    run()
    assert sorted(Publication.objects.values_list("status", flat=True)) == [
        "failed",
        "published",
        "published",
    ]
    assert len(world.posts()) == 2

    world.faults.clear()
    scheduling.retry(Publication.objects.get(status=Status.FAILED), by=user)
    run()
    assert set(Publication.objects.values_list("status", flat=True)) == {Status.PUBLISHED}
    assert sorted(post["username"] for post in world.posts()) == sorted(one.username for one in accounts)


SPENT = {"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 20}


def _in_an_hour() -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (lambda: {"Retry-After": "900"}, 900),
        (lambda: {"Retry-After": _in_an_hour()}, 3600),
        (lambda: {"X-Business-Use-Case-Usage": json.dumps({"1": [SPENT]})}, 20 * 60),
        (dict, None),
    ],
    ids=["seconds", "date", "usage", "nothing"],
)
def test_f39_too_many_calls_hold_a_post_for_as_long_as_the_platform_says(
    account, world, photo, run, headers, wait
) -> None:
    world.fault(action="status", status=429, headers=headers(), **CONTAINERS)
    publication = account.publish(media=[photo()], text="Patience")
    publishing.tick()
    publication.refresh_from_db()
    assert (publication.status, publication.attempts) == (Status.HELD, 0)
    waits = (publication.run_at - django_timezone.now()).total_seconds()
    assert waits > 10
    if wait is not None:
        assert waits == pytest.approx(wait, abs=15)
    assert publishing.tick() == 0
    world.advance(wait or 3600)
    run()
    publication.refresh_from_db()
    assert (publication.status, len(world.posts())) == (Status.PUBLISHED, 1)

"""What is particular about the refusals of Pages; the rest is in `tests.providers.test_remedies`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from django_connected_accounts.exceptions import (
    ContentRejected,
    PermissionMissing,
    RateLimited,
)
from django_connected_accounts.providers.types import Connection, Draft, Media, Pending, Published
from django_connected_accounts.sandbox import World

from .conftest import Site

TEXT = Draft(kind="text", text="Open on Sundays")


def test_a_spam_block_is_waited_out_for_hours(site: Site, connection: Connection) -> None:
    first = site.provider.publish(connection, TEXT)
    assert isinstance(first, Pending)
    site.world.fault(action="status", path="/feed$", code=368, subcode=1390008)
    with pytest.raises(RateLimited) as caught:
        site.provider.publish(connection, TEXT, first.checkpoint)
    assert (caught.value.retry_after, caught.value.scope) == (6 * 3600, "account")


def test_a_page_over_its_budget_waits_as_long_as_the_header_says(site: Site, connection: Connection) -> None:
    usage = {"1": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 45}]}
    first = site.provider.publish(connection, TEXT)
    assert isinstance(first, Pending)
    site.world.fault(
        action="status",
        path="/feed$",
        code=80001,
        headers={"X-Business-Use-Case-Usage": json.dumps(usage)},
    )
    with pytest.raises(RateLimited) as caught:
        site.provider.publish(connection, TEXT, first.checkpoint)
    assert caught.value.retry_after == 45 * 60


def test_a_withheld_permission_is_named(site: Site) -> None:
    connection = site.connection(decline=("pages_manage_posts",))
    with pytest.raises(PermissionMissing) as caught:
        site.publish(TEXT, connection)
    assert caught.value.scopes == ("pages_manage_posts",)


def test_a_lost_role_is_not_the_authors(site: Site, world: World, connection: Connection) -> None:
    world.people["two_businesses"].pages[0].tasks = ("ANALYZE",)
    with pytest.raises(PermissionMissing):
        site.publish(TEXT, connection)


def test_the_thirty_first_reel_of_a_day_waits(
    site: Site, connection: Connection, film: Callable[..., Media]
) -> None:
    site.pages.toggle["reels_per_day"] = 1
    draft = Draft(kind="reel", media=(film(),))
    site.publish(draft, connection)
    checkpoint: Any = None
    while (checkpoint or {}).get("stage") != "publish":
        outcome = site.provider.publish(connection, draft, checkpoint)
        assert isinstance(outcome, Pending)
        checkpoint = outcome.checkpoint
    with pytest.raises(RateLimited) as caught:
        site.provider.publish(connection, draft, checkpoint)
    assert caught.value.code == "publishing_quota_reached"


def test_a_story_does_not_take_a_picture_twice(
    site: Site, connection: Connection, photo: Callable[..., Media]
) -> None:
    draft = Draft(kind="story", media=(photo(),))
    first = site.provider.publish(connection, draft)
    assert isinstance(first, Pending)
    site.provider.publish(connection, draft, first.checkpoint)
    again = site.provider.publish(connection, draft, first.checkpoint)
    assert isinstance(again, Published)
    assert (again.remote_id, again.existing) == (site.post()["id"], True)
    site.pages.posts.clear()
    with pytest.raises(ContentRejected) as caught:
        site.provider.publish(connection, draft, first.checkpoint)
    assert caught.value.code == "duplicate_post"

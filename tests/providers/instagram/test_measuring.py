"""Numbers of accounts and posts: those that are there, whatever one of them says."""

from __future__ import annotations

from typing import Any

import pytest

from django_connected_accounts.providers.instagram import measuring
from django_connected_accounts.providers.types import Connection
from django_connected_accounts.sandbox import World
from django_connected_accounts.testing import sample_draft

from .conftest import Platform

GONE = "impressions"


@pytest.fixture
def connection(platform: Platform) -> Connection:
    return platform.connect(platform.provider)


def numbers(platform: Platform, connection: Connection, remote_id: str = "") -> dict[str, Any]:
    return {reading.name: reading.value for reading in platform.provider.measure(connection, remote_id)}


def test_the_numbers_of_an_account(platform: Platform, connection: Connection) -> None:
    found = numbers(platform, connection)
    owner = platform.world.account(connection.account_id)
    assert owner
    assert found["followers_count"] == owner.followers_count
    assert (found["reach"], found["views"], found["website_clicks"]) == (420, 1250, 5)
    assert None not in found.values()


@pytest.mark.parametrize(
    ("kind", "only"), [("photo", "saved"), ("reel", "reels_skip_rate"), ("story", "navigation")]
)
def test_a_post_has_the_numbers_of_its_kind(
    platform: Platform, connection: Connection, kind: Any, only: str
) -> None:
    published = platform.publish(sample_draft(kind))
    found = numbers(platform, connection, published.remote_id)
    assert found["views"] == 64
    assert only in found
    assert None not in found.values()


def test_a_metric_that_is_gone_spoils_no_other(
    platform: Platform, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("reach", "views", GONE, "likes", "comments")
    monkeypatch.setattr(measuring, "ACCOUNT_METRICS", names)
    monkeypatch.setattr(measuring, "MEDIA_METRICS", {"FEED": names})
    published = platform.publish(sample_draft("photo"))
    for remote_id in ("", published.remote_id):
        found = numbers(platform, connection, remote_id)
        assert [name for name in names if found[name] is None] == [GONE]


def test_with_too_few_viewers_a_story_has_no_numbers_and_is_not_asked_for_one_by_one(
    platform: Platform, connection: Connection, world: World
) -> None:
    published = platform.publish(sample_draft("story"))
    world.fault(action="status", path="insights", code=10, times=0)
    before = len(world.calls)
    assert set(numbers(platform, connection, published.remote_id).values()) == {None}
    assert len(world.calls) - before == 2


def test_without_insights_a_post_still_has_what_it_tells_itself(
    platform: Platform, connection: Connection, world: World
) -> None:
    published = platform.publish(sample_draft("photo"))
    world.fault(action="status", path="insights", code=10, times=0)
    found = numbers(platform, connection, published.remote_id)
    assert (found["likes"], found["comments"], found["reach"]) == (0, 0, None)


def test_what_has_no_number_without_a_breakdown_is_unavailable(
    platform: Platform, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "ACCOUNT_METRICS", ("reach", "follows_and_unfollows"))
    found = numbers(platform, connection)
    assert (found["reach"], found["follows_and_unfollows"]) == (420, None)

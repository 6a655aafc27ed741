from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from django_connected_accounts.providers.types import Connection, Draft, Media
from django_connected_accounts.sandbox import World

from .conftest import Site

TEXT = Draft(kind="text", text="Open on Sundays")


def numbers(site: Site, connection: Connection, remote_id: str = "") -> dict[str, Any]:
    return {reading.name: reading.value for reading in site.provider.measure(connection, remote_id)}


def test_the_numbers_of_a_page(site: Site, connection: Connection) -> None:
    page = site.world.people["two_businesses"].pages[0]
    assert numbers(site, connection) == {
        "page_media_view": 310,
        "page_total_media_view_unique": 210,
        "page_post_engagements": 34,
        "page_follows": 812,
        "page_daily_follows_unique": 4,
        "followers_count": page.followers_count,
    }


def test_the_numbers_of_a_post_and_what_is_split_by_kind_is_summed_up(
    site: Site, connection: Connection
) -> None:
    published = site.publish(TEXT, connection)
    assert numbers(site, connection, published.remote_id) == {
        "post_media_view": 58,
        "post_total_media_view_unique": 41,
        "post_clicks": 7,
        "post_reactions_by_type_total": 8,
        "reactions": 8,
        "comments": 0,
        "shares": 0,
    }


def test_the_numbers_of_a_film(site: Site, connection: Connection, film: Callable[..., Media]) -> None:
    published = site.publish(Draft(kind="reel", media=(film(),)), connection)
    found = numbers(site, connection, published.remote_id)
    assert found["total_video_views"] == 64
    assert (found["reactions"], found["comments"]) == (3, 0)


def test_a_story_has_only_what_is_told_of_it(
    site: Site, connection: Connection, photo: Callable[..., Media]
) -> None:
    published = site.publish(Draft(kind="story", media=(photo(),)), connection)
    assert published.remote_id.isdecimal()
    assert numbers(site, connection, published.remote_id) == {"reactions": 8, "comments": 0}


def test_a_metric_that_is_gone_spoils_no_other(
    site: Site, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "django_connected_accounts.providers.facebook.measuring"
    monkeypatch.setattr(f"{module}.PAGE_METRICS", ("page_fans", "page_follows", "page_impressions_unique"))
    found = numbers(site, connection)
    assert (found["page_fans"], found["page_follows"], found["page_impressions_unique"]) == (None, 812, None)


def test_what_may_not_be_read_is_unavailable_and_not_zero(site: Site) -> None:
    connection = site.connection(decline=("pages_read_user_content",))
    published = site.publish(TEXT, connection)
    found = numbers(site, connection, published.remote_id)
    assert (found["comments"], found["reactions"], found["post_clicks"]) == (None, 8, 7)
    assert set(numbers(site, site.connection(decline=("read_insights",))).values()) >= {None}


def test_numbers_say_when_they_were_true(site: Site, world: World, connection: Connection) -> None:
    (view,) = (r for r in site.provider.measure(connection) if r.name == "page_media_view")
    assert view.at.hour == view.at.minute == 0
    assert view.at <= site.now()


def test_before_version_23_there_are_no_media_views(site: Site) -> None:
    site.world.clock = datetime(2027, 2, 1, tzinfo=timezone.utc).timestamp  # v22.0 is answered then
    site.provider = site.make(options={"API_VERSION": "v22.0"})
    found = numbers(site, site.connection())
    assert (found["page_media_view"], found["page_follows"]) == (None, 812)

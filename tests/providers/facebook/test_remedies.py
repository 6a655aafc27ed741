"""What the platform refuses ends in the right remedy, with the right words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.types import Connection, Draft, Media, Pending, Published
from django_connected_accounts.sandbox import World, samples

from .conftest import Site

TEXT = Draft(kind="text", text="Open on Sundays")

REFUSALS: list[tuple[int, int | None, type[ProviderError], str, str]] = [
    # code, subcode, remedy, code of ours, who must act
    (1, None, OutcomeUnknown, "outcome_unknown", "author"),
    (2, None, OutcomeUnknown, "outcome_unknown", "author"),
    (3, None, OperatorNeeded, "app_misconfigured", "operator"),
    (4, None, OutcomeUnknown, "outcome_unknown", "author"),
    (10, None, PermissionMissing, "permission_missing", "owner"),
    (17, None, RateLimited, "account_rate_limited", "nobody"),
    (32, None, RateLimited, "account_rate_limited", "nobody"),
    (100, None, ContentRejected, "request_refused", "author"),
    (100, 33, OutcomeUnknown, "outcome_unknown", "author"),
    (100, 1366046, ContentRejected, "picture_refused", "author"),
    (100, 1366051, ContentRejected, "duplicate_post", "author"),
    (100, 1609008, ContentRejected, "link_refused", "author"),
    (102, None, NotAuthorized, "session_ended", "owner"),
    (190, None, NotAuthorized, "token_refused", "owner"),
    (190, 458, NotAuthorized, "access_revoked", "owner"),
    (190, 459, ActionNeeded, "checkpoint", "owner"),
    (190, 460, NotAuthorized, "password_changed", "owner"),
    (190, 463, NotAuthorized, "token_expired", "owner"),
    (190, 464, ActionNeeded, "account_unconfirmed", "owner"),
    (190, 492, NotAuthorized, "page_role_lost", "owner"),
    (200, None, PermissionMissing, "permission_missing", "owner"),
    (283, None, PermissionMissing, "permission_missing", "owner"),
    (324, None, ContentRejected, "media_format", "author"),
    (341, None, RateLimited, "app_rate_limited", "nobody"),
    (368, None, ActionNeeded, "account_restricted", "owner"),
    (368, 1390008, RateLimited, "activity_restricted", "owner"),
    (368, 1404006, ActionNeeded, "checkpoint", "owner"),
    (368, 1404078, ActionNeeded, "page_confirmation_needed", "owner"),
    (368, 1404082, ContentRejected, "duplicate_post", "author"),
    (368, 1404102, ContentRejected, "content_rejected", "author"),
    (368, 4854002, ActionNeeded, "page_confirmation_needed", "owner"),
    (506, None, ContentRejected, "duplicate_post", "author"),
    (613, 1996, RateLimited, "app_rate_limited", "nobody"),
    (80001, None, RateLimited, "account_rate_limited", "nobody"),
    (1609005, None, ContentRejected, "link_refused", "author"),
]


@pytest.mark.parametrize(("code", "subcode", "remedy", "ours", "who"), REFUSALS)
def test_a_refused_post(
    site: Site,
    connection: Connection,
    code: int,
    subcode: int | None,
    remedy: type[ProviderError],
    ours: str,
    who: str,
) -> None:
    first = site.provider.publish(connection, TEXT)
    assert isinstance(first, Pending)
    site.world.fault(action="status", path="/feed$", code=code, subcode=subcode)
    with pytest.raises(ProviderError) as caught:
        site.provider.publish(connection, TEXT, first.checkpoint)
    assert (type(caught.value), caught.value.code) == (remedy, ours)
    assert CODES[ours].who == who


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


def test_an_outage_is_waited_out_before_publishing_and_looked_into_after(
    site: Site, world: World, connection: Connection, photo: Callable[..., Media]
) -> None:
    draft = Draft(kind="photo", media=(photo(),))
    world.fault(action="status", status=503, body="down", path="/photos$", times=2)
    with pytest.raises(Unavailable):
        site.provider.publish(connection, draft)
    assert site.publish(draft, connection).remote_id
    world.fault(action="status", status=503, body="down", path="/feed$")
    first = site.provider.publish(connection, TEXT)
    assert isinstance(first, Pending)
    with pytest.raises(OutcomeUnknown):
        site.provider.publish(connection, TEXT, first.checkpoint)


def test_a_refused_picture(site: Site, connection: Connection, photo: Callable[..., Media]) -> None:
    webp = photo(samples.jpeg(40, 40, image_format="WEBP"))
    with pytest.raises(ContentRejected) as caught:
        site.publish(Draft(kind="photo", media=(webp,)), connection)
    assert caught.value.code == "picture_refused"


def test_an_over_long_text_is_refused_before_and_by_the_platform(site: Site, connection: Connection) -> None:
    with pytest.raises(ContentRejected) as caught:
        site.provider.publish(connection, Draft(kind="text", text="x" * 63_207))
    assert caught.value.code == "text_too_long"
    first = site.provider.publish(connection, TEXT)
    assert isinstance(first, Pending)
    with pytest.raises(ContentRejected):
        site.provider.publish(connection, Draft(kind="text", text="x" * 63_207), first.checkpoint)


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

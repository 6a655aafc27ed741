"""What goes wrong on a platform is seen on the account and on the post, and harms nothing else.

What the platforms' answers ask for is in `tests.providers.test_remedies`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Hold, Publication
from django_connected_accounts.sandbox import World, samples
from tests.providers.tiktok.test_contract import CHOSEN

pytestmark = pytest.mark.django_db
Status, Health = Publication.Status, ConnectedAccount.Health
Happens = Callable[[World], Any]


def film() -> dict[str, Any]:
    return {"media": [ContentFile(samples.mp4(), "film.mp4")]}


def photo() -> dict[str, Any]:
    return {"media": [ContentFile(samples.jpeg(400, 400), "photo.jpg")]}


def told(path: str, **answer: Any) -> Happens:
    return lambda world: world.fault(action="status", path=path, method="POST", times=0, **answer)


def switched(platform: str, **switches: Any) -> Happens:
    return lambda world: world.platforms[platform].toggle.update(switches)


def gone(world: World) -> None:
    world.revoke("shop")


DOWN = {"status": 503, "body": "<html>Down</html>"}
AFTERWARDS: dict[str, tuple[str, dict[str, Any], Happens, Status, str, Health, str]] = {
    "a revoked token": (
        "linkedin", {}, gone, Status.HELD, "access_revoked", Health.RECONNECT_NEEDED, "owner",
    ),
    "a scope taken back": (
        "threads",
        {},
        told("/threads$", code=10),
        Status.HELD,
        "permission_missing",
        Health.PERMISSION_MISSING,
        "owner",
    ),
    "an expired version": (
        "linkedin",
        {},
        told("/posts$", status=426, body={"code": "NONEXISTENT_VERSION"}),
        Status.HELD,
        "api_version_ended",
        Health.ACTIVE,
        "operator",
    ),
    "a text that the platform finds too long": (
        "threads", {}, told("/threads$", code=100), Status.FAILED, "request_refused", Health.ACTIVE, "author",
    ),
    "refused media": (
        "twitter",
        film(),
        switched("twitter", processing_fails=True),
        Status.FAILED,
        "media_processing_failed",
        Health.ACTIVE,
        "author",
    ),
    "a rate limit": (
        "twitter",
        {},
        switched("twitter", posts_per_window=0),
        Status.HELD,
        "account_rate_limited",
        Health.ACTIVE,
        "nobody",
    ),
    "a spam block": (
        "instagram_login",
        photo(),
        told("/media_publish$", code=4, subcode=2207051),
        Status.HELD,
        "activity_restricted",
        Health.ACTIVE,
        "owner",
    ),
    "a spam block while it is processed": (
        "tiktok",
        {**film(), "kind": "video", "options": CHOSEN},
        switched("tiktok", fail_reason="spam_risk_too_many_posts", refusal="spam_risk_too_many_posts"),
        Status.HELD,
        "publishing_quota_reached",
        Health.ACTIVE,
        "nobody",
    ),
    "a restricted account": (
        "twitter",
        {},
        switched("twitter", suspended=True),
        Status.HELD,
        "account_restricted",
        Health.ACTION_NEEDED,
        "owner",
    ),
    "an outage": (
        "instagram_login",
        photo(),
        told("/media$", **DOWN),
        Status.SENDING,
        "platform_unavailable",
        Health.ACTIVE,
        "nobody",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", AFTERWARDS)
def test_what_goes_wrong_is_seen_where_it_belongs(
    what: str, connect: Any, world: World, run: Any, settings: Any
) -> None:
    platform, content, happens, status, code, health, who = AFTERWARDS[what]
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {platform: {"AUDITED": True} if platform == "tiktok" else {}}
    account = connect("shop", platform)
    publication = account.publish(text=f"About {what}", **content)
    happens(world)
    for _ in range(12):
        run(steps=1)
        world.advance(60)
    publication.refresh_from_db()
    account.refresh_from_db()
    if health != Health.ACTIVE:
        assert publication.code == f"account_{health}"
    cause = publication.code if health == Health.ACTIVE else account.health_code
    assert (publication.status, cause, account.health) == (status, code, health)
    assert explain(code).who == who
    assert not world.posts()


def test_an_over_long_text_is_refused_before_anything_is_saved(connect: Any, world: World) -> None:
    account = connect("shop", "threads")
    called = len(world.calls)
    with pytest.raises(InvalidRequest) as refused:
        account.publish(text="x" * 600)
    assert [problem.code for problem in refused.value.problems] == ["text_too_long"]
    assert not Publication.objects.exists()
    assert len(world.calls) == called


def test_a_spam_block_whose_length_was_forgotten_is_waited_out_for_half_an_hour(
    connect: Any, world: World, run: Any
) -> None:
    publication = connect("shop", "instagram_login").publish(text="Rye", **photo())
    told("/media_publish$", code=4, subcode=2207051)(world)
    while publication.repeatable:
        run(steps=1)
        publication.refresh_from_db()
    down = world.fault(action="status", method="GET", times=0, **DOWN)  # what would settle it does not answer
    run(steps=1)
    world.faults.remove(down)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.SENDING, "activity_restricted")
    world.advance(60)
    run(steps=1)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.HELD, "activity_restricted")
    left = Hold.objects.get().until - timezone.now()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)

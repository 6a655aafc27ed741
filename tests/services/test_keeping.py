from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.exceptions import NotAuthorized, ProviderError, RateLimited, Unavailable
from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import accounts, keeping, tokens
from tests.strict_platform import Strict
from tests.visitor import REFRESHES, Visitor, at_once, calls

Health = ConnectedAccount.Health
DAY = 24 * 60 * 60
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(visitor: Visitor, world: World) -> ConnectedAccount:
    """An account whose token's time to be renewed has come."""
    account = visitor.connects()
    world.advance(54 * DAY)
    return account


@pytest.fixture
def strict_account(visitor: Visitor, strict: type[Strict]) -> ConnectedAccount:
    """An account whose access has ended, with a refresh token that works once."""
    past = registry.now() - timedelta(seconds=1)
    return ConnectedAccount.objects.create(
        user=visitor.user,
        platform="strict",
        account_id="77",
        access_token="access-for-refresh-0",
        refresh_token="refresh-0",
        token_issued_at=past - timedelta(hours=2),
        token_expires_at=past,
        refresh_at=past,
    )


def stored() -> ConnectedAccount:
    return ConnectedAccount.objects.get()


def later() -> None:
    """Let the next look be due."""
    ConnectedAccount.objects.update(refresh_at=registry.now() - timedelta(seconds=1))


# Data access that ends though the token does not


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_an_account_that_may_read_nothing_more_says_so_though_nobody_uses_it(
    connect: Callable[..., ConnectedAccount], world: World, platform: str
) -> None:
    account = connect("two_businesses", platform)
    assert account.token_expires_at is None
    world.advance(89 * DAY)
    assert keeping.refresh_due() == 0
    world.advance(2 * DAY)
    assert keeping.refresh_due() == 1
    row = stored()
    assert (row.health, row.health_code) == (Health.RECONNECT_NEEDED, "data_access_ended")
    assert keeping.refresh_due() == 0


def test_an_account_whose_owner_has_signed_in_again_elsewhere_stays_as_it_is(
    connect: Callable[..., ConnectedAccount], world: World
) -> None:
    account = connect("two_businesses", "facebook")
    ends = account.data_access_expires_at
    assert ends is not None
    world.advance(60 * DAY)
    world.mint("two_businesses")
    world.advance(31 * DAY)
    assert keeping.refresh_due() == 1
    row = stored()
    assert (row.health, row.health_code) == (Health.ACTIVE, "")
    assert row.data_access_expires_at is not None
    assert row.data_access_expires_at - ends > timedelta(days=59)
    assert row.refresh_at == row.data_access_expires_at


# Who, when and how much


def test_the_time_is_that_of_the_platforms(account: ConnectedAccount, world: World) -> None:
    assert registry.now() - timezone.now() > timedelta(days=53)
    assert keeping.refresh_due() == 1

    row = stored()
    assert row.refresh_at is not None
    assert row.refresh_at - registry.now() > timedelta(days=52)
    assert keeping.refresh_due() == 0
    assert calls(world, REFRESHES) == 1


@pytest.mark.parametrize("health", [Health.RECONNECT_NEEDED, Health.ACTION_NEEDED])
def test_an_account_that_needs_its_owner_is_left_alone_for_a_day(
    account: ConnectedAccount, world: World, health: str
) -> None:
    ConnectedAccount.objects.update(health=health)

    assert keeping.refresh_due() == 0
    assert not keeping.due().exists()
    world.advance(DAY + 60)
    assert keeping.due().exists()
    assert calls(world, REFRESHES) == 0


def test_nobody_is_kept_alive_for_an_owner_who_is_not_active(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    visitor.user.is_active = False
    visitor.user.save()

    assert keeping.refresh_due() == 0
    assert calls(world, REFRESHES) == 0


def test_publishing_does_not_wait_for_many_refreshes(account: ConnectedAccount, world: World) -> None:
    assert keeping.refresh_due(seconds=-1) == 0
    assert keeping.due().exists()


def test_a_slow_platform_gets_a_fifth_of_a_runners_time(
    strict_account: ConnectedAccount, strict: type[Strict], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(keeping, "_again_at", 0.0)
    monkeypatch.setattr(keeping, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    strict.answer, strict.before_answer = Unavailable(), lambda: seconds.append(seconds.pop() + 30)

    while seconds[0] < 2500:
        later()
        keeping.refresh_in_turn()
        seconds[0] += 1

    assert len(strict.refreshed) == 10


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_many_runners_share_the_work(visitor: Visitor, world: World) -> None:
    copies(visitor, 24, [world.mint("shop", "B") for _ in range(24)])
    world.advance(54 * DAY)

    shares = at_once(*[keeping.refresh_due] * 4)

    assert sum(shares) == 24
    assert calls(world, REFRESHES) == 24
    assert set(ConnectedAccount.objects.values_list("token_version", flat=True)) == {1}


@pytest.mark.databases
def test_what_is_due_is_found_by_an_index(visitor: Visitor) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("asks PostgreSQL for its plan")
    now = registry.now()
    rows = copies(visitor, 5000, ["t"] * 5000)
    for number, row in enumerate(rows):
        row.refresh_at = now + timedelta(hours=number - 100)
    ConnectedAccount.objects.bulk_update(rows, ["refresh_at"], batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE connected_accounts")

    plan = keeping.due().select_related("user")[:100].explain()

    assert "connected_accounts_refresh on connected_accounts" in plan
    assert "Seq Scan on connected_accounts" not in plan
    assert "Sort" not in plan


def copies(visitor: Visitor, count: int, granted: list[str]) -> list[ConnectedAccount]:
    now = registry.now()
    return ConnectedAccount.objects.bulk_create(
        ConnectedAccount(
            id=uuid.uuid4(),
            user=visitor.user,
            platform="instagram_login",
            account_id=str(number),
            access_token=token,
            token_issued_at=now,
            token_expires_at=now + timedelta(days=60),
            refresh_at=now + timedelta(days=53),
        )
        for number, token in zip(range(count), granted, strict=True)
    )


# Trouble


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 500},
        {"action": "status", "status": 429, "code": 4},
        {"action": "lose_before"},
        {"action": "delay", "seconds": 3600},
        {"action": "truncate_body"},
    ],
    ids=lambda fault: str(fault.get("status", fault["action"])),
)
def test_passing_trouble_passes_without_anybody(
    account: ConnectedAccount, world: World, fault: dict[str, Any]
) -> None:
    world.toggles.rotate_on_refresh = False
    world.fault(path=REFRESHES[1], **fault)

    keeping.refresh_due()
    row = stored()
    assert (row.health, row.is_active) == (Health.REFRESH_RETRYING, True)
    for _ in range(4):
        world.advance(DAY / 2)
        keeping.refresh_due()

    row = stored()
    assert (row.health, row.health_code, row.refresh_began_at) == (Health.ACTIVE, "", None)
    assert row.token_version == 1
    assert [event.data["health"] for event in Event.objects.filter(verb="account.health").order_by("at")] == [
        "refresh_retrying",
        "active",
    ]
    assert not Event.objects.exclude(notice="").exists()


def test_a_definite_refusal_is_told_once(account: ConnectedAccount, world: World) -> None:
    world.revoke("shop", 460)

    for _ in range(3):
        keeping.refresh_due()
        world.advance(2 * DAY)

    row = stored()
    assert (row.health, row.health_code) == (Health.RECONNECT_NEEDED, "password_changed")
    assert Event.objects.filter(verb="account.health").count() == 1
    assert Event.objects.exclude(notice="").count() == 1
    assert calls(world, REFRESHES) == 1


def test_access_that_ends_during_the_trouble_is_found_out(account: ConnectedAccount, world: World) -> None:
    world.fault(action="status", status=500, path=REFRESHES[1], times=0)

    for _ in range(8 * 4):
        keeping.refresh_due()
        world.advance(DAY / 4)

    row = stored()
    assert (row.health, row.health_code) == (Health.RECONNECT_NEEDED, "token_expired")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 429, "code": 4},
        {"status": 400, "code": 100},
        {"status": 200, "body": "<html>"},
    ],
    ids=lambda fault: str(fault["status"]),
)
def test_a_reading_that_fails_says_nothing_about_health(
    visitor: Visitor, world: World, fault: dict[str, Any]
) -> None:
    account = visitor.connects()
    world.fault(action="status", method="GET", times=0, **fault)

    with pytest.raises(ProviderError):
        accounts.verify(account, by=visitor.user)

    row = stored()
    assert (row.health, row.health_code, row.is_active) == (Health.ACTIVE, "", True)
    assert not Event.objects.filter(verb="account.health").exists()


# Answers never learned


class Died(BaseException):
    """As good as SIGKILL: nobody writes anything any more."""


def dies() -> None:
    raise Died


def test_a_runner_that_dies_after_the_platform_answered_leaves_word(
    strict_account: ConnectedAccount, strict: type[Strict]
) -> None:
    strict.before_answer = dies
    with pytest.raises(Died):
        keeping.refresh_due()
    assert stored().refresh_began_at is not None

    strict.before_answer = None
    later()
    assert keeping.refresh_due() == 1

    row = stored()
    assert (row.health, row.health_code) == (Health.RECONNECT_NEEDED, "refresh_interrupted")
    assert Event.objects.get(verb="account.health").notice


def test_nothing_is_lost_where_the_old_token_still_works(
    strict_account: ConnectedAccount, strict: type[Strict]
) -> None:
    strict.before_answer = dies
    with pytest.raises(Died):
        keeping.refresh_due()
    strict.before_answer = None
    strict.spent.clear()

    assert tokens.fresh(strict_account).tokens.access_token == "access-for-refresh-2"
    row = stored()
    assert (row.health, row.refresh_began_at) == (Health.ACTIVE, None)


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (Unavailable(), NotAuthorized("token_refused"), "refresh_interrupted"),
        (Unavailable(), NotAuthorized("password_changed"), "password_changed"),
        (RateLimited(), NotAuthorized("token_refused"), "token_refused"),
        (Unavailable(platform_code="2"), NotAuthorized("token_refused"), "token_refused"),
    ],
    ids=["silence", "silence, then a reason", "an answer", "an answer of its own"],
)
def test_a_refusal_after_silence_is_named_unless_it_says_why(
    strict_account: ConnectedAccount,
    strict: type[Strict],
    first: ProviderError,
    second: ProviderError,
    code: str,
) -> None:
    for strict.answer in (first, second):
        later()
        keeping.refresh_due()

    assert stored().health_code == code


def test_a_new_connection_ends_the_doubt(strict_account: ConnectedAccount, strict: type[Strict]) -> None:
    strict.answer = Unavailable()
    keeping.refresh_due()
    row = stored()
    assert row.refresh_began_at is not None

    tokens.assign(row, registry.get("strict"), row.tokens)

    assert row.refresh_began_at is None

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    InvalidRequest,
    NotAuthorized,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
    UndecryptableToken,
)
from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.providers.types import Tokens
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import accounts, keeping, leases, tokens
from tests.strict_platform import Strict
from tests.visitor import REFRESHES, Visitor, at_once, calls

Health = ConnectedAccount.Health
DAY = 24 * 60 * 60
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    """An account whose token is good for 60 days."""
    return visitor.connects()


@pytest.fixture
def short(visitor: Visitor, strict: type[Strict]) -> ConnectedAccount:
    """An account whose access token has expired, with a refresh token that works once."""
    account = _connected(visitor)
    past = timezone.now() - timedelta(seconds=1)
    ConnectedAccount.objects.filter(pk=account.pk).update(token_expires_at=past)
    return account


def _connected(visitor: Visitor) -> ConnectedAccount:
    begun = visitor.begins("strict")
    state = begun.authorization_url.partition("state=")[2].partition("&")[0]
    return ConnectedAccount.objects.get(
        pk=visitor.returns({"state": [state], "code": ["c"]}, "strict").connected[0]
    )


def stored(account: ConnectedAccount) -> ConnectedAccount:
    return ConnectedAccount.objects.get(pk=account.pk)


# Handing out


def test_a_token_that_lives_long_enough_is_handed_out_as_it_is(
    account: ConnectedAccount, world: World
) -> None:
    handed = tokens.fresh(account)

    assert handed.tokens.access_token == stored(account).access_token
    assert calls(world, REFRESHES) == 0


def test_an_expired_token_is_refreshed_and_saved_before_it_is_handed_out(short: ConnectedAccount) -> None:
    handed = tokens.fresh(short)

    row = stored(short)
    assert handed.tokens.access_token == row.access_token == "access-for-refresh-1"
    assert row.refresh_token == "refresh-1"
    assert row.token_version == short.token_version == 1
    assert row.lease_token == ""
    assert Event.objects.filter(verb="account.refreshed", account=short).count() == 1


def test_a_token_about_to_expire_is_refreshed_before_its_time(visitor: Visitor, strict: type[Strict]) -> None:
    account = _connected(visitor)
    ConnectedAccount.objects.update(token_expires_at=timezone.now() + timedelta(minutes=1))

    assert tokens.fresh(account).tokens.access_token == "access-for-refresh-1"


def test_an_expired_token_without_a_refresh_asks_the_owner(account: ConnectedAccount) -> None:
    ConnectedAccount.objects.update(token_expires_at=timezone.now() - timedelta(seconds=1))

    for _ in range(2):
        with pytest.raises(NotAuthorized, match="token_expired"):
            tokens.fresh(account)

    row = stored(account)
    assert (row.health, row.health_code) == (Health.RECONNECT_NEEDED, "token_expired")
    assert Event.objects.filter(verb="account.health").count() == 1


def test_nothing_is_handed_out_for_a_disconnected_account(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    stale = stored(account)
    accounts.disconnect(account, by=visitor.user)

    with pytest.raises(NotAuthorized, match="account_disconnected"):
        tokens.fresh(stale)
    with pytest.raises(InvalidRequest, match="account_disconnected"):
        tokens.refresh(account, by=visitor.user)


def test_unreadable_tokens_mark_the_account(account: ConnectedAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_accounts SET access_token = 'dca1.00000000.AAAA'")

    with pytest.raises(UndecryptableToken):
        tokens.fresh(account)

    assert stored(account).health == Health.UNDECRYPTABLE


# When a refresh fails


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("platform_unavailable"),
        RateLimited("app_rate_limited"),
        OutcomeUnknown("outcome_unknown"),
        ContentRejected("request_refused"),
        ProviderError("platform_error"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_only_a_definite_refusal_ends_an_account(
    short: ConnectedAccount, strict: type[Strict], error: Any
) -> None:
    strict.answer = error

    with pytest.raises(ProviderError):
        tokens.fresh(short)

    row = stored(short)
    assert row.health == Health.REFRESH_RETRYING
    assert row.is_active
    assert row.refresh_token == "refresh-0"
    assert row.refresh_at is not None
    assert row.refresh_at > timezone.now()


@pytest.mark.parametrize(
    ("error", "health"),
    [
        (NotAuthorized("access_revoked"), Health.RECONNECT_NEEDED),
        (ActionNeeded("checkpoint"), Health.ACTION_NEEDED),
        (PermissionMissing("permission_missing"), Health.PERMISSION_MISSING),
    ],
    ids=lambda value: str(getattr(value, "code", "")),
)
def test_a_definite_refusal_says_what_is_needed(
    short: ConnectedAccount, strict: type[Strict], error: Any, health: str
) -> None:
    strict.answer = error

    with pytest.raises(type(error)):
        tokens.fresh(short)

    row = stored(short)
    assert (row.health, row.health_code, row.is_active) == (health, error.code, False)


def test_the_next_caller_does_not_ask_again_at_once(short: ConnectedAccount, strict: type[Strict]) -> None:
    strict.answer = RateLimited("app_rate_limited", retry_after=900)
    with pytest.raises(RateLimited):
        tokens.fresh(short)

    with pytest.raises(Unavailable) as waiting:
        tokens.fresh(short)

    assert waiting.value.retry_after is not None
    assert 800 < waiting.value.retry_after <= 900
    assert len(strict.refreshed) == 1


def test_a_token_still_good_is_used_while_its_refresh_is_in_trouble(
    visitor: Visitor, strict: type[Strict]
) -> None:
    account = _connected(visitor)
    ConnectedAccount.objects.update(token_expires_at=timezone.now() + timedelta(minutes=1))
    strict.answer = Unavailable()
    with pytest.raises(Unavailable):
        tokens.fresh(account)

    assert tokens.fresh(account).tokens.access_token == "access-for-refresh-0"


def test_trouble_that_lasts_is_met_with_longer_waits_and_ends_with_the_trouble(
    short: ConnectedAccount, strict: type[Strict]
) -> None:
    strict.answer = Unavailable()
    with pytest.raises(Unavailable):
        tokens.fresh(short)
    now = timezone.now()
    ConnectedAccount.objects.update(health_since=now - timedelta(minutes=10), refresh_at=now)
    assert keeping.refresh_due() == 1
    again = stored(short).refresh_at
    assert again is not None
    assert timedelta(minutes=9) < again - now < timedelta(minutes=12)

    strict.answer = None
    strict.refreshed.clear()
    ConnectedAccount.objects.update(refresh_at=now)
    assert keeping.refresh_due() == 1
    row = stored(short)
    assert (row.health, row.health_code) == (Health.ACTIVE, "")
    assert keeping.refresh_due() == 0


# What is saved


@pytest.mark.parametrize("missing", ["refresh_token", "extra"])
def test_a_secret_is_never_replaced_by_an_empty_one(
    short: ConnectedAccount, strict: type[Strict], missing: str
) -> None:
    row = stored(short)
    row.extra_tokens = {"user_access_token": "kept"}
    row.save(update_fields=["extra_tokens"])
    strict.answer = Tokens(
        access_token="new", expires_at=timezone.now() + timedelta(hours=1), extra={"user_access_token": ""}
    )

    tokens.fresh(short)

    row = stored(short)
    assert row.access_token == "new"
    assert row.refresh_token == "refresh-0"
    assert row.extra_tokens == {"user_access_token": "kept"}


def test_an_answer_without_a_token_changes_nothing(short: ConnectedAccount, strict: type[Strict]) -> None:
    strict.answer = Tokens(access_token="", refresh_token="trap")

    with pytest.raises(Unavailable):
        tokens.fresh(short)

    row = stored(short)
    assert (row.access_token, row.refresh_token) == ("access-for-refresh-0", "refresh-0")


def test_a_token_wiped_while_it_was_refreshed_does_not_come_back(
    short: ConnectedAccount, strict: type[Strict], visitor: Visitor
) -> None:
    strict.before_answer = lambda: accounts.disconnect(stored(short), by=visitor.user)

    with pytest.raises(NotAuthorized, match="account_disconnected"):
        tokens.fresh(short)

    row = stored(short)
    assert (row.access_token, row.refresh_token) == ("", "")
    assert row.health == Health.DISCONNECTED


def test_a_token_replaced_while_it_was_refreshed_is_not_overwritten(
    short: ConnectedAccount, strict: type[Strict], visitor: Visitor
) -> None:
    def reconnect() -> None:
        strict.before_answer = None
        _connected(visitor)

    strict.before_answer = reconnect

    handed = tokens.fresh(short)

    assert handed.tokens.access_token == stored(short).access_token == "access-for-refresh-0"


def test_bad_news_about_old_tokens_says_nothing_about_new_ones(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    stale = stored(account)
    visitor.connects()

    assert not tokens.invalidate(stale, NotAuthorized("token_refused"))
    assert stored(account).health == Health.ACTIVE


def test_what_is_not_about_the_account_does_not_change_its_health(account: ConnectedAccount) -> None:
    for error in (Unavailable(), RateLimited(), ContentRejected(), OutcomeUnknown()):
        assert not tokens.invalidate(account, error)
    assert stored(account).health == Health.ACTIVE


# Asking for it


def test_a_person_may_ask_for_a_refresh(account: ConnectedAccount, visitor: Visitor, world: World) -> None:
    before = account.access_token
    with pytest.raises(InvalidRequest, match="refresh_not_possible"):
        tokens.refresh(account, by=visitor.user)

    world.advance(2 * DAY)
    tokens.refresh(account, by=visitor.user)

    assert account.access_token == stored(account).access_token != before
    assert Event.objects.get(verb="account.refreshed").actor == visitor.user


def test_a_refresh_for_tokens_that_were_replaced_already_calls_nobody(
    short: ConnectedAccount, strict: type[Strict]
) -> None:
    stale = stored(short)
    tokens.fresh(short)

    tokens.refresh(stale)

    assert len(strict.refreshed) == 1
    assert stale.access_token == "access-for-refresh-1"


def test_a_platform_without_refresh_says_so(visitor: Visitor) -> None:
    account = visitor.connects("two_businesses", "instagram")

    with pytest.raises(InvalidRequest, match="refresh_not_possible"):
        tokens.refresh(account, by=visitor.user)


# By itself


def test_long_lived_tokens_are_refreshed_in_the_last_eighth_of_their_life(
    account: ConnectedAccount, world: World
) -> None:
    assert account.refresh_at is not None
    assert timedelta(days=52) < account.refresh_at - timezone.now() < timedelta(days=54)
    assert keeping.refresh_due() == 0

    world.advance(54 * DAY)
    assert keeping.refresh_due() == 1

    row = stored(account)
    assert row.access_token != account.access_token
    assert row.token_expires_at is not None
    assert _near(row.token_expires_at, timezone.now() + timedelta(days=114))


def test_a_token_that_cannot_be_refreshed_is_found_out_when_it_ends(account: ConnectedAccount) -> None:
    now = timezone.now()
    ConnectedAccount.objects.update(token_expires_at=now, refresh_at=now)

    assert keeping.refresh_due() == 1

    assert stored(account).health == Health.RECONNECT_NEEDED
    assert keeping.refresh_due() == 0


def test_a_paused_account_is_kept_alive_and_stays_paused(
    short: ConnectedAccount, strict: type[Strict], visitor: Visitor
) -> None:
    accounts.pause(short, by=visitor.user)
    ConnectedAccount.objects.update(refresh_at=timezone.now())

    assert keeping.refresh_due() == 1

    row = stored(short)
    assert row.access_token == "access-for-refresh-1"
    assert row.health == Health.PAUSED


def test_one_account_in_trouble_does_not_stop_the_others(
    account: ConnectedAccount, short: ConnectedAccount, strict: type[Strict], world: World
) -> None:
    world.advance(41 * DAY)
    ConnectedAccount.objects.update(refresh_at=timezone.now() - timedelta(hours=1))
    ConnectedAccount.objects.filter(pk=short.pk).update(refresh_at=timezone.now() - timedelta(hours=2))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_accounts SET refresh_token = 'nonsense' WHERE platform = 'strict'")

    assert keeping.refresh_due() == 2

    assert stored(short).health == Health.UNDECRYPTABLE
    assert stored(account).access_token != account.access_token


def test_a_platform_whose_refresh_breaks_does_not_stop_the_others(
    account: ConnectedAccount,
    short: ConnectedAccount,
    strict: type[Strict],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.advance(41 * DAY)
    monkeypatch.setattr(Strict, "refresh", lambda self, tokens: 1 / 0)
    ConnectedAccount.objects.update(refresh_at=timezone.now() - timedelta(hours=1))

    assert keeping.refresh_due() == 2
    assert keeping.refresh_due() == 0

    assert "the refresh broke" in caplog.text
    assert stored(short).health == Health.ACTIVE
    assert stored(account).access_token != account.access_token


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_of_many_that_look_after_the_tokens_one_looks_after_each(
    short: ConnectedAccount, strict: type[Strict]
) -> None:
    strict.answer = Unavailable()
    ConnectedAccount.objects.update(refresh_at=timezone.now())

    assert sorted(at_once(*[keeping.refresh_due] * 4)) == [0, 0, 0, 1]
    assert len(strict.refreshed) == 1


# Together


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_eight_workers_that_need_one_expired_token_refresh_it_once(
    short: ConnectedAccount, strict: type[Strict]
) -> None:
    for round_ in range(5):
        ConnectedAccount.objects.update(token_expires_at=timezone.now() - timedelta(seconds=1))
        handed = at_once(*[lambda: tokens.fresh(stored(short))] * 8)

        assert len(strict.refreshed) == round_ + 1
        assert {each.tokens.access_token for each in handed} == {stored(short).access_token}
    assert stored(short).health == Health.ACTIVE


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_eight_workers_that_were_refused_with_one_token_refresh_it_once(
    short: ConnectedAccount, strict: type[Strict]
) -> None:
    accounts = [stored(short) for _ in range(8)]

    at_once(*[lambda account=account: tokens.refresh(account) for account in accounts])

    assert len(strict.refreshed) == 1
    assert {account.access_token for account in accounts} == {"access-for-refresh-1"}


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_eight_workers_ask_a_platform_that_is_down_once(
    short: ConnectedAccount, strict: type[Strict]
) -> None:
    strict.answer = Unavailable(retry_after=60)

    answers = at_once(*[lambda: tokens.fresh(stored(short))] * 8)

    assert len(strict.refreshed) == 1
    assert {type(answer) for answer in answers} == {Unavailable}


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_died_while_refreshing_holds_nobody_up_for_ever(
    short: ConnectedAccount, strict: type[Strict]
) -> None:
    assert leases.acquire(short, 0.3)

    assert tokens.fresh(short).tokens.access_token == "access-for-refresh-1"


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_disconnecting_while_others_refresh_leaves_no_token(
    short: ConnectedAccount, strict: type[Strict], visitor: Visitor
) -> None:
    at_once(
        lambda: tokens.fresh(stored(short)),
        lambda: accounts.disconnect(stored(short), by=visitor.user),
        lambda: tokens.fresh(stored(short)),
    )

    row = stored(short)
    assert (row.access_token, row.refresh_token, row.health) == ("", "", Health.DISCONNECTED)


def _near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(minutes=5)

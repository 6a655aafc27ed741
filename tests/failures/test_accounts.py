"""Accounts that were lost for nothing, connected by mistake, or could not be connected at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import (
    ConnectionFailed,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.services import accounts, connecting, keeping, tokens
from tests.strict_platform import Strict
from tests.visitor import Visitor, at_once

pytestmark = pytest.mark.django_db
Health = ConnectedAccount.Health


@pytest.fixture
def short(visitor: Visitor, strict: type[Strict]) -> ConnectedAccount:
    """An account whose access has ended, with a refresh token that works once."""
    begun = visitor.begins("strict")
    state = begun.authorization_url.partition("state=")[2].partition("&")[0]
    attempt = visitor.returns({"state": [state], "code": ["c"]}, "strict")
    past = timezone.now() - timedelta(seconds=1)
    ConnectedAccount.objects.filter(pk=attempt.connected[0]).update(token_expires_at=past)
    return ConnectedAccount.objects.get(pk=attempt.connected[0])


@pytest.mark.parametrize(
    "trouble", [Unavailable(detail="status 500"), Unavailable(detail="timeout"), RateLimited(retry_after=30)]
)
def test_f15_trouble_of_the_platform_disconnects_nobody(short, strict, trouble) -> None:
    strict.answer = trouble
    with pytest.raises(ProviderError):
        tokens.fresh(short)
    short.refresh_from_db()
    assert short.health == Health.REFRESH_RETRYING
    assert short.refresh_token

    strict.answer = None
    ConnectedAccount.objects.update(refresh_at=timezone.now(), lease_until=None)
    tokens.fresh(ConnectedAccount.objects.get(pk=short.pk))
    short.refresh_from_db()
    assert short.health == Health.ACTIVE


def test_f16_one_failed_look_does_not_end_looking(account, world) -> None:
    world.fault(action="status", status=503, times=3)
    for _ in range(2):
        with pytest.raises(Unavailable):
            accounts.verify(account, by=account.user)
    account.refresh_from_db()
    assert account.health == Health.ACTIVE
    world.faults.clear()
    accounts.verify(account, by=account.user)
    keeping.refresh_in_turn()
    account.refresh_from_db()
    assert (account.health, account.is_verified) == (Health.ACTIVE, True)


@pytest.mark.django_db(transaction=True)
def test_f17_eight_that_need_a_single_use_token_use_it_once(short, strict) -> None:
    def ask() -> str:
        return tokens.fresh(ConnectedAccount.objects.get(pk=short.pk)).tokens.access_token

    assert set(at_once(*[ask] * 8)) == {"access-for-refresh-1"}
    assert strict.refreshed == ["refresh-0"]
    short.refresh_from_db()
    assert (short.health, short.refresh_token) == (Health.ACTIVE, "refresh-1")


@pytest.mark.parametrize(("person", "pages"), [("many_pages", 130), ("two_businesses", 2)])
def test_f19_every_page_is_offered_and_what_cannot_publish_says_why(visitor, person, pages) -> None:
    attempt = visitor.goes(person, "instagram")
    found = connecting.candidates(attempt)
    assert len(found) == pages
    assert all(one.unusable in ("", *CODES) for one in found)
    for one in found:
        if one.unusable:
            with pytest.raises(InvalidRequest):
                connecting.choose(visitor.user, attempt, [one.account_id])
    last = next(one for one in reversed(found) if not one.unusable)
    [connected] = connecting.choose(visitor.user, attempt, [last.account_id])
    assert connected.account_id == last.account_id
    assert accounts.verify(connected, by=visitor.user).is_verified


def test_f19_a_page_that_one_may_not_publish_with_is_not_connected(visitor) -> None:
    with pytest.raises(ConnectionFailed) as refused:
        visitor.goes("no_tasks", "instagram")
    assert refused.value.code == "page_task_missing"
    assert not ConnectedAccount.objects.exists()


def _refused(visitor: Visitor, params: Any) -> str:
    with pytest.raises(ConnectionFailed) as refused:
        visitor.returns(params)
    return refused.value.code


def test_f40_each_way_in_which_a_round_trip_ends_has_a_name_of_its_own(visitor, stranger) -> None:
    ends = {}
    begun = visitor.begins()
    params = visitor.consents(begun)
    ends["another user's"] = _refused(stranger, params)
    visitor.returns(params)
    ends["used before"] = _refused(visitor, params)
    ends["denied"] = _refused(visitor, visitor.consents(visitor.begins(), allow=False))
    late = visitor.consents(visitor.begins())
    ConnectionAttempt.objects.update(expires_at=timezone.now())
    ends["too late"] = _refused(visitor, late)
    ends["made up"] = _refused(visitor, {"state": ["never given"], "code": ["c"]})
    with pytest.raises(ConnectionFailed) as withheld:
        visitor.goes("two_businesses", "instagram", decline={"instagram_basic"})
    ends["scope withheld"] = withheld.value.code
    told_apart = {name: code for name, code in ends.items() if name not in ("another user's", "made up")}
    assert len(set(told_apart.values())) == len(told_apart), ends
    assert visitor.connects().is_active  # one begins anew, and it works

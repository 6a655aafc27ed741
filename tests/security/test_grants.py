"""Refreshing and ending a grant, against platforms that answer late, twice, wrongly or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.exceptions import ProviderError, RateLimited, Unavailable
from django_connected_accounts.models import ConnectedAccount, Event, Revocation
from django_connected_accounts.providers.types import Tokens
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import accounts, revoking, tokens
from tests.strict_platform import Strict
from tests.visitor import REFRESHES, Visitor, at_once, calls

Health = ConnectedAccount.Health
pytestmark = pytest.mark.django_db

DAY = 24 * 60 * 60


@pytest.fixture
def account(visitor: Visitor, world: World) -> ConnectedAccount:
    """An account whose tokens may be refreshed."""
    account = visitor.connects()
    world.advance(2 * DAY)
    return account


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_grant_that_dies_when_a_refresh_token_is_used_twice_survives_eight_workers(
    visitor: Visitor, strict: type[Strict]
) -> None:
    begun = visitor.begins("strict")
    state = begun.authorization_url.partition("state=")[2].partition("&")[0]
    visitor.returns({"state": [state], "code": ["c"]}, "strict")
    account = ConnectedAccount.objects.get()

    for round_ in range(1, 6):
        ConnectedAccount.objects.update(token_expires_at=timezone.now() - timedelta(seconds=1))
        workers = [ConnectedAccount.objects.get(pk=account.pk) for _ in range(8)]

        handed = at_once(
            *[lambda worker=worker: tokens.fresh(worker).tokens.access_token for worker in workers]
        )

        assert handed == [f"access-for-refresh-{round_}"] * 8
    assert strict.refreshed == [f"refresh-{round_}" for round_ in range(5)]
    assert ConnectedAccount.objects.get().health == Health.ACTIVE


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_eight_workers_refused_with_one_token_ask_the_platform_for_one_more(
    account: ConnectedAccount, world: World
) -> None:
    workers = [ConnectedAccount.objects.get(pk=account.pk) for _ in range(8)]

    at_once(*[lambda worker=worker: tokens.refresh(worker) for worker in workers])

    assert calls(world, REFRESHES) == 1
    assert {worker.access_token for worker in workers} == {ConnectedAccount.objects.get().access_token}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": {"error": {"message": "no", "type": "OAuthException", "code": 2}}},
        {"status": 200, "body": {"error": "temporarily_unavailable"}},
        {"status": 200, "body": "<html><body>Sorry, something went wrong.</body></html>"},
        {"status": 200, "body": {}},
        {"status": 200, "body": {"access_token": "", "expires_in": 5183944}},
        {"status": 200, "body": {"access_token": None}},
        {"status": 200, "body": []},
        {"status": 429, "body": {"error": {"message": "slow", "type": "OAuthException", "code": 4}}},
        {"status": 503, "body": "down"},
    ],
    ids=[
        "error in 200",
        "flat error in 200",
        "page",
        "empty",
        "empty token",
        "no token",
        "list",
        "slow down",
        "down",
    ],
)
def test_an_answer_that_is_no_token_changes_no_token(
    account: ConnectedAccount, world: World, answer: dict[str, Any]
) -> None:
    before = (account.access_token, account.refresh_token, account.token_expires_at, account.token_version)
    world.fault(action="status", path=REFRESHES[1], times=0, **answer)

    with pytest.raises(ProviderError):
        tokens.refresh(account)

    row = ConnectedAccount.objects.get()
    assert (row.access_token, row.refresh_token, row.token_expires_at, row.token_version) == before
    assert row.health == Health.REFRESH_RETRYING
    assert row.is_active


def test_a_refresh_token_is_kept_until_another_comes_and_replaced_when_it_does(
    visitor: Visitor, strict: type[Strict]
) -> None:
    state = visitor.begins("strict").authorization_url.partition("state=")[2].partition("&")[0]
    visitor.returns({"state": [state], "code": ["c"]}, "strict")
    account = ConnectedAccount.objects.get()
    held = []
    for answer in (Tokens(access_token="alone"), Tokens(access_token="both", refresh_token="younger")):
        strict.answer = answer
        tokens.refresh(account)
        row = ConnectedAccount.objects.get()
        held.append((row.access_token, row.refresh_token))

    assert held == [("alone", "refresh-0"), ("both", "younger")]


def test_a_lost_answer_changes_no_token(account: ConnectedAccount, world: World) -> None:
    before = account.access_token
    world.fault(action="lose_before", path=REFRESHES[1], times=0)

    with pytest.raises((Unavailable, RateLimited)):
        tokens.refresh(account)

    assert ConnectedAccount.objects.get().access_token == before


@pytest.mark.parametrize(
    "trouble",
    [
        {"action": "status", "status": 500},
        {"action": "lose_before"},
        {"action": "lose_after"},
        {"action": "status", "status": 200, "body": "<html>"},
    ],
    ids=["error", "unreachable", "no answer", "page"],
)
def test_disconnecting_wipes_at_once_though_the_platform_cannot_be_told_yet(
    visitor: Visitor, world: World, trouble: dict[str, Any]
) -> None:
    account = visitor.connects("portfolio", "instagram")
    for other in ConnectedAccount.objects.exclude(pk=account.pk):
        accounts.disconnect(other, by=visitor.user)
    Revocation.objects.all().delete()
    world.fault(method="DELETE", times=2, **trouble)

    accounts.disconnect(account, by=visitor.user)
    for _ in range(4):
        row = ConnectedAccount.objects.get(pk=account.pk)
        assert (row.access_token, row.refresh_token, row.extra_tokens) == ("", "", {})
        assert row.health == Health.DISCONNECTED
        Revocation.objects.update(run_at=timezone.now())
        revoking.revoke_due()

    assert Event.objects.filter(verb="account.revoked", account=account).count() == 1
    assert not Revocation.objects.exists()


def test_a_token_in_use_when_its_account_is_disconnected_is_not_brought_back(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    stale = ConnectedAccount.objects.get()
    assert stale.access_token
    accounts.disconnect(account, by=visitor.user)

    with pytest.raises(ProviderError):
        tokens.fresh(stale)

    row = ConnectedAccount.objects.get()
    assert (row.access_token, row.health) == ("", Health.DISCONNECTED)

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Event, Revocation
from django_connected_accounts.providers.instagram import Instagram
from django_connected_accounts.providers.types import Tokens
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import accounts, publishing, revoking
from tests.visitor import Visitor, at_once

Health = ConnectedAccount.Health
ENDING = ("graph.facebook.com", "/v26.0/me/permissions")
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    """The only account of a consent that can be ended at the platform."""
    account = visitor.connects("two_businesses", "instagram")
    ConnectedAccount.objects.exclude(pk=account.pk).update(health=Health.DISCONNECTED)
    return account


def endings(world: World) -> int:
    return sum((call["method"], call["host"], call["path"]) == ("DELETE", *ENDING) for call in world.calls)


def again() -> None:
    Revocation.objects.update(run_at=timezone.now())
    revoking.revoke_due()


def test_the_platform_is_told_that_a_grant_has_ended(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    secret = next(iter(account.extra_tokens.values()))
    accounts.disconnect(account, by=visitor.user)

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM connected_accounts_revocation")
        assert secret not in str(cursor.fetchall())
    assert secret not in repr(Revocation.objects.get().tokens)
    assert endings(world) == 0

    revoking.revoke_due()

    assert endings(world) == 1
    assert not Revocation.objects.exists()
    assert Event.objects.get(verb="account.revoked").account == account
    revoking.revoke_due()
    assert endings(world) == 1


def test_a_platform_that_has_no_such_call_is_not_told(visitor: Visitor) -> None:
    accounts.disconnect(visitor.connects(), by=visitor.user)
    assert not Revocation.objects.exists()


def test_it_is_told_again_until_it_is_given_up_and_somebody_is_asked_to(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    world.fault(action="status", method="DELETE", status=500, times=0)
    accounts.disconnect(account, by=visitor.user)
    revoking.revoke_due()
    assert revoking.revoke_due() == 0, "it waits before the next try"

    for _ in revoking.WAITS:
        again()

    assert not Revocation.objects.exists(), "the secrets are not kept for ever"
    event = Event.objects.get(verb="account.revoke_failed")
    assert (event.account, event.code, event.notice) == (account, "revoke_failed", "revoke_failed")


class Broken(Instagram):
    def revoke(self, tokens: Tokens) -> None:
        raise ZeroDivisionError


def test_a_provider_that_breaks_ends_neither_the_tick_nor_the_trying(
    account: ConnectedAccount, visitor: Visitor, world: World, settings: Any
) -> None:
    accounts.disconnect(account, by=visitor.user)
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLASS": f"{__name__}.Broken"}}
    publishing.tick()
    assert Revocation.objects.get().attempts == 1

    settings.CONNECTED_ACCOUNTS_PROVIDERS = {}
    again()
    assert endings(world) == 1


def test_a_grant_that_another_account_lives_on_is_left_alone(visitor: Visitor, world: World) -> None:
    bakery = visitor.connects("two_businesses", "instagram")
    coffee = ConnectedAccount.objects.exclude(pk=bakery.pk).get()

    accounts.disconnect(bakery, by=visitor.user)
    revoking.revoke_due()
    assert endings(world) == 0
    accounts.verify(coffee, by=visitor.user)
    assert coffee.health == Health.ACTIVE

    accounts.disconnect(coffee, by=visitor.user)
    revoking.revoke_due()
    assert endings(world) == 1
    assert Event.objects.filter(verb="account.revoked").count() == 1


def test_a_grant_that_another_platform_of_the_same_app_lives_on_is_left_alone(
    visitor: Visitor, world: World
) -> None:
    page = visitor.connects("two_businesses", "facebook")
    instagram = visitor.connects("two_businesses", "instagram")
    for account in ConnectedAccount.objects.filter(platform="facebook"):
        accounts.disconnect(account, by=visitor.user)
    revoking.revoke_due()
    assert page.platform_user_id == instagram.platform_user_id
    assert endings(world) == 0
    assert not Revocation.objects.exists()
    for account in ConnectedAccount.objects.filter(platform="instagram"):
        accounts.disconnect(account, by=visitor.user)
    revoking.revoke_due(limit=1)
    assert endings(world) == 1


def test_an_account_connected_anew_before_the_platform_was_told_stays_connected(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    accounts.disconnect(account, by=visitor.user)
    back = visitor.connects("two_businesses", "instagram")

    revoking.revoke_due()

    assert endings(world) == 0
    assert not Revocation.objects.exists()
    back.refresh_from_db()
    accounts.verify(back, by=visitor.user)
    assert back.health == Health.ACTIVE


def test_deleting_a_user_ends_all_their_grants_and_waits_for_no_platform(
    visitor: Visitor, world: World
) -> None:
    visitor.connects("two_businesses", "instagram")
    world.fault(action="status", method="DELETE", status=500, times=1)

    visitor.user.delete()

    assert endings(world) == 0
    assert not ConnectedAccount.objects.exists()
    assert Revocation.objects.exists()
    for _ in range(2):
        again()
    assert not Revocation.objects.exists()
    assert endings(world) > 1


def test_deleting_an_account_whose_secrets_cannot_be_read_tells_the_operators(
    account: ConnectedAccount,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_accounts SET extra_tokens = 'dca1.00000000.AAAA'")
    account = ConnectedAccount.objects.get(pk=account.pk)

    account.delete()

    assert not Revocation.objects.exists()
    event = Event.objects.get(verb="account.revoke_failed")
    assert (event.account, event.notice) == (None, "revoke_failed")


def test_a_deletion_that_is_undone_ends_nothing(account: ConnectedAccount) -> None:
    with transaction.atomic():
        account.user.delete()
        transaction.set_rollback(True)

    assert not Revocation.objects.exists()
    assert ConnectedAccount.objects.filter(pk=account.pk).exists()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_of_many_runners_one_tells_the_platform(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    accounts.disconnect(account, by=visitor.user)

    results: list[Any] = at_once(*[revoking.revoke_due] * 6)

    assert sorted(results) == [0, 0, 0, 0, 0, 1]
    assert endings(world) == 1

"""What whoever can write to the database gains by it: nothing but a marked account."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from django_connected_accounts.exceptions import UndecryptableToken
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import accounts, tokens
from tests.visitor import Visitor

Health = ConnectedAccount.Health
pytestmark = [pytest.mark.django_db, pytest.mark.databases]

ANOTHER_KEY = "YW5vdGhlciB0ZXN0IGtleSwgYWxzbyAzMiBieXRlcy4="


def stored(account: ConnectedAccount, column: str = "access_token") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM connected_accounts WHERE username = %s", [account.username])
        return str(cursor.fetchone()[0])


def plant(account: ConnectedAccount, text: str, column: str = "access_token") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE connected_accounts SET {column} = %s WHERE username = %s", [text, account.username]
        )


def refused(account: ConnectedAccount, world: World) -> str:
    """Return why its tokens are not handed out, after checking that nothing was sent anywhere."""
    calls = len(world.calls)
    with pytest.raises(UndecryptableToken) as caught:
        tokens.fresh(ConnectedAccount.objects.get(pk=account.pk))
    row = ConnectedAccount.objects.get(pk=account.pk)
    assert (row.health, row.health_code, row.is_active) == (Health.UNDECRYPTABLE, caught.value.code, False)
    assert len(world.calls) == calls
    return caught.value.code


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return visitor.connects("shop")


def test_a_token_moved_to_another_row_opens_nothing(
    account: ConnectedAccount, stranger: Visitor, world: World
) -> None:
    theirs = stranger.connects("creator")
    plant(theirs, stored(account))

    assert refused(theirs, world) == "tampered"


def test_a_token_moved_to_another_column_opens_nothing(account: ConnectedAccount, world: World) -> None:
    plant(account, stored(account), "refresh_token")

    assert refused(account, world) == "tampered"


def test_a_row_given_to_another_user_opens_nothing(
    account: ConnectedAccount, stranger: Visitor, world: World
) -> None:
    ConnectedAccount.objects.filter(pk=account.pk).update(user=stranger.user)

    assert refused(account, world) == "tampered"


@pytest.mark.parametrize("position", [16, 40, -2])
def test_one_changed_character_opens_nothing(account: ConnectedAccount, world: World, position: int) -> None:
    text = list(stored(account))
    text[position] = "A" if text[position] != "A" else "B"
    plant(account, "".join(text))

    assert refused(account, world) == "tampered"


@pytest.mark.parametrize(
    "planted",
    [
        "IGAAforged",
        "dca1.",
        "dca1.00000000.",
        "dca1.forged",
        "gAAAAABforged",
        "enc:forged",
        '{"access_token": "x"}',
        " ",
    ],
)
def test_what_was_not_encrypted_here_is_never_taken_for_a_token(
    account: ConnectedAccount, world: World, planted: str
) -> None:
    plant(account, planted)

    assert refused(account, world) in ("not_encrypted", "unknown_key", "tampered")


def test_a_ciphertext_without_its_prefix_is_never_taken_for_a_token(
    account: ConnectedAccount, world: World
) -> None:
    plant(account, stored(account).removeprefix("dca1."))

    assert refused(account, world) == "not_encrypted"


def test_a_verifier_moved_to_another_attempt_opens_nothing(visitor: Visitor, strict: Any) -> None:
    first, second = visitor.begins("strict").attempt, visitor.begins("strict").attempt
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT verifier FROM connected_accounts_attempt WHERE state_hash = %s", [first.state_hash]
        )
        text = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE connected_accounts_attempt SET verifier = %s WHERE state_hash = %s",
            [text, second.state_hash],
        )

    with pytest.raises(UndecryptableToken):
        assert ConnectionAttempt.objects.get(pk=second.pk).verifier


def test_an_unreadable_account_can_be_disconnected_and_connected_again(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    plant(account, "IGAAforged")
    refused(account, world)

    accounts.disconnect(account, by=visitor.user)
    assert ConnectedAccount.objects.get().health == Health.DISCONNECTED
    assert visitor.connects("shop").pk == account.pk
    assert tokens.fresh(account).tokens.access_token


@pytest.mark.parametrize(
    "keys", [[], ["too short"], [ANOTHER_KEY, ANOTHER_KEY]], ids=["none", "bad", "twice the same"]
)
@pytest.mark.django_db(transaction=True)
def test_without_good_keys_nothing_begins_and_the_checks_say_so(
    visitor: Visitor, strict: Any, settings: Any, keys: list[str]
) -> None:
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = keys

    assert [
        found for found in run_checks() if isinstance(found, Error) and "connected_accounts" in str(found.id)
    ]
    if len(keys) < 2:
        with pytest.raises(ImproperlyConfigured):
            visitor.begins("strict")
        assert not ConnectionAttempt.objects.exists()


def test_keys_lost_on_the_way_leave_nothing_in_clear(visitor: Visitor, settings: Any) -> None:
    begun = visitor.begins()
    params = visitor.consents(begun)
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = []

    with pytest.raises(Exception, match=r"ENCRYPTION_KEYS|connection_failed"):
        visitor.returns(params)

    assert not ConnectedAccount.objects.exists()


def test_a_key_rotated_out_closes_the_account_until_it_comes_back(
    account: ConnectedAccount, world: World, settings: Any, visitor: Visitor
) -> None:
    first = settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS
    before = stored(account)
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [ANOTHER_KEY]
    assert refused(account, world) == "unknown_key"
    assert stored(account) == before

    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [ANOTHER_KEY, *first]
    accounts.verify(account, by=visitor.user)

    assert ConnectedAccount.objects.get().health == Health.ACTIVE


def test_a_key_that_is_older_still_opens_and_a_newer_one_encrypts(
    account: ConnectedAccount, settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [ANOTHER_KEY, *settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS]
    before = stored(account)
    row = ConnectedAccount.objects.get()

    assert tokens.fresh(row).tokens.access_token == account.access_token
    row.access_token = "IGAAnew"
    row.save(update_fields=["access_token"])

    assert stored(account).split(".")[1] != before.split(".")[1]


def test_nothing_is_published_with_tokens_that_cannot_be_read(
    account: ConnectedAccount, world: World
) -> None:
    plant(account, "IGAAforged")
    refused(account, world)

    assert not world.posts()

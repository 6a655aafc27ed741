"""Attack 28: the key is removed, rotated out or wrong, and everything stays closed until it is back."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from django_connected_accounts import registry, testing
from django_connected_accounts.codes import CODES
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt, Publication
from django_connected_accounts.sandbox import World, consent, samples
from django_connected_accounts.services import accounts, health, keeping, renewal
from tests.security.test_leaks import rows
from tests.visitor import Visitor, calls

pytestmark = pytest.mark.django_db

Health = ConnectedAccount.Health
PAGES, API = "connected_accounts", "connected_accounts_api"
ANOTHER_KEY = "YW5vdGhlciB0ZXN0IGtleSwgYWxzbyAzMiBieXRlcy4="
RINGS = {"removed": [], "rotated out": [ANOTHER_KEY], "wrong": ["not a key"]}
GOOD = "YSB0ZXN0IGtleSBvZiBleGFjdGx5IDMyIGJ5dGVzISE="


@pytest.fixture
def world(sandbox: World) -> World:
    return sandbox


@pytest.fixture
def account(visitor: Visitor, world: World) -> ConnectedAccount:
    return visitor.connects()


@pytest.fixture
def browser(visitor: Visitor) -> Client:
    browser = Client()
    browser.force_login(visitor.user)
    return browser


@pytest.fixture(params=RINGS)
def lose_the_key(request: pytest.FixtureRequest, settings: Any) -> Callable[[], None]:
    """``lose_the_key()`` leaves the settings without it, in one of the ways there are."""

    def lose() -> None:
        settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = RINGS[request.param]

    return lose


def page(browser: Client, name: str, *args: Any) -> str:
    answer = browser.get(reverse(f"{PAGES}:{name}", args=args))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def photo() -> ContentFile[bytes]:
    return ContentFile(samples.jpeg(400, 400), "photo.jpg")


def comes_due() -> None:
    ConnectedAccount.objects.update(refresh_at=registry.now() - renewal.UNREADABLE)
    keeping.refresh_due()


def test_lists_go_on_and_the_account_says_what_is_wrong_and_what_to_do(
    account: ConnectedAccount, browser: Client, lose_the_key: Callable[[], None]
) -> None:
    lose_the_key()
    for name in ("accounts", "posts", "notices"):
        assert browser.get(reverse(f"{API}:{name}")).status_code == 200
    assert "@juniper.shop" in page(browser, "accounts")

    browser.post(reverse(f"{PAGES}:account-verify", args=[account.pk]))

    meaning = CODES["unknown_key"]
    (row,) = browser.get(reverse(f"{API}:accounts")).json()["results"]
    assert (row["health"], row["reason"]["code"]) == (Health.UNDECRYPTABLE, "unknown_key")
    for shown in (page(browser, "accounts"), page(browser, "account", account.pk), str(row)):
        assert str(meaning.cause) in shown
    assert str(meaning.action) in page(browser, "account", account.pk)


@pytest.mark.parametrize("space", [PAGES, API])
def test_nobody_is_sent_to_a_platform_whose_answer_could_not_be_kept(
    browser: Client, visitor: Visitor, lose_the_key: Callable[[], None], space: str, request: Any
) -> None:
    lose_the_key()
    address = reverse(f"{space}:connect", args=["instagram_login"])

    answer = browser.post(address) if space == PAGES else browser.get(address)

    if "rotated out" in request.node.name:  # another key encrypts as well
        assert answer.status_code in (200, 302)
        return
    assert answer.status_code == 503
    told = unescape(answer.content.decode())
    assert str(CODES["not_configured"].cause) in told
    assert not ConnectionAttempt.objects.exists()


def test_a_key_lost_while_somebody_is_at_the_platform_leaves_no_token_in_clear(
    browser: Client, world: World, lose_the_key: Callable[[], None]
) -> None:
    begun = browser.post(reverse(f"{PAGES}:connect", args=["instagram_login"])).headers["Location"]
    back = urlsplit(consent.visit(world, begun, "shop"))
    lose_the_key()

    answer = browser.get(f"{back.path}?{back.query}")

    assert answer.status_code == 303
    attempt = ConnectionAttempt.objects.get()
    assert attempt.status == "connected" or attempt.code in CODES
    assert world.tokens
    assert [token for token in (*world.tokens, *world.codes) for cell in rows() if token in cell] == []


def test_nothing_is_published_and_nothing_is_sent(
    account: ConnectedAccount, world: World, lose_the_key: Callable[[], None]
) -> None:
    publication = account.publish(text="Hello", media=[photo()])
    before = len(world.calls)
    lose_the_key()

    testing.publish_everything(steps=10)

    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Publication.Status.HELD, "account_undecryptable")
    assert publication.code in CODES
    assert len(world.calls) == before
    assert not world.posts()
    assert [token for token in world.tokens for cell in rows() if token in cell] == []


def test_the_doctor_names_the_key(account: ConnectedAccount, lose_the_key: Callable[[], None]) -> None:
    lose_the_key()
    out = StringIO()

    with pytest.raises(CommandError, match="need acting"):
        call_command("connected_accounts_doctor", stdout=out)

    assert "connected_accounts.account.access_token: key " in out.getvalue()
    assert GOOD not in out.getvalue()


@pytest.mark.parametrize("paused", [False, True])
def test_when_the_key_is_back_everything_goes_on_by_itself(
    account: ConnectedAccount,
    world: World,
    visitor: Visitor,
    settings: Any,
    lose_the_key: Callable[[], None],
    paused: bool,
) -> None:
    publication = account.publish(text="Hello", media=[photo()])
    if paused:
        accounts.pause(account, by=visitor.user)
    lose_the_key()
    comes_due()
    testing.publish_everything(steps=10)
    account.refresh_from_db()
    assert (account.health, account.refresh_at is None) == (Health.UNDECRYPTABLE, False)
    comes_due()
    account.refresh_from_db()
    assert account.health == Health.UNDECRYPTABLE

    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [ANOTHER_KEY, GOOD]
    exchanges = calls(world, ("graph.instagram.com", "/refresh_access_token"))
    comes_due()
    testing.publish_everything(steps=10)

    account.refresh_from_db()
    publication.refresh_from_db()
    assert account.health == (Health.PAUSED if paused else Health.ACTIVE)
    assert publication.status == (Publication.Status.HELD if paused else Publication.Status.PUBLISHED)
    assert calls(world, ("graph.instagram.com", "/refresh_access_token")) == exchanges
    assert account.refresh_at is not None
    assert account.refresh_at > registry.now()


def test_an_account_that_lacked_a_permission_lacks_it_still_when_the_key_is_back(
    account: ConnectedAccount, settings: Any, lose_the_key: Callable[[], None]
) -> None:
    ConnectedAccount.objects.update(permissions={"publish": False})
    health.change(account, Health.PERMISSION_MISSING, "permission_missing")
    lose_the_key()
    comes_due()
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [GOOD]
    comes_due()

    account.refresh_from_db()
    assert (account.health, account.health_code) == (Health.PERMISSION_MISSING, "permission_missing")

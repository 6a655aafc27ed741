from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from django_connected_accounts import signals
from django_connected_accounts.exceptions import NotAuthorized
from django_connected_accounts.models import (
    ConnectedAccount,
    ConnectionAttempt,
    Event,
    Measurement,
    Revocation,
)
from django_connected_accounts.sandbox import webhooks
from django_connected_accounts.services import accounts, composing, tokens
from tests.meta import Meta
from tests.visitor import Visitor, at_once

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3600
SECRETS = ("access_token", "refresh_token")
KNOWN = ("username", "display_name", "profile_picture_url", "account_type", "platform_user_id")


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return visitor.connects("shop", "instagram_login")


def secrets_of(account: ConnectedAccount) -> list[Any]:
    return [getattr(account, name) for name in SECRETS if getattr(account, name)]


def read(account: ConnectedAccount) -> ConnectedAccount:
    return ConnectedAccount.objects.get(pk=account.pk)


def untouched(account: ConnectedAccount) -> bool:
    now = read(account)
    same = (now.token_version, secrets_of(now)) == (account.token_version, secrets_of(account))
    return same and now.health == "active"


def test_who_removes_the_app_is_asked_to_reconnect(meta: Meta, account: ConnectedAccount) -> None:
    answer = meta.calls_back("webhook-deauthorize", {"user_id": account.platform_user_id})
    assert answer.status_code == 200
    now = read(account)
    assert (now.health, now.health_code, now.is_active) == ("reconnect_needed", "access_revoked", False)
    assert secrets_of(now) == []
    assert now.extra_tokens == {}
    assert now.refresh_at is None
    with pytest.raises(NotAuthorized) as refused:
        tokens.fresh(now)
    assert refused.value.code == "access_revoked"
    assert read(account).health_code == "access_revoked"


def test_nobody_else_is_touched(meta: Meta, account: ConnectedAccount, visitor: Visitor) -> None:
    others = [
        visitor.connects("creator", "instagram_login"),
        visitor.connects("two_businesses", "instagram"),
    ]
    ConnectedAccount.objects.filter(pk=others[1].pk).update(platform_user_id=account.platform_user_id)
    nameless = visitor.connects("portfolio", "instagram")
    ConnectedAccount.objects.filter(pk=nameless.pk).update(platform_user_id="")
    meta.calls_back("webhook-deauthorize", {"user_id": account.platform_user_id})
    assert read(account).health == "reconnect_needed"
    assert all(untouched(other) for other in (*others, nameless))


def test_every_account_of_that_person_is_meant(meta: Meta, visitor: Visitor, stranger: Visitor) -> None:
    for person in (visitor, stranger):
        person.connects("two_businesses", "instagram")
    meta.registers("instagram")
    webhooks.deauthorize(meta.world, "two_businesses")
    [sent] = webhooks.deliver(meta.world)
    assert sent.statuses == [200]
    codes = ConnectedAccount.objects.values_list("user__username", "health_code")
    assert sorted(codes) == [("ada", "access_revoked")] * 2 + [("mallory", "access_revoked")] * 2


def test_reconnecting_after_a_withdrawal_works_and_is_not_undone_by_the_old_callback(
    meta: Meta, account: ConnectedAccount, visitor: Visitor
) -> None:
    payload = {"user_id": account.platform_user_id, "issued_at": int(meta.world.now())}
    meta.calls_back("webhook-deauthorize", payload)
    again = visitor.connects("shop", "instagram_login")
    assert (again.pk, again.health) == (account.pk, "active")
    assert meta.calls_back("webhook-deauthorize", payload).status_code == 200
    assert untouched(again)


def test_a_callback_that_comes_late_does_not_end_a_newer_consent(
    meta: Meta, account: ConnectedAccount, visitor: Visitor
) -> None:
    withdrawn_at = int(meta.world.now())
    meta.world.advance(HOUR / 2)
    again = visitor.connects("shop", "instagram_login")
    answer = meta.calls_back(
        "webhook-deauthorize", {"user_id": account.platform_user_id, "issued_at": withdrawn_at}
    )
    assert answer.status_code == 200
    assert untouched(again)


def test_a_disconnected_account_stays_disconnected(meta: Meta, account: ConnectedAccount) -> None:
    accounts.disconnect(account, by=None)
    meta.calls_back("webhook-deauthorize", {"user_id": account.platform_user_id})
    assert (read(account).health, read(account).health_code) == ("disconnected", "account_disconnected")


def test_a_callback_about_nobody_we_know_is_taken_quietly(meta: Meta, account: ConnectedAccount) -> None:
    for name in ("webhook-deauthorize", "webhook-deletion"):
        assert meta.calls_back(name, {"user_id": "218471"}).status_code == 200
    assert untouched(account)


def test_either_secret_signs_for_instagram_login(
    meta: Meta, account: ConnectedAccount, settings: Any
) -> None:
    meta.app().signing_secret = "of the Meta app"
    payload = {"user_id": account.platform_user_id}
    assert meta.calls_back("webhook-deauthorize", payload).status_code == 403
    options = {"META_APP_SECRET": "of the Meta app"}
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": options, "instagram": options}
    assert meta.calls_back("webhook-deauthorize", payload).status_code == 200
    meta.app("instagram").signing_secret = "of the Meta app"
    assert meta.calls_back("webhook-deauthorize", payload, "instagram").status_code == 403


def test_a_deletion_leaves_nothing_of_the_person(
    meta: Meta, account: ConnectedAccount, visitor: Visitor
) -> None:
    Measurement.objects.create(account=account, name="reach", value=44, at=timezone.now())
    meta.posts({"object": "instagram", "entry": [{"id": account.account_id, "time": 1, "text": "private"}]})
    post = composing.compose(visitor.user, text="Ours", accounts=[account])
    person = account.username
    meta.registers()
    webhooks.delete_data(meta.world, "shop")
    [sent] = webhooks.deliver(meta.world)

    now = read(account)
    assert sent.statuses == [200]
    assert (now.health, now.health_code, now.is_active) == ("disconnected", "data_deleted", False)
    assert secrets_of(now) == []
    assert [getattr(now, name) for name in KNOWN] == [""] * len(KNOWN)
    assert (now.details, now.granted_scopes, now.permissions, now.quota) == ({}, [], {}, {})
    assert not Measurement.objects.exists()
    assert type(post).objects.filter(pk=post.pk).exists()
    told = [str(event.data) for event in Event.objects.all()]
    kept = [f"{attempt.params} {attempt.detail}" for attempt in ConnectionAttempt.objects.all()]
    assert not [text for text in told + kept if person in text or "private" in text]


def test_a_project_hears_of_a_deletion_to_delete_its_own(meta: Meta, account: ConnectedAccount) -> None:
    heard: list[tuple[str, str]] = []

    def listen(event: Event, **kwargs: Any) -> None:
        assert event.account is not None
        heard.append((event.verb, str(event.account.pk)))

    signals.account_erased.connect(listen)
    signals.account_disconnected.connect(listen)
    try:
        meta.calls_back("webhook-deletion", {"user_id": account.platform_user_id})
    finally:
        signals.account_erased.disconnect(listen)
        signals.account_disconnected.disconnect(listen)
    assert heard == [("account.disconnected", str(account.pk)), ("account.erased", str(account.pk))]


def test_a_disconnected_account_is_erased_as_well(meta: Meta, account: ConnectedAccount) -> None:
    accounts.disconnect(account, by=None)
    meta.calls_back("webhook-deletion", {"user_id": account.platform_user_id})
    assert (read(account).username, read(account).health_code) == ("", "data_deleted")


def test_an_erased_account_can_be_connected_again(
    meta: Meta, account: ConnectedAccount, visitor: Visitor
) -> None:
    meta.calls_back("webhook-deletion", {"user_id": account.platform_user_id})
    again = visitor.connects("shop", "instagram_login")
    assert (again.pk, again.health, again.username) == (account.pk, "active", "juniper.shop")


def test_a_deletion_is_answered_with_a_code_and_a_page_that_people_can_read(
    meta: Meta, account: ConnectedAccount
) -> None:
    answer = meta.calls_back("webhook-deletion", {"user_id": account.platform_user_id})
    assert answer.status_code == 200
    assert set(answer.json()) == {"url", "confirmation_code"}
    code, url = answer.json()["confirmation_code"], answer.json()["url"]
    assert url == f"http://testserver/connected-accounts/deletion/{code}/"
    assert len(code) >= 32

    page = Client().get(urlsplit(url).path)
    assert page.status_code == 200
    assert "Your data was deleted" in page.content.decode()
    assert code in page.content.decode()
    for secret in (account.username, account.account_id, account.platform_user_id, account.display_name):
        assert secret not in page.content.decode()


def test_the_same_request_again_has_the_same_code_and_does_nothing(
    meta: Meta, account: ConnectedAccount, visitor: Visitor
) -> None:
    payload = {"user_id": account.platform_user_id, "issued_at": int(meta.world.now())}
    first = meta.calls_back("webhook-deletion", payload).json()
    again = visitor.connects("shop", "instagram_login")
    assert meta.calls_back("webhook-deletion", payload).json() == first
    assert untouched(again)


@pytest.mark.parametrize("code", ["0" * 40, "abc123", "%00", "ä"])
def test_a_code_that_was_never_given_finds_nothing(code: str, db: None) -> None:
    assert Client().get(f"/connected-accounts/deletion/{code}/").status_code == 404


@pytest.mark.databases
def test_callbacks_at_the_same_moment_are_carried_out_once(meta: Meta, visitor: Visitor) -> None:
    accounts = [visitor.connects(person, "instagram_login") for person in ("shop", "creator")]
    for account in accounts:
        payload = {"user_id": account.platform_user_id, "issued_at": int(meta.world.now())}
        for name in ("webhook-deauthorize", "webhook-deletion"):
            task = lambda name=name, payload=payload: Meta(meta.world).calls_back(name, payload)  # noqa: E731
            answers = at_once(*[task] * 4)
            assert [answer.status_code for answer in answers] == [200] * 4
    assert Event.objects.filter(verb="account.health", code="access_revoked").count() == 2
    assert Event.objects.filter(verb="account.erased").count() == 2
    assert Event.objects.filter(verb__startswith="callback.").count() == 4


@pytest.mark.parametrize("callback", ["webhook-deauthorize", "webhook-deletion"])
def test_a_revocation_still_to_be_sent_is_dropped_with_its_secrets(
    callback: str, meta: Meta, account: ConnectedAccount
) -> None:
    for user_id in (account.platform_user_id, "another"):
        Revocation.objects.create(
            platform="instagram_login",
            remote_account_id=account.account_id,
            platform_user_id=user_id,
            name="@juniper.shop",
            secrets={"access_token": "ended"},
        )
    meta.calls_back(callback, {"user_id": account.platform_user_id})
    assert [revocation.platform_user_id for revocation in Revocation.objects.all()] == ["another"]

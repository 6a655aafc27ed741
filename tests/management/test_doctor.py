from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from django_connected_accounts import crypto
from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication, WebhookEndpoint
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import accounts, health
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

Health = ConnectedAccount.Health
Status = Publication.Status


@pytest.fixture(autouse=True)
def _development(settings: Any) -> None:
    """What only matters in production is not looked at."""
    settings.DEBUG = True


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return visitor.connects("shop")


@pytest.fixture
def publication(account: ConnectedAccount) -> Callable[..., Publication]:
    """``publication(status)`` is one that came to this, due now unless told otherwise."""

    def make(status: str = Status.SCHEDULED, **fields: Any) -> Publication:
        now = timezone.now()
        post = Post.objects.create(user=account.user, kind="photo")
        fields = {"due_at": now, "deadline_at": now, "run_at": now, **fields}
        return Publication.objects.create(post=post, account=account, status=status, **fields)

    return make


def doctor(*arguments: str) -> str:
    """Return what it prints where nothing needs acting."""
    out = StringIO()
    call_command("connected_accounts_doctor", *arguments, stdout=out)
    return out.getvalue()


def alarmed(*arguments: str) -> str:
    """Return what it prints where something does."""
    out = StringIO()
    with pytest.raises(CommandError, match=r"need acting: [1-9]") as caught:
        call_command("connected_accounts_doctor", *arguments, stdout=out)
    assert caught.value.returncode == 1
    return out.getvalue()


def section(printed: str, title: str) -> str:
    return printed.partition(f"\n{title}\n")[2].partition("\n\n")[0]


@pytest.mark.databases
def test_where_all_is_well_it_says_so_about_everything(account: ConnectedAccount) -> None:
    printed = doctor()
    assert "The settings are in order." in section(printed, "Settings")
    assert f"{connection.display_name} " in section(printed, "Database")
    assert "Secrets under the primary key" in section(printed, "Keys")
    assert "Publications due: 0, later: 0." in section(printed, "Queue")
    assert "Instagram, connected: 1." in section(printed, "Accounts")
    assert "API version v26.0" in section(printed, "Platforms")
    assert f"@juniper.shop (instagram_login, {account.pk}): works." in section(printed, "Live")
    assert printed.endswith("Nothing needs acting.\n")


def test_offline_it_calls_no_platform(account: ConnectedAccount, world: World) -> None:
    before = len(world.calls)
    assert "Live" not in doctor("--offline")
    assert len(world.calls) == before


def test_it_can_be_asked_about_one_account(visitor: Visitor, stranger: Visitor) -> None:
    mine, other = visitor.connects("shop"), stranger.connects("shop")
    live = section(doctor("--account", str(mine.pk)), "Live")
    assert str(mine.pk) in live
    assert str(other.pk) not in live
    assert "There is no connected account" in alarmed("--account", "0198c0de-0000-7000-8000-000000000000")


def test_no_more_accounts_are_asked_about_than_the_limit(visitor: Visitor, stranger: Visitor) -> None:
    visitor.connects("shop"), stranger.connects("shop")
    live = section(doctor("--limit", "1"), "Live")
    assert live.count("works.") == 1
    assert "Raise --limit for more." in live


def test_an_account_the_platform_refuses_is_named_with_what_to_do(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    ConnectedAccount.objects.update(token_expires_at=timezone.now() - timedelta(days=1))
    live = section(alarmed(), "Live")
    assert "warning  @juniper.shop" in live
    assert "econnect" in live


def test_a_platform_that_does_not_answer_is_not_asked_for_each_of_a_thousand_accounts(
    visitor: Visitor, settings: Any
) -> None:
    first = visitor.connects("shop")
    for number in range(5):
        first.pk, first.account_id, first._state.adding = None, f"1784140000000009{number}", True
        first.pk = ConnectedAccount._meta.pk.get_default()
        first.access_token = "IGAAsecret"
        first.save()
    settings.CONNECTED_ACCOUNTS_SANDBOX = "http://127.0.0.1:8765"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as remote:
        live = section(alarmed(), "Live")
        called = len(remote.calls)
    assert live.count("not asked, as Instagram does not answer.") == 3
    assert called <= 6


def test_a_provider_that_breaks_does_not_keep_it_from_the_other_accounts(
    visitor: Visitor, strict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict, "verifiers", {})
    visitor.connects("shop")
    begun = visitor.begins("strict")
    (state,) = parse_qs(urlsplit(begun.authorization_url).query)["state"]
    visitor.returns({"state": [state], "code": ["code"], "iss": [strict.issuer]}, "strict")

    def broken(*args: Any) -> None:
        raise KeyError("IGAAsecret")

    monkeypatch.setattr(strict, "profiles", broken)
    live = section(alarmed(), "Live")
    assert "@strict.one" in live
    assert "KeyError on our side." in live
    assert "@juniper.shop" in live
    assert "IGAAsecret" not in live


def test_an_account_that_is_paused_or_disconnected_is_no_alarm(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    accounts.pause(account, by=visitor.user)
    assert "note     @juniper.shop" in section(doctor(), "Live")
    accounts.disconnect(account, by=visitor.user)
    assert "Accounts to ask about: 0." in section(doctor(), "Live")


@pytest.mark.parametrize("ring", [[], ["short"], [crypto.generate_key()]], ids=["none", "bad", "another"])
def test_with_the_key_gone_or_wrong_it_names_the_key_and_goes_on(
    account: ConnectedAccount, settings: Any, ring: list[str]
) -> None:
    (key,) = settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = ring
    printed = alarmed()
    kid = crypto.kid(crypto.decode_key(key))
    assert f"connected_accounts.account.access_token: key {kid} is needed" in section(printed, "Keys")
    assert section(printed, "Platforms")
    assert "@juniper.shop" in section(printed, "Live")
    assert key not in printed


@pytest.mark.databases
def test_an_older_key_is_a_reminder_and_no_alarm(account: ConnectedAccount, settings: Any) -> None:
    older = settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [crypto.generate_key(), *older]
    told = section(doctor(), "Keys")
    assert "which is not the primary key" in told
    assert "Run connected_accounts_rotate_keys." in told


@pytest.mark.databases
@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ("IGAAin-clear", "some rows hold plaintext, which is not admitted"),
        ("dca1.{kid}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "does not open."),
    ],
)
def test_what_somebody_planted_in_the_database_is_found(
    account: ConnectedAccount, settings: Any, planted: str, told: str
) -> None:
    kid = crypto.kid(crypto.decode_key(settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS[0]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_accounts SET access_token = %s", [planted.format(kid=kid)])
    printed = alarmed()
    assert told in section(printed, "Keys")
    assert "IGAA" not in printed


def test_what_the_checks_find_is_printed_with_what_to_do(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_OWNERSHIP = "everyone"
    settings.CONNECTED_ACCOUNTS_UNICORNS = True
    told = section(alarmed("--offline"), "Settings")
    assert told.index("(connected_accounts.E022)") < told.index("(connected_accounts.W020)")
    assert "→ Use 'per_owner' or 'exclusive'." in told


def test_what_only_matters_in_production_is_told_there(settings: Any) -> None:
    settings.DEBUG = False
    assert "(connected_accounts.E033)" in section(alarmed("--offline"), "Settings")
    in_production = ("E032", "E033", "W002", "W030", "W041")
    silenced = [f"connected_accounts.{id}" for id in in_production]
    settings.SILENCED_SYSTEM_CHECKS = [*settings.SILENCED_SYSTEM_CHECKS, *silenced]
    assert "in order" in section(doctor("--offline"), "Settings")


@pytest.mark.databases
def test_a_queue_nobody_works_on_is_an_alarm(publication: Any) -> None:
    now = timezone.now()
    publication(run_at=now - timedelta(minutes=5))
    publication(run_at=now + timedelta(hours=1))
    assert "Publications due: 1, later: 1." in section(doctor("--offline"), "Queue")
    publication(run_at=now - timedelta(minutes=11))
    told = section(alarmed("--offline"), "Queue")
    assert "for 10 minutes: 1." in told
    assert "connected_accounts_worker" in told


@pytest.mark.databases
def test_posts_that_may_be_live_are_an_alarm_and_those_on_hold_are_explained(publication: Any) -> None:
    publication(Status.HELD, run_at=None, code="not_approved")
    publication(Status.FAILED, run_at=None, code="content_rejected")
    told = section(doctor("--offline"), "Queue")
    assert "On hold: 1. " in told
    assert "Failed in the last day: 1." in told
    publication(Status.UNKNOWN, run_at=None)
    assert "Live or not, the platform could not tell: 1." in section(alarmed("--offline"), "Queue")


@pytest.mark.databases
def test_endpoints_that_are_told_nothing_any_more_are_an_alarm(db: None) -> None:
    WebhookEndpoint.objects.create(url="https://example.com/", secret="x", stopped_at=timezone.now())
    assert "endpoints stopped: 1." in section(alarmed("--offline"), "Queue")


@pytest.mark.databases
def test_events_nobody_was_told_of_are_an_alarm() -> None:
    Event.objects.create(verb="account.connected", at=timezone.now() - timedelta(minutes=11))
    assert "not told of: 1." in section(alarmed("--offline"), "Queue")


@pytest.mark.databases
def test_accounts_that_need_their_owner_are_counted_by_what_they_need(account: ConnectedAccount) -> None:
    health.change(account, Health.ACTION_NEEDED, "checkpoint")
    told = section(alarmed("--offline"), "Accounts")
    assert "Instagram, action needed: 1. Instagram wants to check who is signed in." in told
    assert "→ Sign in on the platform's own site" in told


@pytest.mark.databases
def test_access_that_ends_before_the_posts_are_out_is_an_alarm(
    account: ConnectedAccount, publication: Any
) -> None:
    end = timezone.now() + timedelta(days=5)
    ConnectedAccount.objects.update(data_access_expires_at=end)
    doctor("--offline")
    for days in (1, 6, 7):
        due = timezone.now() + timedelta(days=days)
        publication(due_at=due, run_at=due)
    told = section(alarmed("--offline"), "Accounts")
    assert f"access ends on {end:%Y-%m-%d}. Posts scheduled after that: 2." in told


@pytest.mark.databases
def test_tokens_nobody_renews_are_an_alarm(account: ConnectedAccount) -> None:
    ConnectedAccount.objects.update(refresh_at=timezone.now() - timedelta(minutes=11))
    assert "should have been renewed by now: 1." in section(alarmed("--offline"), "Accounts")


def test_the_end_of_an_api_version_is_told(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"API_VERSION": "v18.0"}}
    printed = alarmed("--offline")
    assert "API version v18.0 until 2026-01-26" in section(printed, "Platforms")
    assert "connected_accounts.E053" in section(printed, "Settings")


def test_a_platform_that_can_not_be_used_is_named_among_those_that_can(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {
        "instagram": {"CLIENT_ID": "1"},
        "instagram_login": {"CLIENT_ID": "1", "CLIENT_SECRET": "s3cret"},
    }
    printed = alarmed("--offline")
    assert "ERROR    instagram can't be used" in section(printed, "Platforms")
    assert "Instagram (instagram_login)" in section(printed, "Platforms")
    assert "s3cret" not in printed


def test_settings_nobody_expects_do_not_keep_it_from_the_rest(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = ["instagram"]
    printed = alarmed()
    assert "connected_accounts.E050" in section(printed, "Settings")
    assert "This could not be looked at (AttributeError)" in section(printed, "Platforms")
    assert "Accounts to ask about: 0." in section(printed, "Live")


@pytest.mark.databases
def test_a_database_that_is_gone_is_told_in_each_section_that_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def down(*args: Any, **options: Any) -> None:
        raise OperationalError("could not connect to server")

    monkeypatch.setattr(connection, "ensure_connection", down)
    monkeypatch.setattr(connection, "cursor", down)
    monkeypatch.setattr(connection, "chunked_cursor", down)
    printed = alarmed()
    for title in ("Database", "Keys", "Queue", "Accounts", "Live"):
        assert "The database refused: could not connect to server" in section(printed, title)
    assert "Instagram (instagram)" in section(printed, "Platforms")


def test_machines_get_the_same_as_json(account: ConnectedAccount, settings: Any) -> None:
    told = json.loads(doctor("--json"))
    assert told["needs_acting"] == 0
    assert {finding["section"] for finding in told["findings"]} == {
        "Settings", "Database", "Keys", "Queue", "Accounts", "Platforms", "Live",
    }  # fmt: skip
    settings.CONNECTED_ACCOUNTS_OWNERSHIP = "everyone"
    told = json.loads(alarmed("--json"))
    assert told["needs_acting"] == 1
    assert [finding["action"] for finding in told["findings"] if finding["level"] == "error"] == [
        "Use 'per_owner' or 'exclusive'."
    ]


def test_no_secret_is_printed(account: ConnectedAccount, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLIENT_SECRET": "app-s3cret"}}
    printed = alarmed() + alarmed("--json")
    for secret in (
        account.access_token,
        *settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS,
        "app-s3cret",
        settings.SECRET_KEY,
    ):
        assert secret not in printed

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Hold, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import budgets, health, publishing
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor

VERBS = ("verify", "refresh", "pause", "resume", "disconnect", "reconnect")


def many(user: Any, count: int, since: int = 0) -> None:
    for number in range(since, since + count):
        ConnectedAccount.objects.create(
            user=user, platform="instagram", account_id=str(number), username=f"shop{number}"
        )


def rows() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM connected_accounts")
        return list(cursor.fetchall())


def test_whoever_is_not_signed_in_is_sent_to_sign_in(db: None) -> None:
    answer = Client().get(reverse("connected_accounts:accounts"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_without_accounts_there_is_one_line_and_one_button(browser: Browser) -> None:
    page = browser.page("accounts")
    assert page.content.count(b"ca-button-primary") == 1
    assert reverse("connected_accounts:connect-any") in page.content.decode()


def test_an_account_shows_who_it_is_how_it_is_and_what_it_may_do(
    browser: Browser, account: ConnectedAccount
) -> None:
    said = text(browser.page("accounts"))
    assert f"@{account.username}" in said
    assert "Connected" in said
    assert "Photo Carousel Reel Story" in said
    assert "Publish posts: granted" in said
    assert "instagram_business_manage_insights" in said
    assert "Renews itself" in said


def test_the_list_takes_as_many_queries_for_a_page_full_as_for_one(
    browser: Browser, queries: Callable[[], Any], settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_PAGE_SIZE = 30
    many(browser.visitor.user, 1)
    with queries() as one:
        browser.page("accounts")
    many(browser.visitor.user, 40, since=1)
    with queries() as full:
        browser.page("accounts")
    assert len(one) == len(full) <= 4


def test_the_list_is_paginated(browser: Browser, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PAGE_SIZE = 2
    many(browser.visitor.user, 3)
    assert browser.page("accounts").content.count(b"<article") == 2
    second = browser.page("accounts", page=2)
    assert second.content.count(b"<article") == 1
    assert "Page 2 of 2" in text(second)


def test_a_broken_account_says_what_happened_and_what_to_do(
    browser: Browser, account: ConnectedAccount
) -> None:
    health.change(account, "reconnect_needed", "access_revoked", "the platform's words")
    said = text(browser.page("accounts"))
    assert "Reconnect needed" in said
    assert "What to do:" in said
    assert "access_revoked" in said
    assert "the platform's words" in said


def test_an_account_that_rests_says_until_when_and_why(browser: Browser, account: ConnectedAccount) -> None:
    budgets.place(account, "account", "account_rate_limited", 600)
    for page in (browser.page("accounts"), browser.page("account", account.pk)):
        said = text(page)
        assert "Publishing limited" in said
        assert "Publishing rests until" in said
        assert "Instagram allows this account no more calls for now." in said


def test_an_account_whose_app_rests_says_so(browser: Browser, account: ConnectedAccount) -> None:
    budgets.place(account, "app", "app_not_live", 600)
    assert "Publishing rests until" in text(browser.page("account", account.pk))
    Hold.objects.update(until=timezone.now())
    assert "Publishing rests until" not in text(browser.page("account", account.pk))


def test_waiting_posts_are_told(
    browser: Browser, account: ConnectedAccount, picture: Callable[..., Any]
) -> None:
    publishing.publish(account, media=[picture()], at=timezone.now() + timedelta(days=1))
    assert "1 post is waiting to go out on this account" in text(browser.page("accounts"))
    confirm = text(browser.page("account-confirm-disconnect", account.pk))
    assert "1 scheduled post waits on this account" in confirm


def test_an_account_that_will_expire_says_when_and_one_without_end_does_not(browser: Browser) -> None:
    account = ConnectedAccount(user=browser.visitor.user, platform="instagram", account_id="1", username="a")
    account.token_expires_at = account.refresh_at = timezone.now() + timedelta(days=6, hours=1)
    account.save()
    said = text(browser.page("accounts"))
    assert "Expires in 6 days" in said
    assert "Does not renew itself" in said


def test_a_spent_quota_is_told(browser: Browser, account: ConnectedAccount) -> None:
    ConnectedAccount.objects.update(quota={"used": 50, "total": 50, "window_seconds": 86400})
    said = text(browser.page("accounts"))
    assert "Publishing limited" in said
    assert "50 of 50" in said


def test_an_account_whose_tokens_cannot_be_opened_is_listed_like_any_other(
    browser: Browser, account: ConnectedAccount
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_accounts SET access_token = 'not sealed at all'")
    assert f"@{account.username}" in text(browser.page("accounts"))
    assert f"@{account.username}" in text(browser.page("account", account.pk))


def test_an_account_page_has_its_history(browser: Browser, account: ConnectedAccount) -> None:
    browser.send("account-pause", account.pk)
    said = text(browser.page("account", account.pk))
    assert "Now: Paused" in said
    assert account.account_id in said


def test_no_page_holds_a_token(browser: Browser, account: ConnectedAccount) -> None:
    secret = account.access_token
    assert secret
    for name, args in (("accounts", ()), ("account", (account.pk,)), ("compose", ())):
        assert secret not in browser.page(name, *args).content.decode()


def test_pausing_and_resuming(browser: Browser, account: ConnectedAccount) -> None:
    browser.send("account-pause", account.pk)
    account.refresh_from_db()
    assert account.health == "paused"
    browser.send("account-resume", account.pk)
    account.refresh_from_db()
    assert account.health == "active"


def test_what_can_not_be_done_now_is_explained(browser: Browser, account: ConnectedAccount) -> None:
    browser.send("account-resume", account.pk)
    assert "account_not_paused" in text(browser.page("account", account.pk))


def test_a_test_of_the_connection_reads_the_quota(browser: Browser, account: ConnectedAccount) -> None:
    answer = browser.send("account-verify", account.pk)
    said = text(browser.get(answer.headers["Location"]))
    assert "the connection works" in said
    assert "0 of 50" in said


def test_a_test_that_is_refused_is_told_by_the_account(
    browser: Browser, account: ConnectedAccount, world: World
) -> None:
    world.revoke("shop")
    answer = browser.send("account-verify", account.pk)
    said = text(browser.get(answer.headers["Location"]))
    assert "the connection works" not in said
    assert "Reconnect needed" in said


def test_disconnecting_asks_first_and_then_deletes_the_tokens(
    browser: Browser, account: ConnectedAccount
) -> None:
    assert "stays published" in text(browser.page("account-confirm-disconnect", account.pk))
    account.refresh_from_db()
    assert account.access_token
    assert "Publish posts: granted" in text(browser.page("account", account.pk))
    browser.send("account-disconnect", account.pk)
    account.refresh_from_db()
    assert account.health == "disconnected"
    assert not account.access_token
    assert "Publish posts: granted" not in text(browser.page("account", account.pk))


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_by_get(browser: Browser, account: ConnectedAccount, verb: str) -> None:
    assert browser.page(f"account-{verb}", account.pk).status_code == 405


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_without_a_csrf_token(visitor: Visitor, account: ConnectedAccount, verb: str) -> None:
    before = rows()
    assert Browser(visitor, enforce_csrf_checks=True).send(f"account-{verb}", account.pk).status_code == 403
    assert rows() == before


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_learns_of_another_users_account(
    other_browser: Browser, account: ConnectedAccount, verb: str
) -> None:
    before = rows()
    assert other_browser.send(f"account-{verb}", account.pk).status_code == 404
    assert other_browser.page("account", account.pk).status_code == 404
    assert other_browser.page("account-confirm-disconnect", account.pk).status_code == 404
    assert account.username not in other_browser.page("accounts").content.decode()
    assert rows() == before
    assert not Publication.objects.exists()


def test_pages_are_neither_cached_nor_framed(browser: Browser) -> None:
    headers = browser.page("accounts").headers
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_name_is_not_taken_for_a_handle_and_said_once(browser: Browser, visitor: Visitor) -> None:
    account = visitor.connects("shop", "linkedin")
    assert account.username == account.display_name == "Owner of Juniper Shop"
    assert "Owner of Juniper Shop LinkedIn · Member" in text(browser.page("accounts"))
    assert "Owner of Juniper Shop LinkedIn · Member" in text(browser.page("compose"))
    assert "@Owner" not in text(browser.page("posts", account=str(account.pk)))


def test_two_ways_to_sign_in_to_one_platform_count_a_text_once(browser: Browser, visitor: Visitor) -> None:
    accounts = [visitor.connects("shop", "instagram_login"), visitor.connects("two_businesses", "instagram")]
    keys = [account.pk for account in accounts]
    said = text(browser.send("compose-measure", accounts=keys, text="Rye is back."))
    assert said.count("characters as Instagram counts") == 1

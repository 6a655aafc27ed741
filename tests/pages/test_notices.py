from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.services import accounts, health, notices, outcomes
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor


def scheduled(account: ConnectedAccount, due: timedelta = timedelta()) -> Publication:
    post = Post.objects.create(user=account.user, kind="photo", text="Spring is here")
    at = timezone.now() + due
    return Publication.objects.create(post=post, account=account, due_at=at, deadline_at=at)


def test_while_nothing_needs_anybody_nothing_is_said(browser: Browser, account: ConnectedAccount) -> None:
    assert "Needs you" not in text(browser.page("accounts"))
    assert "Nothing needs you now." in text(browser.page("notices"))


def test_what_needs_someone_is_on_the_list_with_what_to_do(
    browser: Browser, account: ConnectedAccount
) -> None:
    health.change(account, "reconnect_needed", "password_changed")
    outcomes.stop(scheduled(account), Publication.Status.FAILED, "request_refused")

    page = text(browser.page("notices"))
    assert "Needs you (2)" in page
    assert "The password was changed on the platform, which ended our access." in page
    assert "What to do: Reconnect the account. password_changed" in page
    assert f"Spring is here (@{account.username}, Instagram)" in page
    for name in ("accounts", "posts"):
        assert "Spring is here" in text(browser.page(name))


def test_a_notice_is_dismissed_by_post_only_and_by_nobody_else(
    browser: Browser, other_browser: Browser, account: ConnectedAccount, visitor: Visitor
) -> None:
    health.change(account, "reconnect_needed", "password_changed")
    (event,) = notices.visible_to(visitor.user)

    assert browser.page("notice-dismiss", event.pk).status_code == 405
    assert Browser(visitor, enforce_csrf_checks=True).send("notice-dismiss", event.pk).status_code == 403
    assert other_browser.send("notice-dismiss", event.pk).status_code == 404
    assert browser.send("notice-dismiss", uuid4()).status_code == 404
    assert "Needs you (1)" in text(browser.page("notices"))

    assert browser.send("notice-dismiss", event.pk).status_code == 302
    assert "Nothing needs you now." in text(browser.page("notices"))


def test_posts_after_the_end_of_access_are_told_on_the_card(
    browser: Browser, account: ConnectedAccount
) -> None:
    end = timezone.now() + timedelta(days=30)
    ConnectedAccount.objects.update(token_expires_at=end, refresh_at=end)
    scheduled(account, timedelta(days=20))
    assert "Posts scheduled after that" not in text(browser.page("account", account.pk))

    for days in (31, 32):
        scheduled(account, timedelta(days=days))
    for name, args in (("account", [account.pk]), ("accounts", [])):
        said = text(browser.page(name, *args))
        assert f"ends on {notices.day(end)}. Posts scheduled after that: 2." in said


def test_the_posts_of_a_disconnected_account_are_held_with_a_choice(
    browser: Browser, account: ConnectedAccount, visitor: Visitor
) -> None:
    publication = scheduled(account, timedelta(days=1))
    assert "Cancel them" not in text(browser.page("account", account.pk))
    accounts.disconnect(account, by=visitor.user)

    said = text(browser.page("account", account.pk))
    assert "1 post is waiting to go out on this account" in said
    assert "Reconnect the account and they go out, or Cancel them" in said
    assert browser.page("account-cancel-posts", account.pk).status_code == 405

    browser.send("account-cancel-posts", account.pk)
    publication.refresh_from_db()
    assert publication.status == "cancelled"


def test_the_nav_asks_once_however_much_needs_someone(
    browser: Browser, account: ConnectedAccount, queries: Any
) -> None:
    for _ in range(3):
        outcomes.stop(scheduled(account), Publication.Status.FAILED, "request_refused")
    with queries() as few:
        browser.page("notices")
    for _ in range(10):
        outcomes.stop(scheduled(account), Publication.Status.FAILED, "request_refused")
    with queries() as many:
        browser.page("notices")
    assert len(few) == len(many)

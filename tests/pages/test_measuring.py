"""Numbers on the pages of an account and of a post: as of when, read now, unavailable in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Measurement, Publication
from django_connected_accounts.services import measuring
from django_connected_accounts.testing import connect, publish_everything

from .conftest import Browser, text


@pytest.fixture
def account(browser: Browser, settings: Any) -> ConnectedAccount:
    settings.CONNECTED_ACCOUNTS_CAPABILITIES = ("connect", "publish", "measure")
    return connect(browser.visitor.world, browser.visitor.user, "shop", "threads")


@pytest.fixture
def publication(account: ConnectedAccount) -> Publication:
    publication: Publication = account.publish(text="Rye at seven")
    publish_everything()
    return publication


def test_nothing_is_shown_before_anything_was_read(browser: Browser, account: ConnectedAccount) -> None:
    assert "No numbers have been read yet" in text(browser.page("account", account.pk))


def test_the_numbers_of_an_account_are_read_now(browser: Browser, account: ConnectedAccount) -> None:
    answer = browser.send("account-measure", account.pk)
    assert answer.status_code == 302
    shown = text(browser.page("account", account.pk))
    assert "were read" in shown
    assert "Followers count" in shown
    assert "As of" in shown


def test_the_numbers_of_a_post_are_read_now(
    browser: Browser, account: ConnectedAccount, publication: Publication
) -> None:
    browser.send("publication-measure", publication.pk)
    shown = text(browser.page("post", publication.post_id))
    assert "Views" in shown
    assert "As of" in shown


def test_numbers_can_be_read_only_while_there_is_access(
    browser: Browser, account: ConnectedAccount, publication: Publication
) -> None:
    pages = (("account", account.pk), ("post", publication.post_id))
    assert all("Read now" in text(browser.page(*page)) for page in pages)
    browser.send("account-disconnect", account.pk)
    assert not any("Read now" in text(browser.page(*page)) for page in pages)


def test_what_is_unavailable_is_said_and_the_newest_is_shown(
    browser: Browser, account: ConnectedAccount
) -> None:
    now = timezone.now()
    add = Measurement.objects.create
    add(account=account, name="page_media_view", value=7, at=now - timedelta(days=1))
    add(account=account, name="page_media_view", value=1234, at=now)
    add(account=account, name="likes", value=None, at=now)
    shown = text(browser.page("account", account.pk))
    assert "1,234" in shown
    assert "Likes — unavailable" in shown


def test_without_the_permission_a_page_says_how_to_get_it(
    browser: Browser, account: ConnectedAccount
) -> None:
    ConnectedAccount.objects.update(permissions={"publish": True, "measure": False})
    shown = text(browser.page("account", account.pk))
    assert "Reconnect it and allow insights" in shown
    assert "Read now" not in shown


def test_a_role_that_may_post_but_not_read_numbers_is_told_of_reading(
    browser: Browser, account: ConnectedAccount
) -> None:
    world = browser.visitor.world
    world.fault(action="status", path="threads_insights", status=403, body={"error": {"code": 10}})
    said = text(browser.get(browser.send("account-measure", account.pk).headers["Location"]))
    assert "@juniper.shop does not let us read its numbers." in said
    assert "publishing needs" not in said


def test_a_page_of_many_accounts_reads_their_numbers_at_once(
    account: ConnectedAccount, publication: Publication, django_assert_num_queries: Any
) -> None:
    publication.refresh_from_db()
    measuring.measure_publication(publication)
    with django_assert_num_queries(1):
        assert measuring.latest_of([publication])[publication.pk]

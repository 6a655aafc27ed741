"""Threads on X through the engine: they go on where they stopped, and what stops the app stops no account."""

from __future__ import annotations

from typing import Any

import pytest

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import publishing
from django_connected_accounts.testing import connect, publish_everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(sandbox: World, django_user_model: Any) -> ConnectedAccount:
    user = django_user_model.objects.create_user("ada")
    return connect(sandbox, user, "shop", "twitter")


def texts(sandbox: World) -> list[str]:
    (post,) = sandbox.posts()
    return [post["caption"], *(comment["text"] for comment in post["comments"])]


def test_a_thread_that_meets_a_limit_goes_on_when_it_ends(sandbox: World, account: ConnectedAccount) -> None:
    sandbox.platforms["twitter"].toggle["posts_per_window"] = 2
    publication = publishing.publish(account, text="One", options={"thread": ["Two", "Three"]})
    publish_everything(steps=4)
    publication.refresh_from_db()
    assert texts(sandbox) == ["One", "Two"]
    assert (publication.status, publication.code) == ("published", "account_rate_limited")
    sandbox.advance(15 * 60)
    publish_everything()
    publication.refresh_from_db()
    assert texts(sandbox) == ["One", "Two", "Three"]
    assert (publication.status, publication.code, publication.run_at) == ("published", "", None)


def test_credits_that_run_out_in_the_middle_hold_the_rest(sandbox: World, account: ConnectedAccount) -> None:
    publication = publishing.publish(account, text="One", options={"thread": ["Two"]})
    publish_everything(steps=2)
    sandbox.platforms["twitter"].toggle["billing"] = "credits"
    publish_everything(steps=2)
    publication.refresh_from_db()
    account.refresh_from_db()
    assert (publication.status, publication.code) == ("published", "credits_depleted")
    assert publication.run_at
    assert account.health == ConnectedAccount.Health.ACTIVE


def test_access_taken_away_holds_the_post_at_once(sandbox: World, account: ConnectedAccount) -> None:
    sandbox.platforms["twitter"].disconnect("shop")
    publication = publishing.publish(account, text="One")
    publish_everything(steps=3)
    publication.refresh_from_db()
    account.refresh_from_db()
    assert account.health == ConnectedAccount.Health.RECONNECT_NEEDED
    assert publication.status == Publication.Status.HELD
    assert sandbox.posts() == []

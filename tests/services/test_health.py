from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication
from django_connected_accounts.services import health
from tests.visitor import Visitor

Health = ConnectedAccount.Health
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return ConnectedAccount.objects.create(user=visitor.user, platform="instagram", account_id="1")


def test_a_change_is_written_here_and_in_the_database_and_told_once(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    assert health.change(account, Health.ACTION_NEEDED, "checkpoint", "trace 7", by=visitor.user)
    assert not health.change(account, Health.ACTION_NEEDED, "checkpoint")

    row = ConnectedAccount.objects.get()
    for known in (account, row):
        assert (known.health, known.health_code, known.health_detail) == (
            Health.ACTION_NEEDED,
            "checkpoint",
            "trace 7",
        )
        assert not known.is_active
        assert known.health_since is not None
    event = Event.objects.get()
    assert (event.verb, event.code, event.actor) == ("account.health", "checkpoint", visitor.user)
    assert event.data == {"health": "action_needed", "was": "active", "detail": "trace 7"}


def test_another_reason_does_not_reset_since_when(account: ConnectedAccount) -> None:
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    long_ago = timezone.now() - timedelta(days=3)
    ConnectedAccount.objects.update(health_since=long_ago)

    assert health.change(account, Health.RECONNECT_NEEDED, "password_changed")
    assert account.health_since == long_ago

    assert health.change(account, Health.ACTIVE)
    assert account.health_since is not None
    assert account.health_since > long_ago


@pytest.mark.parametrize("state", [state for state in Health if state != Health.DISCONNECTED])
def test_only_a_new_connection_ends_being_disconnected(account: ConnectedAccount, state: str) -> None:
    ConnectedAccount.objects.update(health=Health.DISCONNECTED, is_active=False)

    assert not health.change(account, state)
    assert ConnectedAccount.objects.get().health == Health.DISCONNECTED


@pytest.mark.parametrize("state", list(Health))
def test_an_account_is_active_where_its_health_lets_it_publish(account: ConnectedAccount, state: str) -> None:
    health.change(account, state, "some_code")

    assert ConnectedAccount.objects.get().is_active == (state in ConnectedAccount.USABLE)


def test_news_about_replaced_tokens_changes_nothing(account: ConnectedAccount) -> None:
    ConnectedAccount.objects.update(token_version=2)

    assert not health.change(account, Health.RECONNECT_NEEDED, only_version=account.token_version)
    assert not health.change(account, Health.ACTIVE, only_from={Health.PAUSED})


def test_the_posts_that_wait_on_each_account_are_counted(
    account: ConnectedAccount, visitor: Visitor, django_assert_num_queries: object
) -> None:
    idle = ConnectedAccount.objects.create(user=visitor.user, platform="instagram", account_id="2")
    now = timezone.now()
    for status in Publication.Status:
        post = Post.objects.create(user=visitor.user, kind="photo")
        Publication.objects.create(
            post=post, account=account, status=status, due_at=now, deadline_at=now, remote_id=status
        )

    with django_assert_num_queries(1):  # type: ignore[operator]
        counted = {row.pk: row.waiting_posts for row in health.annotate(ConnectedAccount.objects.all())}  # type: ignore[attr-defined]

    assert counted == {account.pk: len(Publication.OPEN), idle.pk: 0}
    assert health.waiting_posts(account) == len(Publication.OPEN)


def test_a_capability_is_there_when_all_its_scopes_are() -> None:
    provider = registry.get("instagram_login")
    basic, publish = provider.scopes["connect"][0], provider.scopes["publish"][0]

    assert health.permissions(provider, {basic})["publish"] is False
    assert health.permissions(provider, {basic, publish})["publish"] is True

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from django_connected_accounts import signals
from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.sandbox import webhooks
from django_connected_accounts.services import accounts, events
from tests.meta import VERIFY_TOKEN, Meta, address
from tests.visitor import Visitor, at_once

pytestmark = pytest.mark.django_db(transaction=True)

Written = Callable[..., dict[str, Any]]


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return visitor.connects("shop", "instagram_login")


def test_the_handshake_answers_the_challenge_as_plain_text(meta: Meta) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "<b>1158201444"}
    answer = Client().get(address("webhook"), query)
    assert (answer.status_code, answer.content) == (200, b"<b>1158201444")
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "change",
    [
        {"hub.verify_token": "another"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "gewählt"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
    ],
)
def test_the_handshake_refuses(change: dict[str, str], meta: Meta) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
    answer = Client().get(address("webhook"), {**query, **change})
    assert (answer.status_code, answer.content) == (403, b"")


def test_without_a_verify_token_of_ours_no_handshake_succeeds(meta: Meta, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {}}
    query = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1158201444"}
    assert Client().get(address("webhook"), query).status_code == 403


def test_a_delivery_is_told_with_its_account(
    meta: Meta, account: ConnectedAccount, heard: list[Event], comment: Written
) -> None:
    assert meta.posts(comment(account.account_id)).status_code == 200
    [event] = heard
    assert event.account == account
    assert event.notification.kind == "comments"
    assert event.notification.account_id == account.account_id
    assert event.notification.payload["text"] == "nice!"
    assert event.data["platform"] == "instagram_login"


@pytest.mark.parametrize("shape", webhooks.SHAPES)
def test_every_shape_of_delivery_says_the_same(
    shape: str, meta: Meta, account: ConnectedAccount, heard: list[Event]
) -> None:
    meta.registers()
    value = {"media_id": "17918195224117851", "comment_id": "17894227972186120"}
    webhooks.notify(meta.world, "juniper.shop", "mentions", value, shape=shape)
    [sent] = webhooks.deliver(meta.world)
    assert sent.statuses == [200]
    [event] = heard
    assert (event.notification.kind, event.notification.payload) == ("mentions", value)


def test_what_is_told_again_is_told_to_the_project_once(
    meta: Meta, account: ConnectedAccount, heard: list[Event], comment: Written
) -> None:
    meta.registers()
    webhooks.notify(meta.world, "juniper.shop", "comments", {"id": "1", "text": "nice!"}, copies=3)
    assert [sent.statuses for sent in webhooks.deliver(meta.world)] == [[200], [200], [200]]
    assert len(heard) == 1


def test_a_comment_sent_again_later_is_the_same_comment(
    meta: Meta, account: ConnectedAccount, heard: list[Event], comment: Written
) -> None:
    meta.posts(comment(account.account_id, time=1790000000))
    meta.posts(comment(account.account_id, time=1790000060))
    meta.posts(comment(account.account_id, "another", time=1790000060))
    assert len(heard) == 2


def test_what_has_no_id_of_its_own_can_happen_twice(
    meta: Meta, account: ConnectedAccount, heard: list[Event]
) -> None:
    change = {"field": "story_insights", "value": {"media_id": "17887498072083520", "reach": 44}}
    for time in (1790000000, 1790000000, 1790000060):
        entry = {"id": account.account_id, "time": time, "changes": [change]}
        meta.posts({"object": "instagram", "entry": [entry]})
    assert len(heard) == 2


def test_a_batch_is_told_one_by_one(meta: Meta, account: ConnectedAccount, heard: list[Event]) -> None:
    changes = [{"field": "comments", "value": {"id": str(number)}} for number in range(20)]
    entries = [{"id": account.account_id, "time": 1, "changes": changes}, {"id": "elsewhere", "time": 1}]
    assert meta.posts({"object": "instagram", "entry": entries}).status_code == 200
    assert [event.notification.payload.get("id") for event in heard[:20]] == [str(n) for n in range(20)]
    assert (heard[20].account, heard[20].notification.kind) == (None, "instagram")


def test_news_about_an_account_that_is_not_ours_comes_without_one(
    meta: Meta, account: ConnectedAccount, heard: list[Event], comment: Written
) -> None:
    meta.posts(comment("17840000000000000"))
    accounts.disconnect(account, by=None)
    meta.posts(comment(account.account_id))
    assert [event.account for event in heard] == [None, None]


def test_every_user_who_connected_the_account_gets_the_news(
    meta: Meta, account: ConnectedAccount, stranger: Visitor, heard: list[Event], comment: Written
) -> None:
    other = stranger.connects("shop", "instagram_login")
    for _ in range(2):
        meta.posts(comment(account.account_id))
    assert {event.account for event in heard} == {account, other}
    assert len(heard) == 2


def test_a_receiver_that_fails_harms_nothing(
    meta: Meta, account: ConnectedAccount, comment: Written, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("not ours")

    signals.notification_received.connect(fail)
    try:
        with caplog.at_level(logging.ERROR):
            assert meta.posts(comment(account.account_id)).status_code == 200
    finally:
        signals.notification_received.disconnect(fail)
    assert "not ours" in caplog.text


def test_what_a_dead_process_left_in_the_outbox_is_told_by_the_next(
    meta: Meta, account: ConnectedAccount, heard: list[Event], comment: Written
) -> None:
    meta.posts(comment(account.account_id))
    Event.objects.filter(verb="notification.received").update(dispatched_at=None)
    heard.clear()
    events.dispatch(older_than=timedelta(0))
    [event] = heard
    assert (event.account, event.notification.payload["text"]) == (account, "nice!")


def test_what_no_database_stores_is_made_storable(
    meta: Meta, account: ConnectedAccount, heard: list[Event]
) -> None:
    deep: Any = "bottom"
    for _ in range(60):
        deep = {"deeper": [deep]}
    value = {"text": "a\0b \ud800 1", "much": 1e999, "no": float("nan"), "deep": deep, "\0": 1}
    entry = {"id": account.account_id, "time": 1, "changes": [{"field": "com\0ments", "value": value}]}
    nobody = {"id": "\0\ud800", "time": 1, "changes": [{"field": "comments", "value": [1, 2]}]}
    assert meta.posts({"object": "instagram", "entry": [entry, nobody]}).status_code == 200
    first, second = Event.objects.filter(verb="notification.received").order_by("at")
    assert first.notification.payload["text"] == "a\ufffdb ? 1"
    assert first.notification.payload["much"] is None
    assert second.notification.payload == {"value": [1, 2]}


def test_what_was_told_does_not_crowd_the_accounts_history(
    meta: Meta, account: ConnectedAccount, visitor: Visitor, comment: Written
) -> None:
    meta.posts(comment(account.account_id))
    browser = Client()
    browser.force_login(visitor.user)
    page = browser.get(f"/connected-accounts/accounts/{account.pk}/")
    assert b"The platform told something" not in page.content
    assert b"Connected" in page.content


@pytest.mark.databases
def test_the_same_delivery_at_the_same_moment_is_told_once(
    meta: Meta, account: ConnectedAccount, heard: list[Event], comment: Written
) -> None:
    for number in range(10):
        delivery = comment(account.account_id, str(number))
        answers = at_once(*[lambda d=delivery: Meta(meta.world).posts(d).status_code] * 4)
        assert answers == [200] * 4
    assert sorted(int(event.notification.payload["id"]) for event in heard) == list(range(10))

"""Accounts: whose they are, how many queries they cost, and what may be done with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import budgets

from .conftest import Api

pytestmark = pytest.mark.databases

Make = Callable[..., ConnectedAccount]
SECRETS = ("EAAsecret-access", "secret-refresh", "secret-user")


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_costs_four_queries_at_any_number(number: int, ada: Api, account: Make) -> None:
    for _ in range(number):
        account(ada.user)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = ada.get("/", page_size=100)
    assert len(answer.json()["results"]) == number
    assert len(queries) <= 4, [query["sql"] for query in queries]


def test_the_list_is_newest_first_and_paginated(ada: Api, account: Make) -> None:
    made = [str(account(ada.user).pk) for _ in range(5)]
    first = ada.get("/", page_size=2).json()
    assert (first["count"], first["pages"], first["page"], first["previous"]) == (5, 3, 1, None)
    second = ada.get(first["next"].removeprefix("/api/connected-accounts")).json()
    third = ada.get(second["next"].removeprefix("/api/connected-accounts")).json()
    seen = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert seen == made[::-1]
    assert third["next"] is None
    assert ada.get("/", page=9, page_size=2).json()["results"] == []


@pytest.mark.parametrize(
    "query",
    [{"page": "0"}, {"page": "-1"}, {"page": "x"}, {"page": "9" * 30}, {"page_size": "101"}, {"page": ""}],
)
def test_a_page_that_can_not_be_is_refused(query: dict[str, str], ada: Api) -> None:
    answer = ada.get("/", **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_page")
    assert set(answer.json()["error"]["fields"]) == set(query)


def test_the_list_is_narrowed_by_platform_health_and_search(ada: Api, account: Make) -> None:
    account(ada.user, username="bakery.nord", platform="instagram")
    account(ada.user, username="coffee.nord", platform="instagram_login", health="paused")

    def names(**query: str) -> list[str]:
        return [row["username"] for row in ada.get("/", **query).json()["results"]]

    assert names(platform="instagram") == ["bakery.nord"]
    assert names(health="paused") == ["coffee.nord"]
    assert names(search="KERY") == ["bakery.nord"]
    assert names(search="nord") == ["coffee.nord", "bakery.nord"]
    assert ada.get("/", health="fine").json()["error"]["code"] == "wrong_type"
    assert ada.get("/", search="a\x00").json()["error"]["code"] == "invalid_characters"


def test_an_account_tells_its_state_and_none_of_its_secrets(ada: Api, account: Make) -> None:
    mine = account(ada.user, health="reconnect_needed", health_code="reconnect_needed", is_active=False)
    answer = ada.get(f"/{mine.pk}/")
    row = answer.json()
    assert (row["health"], row["reason"]["code"]) == ("reconnect_needed", "reconnect_needed")
    assert row["reason"]["action"]
    assert row["token_expires_at"].endswith("Z")
    for text in (answer.content.decode(), ada.get("/").content.decode()):
        assert not [secret for secret in SECRETS if secret in text]


def test_an_account_whose_tokens_can_not_be_read_is_listed_like_any_other(ada: Api, account: Make) -> None:
    mine = account(ada.user)
    table = ConnectedAccount._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET access_token = 'torn'")
    assert ada.get("/").json()["results"][0]["id"] == str(mine.pk)
    assert ada.get(f"/{mine.pk}/").status_code == 200


def test_waiting_posts_are_counted(ada: Api, account: Make) -> None:
    mine = account(ada.user)
    post = ada.post("/posts/", {"text": "Hello", "kind": "text"}).json()["id"]
    at = "2030-01-01T00:00:00Z"
    Publication.objects.create(post_id=post, account=mine, due_at=at, deadline_at=at)
    assert ada.get("/").json()["results"][0]["waiting_posts"] == 1
    assert ada.get(f"/{mine.pk}/").json()["waiting_posts"] == 1


def test_an_account_that_rests_says_until_when_and_why(ada: Api, account: Make) -> None:
    mine = account(ada.user)
    assert ada.get(f"/{mine.pk}/").json()["hold"] is None
    budgets.place(mine, "account", "account_rate_limited", 600)
    hold = ada.get("/").json()["results"][0]["hold"]
    assert hold["reason"]["code"] == "account_rate_limited"
    assert hold["until"].endswith("Z")
    assert ada.get(f"/{mine.pk}/").json()["hold"] == hold


def test_nobody_learns_that_somebody_elses_account_exists(ada: Api, ben: Api, account: Make) -> None:
    theirs = account(ada.user)
    before = _stored()
    assert ben.get("/").json()["count"] == 0
    for method, path, body in [
        ("GET", "/", None),
        ("PATCH", "/", {"paused": True}),
        ("DELETE", "/", None),
        ("POST", "/reconnect", None),
        ("POST", "/verify", None),
        ("POST", "/refresh", None),
    ]:
        known = ben.send(method, f"/{theirs.pk}{path}", body)
        unknown = ben.send(method, f"/{uuid4()}{path}", body)
        assert known.status_code == unknown.status_code == 404
        assert known.content == unknown.content
    assert _stored() == before


def test_pausing_and_resuming_may_be_said_twice(ada: Api, account: Make) -> None:
    mine = account(ada.user)
    for paused, health in [(True, "paused"), (True, "paused"), (False, "active"), (False, "active")]:
        answer = ada.patch(f"/{mine.pk}/", {"paused": paused})
        assert (answer.status_code, answer.json()["health"]) == (200, health)
    assert ada.patch(f"/{mine.pk}/", {}).json()["error"]["code"] == "missing_field"
    assert ada.patch(f"/{mine.pk}/", {"access_token": "x"}).json()["error"]["code"] == "unknown_field"


def test_disconnecting_wipes_the_tokens_and_keeps_the_row(ada: Api, account: Make, world: World) -> None:
    mine = account(ada.user)
    assert ada.delete(f"/{mine.pk}/").status_code == 204
    mine.refresh_from_db()
    assert (mine.health, mine.access_token, mine.refresh_token) == ("disconnected", "", "")
    answer = ada.post(f"/{mine.pk}/refresh")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "account_disconnected")


def test_a_read_never_does_what_a_write_does(ada: Api, account: Make) -> None:
    mine = account(ada.user)
    for verb in ("reconnect", "verify", "refresh"):
        assert ada.get(f"/{mine.pk}/{verb}").status_code == 405
    assert not ConnectionAttempt.objects.exists()


def test_verifying_asks_the_platform_and_answers_what_it_said(ada: Api, world: World) -> None:
    attempt = ada.connect("instagram_login", "shop").json()
    [account_id] = attempt["connected"]
    answer = ada.post(f"/{account_id}/verify")
    assert answer.status_code == 200
    assert answer.json()["username"] == "juniper.shop"
    assert answer.json()["quota"]["total"] > 0

    world.revoke("shop")
    gone = ada.post(f"/{account_id}/verify").json()
    assert gone["health"] == "reconnect_needed"
    assert gone["reason"]["action"]


def test_refreshing_where_the_platform_has_no_refresh_says_so(ada: Api, world: World) -> None:
    ada.connect("instagram", "two_businesses")
    attempt = ConnectionAttempt.objects.get()
    chosen = ada.get(f"/attempts/{attempt.pk}/").json()["candidates"][0]["account_id"]
    [row] = ada.post(f"/attempts/{attempt.pk}/choose", {"accounts": [chosen]}).json()["accounts"]
    answer = ada.post(f"/{row['id']}/refresh")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "refresh_not_possible")


def test_a_platform_that_is_down_answers_503_and_changes_nothing(ada: Api, world: World) -> None:
    [account_id] = ada.connect("instagram_login", "shop").json()["connected"]
    world.fault(action="status", status=503, times=9)
    answer = ada.post(f"/{account_id}/verify")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "platform_unavailable")
    assert ada.get(f"/{account_id}/").json()["health"] == "active"


def test_reconnecting_begins_a_round_trip_for_that_account(ada: Api, world: World) -> None:
    [account_id] = ada.connect("instagram_login", "shop").json()["connected"]
    answer = ada.post(f"/{account_id}/reconnect", {"next": "/after"})
    assert set(answer.json()) == {"authorization_url", "attempt"}
    attempt = ConnectionAttempt.objects.get(pk=answer.json()["attempt"])
    assert (str(attempt.account_id), attempt.next_url) == (account_id, "/after")


def test_no_secret_is_in_any_answer_of_a_whole_connection(ada: Api, world: World) -> None:
    answers: list[Any] = [ada.connect("instagram", "two_businesses")]
    attempt = answers[0].json()
    ids = [row["account_id"] for row in attempt["candidates"]]
    answers.append(ada.post(f"/attempts/{attempt['id']}/choose", {"accounts": ids}))
    answers += [ada.get("/"), ada.get(f"/attempts/{attempt['id']}/")]
    tokens = {account.access_token for account in ConnectedAccount.objects.all()}
    tokens |= {token for account in ConnectedAccount.objects.all() for token in account.extra_tokens.values()}
    text = json.dumps([answer.json() for answer in answers])
    assert tokens
    assert not [token for token in tokens if token in text]


def _stored() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {ConnectedAccount._meta.db_table}")
        return list(cursor.fetchall())

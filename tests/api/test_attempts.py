"""Round trips: only ever an address in, and no code or state left in an address out."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.sandbox import World, consent

from .conftest import ROOT, Api


def _begun(api: Api, platform: str = "instagram_login", **query: str) -> dict[str, list[str]]:
    answer = api.get(f"/{platform}/connect", **query)
    assert answer.status_code == 200
    return parse_qs(urlsplit(answer.json()["authorization_url"]).query)


def test_beginning_answers_an_address_and_an_attempt_and_nothing_else(ada: Api) -> None:
    answer = ada.get("/instagram/connect")
    assert set(answer.json()) == {"authorization_url", "attempt"}
    assert answer["Cache-Control"] == "no-store"
    attempt = ConnectionAttempt.objects.get()
    assert answer.json()["attempt"] == str(attempt.pk)
    assert attempt.user == ada.user
    assert not ConnectedAccount.objects.exists()


def test_every_beginning_is_a_new_attempt_with_a_state_of_its_own(ada: Api) -> None:
    assert _begun(ada)["state"] != _begun(ada)["state"]
    assert ConnectionAttempt.objects.count() == 2


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "auth_params", "account"])
def test_the_query_can_not_change_what_the_platform_is_asked(name: str, ada: Api) -> None:
    plain, changed = _begun(ada), _begun(ada, **{name: "evil"})
    assert {**plain, "state": ""} == {**changed, "state": ""}
    assert changed["state"] != ["evil"]


def test_the_callback_is_on_the_address_of_the_settings_whatever_the_host_header_says(
    ada: Api, settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_BASE_URL = "https://example.com"
    answer = ada.send(
        "GET", "/instagram/connect", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    query = parse_qs(urlsplit(answer.json()["authorization_url"]).query)
    assert query["redirect_uri"] == [f"https://example.com{ROOT}/instagram/callback"]


def test_a_missing_setting_is_named_by_code_and_begins_nothing(ada: Api, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_BASE_URL = ""
    answer = ada.get("/instagram/connect")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_configured")
    settings.CONNECTED_ACCOUNTS_BASE_URL = "http://testserver"
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""
    answer = ada.get("/instagram/connect")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "platform_not_configured")
    assert not ConnectionAttempt.objects.exists()


def test_an_unknown_platform_is_named_by_code(ada: Api) -> None:
    for path in ("/myspace/connect", "/myspace/callback"):
        answer = ada.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_platform")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/ok\r\nSet-Cookie: a=b",
        "https://testserver@evil.example",
        "https://sub.testserver/",
    ],
)
def test_only_an_address_of_ours_is_kept_as_next(url: str, ada: Api) -> None:
    _begun(ada, next=url)
    assert ConnectionAttempt.objects.get().next_url == ""


def test_a_safe_next_is_told_by_the_attempt(ada: Api) -> None:
    _begun(ada, next="/app/accounts?tab=1")
    attempt = ConnectionAttempt.objects.get()
    assert ada.get(f"/attempts/{attempt.pk}/").json()["next_url"] == "/app/accounts?tab=1"


def test_one_account_is_connected_at_once(ada: Api, world: World) -> None:
    attempt = ada.connect("instagram_login", "shop").json()
    assert (attempt["status"], attempt["candidates"]) == ("connected", [])
    [account_id] = attempt["connected"]
    assert ada.get(f"/{account_id}/").json()["username"] == "juniper.shop"


def test_a_first_connection_costs_six_queries_besides_transactions_and_the_session(
    ada: Api, world: World
) -> None:
    begun = ada.get("/instagram_login/connect").json()
    back = consent.visit(world, begun["authorization_url"], "shop")
    with CaptureQueriesContext(connection) as queries:
        ada.follow(back)
    besides = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    sent = [q["sql"] for q in queries if not q["sql"].startswith(besides)]
    counted = [
        sql for sql in sent if "django_session" not in sql and "auth_user" not in sql.split("WHERE")[0]
    ]
    assert ConnectedAccount.objects.count() == 1
    assert len(counted) <= 6, counted


def test_of_several_accounts_some_are_chosen(ada: Api, world: World) -> None:
    attempt = ada.connect("instagram", "two_businesses").json()
    assert attempt["status"] == "choosing"
    names = {row["username"]: row["account_id"] for row in attempt["candidates"]}
    assert set(names) >= {"bakery.nord", "coffee.nord"}
    assert [row["username"] for row in _searched(ada, attempt["id"], "coffee")] == ["coffee.nord"]

    chosen = ada.post(f"/attempts/{attempt['id']}/choose", {"accounts": [names["coffee.nord"]]})
    assert chosen.json()["status"] == "connected"
    assert [row["username"] for row in chosen.json()["accounts"]] == ["coffee.nord"]
    again = ada.post(f"/attempts/{attempt['id']}/choose", {"accounts": [names["coffee.nord"]]})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "attempt_replayed")
    assert ConnectedAccount.objects.count() == 1


def test_an_account_that_was_not_offered_can_not_be_chosen(ada: Api, world: World) -> None:
    attempt = ada.connect("instagram", "two_businesses").json()
    for accounts in (["1784140"], []):
        answer = ada.post(f"/attempts/{attempt['id']}/choose", {"accounts": accounts})
        assert 400 <= answer.status_code < 500
        assert "accounts" in answer.json()["error"]["fields"]
    assert not ConnectedAccount.objects.exists()


def test_the_way_back_leads_to_the_attempt_and_leaves_code_and_state_behind(ada: Api, world: World) -> None:
    begun = ada.get("/instagram_login/connect").json()
    back = consent.visit(world, begun["authorization_url"], "shop")
    answer = ada.follow(back)
    assert answer.status_code == 303
    assert answer["Location"] == f"{ROOT}/attempts/{begun['attempt']}/"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]

    replayed = ada.follow(back)
    assert replayed["Location"] == f"{ROOT}/attempts/{begun['attempt']}/"
    assert ConnectedAccount.objects.count() == 1


def test_a_declined_consent_is_how_the_attempt_ended(ada: Api, world: World) -> None:
    attempt = ada.connect("instagram_login", "shop", allow=False).json()
    assert (attempt["status"], attempt["reason"]["code"]) == ("failed", "denied")
    assert attempt["reason"]["action"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("code=c", "state_missing"),
        ("code=c&state=", "state_missing"),
        ("code=c&state=a&state=b", "state_missing"),
        (f"code=c&state={'s' * 200}", "state_missing"),
        ("code=c&state=never-ours", "unknown_state"),
    ],
)
def test_a_state_that_is_not_ours_is_refused_by_code_and_leaves_the_address_bar(
    query: str, code: str, ada: Api, world: World
) -> None:
    answer = ada.follow(f"http://testserver{ROOT}/instagram/callback?{query}")
    assert answer.status_code == 303
    assert "state=" not in answer["Location"].replace("ended=unknown_state", "").replace("ended=state_m", "")
    told = ada.follow(f"http://testserver{answer['Location']}")
    assert told.json()["error"]["code"] == code
    assert told.status_code == 400
    assert world.calls == []


def test_a_bare_callback_answers_that_the_state_is_missing(ada: Api) -> None:
    answer = ada.get("/instagram/callback")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "state_missing")


def test_somebody_elses_round_trip_can_not_be_finished_or_seen(ada: Api, ben: Api, world: World) -> None:
    begun = ada.get("/instagram_login/connect").json()
    back = consent.visit(world, begun["authorization_url"], "shop")
    answer = ben.follow(back)
    assert answer["Location"].endswith("?ended=other_user")
    assert ben.get(f"/attempts/{begun['attempt']}/").status_code == 404
    assert ben.post(f"/attempts/{begun['attempt']}/choose", {"accounts": []}).status_code == 404
    assert not ConnectedAccount.objects.exists()


def test_the_same_user_in_another_browser_can_not_finish_it(ada: Api, world: World) -> None:
    begun = ada.get("/instagram_login/connect").json()
    back = consent.visit(world, begun["authorization_url"], "shop")
    other = Api(ada.schema, ada.user)
    assert other.follow(back)["Location"].endswith("?ended=other_browser")
    assert ada.follow(back)["Location"].endswith(f"{begun['attempt']}/")
    assert ConnectedAccount.objects.count() == 1


def _searched(api: Api, attempt: str, search: str) -> list[dict[str, Any]]:
    return list(api.get(f"/attempts/{attempt}/", search=search).json()["candidates"])

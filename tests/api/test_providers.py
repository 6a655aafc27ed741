"""What the platforms are said to do and limit: the same data that preflight reads."""

from __future__ import annotations

from typing import Any

from django_connected_accounts import registry

from .conftest import Api


def test_every_platform_is_listed_with_what_it_can_and_limits(ada: Api) -> None:
    rows = {row["id"]: row for row in ada.get("/providers/").json()["results"]}
    assert set(rows) >= set(registry.BUILT_IN)
    instagram, provider = rows["instagram"], registry.get("instagram")
    assert instagram["configured"] is True
    assert instagram["capabilities"]["publish"] == list(provider.scopes["publish"])
    assert set(instagram["publishes"]["limits"]) == set(provider.limits)  # type: ignore[attr-defined]
    for limit in instagram["publishes"]["limits"].values():
        assert limit["source"]
        assert limit["date"]
    assert {row["code"] for row in instagram["requirements"]} == set(provider.requirements)


def test_a_platform_that_is_not_set_up_is_listed_as_such(ada: Api, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLIENT_ID": "1"}}
    rows = ada.get("/providers/").json()["results"]
    assert {row["configured"] for row in rows} == {False}


def test_no_app_secret_is_told(ada: Api) -> None:
    answer = ada.get("/providers/").content.decode()
    for platform in registry.ids():
        assert registry.get(platform).app.client_secret not in answer


def test_the_list_asks_the_database_only_who_is_asking(ada: Api, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(2):
        ada.get("/providers/")

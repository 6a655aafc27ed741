from __future__ import annotations

from typing import Any

import pytest

from django_connected_accounts.sandbox import World, tokens

from .conftest import CALLBACK, Remote

GRAPH = "graph.facebook.com/v26.0"
APP = {"client_id": "sandbox-app", "client_secret": "sandbox-secret"}
DAY = 24 * 3600


def error_of(answer: Any) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


def exchange(remote: Remote, code: str, /, **changes: str) -> Any:
    return remote.get(
        f"{GRAPH}/oauth/access_token", **{**APP, "redirect_uri": CALLBACK, "code": code, **changes}
    )


def test_a_code_works_once(remote: Remote) -> None:
    code = remote.code("two_businesses")
    assert exchange(remote, code)["access_token"].startswith("EAA")
    assert error_of(exchange(remote, code)) == (100, 36009)


def test_a_code_lives_an_hour(remote: Remote, world: World) -> None:
    code = remote.code("two_businesses")
    world.advance(3601)
    assert error_of(exchange(remote, code)) == (100, 36007)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": CALLBACK + "/"}, (100, 36008)),
        ({"code": "made-up"}, (100, None)),
        ({"client_secret": "wrong"}, (1, None)),
        ({"client_id": "sandbox-instagram-app"}, (101, None)),
    ],
)
def test_an_exchange_that_does_not_fit_is_refused(
    remote: Remote, changes: dict[str, str], error: tuple[int, int | None]
) -> None:
    assert error_of(exchange(remote, remote.code("two_businesses"), **changes)) == error


def test_a_long_token_may_come_without_an_end(remote: Remote, world: World) -> None:
    world.toggles.omit_expires_in = True
    short = exchange(remote, remote.code("two_businesses"))["access_token"]
    swap = {"grant_type": "fb_exchange_token", "fb_exchange_token": short}
    long = remote.get(f"{GRAPH}/oauth/access_token", **APP, **swap)
    assert "expires_in" not in long
    told = remote.get(f"{GRAPH}/debug_token", "sandbox-app|sandbox-secret", input_token=long["access_token"])[
        "data"
    ]
    assert told["expires_at"] == 0
    assert told["data_access_expires_at"] > world.now() + 89 * DAY


def test_debug_token_tells_what_a_token_is(remote: Remote, world: World) -> None:
    token = world.mint("bakery.nord")
    ask = "sandbox-app|sandbox-secret"
    data = remote.get(f"{GRAPH}/debug_token", ask, input_token=token)["data"]
    assert (data["type"], data["app_id"], data["is_valid"], data["expires_at"]) == (
        "PAGE",
        "sandbox-app",
        True,
        0,
    )
    assert world.people["two_businesses"].pages[0].id in data["granular_scopes"][0]["target_ids"]
    world.revoke("two_businesses", 460)
    data = remote.get(f"{GRAPH}/debug_token", ask, input_token=token)["data"]
    assert data["is_valid"] is False
    assert data["error"]["subcode"] == 460
    assert remote.get(f"{GRAPH}/debug_token", ask, input_token="made-up")["data"]["is_valid"] is False


def test_page_tokens_outlive_a_long_user_token_but_not_a_short_one(remote: Remote, world: World) -> None:
    short = exchange(remote, remote.code("two_businesses"))["access_token"]
    fleeting = remote.get(f"{GRAPH}/me/accounts", short)["data"][0]["access_token"]
    lasting = world.mint("bakery.nord")
    world.advance(70 * DAY)
    assert error_of(remote.get(f"{GRAPH}/me", fleeting)) == (190, 463)
    assert remote.get(f"{GRAPH}/me", lasting)["name"] == "Bakery Nord"


@pytest.mark.parametrize("reason", [458, 459, 460, 463, 464, 467, 492])
def test_a_revoked_token_says_why(remote: Remote, world: World, reason: int) -> None:
    token = world.mint("two_businesses")
    assert world.revoke("two_businesses", reason) == 1
    assert error_of(remote.get(f"{GRAPH}/me", token)) == (190, reason)


def test_permissions_are_listed_taken_back_singly_and_altogether(remote: Remote, world: World) -> None:
    token = world.mint("two_businesses")
    listed = remote.get(f"{GRAPH}/me/permissions", token)["data"]
    assert {"permission": "instagram_basic", "status": "granted"} in listed
    url = f"{GRAPH}/me/permissions/instagram_basic"
    assert remote.send("DELETE", url, params={"access_token": token}).json() == {"success": True}
    page = remote.get(f"{GRAPH}/me/accounts", token, fields="instagram_business_account")["data"][0]
    assert "instagram_business_account" not in page
    gone = remote.send("DELETE", f"{GRAPH}/me/permissions", params={"access_token": token})
    assert gone.json() == {"success": True}
    assert error_of(remote.get(f"{GRAPH}/me", token)) == (190, 458)


def test_appsecret_proof_is_checked_when_sent_and_can_be_required(remote: Remote, world: World) -> None:
    token = world.mint("two_businesses")
    proof = tokens.proof_of(world.apps["sandbox-app"], token)
    assert "id" in remote.get(f"{GRAPH}/me", token, appsecret_proof=proof)
    wrong = remote.get(f"{GRAPH}/me", token, appsecret_proof="0" * 64)
    assert (wrong["error"]["code"], wrong["error"]["type"]) == (100, "GraphMethodException")
    world.toggles.require_appsecret_proof = True
    assert error_of(remote.get(f"{GRAPH}/me", token)) == (100, None)


def test_pages_come_in_pages(remote: Remote, world: World) -> None:
    token = world.mint("many_pages")
    fields = "name,tasks,instagram_business_account{username}"
    first = remote.get(f"{GRAPH}/me/accounts", token, fields=fields, limit=100)
    assert len(first["data"]) == 100
    assert token in first["paging"]["next"]
    second = remote.session.get(first["paging"]["next"]).json()
    assert len(second["data"]) == 30
    assert "next" not in second["paging"]
    pages = first["data"] + second["data"]
    assert len({page["id"] for page in pages}) == 130
    assert sum("instagram_business_account" not in page for page in pages) == 13
    assert sum("CREATE_CONTENT" not in page["tasks"] for page in pages) == 18


def test_a_portfolio_s_pages_are_hidden_without_business_management(remote: Remote, world: World) -> None:
    narrow = world.mint("portfolio", scopes=["pages_show_list", "instagram_basic"])
    assert remote.get(f"{GRAPH}/me/accounts", narrow) == {"data": []}
    assert error_of(remote.get(f"{GRAPH}/me/businesses", narrow)) == (200, None)
    wide = world.mint("portfolio")
    assert len(remote.get(f"{GRAPH}/me/accounts", wide)["data"]) == 2
    [business] = remote.get(f"{GRAPH}/me/businesses", wide)["data"]
    [owned] = remote.get(f"{GRAPH}/{business['id']}/owned_pages", wide)["data"]
    [client] = remote.get(f"{GRAPH}/{business['id']}/client_pages", wide, fields="name,tasks")["data"]
    assert owned["name"] == "Meadow Flowers"
    assert client["tasks"][0] == "PROFILE_PLUS_CREATE_CONTENT"


def test_only_ticked_pages_are_seen(remote: Remote, world: World) -> None:
    bakery, coffee = world.people["two_businesses"].pages
    code = remote.code("two_businesses", targets=[coffee.id])
    token = exchange(remote, code)["access_token"]
    assert [page["id"] for page in remote.get(f"{GRAPH}/me/accounts", token)["data"]] == [coffee.id]
    assert bakery.instagram is not None
    assert error_of(remote.get(f"{GRAPH}/{bakery.instagram.id}", token, fields="username")) == (100, 33)


def test_an_instagram_login_token_means_nothing_here(remote: Remote, world: World) -> None:
    assert error_of(remote.get(f"{GRAPH}/me", world.mint("shop", "B"))) == (190, None)
    assert error_of(remote.get("graph.instagram.com/me", world.mint("two_businesses"))) == (190, None)

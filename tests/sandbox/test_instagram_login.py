from __future__ import annotations

from typing import Any

import pytest

from django_connected_accounts.sandbox import World

from .conftest import CALLBACK, Remote

TOKEN_URL = "api.instagram.com/oauth/access_token"
DAY = 24 * 3600


def exchange(remote: Remote, code: str, /, **changes: str) -> Any:
    form = {
        "client_id": "sandbox-instagram-app",
        "client_secret": "sandbox-instagram-secret",
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": code,
    }
    return remote.post(TOKEN_URL, **{**form, **changes})


def long_token(remote: Remote, short: str, secret: str = "sandbox-instagram-secret") -> Any:
    return remote.get(
        "graph.instagram.com/access_token", short, grant_type="ig_exchange_token", client_secret=secret
    )


def refresh(remote: Remote, token: str) -> Any:
    return remote.get("graph.instagram.com/refresh_access_token", token, grant_type="ig_refresh_token")


def test_the_exchange_answers_flat_or_wrapped(remote: Remote, world: World) -> None:
    flat = exchange(remote, remote.code("shop", "B"))
    assert isinstance(flat["user_id"], int)
    assert "instagram_business_content_publish" in flat["permissions"]
    world.toggles.b_exchange_shape = "wrapped"
    [row] = exchange(remote, remote.code("shop", "B"))["data"]
    assert row["user_id"] == str(flat["user_id"])
    assert "instagram_business_basic" in row["permissions"].split(",")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"redirect_uri": CALLBACK + "?x=1"}, "Please make sure your redirect_uri is identical"),
        ({"code": "made-up"}, "Matching code was not found or was already used"),
        ({"client_id": "sandbox-app", "client_secret": "sandbox-secret"}, "Invalid platform app"),
    ],
)
def test_a_failed_exchange_answers_flat(remote: Remote, changes: dict[str, str], message: str) -> None:
    answer = exchange(remote, remote.code("shop", "B"), **changes)
    assert (answer["error_type"], answer["code"]) == ("OAuthException", 400)
    assert message in answer["error_message"]


def test_a_code_works_once_and_for_an_hour(remote: Remote, world: World) -> None:
    code = remote.code("shop", "B")
    exchange(remote, code)
    assert exchange(remote, code)["error_message"] == "This authorization code has been used"
    late = remote.code("shop", "B")
    world.advance(3601)
    assert "Matching code was not found" in exchange(remote, late)["error_message"]


def test_a_json_body_is_not_read(remote: Remote) -> None:
    answer = remote.send("POST", TOKEN_URL, json={"client_id": "sandbox-instagram-app"})
    assert answer.status_code == 400
    assert answer.json()["error_type"] == "OAuthException"


def test_declining_leaves_the_basic_permission(remote: Remote) -> None:
    declined = ["instagram_business_basic", "instagram_business_content_publish"]
    flat = exchange(remote, remote.code("shop", "B", decline=declined))
    assert flat["permissions"] == ["instagram_business_basic", "instagram_business_manage_comments"]


def test_a_token_is_refreshed_after_a_day_and_the_old_string_dies(remote: Remote, world: World) -> None:
    token = long_token(remote, exchange(remote, remote.code("shop", "B"))["access_token"])["access_token"]
    early = refresh(remote, token)
    assert early["error"]["code"] == 100
    assert "invented" in early["error"]["message"]
    world.advance(DAY)
    younger = refresh(remote, token)
    assert younger["access_token"] != token
    assert younger["expires_in"] == 60 * DAY
    assert remote.get("graph.instagram.com/me", token)["error"]["code"] == 190
    assert "id" in remote.get("graph.instagram.com/me", younger["access_token"])


def test_a_refresh_may_keep_the_string(remote: Remote, world: World) -> None:
    world.toggles.rotate_on_refresh = False
    token = world.mint("shop", "B")
    world.advance(50 * DAY)
    assert refresh(remote, token)["access_token"] == token
    world.advance(50 * DAY)
    assert "id" in remote.get("graph.instagram.com/me", token)


def test_a_token_not_refreshed_in_sixty_days_is_dead(remote: Remote, world: World) -> None:
    token = world.mint("shop", "B")
    world.advance(60 * DAY)
    assert refresh(remote, token)["error"]["error_subcode"] == 463


def test_most_refusals_are_the_blanket_one(remote: Remote) -> None:
    short = exchange(remote, remote.code("shop", "B"))["access_token"]
    wrong_secret = long_token(remote, short, secret="wrong")["error"]
    assert wrong_secret["message"] == "Unsupported request - method type: get"
    assert (wrong_secret["type"], wrong_secret["code"]) == ("IGApiException", 100)
    personal = exchange(remote, remote.code("personal", "B"))["access_token"]
    assert long_token(remote, personal)["error"]["message"] == "Unsupported request - method type: get"


def test_the_profile_answers_under_every_id_of_the_account(remote: Remote, world: World) -> None:
    token = world.mint("shop", "B")
    account = world.people["shop"].instagram
    assert account is not None
    for node in ("me", account.id, account.scoped_id):
        me = remote.get(f"graph.instagram.com/v26.0/{node}", token, fields="user_id,username")
        assert me == {"id": account.scoped_id, "user_id": account.id, "username": "juniper.shop"}
    world.toggles.me_shape = "wrapped"
    assert remote.get("graph.instagram.com/me", token, fields="user_id")["data"][0]["user_id"] == account.id


def test_one_unknown_field_fails_the_whole_call(remote: Remote, world: World) -> None:
    answer = remote.get("graph.instagram.com/me", world.mint("shop", "B"), fields="username,shoe_size")
    assert answer["error"]["code"] == 100
    assert "shoe_size" in answer["error"]["message"]

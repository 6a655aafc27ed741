from __future__ import annotations

import pytest
import requests

from django_connected_accounts.sandbox import SandboxAdapter, World, in_process
from django_connected_accounts.sandbox.meta import fields_of

from .conftest import Remote


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others() -> None:
    assert World(seed=1).mint("shop", "B") == World(seed=1).mint("shop", "B")
    assert World(seed=1).mint("shop", "B") != World(seed=2).mint("shop", "B")


def test_people_keep_their_ids_in_every_world() -> None:
    one, two = World(seed=1), World(seed=2)
    assert {p.id for p in one.people.values()} == {p.id for p in two.people.values()}
    accounts = [account for person in one.people.values() for account in person.accounts()]
    assert len({account.id for account in accounts}) == len(accounts)
    assert all(account.id.startswith("17841") and len(account.id) == 17 for account in accounts)


def test_reset_forgets_everything_but_gives_no_id_twice(remote: Remote, world: World) -> None:
    before = world.mint("shop", "B")
    world.fault(action="lose_before", times=0)
    world.toggles.me_shape = "wrapped"
    world.advance(1000)
    world.reset()
    assert not world.faults
    assert not world.calls
    assert world.toggles.me_shape == "flat"
    assert world.offset == 0
    assert remote.get("graph.instagram.com/me", before)["error"]["code"] == 190
    assert world.mint("shop", "B") != before


def test_minting_names_who_there_is(world: World) -> None:
    with pytest.raises(ValueError, match="two_businesses"):
        world.mint("nobody")
    with pytest.raises(ValueError, match="shop"):
        world.mint("two_businesses", "B")


def test_calls_keep_what_was_sent(remote: Remote, world: World) -> None:
    token = world.mint("two_businesses")
    headers = {"Authorization": f"Bearer {token}"}
    remote.send("GET", "graph.facebook.com/v26.0/me?fields=name", headers=headers)
    [call] = world.calls
    assert (call["host"], call["method"], call["path"]) == ("graph.facebook.com", "GET", "/v26.0/me")
    assert (call["params"], call["token"], call["status"]) == ({"fields": "name"}, "user", 200)
    assert call["headers"]["Authorization"].endswith(token)


def test_the_adapter_answers_for_real_host_names_too(world: World) -> None:
    session = requests.Session()
    session.mount("https://", SandboxAdapter(world))
    params = {"access_token": world.mint("shop", "B"), "fields": "username"}
    answer = session.get("https://graph.instagram.com/v26.0/me", params=params)
    assert answer.json()["username"] == "juniper.shop"


def test_a_process_has_one_world_of_its_own() -> None:
    assert in_process() is in_process()


def test_fields_may_nest() -> None:
    assert fields_of("id, owner{id,page{name}},name") == [
        ("id", []),
        ("owner", [("id", []), ("page", [("name", [])])]),
        ("name", []),
    ]
    assert fields_of("") == []
    assert fields_of("}},{a") == [("a", [])]

"""The same over a real network: sockets, pooled connections, a sandbox in its own thread."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts import registry
from django_connected_accounts.exceptions import Unavailable
from django_connected_accounts.providers.types import Connection, Tokens
from django_connected_accounts.sandbox import World, consent, serving
from django_connected_accounts.testing import drive, sample_draft
from django_connected_accounts.testing.remotes import fetch


class Clock:
    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> Any:
        return registry.get("instagram_login").http.now()

    def advance(self, seconds: float) -> None:
        """Real time passes by itself; polls, not seconds, ripen the sandbox's containers."""


@pytest.fixture
def world(settings: Any) -> Any:
    world = World(fetch=fetch)
    with serving(world) as url:
        settings.CONNECTED_ACCOUNTS_SANDBOX = url
        yield world


def publish(world: World, number: int) -> str:
    provider: Any = registry.get("instagram_login")
    tokens = Tokens(access_token=world.mint("shop", "B"))
    (profile,) = provider.profiles(tokens)
    connection = Connection(account_id=profile.account_id, tokens=tokens, username=profile.username)
    return drive(provider, connection, sample_draft("photo"), Clock(world)).remote_id


def test_a_post_is_published_through_sockets(world: World) -> None:
    assert publish(world, 0) == world.posts()[0]["id"]


def test_an_answer_lost_on_the_wire_is_found_again(world: World) -> None:
    world.fault(action="lose_after", path="/media_publish$")
    world.fault(action="truncate_body", path="/content|/media$", nth=2)
    assert [publish(world, 0)] == [post["id"] for post in world.posts()]


@pytest.mark.parametrize(
    ("platform", "person"), [("instagram", "two_businesses"), ("instagram_login", "shop")]
)
def test_connecting_and_refreshing_log_no_secret(
    world: World, caplog: pytest.LogCaptureFixture, platform: str, person: str
) -> None:
    caplog.set_level(logging.DEBUG)
    provider: Any = registry.get(platform)
    url = provider.authorization_url(
        redirect_uri="http://testserver/callback",
        state="s-1",
        verifier="v" * 43,
        scopes=provider.scopes_for(["connect", "publish"]),
    )
    code = parse_qs(urlsplit(consent.visit(world, url, person)).query)["code"][0]
    tokens = provider.exchange(code, redirect_uri="http://testserver/callback", verifier="v" * 43)
    provider.profiles(tokens)
    with pytest.raises((NotImplementedError, Unavailable)):
        provider.refresh(tokens)  # too young, or there is no such thing
    assert "urllib3" in caplog.text
    for secret in (code, provider.app.client_secret, *world.tokens):
        assert secret not in caplog.text


def test_threads_share_a_provider(world: World) -> None:
    with ThreadPoolExecutor(8) as threads:
        published = list(threads.map(lambda number: publish(world, number), range(24)))
    assert sorted(published) == sorted(post["id"] for post in world.posts())
    assert len(set(published)) == 24

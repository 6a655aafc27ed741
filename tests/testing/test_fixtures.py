from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from django_connected_accounts import registry
from django_connected_accounts.exceptions import OutcomeUnknown
from django_connected_accounts.providers.types import Connection, Tokens
from django_connected_accounts.sandbox import World
from django_connected_accounts.testing import drive, sample_draft
from django_connected_accounts.testing import sandbox as sandbox  # the fixture


class Clock:
    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.now(), tz=timezone.utc)

    def advance(self, seconds: float) -> None:
        self.world.advance(seconds)


def connection(world: World, provider: Any) -> Connection:
    tokens = Tokens(access_token=world.mint("shop", "B"))
    (profile,) = provider.profiles(tokens)
    return Connection(account_id=profile.account_id, tokens=tokens, username=profile.username)


def test_the_sandbox_stands_behind_the_registry(sandbox: World) -> None:
    provider: Any = registry.get("instagram_login")
    published = drive(provider, connection(sandbox, provider), sample_draft("photo"), Clock(sandbox))
    assert [post["id"] for post in sandbox.posts()] == [published.remote_id]


def test_and_is_as_new_in_the_next_test(sandbox: World) -> None:
    assert sandbox.posts() == []
    assert sandbox.calls == []


def test_the_driver_leaves_to_a_person_what_cannot_be_settled(sandbox: World) -> None:
    provider: Any = registry.get("instagram_login")
    sandbox.fault(action="lose_after", path="/media_publish$")
    sandbox.fault(action="status", path="/media$", method="GET", status=200, body={"data": []}, times=0)
    with pytest.raises(OutcomeUnknown):
        drive(provider, connection(sandbox, provider), sample_draft("photo"), Clock(sandbox))
    assert len(sandbox.posts()) == 1

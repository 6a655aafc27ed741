"""A user in a browser, who goes to a simulated platform and comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from django_connected_accounts import registry
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.sandbox import World, consent, in_process
from django_connected_accounts.services import connecting

Params = Mapping[str, list[str]]

CALLBACK = "http://testserver/connected-accounts/callback/{platform}/"
EXCHANGES = ("api.instagram.com", "/oauth/access_token")
REFRESHES = ("graph.instagram.com", "/refresh_access_token")


class Visitor:
    def __init__(self, world: World, name: str = "ada") -> None:
        self.world = world
        self.user = get_user_model().objects.get_or_create(username=name)[0]
        self.browser = f"browser of {name}"

    def begins(self, platform: str = "instagram_login", **options: Any) -> connecting.Begun:
        options.setdefault("redirect_uri", CALLBACK.format(platform=platform))
        return connecting.begin(self.user, platform, browser=self.browser, **options)

    def consents(self, begun: connecting.Begun, person: str = "shop", **options: Any) -> Params:
        """Return the query the platform sends the browser back with."""
        location = consent.visit(self.world, begun.authorization_url, person, **options)
        return parse_qs(urlsplit(location).query)

    def returns(self, params: Params, platform: str = "instagram_login") -> ConnectionAttempt:
        return connecting.complete(self.user, platform, browser=self.browser, params=params)

    def goes(
        self,
        person: str = "shop",
        platform: str = "instagram_login",
        *,
        decline: Iterable[str] = (),
        **options: Any,
    ) -> ConnectionAttempt:
        """Begin, allow at the platform but for what is declined, and come back."""
        begun = self.begins(platform, **options)
        return self.returns(self.consents(begun, person, decline=set(decline)), platform)

    def connects(
        self, person: str = "shop", platform: str = "instagram_login", **options: Any
    ) -> ConnectedAccount:
        """Go, come back, and choose everything that can be chosen."""
        attempt = self.goes(person, platform, **options)
        if attempt.status == attempt.Status.CHOOSING:
            usable = [found.account_id for found in connecting.candidates(attempt) if not found.unusable]
            connecting.choose(self.user, attempt, usable)
        return ConnectedAccount.objects.get(pk=attempt.connected[0])


@pytest.fixture
def world() -> Iterator[World]:
    """The world every provider of these tests lives in, as new."""
    found = in_process()
    found.reset()
    registry.reset()
    yield found
    found.reset()


@pytest.fixture
def visitor(db: None, world: World) -> Visitor:
    return Visitor(world)


@pytest.fixture
def stranger(db: None, world: World) -> Visitor:
    return Visitor(world, "mallory")


def calls(world: World, where: tuple[str, str]) -> int:
    """Return how many calls this host and path have seen."""
    return sum((call["host"], call["path"]) == where for call in world.calls)


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """Run these in threads that start together; return what each returned or raised."""
    start = threading.Barrier(len(tasks))
    results: list[Any] = [None] * len(tasks)

    def run(number: int, task: Callable[[], Any]) -> None:
        start.wait()
        try:
            results[number] = task()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results

"""Both logins on a sandbox of their own, and consent without a browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.instagram import Instagram, InstagramLogin
from django_connected_accounts.providers.types import App, Connection, Draft, Tokens
from django_connected_accounts.registry import sandbox_app
from django_connected_accounts.sandbox import World, consent
from django_connected_accounts.testing import SandboxRemote, drive

CALLBACK = "http://testserver/callback"


class Platform(SandboxRemote):
    """A sandbox with one provider on it."""

    def __init__(self, provider_class: type[Instagram] | type[InstagramLogin], person: str) -> None:
        self.platform, self.person = provider_class.id, person  # type: ignore[misc]
        self.variant = "A" if provider_class is Instagram else "B"  # type: ignore[misc]
        super().__init__()
        self.provider_class = provider_class
        self.provider = self.make()

    def make(self, **app: Any) -> Any:
        http = Http(self.provider_class.hosts, provider=self.platform, adapter=self.adapter, clock=self.now)
        known = sandbox_app(self.platform)
        credentials = {"client_id": known.client_id, "client_secret": known.client_secret, **app}
        return self.provider_class(App(**credentials), http)

    def authorize(self, person: str = "", **kwargs: Any) -> str:
        """Return the code that comes back when this person allows everything but what ``decline`` names."""
        rerequest = kwargs.pop("rerequest", False)
        url = self.provider.authorization_url(
            redirect_uri=CALLBACK,
            state="s-1",
            verifier="v" * 43,
            scopes=self.provider.scopes_for(("connect", "publish", "comment")),
            rerequest=rerequest,
        )
        back = consent.visit(self.world, url, person or self.person, **kwargs)
        query = parse_qs(urlsplit(back).query)
        return query["code"][0]

    def tokens(self, person: str = "", **kwargs: Any) -> Tokens:
        """Return what a whole round trip ends with."""
        code = self.authorize(person, **kwargs)
        tokens: Tokens = self.provider.exchange(code, redirect_uri=CALLBACK, verifier="v" * 43)
        return tokens

    def connection(self) -> Connection:
        return self.connect(self.provider)

    def publish(self, draft: Draft) -> Any:
        return drive(self.provider, self.connection(), draft, self)

    def paths(self, method: str = "") -> list[str]:
        """Return the paths called, without version."""
        return [
            call["path"].removeprefix("/v26.0") for call in self.world.calls if method in ("", call["method"])
        ]


@pytest.fixture
def facebook() -> Platform:
    return Platform(Instagram, "two_businesses")


@pytest.fixture
def direct() -> Platform:
    return Platform(InstagramLogin, "shop")


@pytest.fixture(params=["facebook", "direct"])
def platform(request: pytest.FixtureRequest) -> Platform:
    found: Platform = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def world(platform: Platform) -> World:
    return platform.world

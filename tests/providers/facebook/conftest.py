"""Facebook Pages on a sandbox of their own, consent without a browser, media of any size."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.providers.facebook import Facebook
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.types import App, Connection, Draft, Media, Published, Tokens
from django_connected_accounts.sandbox import World, consent, samples
from django_connected_accounts.sandbox.pages import Pages
from django_connected_accounts.testing import SandboxRemote, drive

CALLBACK = "http://testserver/callback"
SCOPES = ("connect", "publish", "comment", "measure")


class Site(SandboxRemote):
    """A sandbox with the provider on it, and a person with two Pages."""

    platform, person = "facebook", "two_businesses"

    def __init__(self) -> None:
        super().__init__()
        self.world.toggles.video_polls = 1
        self.provider = self.make()

    @property
    def pages(self) -> Pages:
        return Pages.of(self.world)

    def make(self, **app: Any) -> Facebook:
        known = {"client_id": self.app.client_id, "client_secret": self.app.client_secret, **app}
        return Facebook(
            App(**known), Http(Facebook.hosts, provider="facebook", adapter=self.adapter, clock=self.now)
        )

    def tokens(self, person: str = "", **kwargs: Any) -> Tokens:
        """Return what a whole round trip ends with."""
        url = self.provider.authorization_url(
            redirect_uri=CALLBACK, state="s", verifier="", scopes=self.provider.scopes_for(SCOPES)
        )
        back = consent.visit(self.world, url, person or self.person, **kwargs)
        code = parse_qs(urlsplit(back).query)["code"][0]
        return self.provider.exchange(code, redirect_uri=CALLBACK, verifier="")

    def connection(self, **kwargs: Any) -> Connection:
        profile = self.provider.profiles(self.tokens(**kwargs))[0]
        assert profile.tokens
        return Connection(account_id=profile.account_id, username=profile.username, tokens=profile.tokens)

    def publish(self, draft: Draft, connection: Connection | None = None) -> Published:
        return drive(self.provider, connection or self.connection(), draft, self)

    def post(self) -> dict[str, Any]:
        (post,) = self.world.posts()
        return post

    def calls(self, method: str, ending: str) -> list[dict[str, Any]]:
        calls = self.world.calls
        return [call for call in calls if call["method"] == method and call["path"].endswith(ending)]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def world(site: Site) -> World:
    return site.world


@pytest.fixture
def connection(site: Site) -> Connection:
    return site.connection()


@pytest.fixture
def photo() -> Callable[..., Media]:
    """``photo(body, **facts)`` is a picture that is handed over as bytes."""

    def make(body: bytes = samples.jpeg(60, 60), **facts: Any) -> Media:
        return Media(
            kind="image", mime="image/jpeg", size=len(body), **{"open": lambda: BytesIO(body), **facts}
        )

    return make


@pytest.fixture
def film() -> Callable[..., Media]:
    """``film(body, **facts)`` is a film that is handed over as bytes; ``padding`` makes it larger."""

    def make(body: bytes = b"", *, padding: int = 0, seconds: float = 5.0, **facts: Any) -> Media:
        body = body or samples.mp4(seconds) + (padding + 8).to_bytes(4, "big") + b"free" + bytes(padding)
        return Media(
            kind="video", mime="video/mp4", size=len(body), **{"open": lambda: BytesIO(body), **facts}
        )

    return make

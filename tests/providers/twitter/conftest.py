"""X on a sandbox of its own, and drafts to publish there."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.twitter import Twitter
from django_connected_accounts.providers.types import App, Connection, Draft, Media, Tokens
from django_connected_accounts.sandbox import consent, samples
from django_connected_accounts.sandbox.twitter import Twitter as SandboxTwitter
from django_connected_accounts.testing import SandboxRemote, drive

CALLBACK = "http://localhost/callback/"


class TwitterRemote(SandboxRemote):
    platform, person = "twitter", "shop"


class X(TwitterRemote):
    """The sandbox with a provider on it."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = self.make()

    def make(self, **options: Any) -> Twitter:
        http = Http(Twitter.hosts, provider="twitter", adapter=self.adapter, clock=self.now)
        app = App(client_id=self.app.client_id, client_secret=self.app.client_secret, options=options)
        return Twitter(app, http)

    @property
    def site(self) -> SandboxTwitter:
        return SandboxTwitter.of(self.world)

    def code(self, person: str = "shop", scopes: tuple[str, ...] = ()) -> str:
        """Return the code that comes back when this person allows what is asked for."""
        wanted = scopes or self.provider.scopes_for(("connect", "publish"))
        url = self.provider.authorization_url(
            redirect_uri=CALLBACK, state="s-1", verifier="v" * 43, scopes=wanted
        )
        back = consent.visit(self.world, url, person)
        return parse_qs(urlsplit(back).query)["code"][0]

    def granted(self, person: str = "shop", scopes: tuple[str, ...] = ()) -> Tokens:
        code = self.code(person, scopes)
        return self.provider.exchange(code, redirect_uri=CALLBACK, verifier="v" * 43)

    def connection(self) -> Connection:
        return self.connect(self.provider)

    def publish(self, draft: Draft) -> Any:
        return drive(self.provider, self.connection(), draft, self)

    def calls(self, method: str = "") -> list[str]:
        return [call["path"] for call in self.world.calls if method in ("", call["method"])]


@pytest.fixture
def x() -> X:
    return X()


def picture(text: str = "", *, mime: str = "image/jpeg", **facts: Any) -> Media:
    body = samples.jpeg(64, 48, text=text, image_format=mime.partition("/")[2].upper())
    return Media(
        kind="image", mime=mime, size=len(body), width=64, height=48, open=lambda: BytesIO(body), **facts
    )


def film(seconds: float = 5.0, *, size: int = 0, **facts: Any) -> Media:
    body = samples.mp4(seconds)
    body += bytes(max(0, size - len(body)))
    return Media(
        kind="video",
        mime="video/mp4",
        size=len(body),
        duration=seconds,
        open=lambda: BytesIO(body),
        **facts,
    )

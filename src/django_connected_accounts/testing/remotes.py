"""Platforms to test against: what a fake one must offer, and the sandbox as one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timezone
from io import BytesIO
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs, urlsplit

from requests.adapters import BaseAdapter

from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.types import App, Connection, Draft, Kind, Media, MediaKind, Tokens
from django_connected_accounts.registry import sandbox_app
from django_connected_accounts.sandbox import Platform, SandboxAdapter, World, consent, samples

PHOTO_URL, FILM_URL = "https://media.example/photo.jpg", "https://media.example/film.mp4"
DOCUMENT_URL = "https://media.example/prices.pdf"
_FILES = {PHOTO_URL: samples.jpeg(400, 400), FILM_URL: samples.mp4(), DOCUMENT_URL: samples.pdf()}


class Remote(ABC):
    """A platform without a network, new and empty, with one person's account on it."""

    app: App
    adapter: BaseAdapter
    """Answers for the platform's real hosts."""

    @abstractmethod
    def connect(self, provider: Provider) -> Connection:
        """Return the account to publish to, with tokens that work."""

    @abstractmethod
    def posts(self) -> int:
        """Return how many posts the public sees."""

    def comments(self) -> int:
        """Return how many comments the public sees, where the provider makes any."""
        return 0

    @abstractmethod
    def now(self) -> datetime:
        """Return the platform's time."""

    @abstractmethod
    def advance(self, seconds: float) -> None:
        """Let time pass."""


class SandboxRemote(Remote):
    """The sandbox, for the platforms it simulates. Subclass to name the platform and its person.

    ``platforms`` are played beside those of the package.
    """

    platform: ClassVar[str]
    person: ClassVar[str]
    platforms: ClassVar[tuple[type[Platform], ...]] = ()
    variant: ClassVar[Literal["A", "B"]] = "A"

    def __init__(self) -> None:
        self.world = World(fetch=fetch, platforms=self.platforms)
        self.app = sandbox_app(self.platform)
        self.adapter = SandboxAdapter(self.world)

    def connect(self, provider: Provider) -> Connection:
        profile = provider.profiles(tokens := self._granted(provider))[0]
        return Connection(
            account_id=profile.account_id,
            username=profile.username,
            tokens=profile.tokens or tokens,
            details=profile.details,
        )

    def _granted(self, provider: Provider) -> Tokens:
        """Return what consent would lead to: without it for Meta's platforms, by it for the others."""
        if provider.id not in self.world.platforms:
            return Tokens(access_token=self.world.mint(self.person, self.variant))
        here, verifier = "http://localhost/callback/", "v" * 64
        scopes = provider.scopes_for(("connect", "publish", "comment", "measure", "delete"))
        url = provider.authorization_url(redirect_uri=here, state="s", verifier=verifier, scopes=scopes)
        code = parse_qs(urlsplit(consent.visit(self.world, url, self.person)).query)["code"][0]
        return provider.exchange(code, redirect_uri=here, verifier=verifier)

    def posts(self) -> int:
        return len(self.world.posts())

    def comments(self) -> int:
        return sum(len(post["comments"]) for post in self.world.posts())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.now(), tz=timezone.utc)

    def advance(self, seconds: float) -> None:
        self.world.advance(seconds)


def sample_draft(kind: Kind) -> Draft:
    """Return a draft of this kind that any platform which has the kind takes."""
    photo = _media("image", "image/jpeg", PHOTO_URL, width=400, height=400)
    film = _media("video", "video/mp4", FILM_URL, duration=5.0)
    document = _media("document", "application/pdf", DOCUMENT_URL, name="Price list.pdf")
    media: Mapping[str, tuple[Media, ...]] = {
        "text": (),
        "carousel": (photo, film),
        "reel": (film,),
        "video": (film,),
        "document": (document,),
    }
    return Draft(
        kind=kind, text="" if kind == "story" else f"A {kind} to try", media=media.get(kind, (photo,))
    )


def _media(kind: MediaKind, mime: str, url: str, **facts: Any) -> Media:
    body = _FILES[url]
    return Media(kind=kind, mime=mime, size=len(body), url=url, open=lambda: BytesIO(body), **facts)


def fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
    """Return a sample file as a platform would fetch it, 404 for any other address."""
    return (200, {}, _FILES[url]) if url in _FILES else (404, {}, b"")

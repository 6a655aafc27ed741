"""The simulated platforms' one memory: people, tokens, posts, faults, every call, and a clock to be moved.

Follows the Instagram Platform contract of 2026-11-22, section 11. State lives in this process only, and ends
with it.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Final

from . import fetching, people, tokens, webhooks
from .faults import Fault
from .ids import digits, letters
from .people import InstagramAccount, Page, Person
from .platform import Platform
from .platforms import ALL
from .records import (
    DAY,
    App,
    Code,
    Comment,
    ConsentRequest,
    Container,
    Delivery,
    Grant,
    Media,
    Toggles,
    Token,
    Variant,
)

INSTAGRAM: Final = "www.instagram.com"


class World:
    """A world of its own: two share nothing, and the same ``seed`` gives the same ids in the same order.

    Hold ``lock`` around anything that reads and writes more than one attribute. ``fetch`` gets the media the
    platform is asked to pull: ``fetch(url) -> (status, headers, bytes)``; ``send`` is how it tells apps
    things, see `webhooks.Send`. ``platforms`` are played beside those of the package.
    """

    def __init__(
        self,
        *,
        seed: int | str = 0,
        fetch: fetching.Fetch = fetching.get,
        send: webhooks.Send = webhooks.send,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        base_url: str = "http://sandbox.invalid",
        platforms: Iterable[type[Platform]] = (),
    ) -> None:
        self.lock = threading.RLock()
        self.seed = seed
        self.fetch = fetch
        self.send = send
        self.clock = clock
        self.sleep = sleep
        self.base_url = base_url
        self.platform_classes = (*ALL, *platforms)
        self.reset()

    def reset(self) -> None:
        """Make everything as it was in the beginning, ids excepted: none is given out twice."""
        with self.lock:
            self._count = getattr(self, "_count", 0)
            self.offset = 0.0
            self.people: dict[str, Person] = people.seed()
            self.apps: dict[str, App] = {
                "sandbox-app": App(
                    client_id="sandbox-app",
                    secret="sandbox-secret",  # noqa: S106
                    login="facebook",
                ),
                "sandbox-instagram-app": App(
                    client_id="sandbox-instagram-app",
                    secret="sandbox-instagram-secret",  # noqa: S106
                    login="instagram",
                ),
            }
            self.toggles = Toggles()
            self.token_lifetimes = dict(tokens.LIFETIMES)
            self.platforms: dict[str, Platform] = {}
            for platform in self.platform_classes:
                self._found(platform(self))
            self.usage: dict[str, Any] = {}
            self.consents: dict[str, ConsentRequest] = {}
            self.grants: dict[tuple[str, str], Grant] = {}
            self.codes: dict[str, Code] = {}
            self.tokens: dict[str, Token] = {}
            self.containers: dict[str, Container] = {}
            self.media: dict[str, Media] = {}
            self.comments: dict[str, Comment] = {}
            self.publishes: list[tuple[str, float]] = []
            self.subscriptions: dict[str, list[str]] = {}
            self.deliveries: list[Delivery] = []
            self.calls: list[dict[str, Any]] = []
            self.faults: list[Fault] = []

    def _found(self, platform: Platform) -> None:
        self.platforms[platform.id] = platform
        app = platform.new_app()
        self.apps[app.client_id] = app
        for kind, seconds in platform.lifetimes.items():
            self.token_lifetimes[f"{platform.id}_{kind}"] = seconds

    def add_platform(self, platform: type[Platform]) -> None:
        """Play this platform too, from now on; twice is once."""
        with self.lock:
            if platform not in self.platform_classes:
                self.platform_classes += (platform,)
                self._found(platform(self))

    def now(self) -> float:
        """The world's time, in Unix seconds."""
        return self.clock() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        with self.lock:
            self.offset += seconds

    def fault(self, *, action: str, **conditions: Any) -> Fault:
        """Add trouble for calls to come, see `Fault`; its ``.fired`` counts how often it struck."""
        fault = Fault(action=action, **conditions)
        with self.lock:
            self.faults.append(fault)
        return fault

    def mint(self, owner: str, variant: Variant = "A", scopes: Collection[str] | None = None) -> str:
        """Return a long-lived token, no consent needed.

        Variant A with a person's key gives a user token, with an Instagram account's id or username the token
        of its Page. Variant B gives an Instagram Login token.
        """
        with self.lock:
            return tokens.mint(self, owner, variant, scopes).value

    def revoke(self, person: str, reason: int = 458) -> int:
        """End a person's tokens with a 190 subcode: 458 app removed, 460 password changed, 463 expired.

        Apps are not told; `webhooks.deauthorize` does both.
        """
        with self.lock:
            return tokens.end(self, self.people[person].key, reason)

    def posts(self) -> list[dict[str, Any]]:
        """What the public can see now, oldest first."""
        with self.lock:
            shown = [self._post(media) for media in self.media.values() if self.is_live(media)]
            for platform in self.platforms.values():
                shown += platform.public_posts()
            return sorted(shown, key=lambda post: post["timestamp"]) if self.platforms else shown

    def is_live(self, media: Media) -> bool:
        """Whether the public still sees it: a story is gone after a day."""
        return media.kind != "story" or self.now() < media.timestamp + DAY

    def permalink(self, media: Media) -> str:
        section = {"story": f"stories/{media.username}", "reel": "reel"}.get(media.kind, "p")
        return f"{self.base_url}/{INSTAGRAM}/{section}/{media.shortcode}/"

    def account(self, account_id: str) -> InstagramAccount | None:
        """The Instagram account under its professional or its app-scoped id."""
        for person in self.people.values():
            for account in person.accounts():
                if account_id in (account.id, account.scoped_id):
                    return account
        return None

    def page(self, page_id: str) -> Page | None:
        """The Page under this id, as the first person who has it sees it."""
        return next((p for person in self.people.values() for p in person.pages if p.id == page_id), None)

    def unique(self, source: str) -> str:
        """Return ``source`` marked so that no other result is the same, in this world and its seed."""
        self._count += 1
        return f"{self.seed}:{self._count}:{source}"

    def new_id(self, source: str, *, prefix: str, length: int = 17) -> str:
        return digits(self.unique(source), prefix=prefix, length=length)

    def new_word(self, source: str, *, prefix: str = "", length: int = 24) -> str:
        return letters(self.unique(source), prefix=prefix, length=length)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let others go on while this thread waits for the outside; it must hold the lock exactly once."""
        self.lock.release()
        try:
            yield
        finally:
            self.lock.acquire()

    def _post(self, media: Media) -> dict[str, Any]:
        comments = [c for c in self.comments.values() if c.media_id == media.id and not c.hidden]
        return {
            "platform": INSTAGRAM,
            "username": media.username,
            "account_id": media.account_id,
            "id": media.id,
            "container_id": media.container_id,
            "permalink": self.permalink(media),
            "kind": media.kind,
            "caption": media.caption,
            "alt_text": media.alt_texts[0] if media.alt_texts else "",
            "children": [
                {"id": child_id, "kind": item.kind, "url": item.url, "alt_text": alt}
                for child_id, item, alt in zip(media.child_ids, media.items, media.alt_texts, strict=False)
            ],
            "sizes": [[item.width, item.height] for item in media.items],
            "comments": [{"id": c.id, "username": c.username, "text": c.text} for c in comments],
            "timestamp": datetime.fromtimestamp(media.timestamp, tz=timezone.utc).isoformat(),
        }


@functools.cache
def in_process() -> World:
    """The one world of this process, for whoever needs no world of their own."""
    return World()

"""X as there is one in each world: who lives there, what was posted and uploaded, and what it tells apps.

Follows the X contract of 2026-11-22, sections 2.1, 9 and 14; see `twitter` for what is not done.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from .ids import digits
from .logins import Login
from .platform import Member, Platform, Post
from .records import DAY, Delivery

EPOCH: Final = 1288834974657
"""Milliseconds of Unix time at which X's ids begin."""

if TYPE_CHECKING:
    from .twitter_uploads import Upload


@dataclass(slots=True, kw_only=True)
class Wire:
    """A post as the API shows it: short links, its media, what it replies to."""

    post: Post
    text: str
    urls: list[dict[str, Any]]
    media_keys: list[str]
    parent: str = ""


class Twitter(Platform):
    id = "twitter"
    host = "x.com"
    login = Login(
        id="twitter",
        name="X",
        pages=(("x.com", "/i/oauth2/authorize"), ("twitter.com", "/i/oauth2/authorize")),
        scopes={
            "tweet.read": "See posts and profiles that you can see",
            "tweet.write": "Post and delete posts for you",
            "users.read": "See your profile",
            "users.email": "See your e-mail address",
            "media.write": "Upload pictures and films for you",
            "offline.access": "Stay connected until you end it",
        },
        params=frozenset(
            {
                "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
                "code_challenge_method",
            }
        ),
        denial={"error": "access_denied"},
        choosable=False,
        pkce=True,
        code_prefix="",
        code_length=91,
    )  # fmt: skip
    app = {"client_id": "sandbox-twitter-app", "secret": "sandbox-twitter-secret"}
    lifetimes = {"code": 30, "access": 7200}
    toggles = {
        "self_serve": True,
        "billing": "",  # "credits", "cap" or "usage": what has run out
        "muzzled": False,
        "suspended": False,
        "too_long_status": 403,
        "duplicate_seconds": DAY,
        "posts_per_window": 100,
        "posts_per_day_of_app": 10_000,
        "timeline_delay": 0.0,
        "append_body": True,
        "names": "tweet",  # or "post", as in newer specifications
        "processing_seconds": 2.0,
        "processing_fails": False,
    }

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.wires: dict[str, Wire] = {}
        self.uploads: dict[str, Upload] = {}
        self.subscriptions = {"creator": "Premium"}
        self.counts: dict[tuple[str, str], tuple[float, int]] = {}
        self.spent, self.last_id = 0.0, 0
        self.webhook, self.consumer_secret = "", "sandbox-twitter-consumer-secret"

    def seed(self) -> Iterable[tuple[str, Member]]:
        for person in ("two_businesses", "shop", "creator"):
            account = self.world.people[person].accounts()[0]
            handle = account.username.replace(".", "_")
            yield (
                person,
                Member(id=digits(f"x:{handle}", prefix="17", length=19), username=handle, name=account.name),
            )

    def new_id(self) -> str:
        """Return an id that is larger than those given out before, as X's are."""
        milliseconds = int(self.world.now() * 1000) - EPOCH
        self.last_id = max(self.last_id + 1, milliseconds << 22)
        return str(self.last_id)

    def limit(self, key: tuple[str, str], most: int, window: float) -> tuple[int, int]:
        """Count a call. Return how many are left, -1 for one too many, and when the window ends."""
        now = self.world.now()
        began, used = self.counts.get(key, (now, 0))
        if now >= began + window:
            began, used = now, 0
        self.counts[key] = (began, used + 1)
        return max(-1, most - used - 1), int(began + window)

    def tell(self, event_type: str, payload: Mapping[str, Any]) -> Delivery:
        """Queue an event for the app's webhook, signed."""
        event = {
            "event_uuid": self.world.new_id("event", prefix="5", length=16),
            "filter": {},
            "event_type": event_type,
            "payload": dict(payload),
        }
        body = json.dumps({"data": event}).encode()
        headers = {
            "Content-Type": "application/json",
            "x-twitter-webhooks-signature": self.signature(body),
        }
        delivery = Delivery(
            client_id=self.app["client_id"],
            kind="event",
            url=self.webhook,
            headers=headers,
            body=body,
            next_at=self.world.now(),
        )
        self.world.deliveries.append(delivery)
        return delivery

    def register(self, url: str) -> None:
        """Send events to this address, which has to pass the challenge (CRC)."""
        challenge = self.world.new_word("crc", length=30)
        status, body = self.world.send("GET", f"{url}?crc_token={challenge}", {}, b"")
        right = {"response_token": self.signature(challenge.encode())}
        if status != 200 or json.loads(body) != right:
            raise ValueError(f"{url} did not pass the challenge: {status}")
        self.webhook = url

    def disconnect(self, person: str) -> None:
        """Let a person take the app's access away, and tell the app."""
        for token in self.world.tokens.values():
            if token.person == person and token.kind.startswith(f"{self.id}_"):
                token.dead = 0
        at = datetime.fromtimestamp(self.world.now(), tz=timezone.utc).isoformat(timespec="seconds")
        if self.webhook:
            self.tell("oauth.revoke", {"date_time": at, "user_id": self.members[person].id, "app_id": "1990"})

    def signature(self, message: bytes) -> str:
        mac = hmac.new(self.consumer_secret.encode(), message, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(mac).decode()}"

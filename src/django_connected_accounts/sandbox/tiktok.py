"""TikTok: Login Kit, creator info, direct posts and inbox drafts, chunks, status, videos, webhooks.

Follows the TikTok contract of 2026-11-22. Toggles: ``profile`` "classic" (24 h and 365 days) or "rotating"
(2 h and 180 days, refresh tokens work once), ``audited``, ``private_account``, ``refusal`` (the code that
refuses every beginning), ``fail_reason`` (with which processing ends) and more. Webhooks go to the address of
`webhooks.register`, in ``webhook_copies``. Not done: the developer sandbox's caps, app versions, other
signatures for retries. Invented, as undocumented: how long processing and moderation take, that a code lives
for ten minutes, that to allow what the creator closed is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse, JsonResponse

from . import oauth
from .ids import digits, letters
from .logins import Login
from .platform import Member, Platform, Post
from .records import DAY, Delivery, Item, Token
from .routing import Call, Refusal

if TYPE_CHECKING:
    pass

API, UPLOAD = "open.tiktokapis.com", "open-upload.tiktokapis.com"
PUBLIC: Final = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
PRIVATE: Final = ("FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
EVENTS: Final = {
    "FAILED": "post.publish.failed",
    "SEND_TO_USER_INBOX": "post.publish.inbox_delivered",
    "PUBLISH_COMPLETE": "post.publish.complete",
}
PER_MINUTE: Final = {"init": 6, "creator_info": 20, "status": 30}


@dataclass(slots=True, kw_only=True)
class Publish:
    """What a ``publish_id`` stands for."""

    id: str
    member: Member
    direct: bool
    info: Mapping[str, Any]
    began_at: float
    size: int = 0
    chunk: int = 0
    mime: str = "video/mp4"
    body: bytearray = field(default_factory=bytearray, repr=False)
    items: tuple[Item, ...] = ()
    ready_at: float | None = None
    """When processing ends; None while bytes are missing."""
    post_id: str = ""
    fail_reason: str = ""
    finished: bool = False
    """Whether its owner has published this draft."""
    told: set[str] = field(default_factory=set)
    """The events by which the app was told of it."""


class Error(Refusal):
    """TikTok's envelope."""

    def __init__(self, code: str, status: int = 400, message: str = "") -> None:
        super().__init__(code)
        self.code, self.status, self.message = code, status, message

    def respond(self, call: Call) -> HttpResponse:
        error = {"code": self.code, "message": self.message or self.code, "log_id": log_id(call)}
        return JsonResponse({"data": {}, "error": error}, status=self.status)


class TikTok(Platform):
    id = "tiktok"
    host = "www.tiktok.com"
    login = Login(
        id="tiktok",
        name="TikTok",
        pages=(("www.tiktok.com", "/v2/auth/authorize/"),),
        scopes={
            "user.info.basic": "Read your profile",
            "user.info.profile": "Read your username",
            "user.info.stats": "Read your numbers",
            "video.list": "Read your public videos",
            "video.upload": "Put drafts into your inbox",
            "video.publish": "Publish posts",
        },
        params=frozenset(
            {
                "client_key", "redirect_uri", "state", "scope", "response_type", "disable_auto_auth",
                "code_challenge", "code_challenge_method",
            }
        ),
        denial={"error": "access_denied", "error_description": "The user denied the request"},
        client_id_name="client_key",
        code_prefix="v2.c*1!",
        code_length=64,
        names_scopes=True,
    )  # fmt: skip
    lifetimes = {"code": 600, "access": DAY}
    handshake = False
    toggles = {
        "profile": "classic",
        "audited": True,
        "private_account": False,
        "comment_disabled": False,
        "duet_disabled": False,
        "stitch_disabled": False,
        "max_seconds": 600,
        "processing_seconds": 30.0,
        "moderation_seconds": 30.0,
        "refusal": "",
        "fail_reason": "",
        "posts_per_day": 15,
        "pending_drafts": 5,
        "posting_users": 5,
        "webhook_copies": 1,
        "verified_prefixes": ["http"],
        "hexadecimal_challenge": True,
        "error_with_200": False,
    }

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.publishes: dict[str, Publish] = {}
        self.recent: list[tuple[str, str, float]] = []

    def seed(self) -> Iterable[tuple[str, Member]]:
        for person in ("two_businesses", "shop", "creator"):
            account = self.world.people[person].accounts()[0]
            open_id = "-000" + letters(f"tiktok:{account.username}", length=32)
            yield person, Member(id=open_id, username=account.username, name=account.name)

    def options(self) -> tuple[str, ...]:
        return PRIVATE if self.toggle["private_account"] else PUBLIC

    def progress(self, publish: Publish) -> str:
        """Return how far a post is now, make public what is due, and tell the app."""
        how = self._progress(publish)
        if event := EVENTS.get(how):
            self.tell(publish, event, {"reason": publish.fail_reason} if how == "FAILED" else {})
        if how == "PUBLISH_COMPLETE" and self.is_moderated(publish):
            self.tell(publish, "post.publish.publicly_available", {"post_id": publish.post_id})
        return how

    def _progress(self, publish: Publish) -> str:
        now = self.world.now()
        if publish.fail_reason:
            return "FAILED"
        if publish.ready_at is None or now < publish.ready_at:
            return "PROCESSING_UPLOAD" if publish.size else "PROCESSING_DOWNLOAD"
        if self.toggle["fail_reason"] and not publish.post_id:
            publish.fail_reason = self.toggle["fail_reason"]
            return "FAILED"
        if not publish.direct and not publish.finished:
            return "SEND_TO_USER_INBOX"
        if not publish.post_id:
            self._post(publish)
        return "PUBLISH_COMPLETE"

    def is_moderated(self, publish: Publish) -> bool:
        """Say whether everybody may see it by now, and under which id."""
        due = (publish.ready_at or 0) + self.toggle["moderation_seconds"]
        return self.posts[publish.post_id].public and self.world.now() >= due

    def finish(self, publish_id: str, text: str = "", privacy_level: str = "PUBLIC_TO_EVERYONE") -> None:
        """Let the owner of an account publish a draft from their inbox."""
        publish = self.publishes[publish_id]
        publish.finished, publish.info = True, {"title": text, "privacy_level": privacy_level}

    def pass_time(self) -> None:
        for publish in self.publishes.values():
            self.progress(publish)

    def tell(self, publish: Publish, event: str, content: Mapping[str, Any]) -> None:
        """Tell the app once what became of a post."""
        if event not in publish.told:
            publish.told.add(event)
            kind = "DIRECT_PUBLISH" if publish.direct else "INBOX_SHARE"
            told = {"publish_id": publish.id, "publish_type": kind, **content}
            notify(self, publish.member, event, told)

    def disconnect(self, person: str, reason: int = 1) -> None:
        """Let a person end the app's access, or whoever else for a ``reason`` of theirs, and tell the app."""
        for token in self.world.tokens.values():
            if token.person == person and token.kind.startswith(f"{self.id}_"):
                token.dead = 0
        notify(self, self.members[person], "authorization.removed", {"reason": reason})

    def public_posts(self) -> list[dict[str, Any]]:
        self.pass_time()
        return super().public_posts()

    def _post(self, publish: Publish) -> None:
        publish.post_id = digits(self.world.unique("tiktok"), prefix="75", length=19)
        section = "video" if publish.size or publish.items[0].kind == "video" else "photo"
        self.posts[publish.post_id] = Post(
            id=publish.post_id,
            account_id=publish.member.id,
            username=publish.member.username,
            kind=section,
            path=f"/@{publish.member.username}/{section}/{publish.post_id}",
            timestamp=publish.ready_at or self.world.now(),
            text=str(publish.info.get("description") or publish.info.get("title") or ""),
            items=publish.items,
            public=publish.info.get("privacy_level") != "SELF_ONLY",
            facts={"publish_id": publish.id, "post_info": dict(publish.info)},
        )


def authorise(call: Call, scope: str) -> Token:
    access = oauth.bearer(call, TikTok.of(call.world))
    if access is None:
        raise Error("access_token_invalid", 401)
    if scope and scope not in access.scopes:
        raise Error("scope_not_authorized", 401)
    return access


def count(call: Call, access: Token, what: str) -> None:
    recent, now = TikTok.of(call.world).recent, call.world.now()
    if sum(row[:2] == (access.value, what) and row[2] > now - 60 for row in recent) >= PER_MINUTE[what]:
        raise Error("rate_limit_exceeded", 429)
    recent.append((access.value, what, now))


def ok(call: Call, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": data, "error": {"code": "ok", "message": "", "log_id": log_id(call)}}


def log_id(call: Call) -> str:
    return call.world.new_word("log", prefix="20261122", length=30)


def notify(platform: TikTok, member: Member, event: str, content: Mapping[str, Any]) -> list[Delivery]:
    """Queue what TikTok tells the app, signed, as often as it tells it."""
    world, app = platform.world, platform.world.apps["sandbox-tiktok-app"]
    now = int(world.now())
    told = {
        "client_key": app.client_id,
        "event": event,
        "create_time": now,
        "user_openid": member.id,
        "content": json.dumps(dict(content)),
    }
    body = json.dumps(told).encode()
    signature = hmac.new(app.secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Tiktok-Signature": f"t={now},s={signature}"}
    queued = [
        Delivery(
            client_id=app.client_id, kind=event, url=app.webhook.url, headers=headers, body=body, next_at=now
        )
        for _ in range(platform.toggle["webhook_copies"] if app.webhook.url else 0)
    ]
    world.deliveries += queued
    return queued

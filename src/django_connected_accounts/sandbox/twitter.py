"""X: OAuth 2.0 with single-use refresh tokens, posts, uploads in pieces, timelines, limits and bills.

Follows the X contract of 2026-11-22. Not done: app-only tokens, subscriptions to events over HTTP
(`Twitter.tell` sends them), analytics, likes, follows, edits, community posts. Invented, being undocumented:
how a missing scope and a picture that can't be decoded are answered, and how long the same text counts as
a duplicate. Links are told by a few top-level domains.
"""

from __future__ import annotations

from typing import Any, Final

from . import oauth
from . import twitter_posts as posts
from . import twitter_uploads as uploads
from .routing import Answer, Call, Refused, Route
from .twitter_api import Asked, Twitter, endpoint, fields_of

__all__ = ["Twitter"]

HOSTS: Final = ("api.x.com", "api.twitter.com")
READ: Final = ("tweet.read", "users.read")
WRITE: Final = (*READ, "tweet.write")
UPLOAD: Final = ("media.write",)


class Denial(Refused):
    """The token endpoint's envelope."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(status, {"error": error, "error_description": description})


def unproven() -> Denial:
    return Denial("unauthorized_client", "Missing valid authorization header", status=401)


def token(call: Call) -> Answer:
    """A code, or a refresh token that works once, to a pair of tokens."""
    call.accept(
        {"grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "client_id", "scope"}
    )
    platform = Twitter.of(call.world)
    if call.text("grant_type") not in ("authorization_code", "refresh_token"):
        raise Denial("unsupported_grant_type", "Grant type is not supported")
    try:
        grant = oauth.granted(call, platform, basic=True, single_use=True)
    except oauth.Failure as failure:
        if failure.reason in ("client_unknown", "secret_wrong"):
            raise unproven() from None
        what = "token" if failure.reason.startswith("refresh") else "authorization code"
        raise Denial("invalid_request", f"Value passed for the {what} was invalid.") from None
    known: dict[str, Any] = {"client_id": grant.client_id, "person": grant.person, "scopes": grant.scopes}
    lifetime = platform.lifetime("access")
    access = oauth.issue(platform, "access", lifetime=lifetime, family=grant.family, **known)
    answer = {
        "token_type": "bearer",
        "expires_in": int(lifetime),
        "access_token": access.value,
        "scope": " ".join(sorted(grant.scopes, reverse=True)),
    }
    if "offline.access" in grant.scopes:
        answer["refresh_token"] = oauth.issue(platform, "refresh", family=access.family, **known).value
    return answer


def revoke(call: Call) -> Answer:
    call.accept({"token", "token_type_hint", "client_id"})
    platform = Twitter.of(call.world)
    try:
        oauth.client(call, platform.login, basic=True)
    except oauth.Failure:
        raise unproven() from None
    found = call.world.tokens.get(call.text("token"))
    if found is None or not found.kind.startswith("twitter_"):
        raise Denial("invalid_request", "Value passed for the token was invalid.")
    oauth.end(platform, found)
    return {"revoked": True}


def me(asked: Asked) -> Answer:
    call, platform, member = asked.call, asked.platform, asked.member
    call.accept({"user.fields", "tweet.fields", "expansions"})
    wanted = fields_of(call, "user")
    own = [wire for wire in platform.wires.values() if wire.post.account_id == member.id]
    row = {
        "id": member.id,
        "name": member.name,
        "username": member.username,
        "created_at": "2019-03-01T08:00:00.000Z",
        "profile_image_url": platform.portrait(member),
        "protected": False,
        "verified_type": "none",
        "subscription_type": platform.subscriptions.get(asked.token.person, "None"),
        "public_metrics": {
            "followers_count": int(member.id) % 5000,
            "following_count": 3,
            "tweet_count": len(own),
            "listed_count": 0,
            "like_count": 9,
            "media_count": sum(len(wire.media_keys) for wire in own),
        },
    }
    return {"data": {k: v for k, v in row.items() if k in wanted | {"id", "name", "username"}}}


_TABLE: Final = (
    # Method, path, calls in 15 minutes by account, scopes, answer.
    ("GET", "/2/users/me", 75, READ, me),
    ("POST", "/2/tweets", 100, WRITE, posts.create),
    ("DELETE", r"/2/tweets/(\d{1,19})", 50, WRITE, posts.delete),
    ("GET", r"/2/tweets/(\d{1,19})", 900, READ, posts.lookup),
    ("GET", "/2/tweets", 5000, READ, posts.lookup),
    ("GET", r"/2/users/(\d{1,19})/tweets", 900, READ, posts.timeline),
    ("POST", "/2/media/upload/initialize", 1875, UPLOAD, uploads.initialize),
    ("POST", r"/2/media/upload/(\d{1,19})/append", 1875, UPLOAD, uploads.append),
    ("POST", r"/2/media/upload/(\d{1,19})/finalize", 1875, UPLOAD, uploads.finalize),
    ("GET", "/2/media/upload", 1000, UPLOAD, uploads.status),
    ("POST", "/2/media/upload", 500, UPLOAD, uploads.upload_at_once),
    ("POST", "/2/media/metadata", 500, UPLOAD, uploads.describe),
)
Twitter.routes = tuple(
    route
    for host in HOSTS
    for route in (
        Route(host, "POST", "/2/oauth2/token", token),
        Route(host, "POST", "/2/oauth2/revoke", revoke),
        *(
            Route(host, method, path, endpoint(f"{method} {path}", most, scopes, answer))
            for method, path, most, scopes, answer in _TABLE
        ),
    )
)

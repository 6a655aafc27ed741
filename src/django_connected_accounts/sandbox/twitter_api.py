"""What X's endpoints share: tokens, who may ask, limits, bills, envelopes; and the account itself.

Follows the X contract of 2026-11-22, sections 2, 3, 7, 8 and 10; see `twitter` for what is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final

from django.http import JsonResponse

from . import oauth
from .platform import Member
from .records import DAY, Token
from .routing import Answer, Call, Refused
from .twitter_account import Twitter

WINDOW: Final = 15 * 60
TYPES: Final = "https://api.twitter.com/2/problems/"
FIELDS: Final = {
    "user": {
        "id", "name", "username", "created_at", "description", "profile_image_url", "protected",
        "public_metrics", "verified", "verified_type", "subscription_type", "confirmed_email", "location",
        "url",
    },
    "tweet": {
        "id", "text", "created_at", "entities", "attachments", "note_tweet", "author_id", "public_metrics",
        "non_public_metrics", "organic_metrics",
    },
    "media": {"media_key", "type", "public_metrics"},
}  # fmt: skip


class Problem(Refused):
    """X's envelope. ``kind`` is the last segment of its type, "" for ``about:blank``."""

    def __init__(self, status: int, title: str, detail: str = "", kind: str = "", **more: Any) -> None:
        told = {"title": title, "detail": detail or title, "type": TYPES + kind if kind else "about:blank"}
        super().__init__(status, {**told, **({} if kind == "credits" else {"status": status}), **more})


class Denial(Refused):
    """The token endpoint's envelope."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(status, {"error": error, "error_description": description})


UNPROVEN: Final = Denial("unauthorized_client", "Missing valid authorization header", status=401)


def invalid(parameter: str, value: Any, message: str) -> Problem:
    errors = [{"parameters": {parameter: [str(value)]}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    return Problem(400, "Invalid Request", detail, "invalid-request", errors=errors)


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
            raise UNPROVEN from None
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
        raise UNPROVEN from None
    found = call.world.tokens.get(call.text("token"))
    if found is None or not found.kind.startswith("twitter_"):
        raise Denial("invalid_request", "Value passed for the token was invalid.")
    oauth.end(platform, found)
    return {"revoked": True}


@dataclass(slots=True, frozen=True)
class Asked:
    """Who asks, and for what; ``query`` are the parameters accepted."""

    call: Call
    platform: Twitter
    token: Token
    member: Member = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "member", self.platform.members[self.token.person])


def endpoint(
    name: str, most: int, scopes: Iterable[str], answer: Callable[..., Answer]
) -> Callable[..., Answer]:
    """Return an endpoint that lets in who has the scopes, counts calls and says so in headers."""

    def respond(call: Call, *args: str) -> Answer:
        platform = Twitter.of(call.world)
        token = oauth.bearer(call, platform)
        if token is None:
            raise Problem(401, "Unauthorized")
        creating = name == "POST /2/tweets"
        allowed = int(platform.toggle["posts_per_window"]) if creating else most
        budgets = {"x-rate-limit": (allowed, platform.limit((name, token.person), allowed, WINDOW))}
        if creating:
            whole = int(platform.toggle["posts_per_day_of_app"])
            budgets["x-app-limit-24hour"] = (whole, platform.limit((name, ""), whole, DAY))
        try:
            if any(left < 0 for _, (left, _) in budgets.values()):
                raise Problem(429, "Too Many Requests")
            if not set(scopes) <= token.scopes:
                raise Problem(403, "Forbidden")
            found = answer(Asked(call, platform, token), *args)
        except Problem as problem:
            found = problem.respond(call)
        response = JsonResponse(found) if isinstance(found, dict) else found
        for header, (limit, (left, reset)) in budgets.items():
            response[f"{header}-limit"], response[f"{header}-remaining"] = str(limit), str(max(0, left))
            response[f"{header}-reset"] = str(reset)
        response["x-transaction-id"] = call.world.new_word("transaction", length=16).lower()
        return response

    return respond


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


def fields_of(call: Call, kind: str) -> set[str]:
    names = set(filter(None, call.text(f"{kind}.fields").split(",")))
    for name in sorted(names - FIELDS[kind]):
        raise invalid(f"{kind}.fields", name, f"[{name}] is not one of {sorted(FIELDS[kind])}")
    return names


def refuse_unpaid(platform: Twitter, *, reading: bool = False) -> None:
    billing = platform.toggle["billing"]
    if billing == "credits":
        detail = "Your enrolled account [1990001] does not have any credits to fulfill this request."
        raise Problem(402, "CreditsDepleted", detail, "credits", account_id=1990001)
    if billing == "cap":
        at = datetime.fromtimestamp(platform.world.now() + 10 * DAY, tz=timezone.utc).date().isoformat()
        detail = "Your enrolled account [1990001] has reached its billing cycle spend cap."
        raise Problem(403, "SpendCapReached", detail, "credits", reset_date=at)
    if billing == "usage" and reading:
        detail = "Usage cap exceeded: Monthly product cap"
        raise Problem(429, "UsageCapExceeded", detail, "usage-capped", period="Monthly", scope="Product")

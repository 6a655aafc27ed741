"""Threads: its login, containers, publishing, quotas and insights, on graph.threads.net.

Follows the Threads contract of 2026-11-22. Not done: reposts, replies' moderation, locations, GIFs, text
attachments, deauthorize callbacks, app review. Invented, because undocumented: the answer to the 251st post
of a day (code 9 without a subcode), and to refreshing a token younger than a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from . import meta, oauth
from .errors import FlatError, GraphError
from .ids import digits
from .logins import Login
from .meta import fields_of, select
from .platform import Member, Platform
from .records import DAY, Token
from .routing import Answer, Call

HOST: Final = "graph.threads.net"
ANY: Final = r"(?:/v1\.0)?"
"""Calls without a version are answered too."""

ME: Final = rf"{ANY}/(me|\d+)"
LONG: Final = 60 * DAY


class Threads(Platform):
    id = "threads"
    host = "www.threads.com"
    login = Login(
        id="threads",
        name="Threads",
        pages=tuple(
            (host, "/oauth/authorize/?") for host in ("threads.com", "threads.net", "www.threads.net")
        ),
        scopes={
            "threads_basic": "Read your profile and posts",
            "threads_content_publish": "Publish posts",
            "threads_manage_replies": "Manage replies",
            "threads_read_replies": "Read replies",
            "threads_manage_insights": "Read insights",
            "threads_delete": "Delete posts",
        },
        mandatory=frozenset({"threads_basic"}),
        params=frozenset({"client_id", "redirect_uri", "state", "scope", "response_type"}),
        denial={
            "error": "access_denied",
            "error_reason": "user_denied",
            "error_description": "The user denied your request",
        },
        fragment="#_",
    )
    lifetimes = {"short": 3600, "long": LONG}
    toggles = {
        "numeric_user_id": True,
        "race_seconds": 0.0,
        "posts_per_day": 250,
        "second_publish": "error",
    }

    def seed(self) -> Iterable[tuple[str, Member]]:
        for person in ("two_businesses", "shop", "creator"):
            account = self.world.people[person].accounts()[0]
            member_id = digits(f"threads:{account.username}", prefix="178414", length=17)
            yield person, Member(id=member_id, username=account.username, name=account.name)


def exchange(call: Call) -> Answer:
    """A code to a token of an hour."""
    call.accept({"client_id", "client_secret", "grant_type", "redirect_uri", "code"})
    platform = Threads.of(call.world)
    try:
        app = oauth.client(call, Threads.login)
        code = oauth.redeem(call, app)
    except oauth.Failure as failure:
        used = "Matching code was not found or was already used"
        raise FlatError(used if failure.reason.startswith("code") else "Invalid platform app") from None
    token = _token(call, app.client_id, code.person, code.scopes, "short")
    member = platform.members[code.person]
    number = int(member.id) if platform.toggle["numeric_user_id"] else member.id
    return {"access_token": token.value, "user_id": number}


def lengthen(call: Call) -> Answer:
    """A token of an hour to one of 60 days."""
    call.accept({"grant_type", "client_secret", "access_token"})
    token = authorise(call, "threads_basic")
    secret = call.world.apps[token.client_id].secret
    if call.text("grant_type") != "th_exchange_token" or secret != call.text("client_secret") or token.long:
        raise GraphError(100, message="(#100) Invalid parameter")
    return _bearer(_token(call, token.client_id, token.person, token.scopes, "long"))


def refresh(call: Call) -> Answer:
    """60 more days for a long token at least a day old."""
    call.accept({"grant_type", "access_token"})
    if call.token and call.token.rotated and call.world.toggles.revoke_on_reuse:
        oauth.end(Threads.of(call.world), call.token)
    token = authorise(call, "threads_basic")
    if call.text("grant_type") != "th_refresh_token" or not token.long:
        raise GraphError(100, message="(#100) Invalid parameter")
    if call.world.now() < token.issued_at + DAY:
        raise GraphError(100, message="The token must be at least 24 hours old (answer invented)")
    if not call.world.toggles.rotate_on_refresh:
        token.issued_at, token.expires_at = call.world.now(), call.world.now() + LONG
        return _bearer(token)
    token.dead, token.rotated = 0, True
    return _bearer(_token(call, token.client_id, token.person, token.scopes, "long", token.family))


def debug_token(call: Call) -> Answer:
    call.accept({"input_token", "access_token"})
    app_id, _, secret = call.token_value.removeprefix("TH|").partition("|")
    app = call.world.apps.get(app_id)
    if app is None or app.secret != secret:
        raise GraphError(190)
    token = call.world.tokens.get(call.text("input_token"))
    if token is None or token.client_id != app_id:
        return {"data": {"is_valid": False, "error": {"code": 190, "message": "Malformed access token"}}}
    return {
        "data": {
            "is_valid": token.dead is None,
            "scopes": sorted(token.scopes),
            "expires_at": int(token.expires_at or 0),
            "user_id": Threads.of(call.world).members[token.person].id,
            "application": app.name,
        }
    }


def profile(call: Call, node: str) -> Answer:
    member = member_of(call, node, "threads_basic")
    row = {
        "id": member.id,
        "username": member.username,
        "name": member.name,
        "threads_profile_picture_url": Threads.of(call.world).portrait(member),
        "threads_biography": None,
        "is_verified": False,
        "is_eligible_for_geo_gating": False,
    }
    return select(row, fields_of(call.text("fields")), "ThreadsUser", ("id",))


def authorise(call: Call, scope: str) -> Token:
    """Return the token of this call if it may do this, or refuse."""
    token = call.token
    if token is None or token.kind != "threads_access":
        raise GraphError(190)
    meta.check_alive(call, token)
    if scope not in token.scopes:
        raise GraphError(10)
    return token


def member_of(call: Call, node: str, scope: str) -> Member:
    token = authorise(call, scope)
    member = Threads.of(call.world).members[token.person]
    if node not in ("me", member.id):
        raise meta.invisible(node, call)
    return member


def _token(
    call: Call, client_id: str, person: str, scopes: Iterable[str], kind: str, family: str = ""
) -> Token:
    platform = Threads.of(call.world)
    token = oauth.issue(
        platform,
        "access",
        client_id=client_id,
        person=person,
        scopes=set(scopes),
        lifetime=platform.lifetime(kind),
        prefix="TH",
        length=172,
        family=family,
    )
    token.long = kind == "long"
    return token


def _bearer(token: Token) -> dict[str, Any]:
    seconds = int((token.expires_at or 0) - token.issued_at)
    return {"access_token": token.value, "token_type": "bearer", "expires_in": seconds}

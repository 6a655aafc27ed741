"""Threads: its login, containers, publishing, quotas and insights, on graph.threads.net.

Follows the Threads contract of 2026-11-22. Not done: reposts, replies' moderation, locations, GIFs, text
attachments, deauthorize callbacks, app review. Invented, because undocumented: the answer to the 251st post
of a day (code 9 without a subcode).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from . import meta, tokens
from .errors import GraphError
from .ids import digits
from .logins import Login
from .meta import fields_of, select
from .own_login import OwnLogin
from .platform import Member, Platform
from .records import DAY, Token
from .routing import Answer, Call

if TYPE_CHECKING:
    from .people import Person

HOST: Final = "graph.threads.net"
ANY: Final = r"(?:/v1\.0)?"
"""Calls without a version are answered too."""

ME: Final = rf"{ANY}/(me|\d+)"


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
    lifetimes = {"short": 3600, "long": 60 * DAY}
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

    def mint(self, person: Person, scopes: Collection[str] | None = None) -> Token:
        return tokens.issue(
            self.world,
            "threads",
            client_id=self.new_app().client_id,
            person=person.key,
            scopes=self.login.scopes if scopes is None else scopes,
            long=True,
            lifetime=self.lifetime("long"),
        )


LOGIN: Final = OwnLogin(
    login=Threads.login,
    kind="threads",
    grant="th",
    lifetimes="threads",
    scope="threads_basic",
    blanket="(#100) Invalid parameter",
)


def exchange(call: Call) -> Answer:
    code, platform = LOGIN.redeem(call), Threads.of(call.world)
    lifetime = platform.lifetime("short")
    token = tokens.for_code(call.world, "threads", code, scopes=code.scopes, lifetime=lifetime)
    member = platform.members[code.person]
    number = int(member.id) if platform.toggle["numeric_user_id"] else member.id
    return {"access_token": token.value, "user_id": number}


def lengthen(call: Call) -> Answer:
    call.accept({"grant_type", "client_secret", "access_token"})
    return LOGIN.lengthen(call, authorise(call, "threads_basic"))


def refresh(call: Call) -> Answer:
    call.accept({"grant_type", "access_token"})
    LOGIN.punish_reuse(call)
    return LOGIN.refresh(call, authorise(call, "threads_basic"))


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
    if token is None or token.kind != "threads":
        raise GraphError(190)
    tokens.check_alive(call, token)
    if scope not in token.scopes:
        raise GraphError(10)
    return token


def member_of(call: Call, node: str, scope: str) -> Member:
    token = authorise(call, scope)
    member = Threads.of(call.world).members[token.person]
    if node not in ("me", member.id):
        raise meta.invisible(node, call)
    return member

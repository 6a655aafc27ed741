"""Variant B: Instagram Login's tokens and profile, on api.instagram.com and graph.instagram.com.

Follows the Instagram Platform contract of 2026-11-22, sections 2.3, 2.4 and 3.2. Not done: messaging, the
deauthorize callback, anything about permissions afterwards (the platform has no endpoint for it).
"""

from __future__ import annotations

from typing import Final

from . import meta, tokens
from .discovery import account_node
from .errors import FlatError
from .logins import INSTAGRAM
from .meta import edges, fields_of, select
from .own_login import UNMATCHED, OwnLogin
from .routing import Answer, Call, Route

HOST: Final = "graph.instagram.com"
LOGIN: Final = OwnLogin(
    login=INSTAGRAM,
    kind="instagram",
    grant="ig",
    lifetimes="B",
    scope="instagram_business_basic",
    blanket="Unsupported request - method type: get",
    error_type="IGApiException",
)


def access_token(call: Call) -> Answer:
    """Exchange a code for a token of an hour."""
    code, world = LOGIN.redeem(call), call.world
    grant, account = world.grants[code.client_id, code.person], world.people[code.person].instagram
    if account is None:
        raise FlatError(UNMATCHED)
    lifetime = world.token_lifetimes["B_short"]
    known = {"scopes": grant.granted, "targets": {account.id}}
    token = tokens.for_code(world, "instagram", code, lifetime=lifetime, **known)
    granted = sorted(token.scopes)
    if world.toggles.b_exchange_shape == "wrapped":
        row = {"access_token": token.value, "user_id": account.scoped_id, "permissions": ",".join(granted)}
        return {"data": [row]}
    return {"access_token": token.value, "user_id": int(account.scoped_id), "permissions": granted}


def long_token(call: Call) -> Answer:
    """Personal accounts are refused here."""
    call.accept({"grant_type", "client_secret", "access_token", "client_id"})
    token = meta.authenticate(call)
    account = call.world.people[token.person].instagram
    if account is None or not account.professional:
        raise LOGIN.refusal()
    return LOGIN.lengthen(call, token)


def refresh(call: Call) -> Answer:
    call.accept({"grant_type", "access_token"})
    LOGIN.punish_reuse(call)
    return LOGIN.refresh(call, meta.authenticate(call))


def profile(call: Call, node: str) -> Answer:
    """Return the account that logged in: ``id`` is app-scoped, ``user_id`` is the professional account's."""
    if call.token is None or node not in call.token.targets:
        raise meta.invisible(node, call)
    found = select(account_node(call, node), fields_of(call.text("fields")), "IGUser", ("id",))
    if "user_id" in found and call.world.toggles.me_shape == "wrapped":
        return {"data": [found]}
    return found


ROUTES: Final = (Route("api.instagram.com", "POST", "/oauth/access_token", access_token),)
FIXED: Final = (
    Route(HOST, "GET", "/access_token", long_token),
    Route(HOST, "GET", "/refresh_access_token", refresh),
)
EDGES: Final = edges(("GET", "instagram", "", profile, ""), hosts=(HOST,))

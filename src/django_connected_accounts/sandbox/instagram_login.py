"""Variant B: Instagram Login's tokens and profile, on api.instagram.com and graph.instagram.com.

Follows the Instagram Platform contract of 2026-11-22, sections 2.3, 2.4 and 3.2. Not done: messaging, the
deauthorize callback, anything about permissions afterwards (the platform has no endpoint for it). Invented,
because undocumented: the answer to refreshing a token younger than 24 hours.
"""

from __future__ import annotations

from typing import Any, Final

from . import meta, tokens
from .discovery import account_node
from .errors import FlatError, GraphError
from .meta import Edge, fields_of, select
from .records import DAY, Code, Token
from .routing import Answer, Call, Route

HOST: Final = "graph.instagram.com"
BLANKET: Final = "Unsupported request - method type: get"


def access_token(call: Call) -> Answer:
    """Exchange a code for a token of an hour; a JSON body is not read."""
    if call.request.content_type == "application/json":
        raise FlatError("Missing required field client_id")
    call.accept({"client_id", "client_secret", "grant_type", "redirect_uri", "code"})
    world, app = call.world, call.world.apps.get(call.text("client_id"))
    if app is None or app.login != "instagram" or app.secret != call.text("client_secret"):
        raise FlatError("Invalid platform app")
    if call.text("grant_type") != "authorization_code":
        raise FlatError("Invalid grant_type")
    code = _code(call, app.client_id)
    code.used = True
    grant, account = world.grants[app.client_id, code.person], world.people[code.person].instagram
    if account is None:
        raise FlatError("Matching code was not found or was already used")
    token = tokens.issue(
        world,
        "instagram",
        client_id=app.client_id,
        person=code.person,
        scopes=grant.granted,
        targets={account.id},
        lifetime=world.token_lifetimes["B_short"],
    )
    granted = sorted(token.scopes)
    if world.toggles.b_exchange_shape == "wrapped":
        row = {"access_token": token.value, "user_id": account.scoped_id, "permissions": ",".join(granted)}
        return {"data": [row]}
    return {"access_token": token.value, "user_id": int(account.scoped_id), "permissions": granted}


def long_token(call: Call) -> Answer:
    """Exchange a token of an hour for one of 60 days; most refusals are the blanket one."""
    call.accept({"grant_type", "client_secret", "access_token", "client_id"})
    token = meta.authenticate(call)
    app = call.world.apps[token.client_id]
    account = call.world.people[token.person].instagram
    secret_fits = app.secret == call.text("client_secret")
    if call.text("grant_type") != "ig_exchange_token" or not secret_fits or token.long:
        raise GraphError(100, kind="IGApiException", message=BLANKET)
    if account is None or not account.professional:
        raise GraphError(100, kind="IGApiException", message=BLANKET)
    return _sixty_days(call, token)


def refresh(call: Call) -> Answer:
    """Return 60 more days for a long token at least a day old."""
    call.accept({"grant_type", "access_token"})
    if call.token and call.token.rotated and call.world.toggles.revoke_on_reuse:
        tokens.end(call.world, call.token.person, 0, call.token.client_id)
    token = meta.authenticate(call)
    refreshable = token.long and "instagram_business_basic" in token.scopes
    if call.text("grant_type") != "ig_refresh_token" or not refreshable:
        raise GraphError(100, kind="IGApiException", message=BLANKET)
    if call.world.now() < token.issued_at + DAY:
        message = "The token must be at least 24 hours old to be refreshed (answer invented by the sandbox)"
        raise GraphError(100, kind="IGApiException", message=message)
    if call.world.toggles.rotate_on_refresh:
        token.dead, token.rotated = 0, True
        return _sixty_days(call, token)
    lifetime = call.world.token_lifetimes["B_long"]
    token.issued_at = call.world.now()
    token.expires_at = token.issued_at + lifetime
    return _bearer(token, lifetime)


def profile(call: Call, node: str) -> Answer:
    """Return the account that logged in: ``id`` is app-scoped, ``user_id`` is the professional account's."""
    if call.token is None or node not in call.token.targets:
        raise meta.invisible(node, call)
    found = select(account_node(call, node), fields_of(call.text("fields")), "IGUser", ("id",))
    if "user_id" in found and call.world.toggles.me_shape == "wrapped":
        return {"data": [found]}
    return found


def _code(call: Call, client_id: str) -> Code:
    code = call.world.codes.get(call.text("code"))
    if code is None or code.client_id != client_id or code.expires_at <= call.world.now():
        raise FlatError("Matching code was not found or was already used")
    if code.used:
        raise FlatError("This authorization code has been used")
    if code.redirect_uri != call.text("redirect_uri"):
        raise FlatError(
            "Error validating verification code. Please make sure your redirect_uri is identical to the one "
            "you used in the OAuth dialog request"
        )
    return code


def _sixty_days(call: Call, token: Token) -> dict[str, Any]:
    lifetime = call.world.token_lifetimes["B_long"]
    younger = tokens.issue(
        call.world,
        "instagram",
        client_id=token.client_id,
        person=token.person,
        scopes=token.scopes,
        targets=token.targets,
        long=True,
        lifetime=lifetime,
    )
    return _bearer(younger, lifetime)


def _bearer(token: Token, lifetime: float) -> dict[str, Any]:
    return {"access_token": token.value, "token_type": "bearer", "expires_in": int(lifetime)}


ROUTES: Final = (Route("api.instagram.com", "POST", "/oauth/access_token", access_token),)
FIXED: Final = (
    Route(HOST, "GET", "/access_token", long_token),
    Route(HOST, "GET", "/refresh_access_token", refresh),
)
EDGES: Final = (Edge("GET", "instagram", "", profile, hosts=(HOST,)),)

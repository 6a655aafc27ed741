"""Variant A: Facebook Login's tokens and permissions, on graph.facebook.com.

Follows the Instagram Platform contract of 2026-11-22, sections 2.1, 2.2, 2.5 and 2.6. Not done: system
users, ``config_id``, the deauthorize callback.
"""

from __future__ import annotations

from typing import Any, Final

from . import meta, oauth, tokens
from .errors import GraphError
from .logins import FACEBOOK
from .meta import edges, fields_of, select
from .people import Person
from .records import App, Grant, Token
from .routing import Answer, Call, Route

HOST: Final = "graph.facebook.com"
ONLY_HERE: Final = (HOST,)
REFUSALS: Final[dict[str, tuple[int, int | None, str]]] = {
    # reason: code, subcode, and the text where the table of texts has none
    "client_unknown": (
        101,
        None,
        "Error validating application. Cannot get application info due to a system error.",
    ),
    "secret_wrong": (1, None, "Error validating client secret."),
    "code_unknown": (100, None, "Invalid verification code format."),
    "code_expired": (100, 36007, ""),
    "redirect_mismatch": (100, 36008, ""),
    "code_used": (100, 36009, ""),
}


def access_token(call: Call) -> Answer:
    """Exchange a code, or a short token for a long one, or an app's secret for an app token."""
    call.accept(
        {
            "client_id", "client_secret", "redirect_uri", "code", "grant_type", "fb_exchange_token", "format",
            "access_token",
        }
    )  # fmt: skip
    try:
        return _granted(call, oauth.client(call, FACEBOOK))
    except oauth.Failure as failure:
        code, subcode, message = REFUSALS[failure.reason]
        raise GraphError(code, subcode, message=message) from None


def _granted(call: Call, app: App) -> Answer:
    grant_type = call.text("grant_type")
    if grant_type == "client_credentials":
        token = tokens.issue(call.world, "app", client_id=app.client_id)
        return {"access_token": token.value, "token_type": "bearer"}
    if grant_type == "fb_exchange_token":
        return _long_token(call, app)
    if grant_type not in ("", "authorization_code"):
        raise GraphError(100, message=f"(#100) Unsupported grant_type {grant_type}")
    return _exchange(call, app)


def debug_token(call: Call) -> Answer:
    """Say what a token is; an invalid one is described too, with HTTP 200."""
    call.accept(meta.ALWAYS | {"input_token"})
    asking = meta.authenticate(call)
    token = call.world.tokens.get(call.text("input_token"))
    if token is None:
        return {
            "data": {
                "is_valid": False,
                "scopes": [],
                "error": {"code": 190, "message": "Malformed access token"},
            }
        }
    if token.client_id != asking.client_id:
        raise GraphError(100, message="(#100) The App_id in the input_token did not match the Viewing App")
    data: dict[str, Any] = {
        "app_id": token.client_id,
        "type": token.kind.upper(),
        "application": call.world.apps[token.client_id].name,
        "is_valid": True,
        "issued_at": int(token.issued_at),
        "expires_at": int(token.expires_at or 0),
        "data_access_expires_at": int(token.data_access_expires_at or 0),
        "scopes": sorted(token.scopes),
        "granular_scopes": [
            {"scope": scope, "target_ids": sorted(token.targets)}
            for scope in sorted(token.scopes)
            if scope.startswith(("pages_", "instagram_"))
        ],
    }
    if token.person:
        data["user_id"] = call.world.people[token.person].id
    if token.kind == "page":
        data["profile_id"] = token.page
    try:
        tokens.check_alive(call, token)
    except GraphError as error:
        data["is_valid"] = False
        data["error"] = {"code": error.code, "message": error.message, "subcode": error.subcode or 0}
    return {"data": data}


def me(call: Call, node: str) -> Answer:
    person = person_of(call)
    return select({"id": person.id, "name": person.name}, fields_of(call.text("fields")), "User", ("name",))


def permissions(call: Call, node: str) -> Answer:
    token = user_token(call)
    grant = call.world.grants.get((token.client_id, token.person), Grant())
    rows = [{"permission": name, "status": "granted"} for name in sorted(grant.granted)]
    rows += [{"permission": name, "status": "declined"} for name in sorted(grant.declined - grant.granted)]
    return {"data": rows}


def revoke_permissions(call: Call, node: str) -> Answer:
    """Take back one permission, or without a name the whole grant."""
    token = user_token(call)
    if name := call.text("permission"):
        return _take_back(call, token, name)
    tokens.end(call.world, token.person, 458, token.client_id)
    return {"success": True}


def revoke_permission(call: Call, name: str) -> Answer:
    call.token = meta.authenticate(call)
    return _take_back(call, user_token(call), name)


def _exchange(call: Call, app: App) -> Answer:
    code = oauth.redeem(call, app)
    grant = call.world.grants[code.client_id, code.person]
    lifetime = call.world.token_lifetimes["A_short"]
    known = {"scopes": grant.granted, "targets": grant.targets}
    token = tokens.for_code(call.world, "user", code, lifetime=lifetime, **known)
    return _bearer(token)


def _long_token(call: Call, app: App) -> Answer:
    world, short = call.world, call.world.tokens.get(call.text("fb_exchange_token"))
    if short is None or short.client_id != app.client_id or short.kind != "user":
        raise GraphError(190)
    tokens.check_alive(call, short)
    lifetime = None if world.toggles.omit_expires_in else world.token_lifetimes["A_long"]
    return _bearer(tokens.lengthened(world, short, lifetime))


def _bearer(token: Token) -> dict[str, Any]:
    answer: dict[str, Any] = {"access_token": token.value, "token_type": "bearer"}
    if token.expires_at is not None:
        answer["expires_in"] = round(token.expires_at - token.issued_at)
    return answer


def user_token(call: Call) -> Token:
    if call.token is None or call.token.kind != "user":
        raise GraphError(10)
    return call.token


def person_of(call: Call) -> Person:
    if call.token is None or not call.token.person:
        raise GraphError(10)
    return call.world.people[call.token.person]


def _take_back(call: Call, token: Token, name: str) -> Answer:
    grant = call.world.grants.get((token.client_id, token.person), Grant())
    if name not in grant.granted:
        raise GraphError(100, message=f"(#100) Permission {name} was not granted")
    grant.granted.discard(name)
    for other in call.world.tokens.values():
        if (other.client_id, other.person) == (token.client_id, token.person):
            other.scopes.discard(name)
    return {"success": True}


FIXED: Final = (
    Route(HOST, "GET", "/oauth/access_token", access_token),
    Route(HOST, "POST", "/oauth/access_token", access_token),
    Route(HOST, "GET", "/debug_token", debug_token),
    Route(HOST, "DELETE", r"/me/permissions/(\w+)", revoke_permission),
)
EDGES: Final = edges(
    ("GET", "user", "", me, ""),
    ("GET", "user", "permissions", permissions, ""),
    ("DELETE", "user", "permissions", revoke_permissions, "permission"),
    hosts=ONLY_HERE,
)

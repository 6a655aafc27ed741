"""Variant A: Facebook Login's tokens, permissions and discovery, on graph.facebook.com.

Follows the Instagram Platform contract of 2026-11-22, sections 2.1, 2.2, 2.5, 2.6 and 3.1. Not done: system users,
``config_id``, "all current and future Pages", Page settings, the deauthorize callback.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from typing import Any, Final

from . import meta, tokens
from .errors import GraphError
from .meta import PAGED, Edge, Field, fields_of, page_of, select
from .people import Page, Person
from .records import App, Grant, Token
from .routing import Answer, Call, Route

HOST: Final = "graph.facebook.com"
ONLY_HERE: Final = (HOST,)


def access_token(call: Call) -> Answer:
    """Exchange a code, or a short token for a long one, or an app's secret for an app token."""
    call.accept(
        {"client_id", "client_secret", "redirect_uri", "code", "grant_type", "fb_exchange_token", "format"}
    )
    app = _app(call)
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
        meta.check_alive(call, token)
    except GraphError as error:
        data["is_valid"] = False
        data["error"] = {"code": error.code, "message": error.message, "subcode": error.subcode or 0}
    return {"data": data}


def me(call: Call, node: str) -> Answer:
    person = _person(call)
    return select({"id": person.id, "name": person.name}, fields_of(call.text("fields")), "User", ("name",))


def permissions(call: Call, node: str) -> Answer:
    token = _user_token(call)
    grant = call.world.grants.get((token.client_id, token.person), Grant())
    rows = [{"permission": name, "status": "granted"} for name in sorted(grant.granted)]
    rows += [{"permission": name, "status": "declined"} for name in sorted(grant.declined - grant.granted)]
    return {"data": rows}


def revoke_permissions(call: Call, node: str) -> Answer:
    """Take back one permission, or without a name the whole grant."""
    token = _user_token(call)
    if name := call.text("permission"):
        return _take_back(call, token, name)
    tokens.end(call.world, token.person, 458)
    return {"success": True}


def revoke_permission(call: Call, name: str) -> Answer:
    call.token = meta.authenticate(call)
    return _take_back(call, _user_token(call), name)


def accounts(call: Call, node: str) -> Answer:
    """The Pages a person ticked; those of a portfolio only with business_management."""
    token, person = _user_token(call), _person(call)
    shown = [page for page in person.pages if not page.business or "business_management" in token.scopes]
    return _pages(call, token, shown if "pages_show_list" in token.scopes else [])


def businesses(call: Call, node: str) -> Answer:
    _need(_user_token(call), "business_management")
    return page_of(call, [{"id": b.id, "name": b.name} for b in _person(call).businesses])


def owned_pages(call: Call, node: str) -> Answer:
    return _business_pages(call, node, "owned")


def client_pages(call: Call, node: str) -> Answer:
    return _business_pages(call, node, "client")


def page(call: Call, node: str) -> Answer:
    token = call.token
    known = next((page for page in _person(call).pages if page.id == node), None)
    if token is None or known is None or node not in token.targets:
        raise meta.invisible(node, call)
    return page_node(call, token, known, fields_of(call.text("fields")), default=("name",))


def page_node(
    call: Call,
    token: Token,
    page: Page,
    wanted: Sequence[Field],
    default: Sequence[str] = ("name", "access_token"),
) -> dict[str, Any]:
    """Return a Page's fields; a Page without a professional account lacks the key."""

    def account(inner: list[Field]) -> dict[str, Any] | None:
        linked = page.instagram
        if linked is None or linked.id not in token.targets or "instagram_basic" not in token.scopes:
            return None
        return select(account_node(call, linked.id), inner, "IGUser", ("id",))

    node = {
        "id": page.id,
        "name": page.name,
        "access_token": tokens.page_token(call.world, token, page).value
        if token.kind == "user"
        else token.value,
        "tasks": list(page.tasks),
        "category": "Local business",
        "instagram_business_account": account,
        "connected_instagram_account": account,
    }
    return select(node, wanted, "Page", default)


def account_node(call: Call, account_id: str) -> dict[str, Any]:
    """Return every field of an Instagram account that can be asked for."""
    account = call.world.account(account_id)
    if account is None:
        raise meta.invisible(account_id, call)
    avatar = f"{call.world.base_url}/scontent.cdninstagram.com/avatar/{account.id}.svg"
    node = {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "biography": account.biography,
        "website": account.website,
        "profile_picture_url": avatar,
        "followers_count": account.followers_count,
        "follows_count": account.follows_count,
        "media_count": sum(media.account_id == account.id for media in call.world.media.values()),
    }
    if call.host == "graph.instagram.com":
        node |= {"id": account.scoped_id, "user_id": account.id, "account_type": account.account_type}
    return node


def _app(call: Call) -> App:
    app = call.world.apps.get(call.text("client_id"))
    if app is None or app.login != "facebook":
        raise GraphError(
            101, message="Error validating application. Cannot get application info due to a system error."
        )
    if not hmac.compare_digest(app.secret, call.text("client_secret")):
        raise GraphError(1, message="Error validating client secret.")
    return app


def _exchange(call: Call, app: App) -> Answer:
    world, code = call.world, call.world.codes.get(call.text("code"))
    if code is None or code.client_id != app.client_id:
        raise GraphError(100, message="Invalid verification code format.")
    if code.used:
        raise GraphError(100, 36009)
    if code.expires_at <= world.now():
        raise GraphError(100, 36007)
    if code.redirect_uri != call.text("redirect_uri"):
        raise GraphError(100, 36008)
    code.used = True
    grant = world.grants[app.client_id, code.person]
    lifetime = world.token_lifetimes["A_short"]
    token = tokens.issue(
        world,
        "user",
        client_id=app.client_id,
        person=code.person,
        scopes=grant.granted,
        targets=grant.targets,
        lifetime=lifetime,
    )
    return {"access_token": token.value, "token_type": "bearer", "expires_in": int(lifetime)}


def _long_token(call: Call, app: App) -> Answer:
    world, short = call.world, call.world.tokens.get(call.text("fb_exchange_token"))
    if short is None or short.client_id != app.client_id or short.kind != "user":
        raise GraphError(190)
    meta.check_alive(call, short)
    endless = world.toggles.omit_expires_in
    lifetime = world.token_lifetimes["A_long"]
    token = tokens.issue(
        world,
        "user",
        client_id=app.client_id,
        person=short.person,
        scopes=short.scopes,
        targets=short.targets,
        long=True,
        lifetime=None if endless else lifetime,
    )
    answer = {"access_token": token.value, "token_type": "bearer"}
    return answer if endless else {**answer, "expires_in": int(lifetime)}


def _user_token(call: Call) -> Token:
    if call.token is None or call.token.kind != "user":
        raise GraphError(10)
    return call.token


def _person(call: Call) -> Person:
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


def _need(token: Token, scope: str) -> None:
    if scope not in token.scopes:
        raise GraphError(200, message=f"(#200) Requires {scope} permission to manage the object.")


def _business_pages(call: Call, node: str, held_as: str) -> Answer:
    token = _user_token(call)
    _need(token, "business_management")
    held = [p for p in _person(call).pages if p.business and (p.business.id, p.held_as) == (node, held_as)]
    return _pages(call, token, held)


def _pages(call: Call, token: Token, pages: Collection[Page]) -> Answer:
    wanted = fields_of(call.text("fields"))
    rows = [page_node(call, token, page, wanted) for page in pages if page.id in token.targets]
    return page_of(call, rows)


FIXED: Final = (
    Route(HOST, "GET", "/oauth/access_token", access_token),
    Route(HOST, "POST", "/oauth/access_token", access_token),
    Route(HOST, "GET", "/debug_token", debug_token),
    Route(HOST, "DELETE", r"/me/permissions/(\w+)", revoke_permission),
)
EDGES: Final = (
    Edge("GET", "user", "", me, hosts=ONLY_HERE),
    Edge("GET", "user", "permissions", permissions, hosts=ONLY_HERE),
    Edge("DELETE", "user", "permissions", revoke_permissions, frozenset({"permission"}), ONLY_HERE),
    Edge("GET", "user", "accounts", accounts, PAGED, ONLY_HERE),
    Edge("GET", "user", "businesses", businesses, PAGED, ONLY_HERE),
    Edge("GET", "business", "owned_pages", owned_pages, PAGED, ONLY_HERE),
    Edge("GET", "business", "client_pages", client_pages, PAGED, ONLY_HERE),
    Edge("GET", "page", "", page, hosts=ONLY_HERE),
)

"""What the Graph hosts share: versions, tokens, error envelopes, fields, cursors, headers.

Follows the Instagram Platform contract of 2026-11-22, sections 6, 7 and 9. Not done: rate limits that count
calls (set ``world.usage`` or a fault), batch and ``ids=`` requests, field aliases; modifiers of fields do
nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse

from . import tokens
from .errors import GraphError
from .records import Token
from .routing import Answer, Call, Route, Unknown

HOSTS: Final = ("graph.facebook.com", "graph.instagram.com")

VERSIONS: Final[dict[str, date | None]] = {
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
"""Version to the day it ends."""

ALWAYS: Final = frozenset({"access_token", "appsecret_proof", "fields", "format", "locale", "pretty"})
PAGED: Final = "limit after before summary"


@dataclass(frozen=True, slots=True)
class Edge:
    """Who answers a method on a kind of node, at an edge ("" is the node itself), with what parameters."""

    method: str
    kind: str
    edge: str
    answer: Callable[[Call, str], Answer]
    params: frozenset[str]
    hosts: tuple[str, ...]


Row = tuple[str, str, str, Callable[[Call, str], Answer], str]
"""Method, kind of node, edge, who answers, names of parameters."""


def edges(*rows: Row, hosts: tuple[str, ...] = HOSTS) -> tuple[Edge, ...]:
    """Return the edges of a table; the parameters of paging are all meant by ``paged``."""
    return tuple(
        Edge(method, kind, edge, answer, frozenset(params.replace("paged", PAGED).split()), hosts)
        for method, kind, edge, answer, params in rows
    )


def graph(edges: Sequence[Edge], fixed: Sequence[Route]) -> Callable[[Call, str, str], HttpResponse]:
    """Return what answers every call on the Graph hosts: fixed paths first, then nodes and their edges."""
    table = {(host, e.method, e.kind, e.edge): e for e in edges for host in e.hosts}

    def respond(call: Call, version: str, path: str) -> HttpResponse:
        asked = call.path
        try:
            call.version = effective_version(call, version, path)
            call.path = path
            response = _fixed(call, fixed) or _node(call, table)
        except GraphError as refusal:
            response = refusal.respond(call)
        finally:
            call.path = asked
        response["facebook-api-version"] = call.version
        for name, value in call.world.usage.items():
            response[name] = JsonResponse(value).content.decode()
        return response

    return respond


def effective_version(call: Call, asked: str, path: str) -> str:
    """Return the version that serves a call: an expired one, or none, becomes the oldest still alive."""
    today = datetime.fromtimestamp(call.world.now(), tz=timezone.utc).date()
    alive = [name for name, end in VERSIONS.items() if end is None or end > today]
    if not asked or asked in alive:
        return asked or alive[0]
    if _number(asked) < _number(alive[0]):
        return alive[0]
    call.version = alive[0]
    raise GraphError(2500, message=f"Unknown path components: /{asked}{path}")


def authenticate(call: Call) -> Token:
    """Return the token a call carries, or refuse as the platform does."""
    world, token = call.world, call.token
    if not call.token_value:
        raise GraphError(104, message="An access token is required to request this resource.")
    app_id, _, secret = call.token_value.partition("|")
    if secret and app_id in world.apps and world.apps[app_id].secret == secret:
        token = Token(value=call.token_value, kind="app", client_id=app_id)
    elif token is None or (token.kind == "instagram") != (call.host == "graph.instagram.com"):
        raise GraphError(190)
    tokens.check_alive(call, token)
    _check_proof(call, token)
    return token


Field = tuple[str, list[Any]]


def fields_of(text: str) -> list[Field]:
    """Read ``id,name,owner{id}`` as names, each with those inside its braces; ``.limit(0)`` is dropped."""
    found: list[Field] = []
    stack = [found]
    for name, mark in re.findall(r"([A-Za-z_0-9]*)(?:\.\w+\([^()]*\))*([,{}]|$)", text.replace(" ", "")):
        if name:
            stack[-1].append((name, []))
        if mark == "{" and stack[-1]:
            stack.append(stack[-1][-1][1])
        elif mark == "}" and len(stack) > 1:
            stack.pop()
    return found


def select(
    node: Mapping[str, Any], wanted: Sequence[Field], node_type: str, default: Sequence[str]
) -> dict[str, Any]:
    """Return the wanted fields of a node and its id; an unknown one fails the whole call, None is left out.

    A value that is callable is called with the names inside the field's braces.
    """
    answer = {}
    for name, inner in wanted or [(name, []) for name in default]:
        if name not in node:
            raise GraphError(
                100, message=f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})"
            )
        value = node[name](inner) if callable(node[name]) else node[name]
        if value is not None:
            answer[name] = value
    if "id" in node:
        answer["id"] = node["id"]
    return answer


def page_of(
    call: Call, rows: Sequence[Mapping[str, Any]], *, default: int = 25, most: int = 100
) -> dict[str, Any]:
    """Return one page of rows with cursors; its links embed the token, as the platform's do."""
    try:
        limit = max(1, min(int(call.text("limit") or default), most))
    except ValueError:
        raise GraphError(100, message="(#100) Param limit must be an integer") from None
    ids = [str(row["id"]) for row in rows]
    start = 0
    if after := call.text("after"):
        start = _position(ids, after) + 1
    elif before := call.text("before"):
        start = max(0, _position(ids, before) - limit)
    shown = list(rows[start : start + limit])
    answer: dict[str, Any] = {"data": shown}
    if call.flag("summary"):
        answer["summary"] = {"total_count": len(rows)}
    if shown:
        first, last = _cursor(ids[start]), _cursor(ids[start + len(shown) - 1])
        answer["paging"] = {"cursors": {"before": first, "after": last}}
        if start + len(shown) < len(rows):
            answer["paging"]["next"] = _link(call, limit, after=last)
        if start:
            answer["paging"]["previous"] = _link(call, limit, before=first)
    return answer


def timestamp(seconds: float) -> str:
    """Return a time as Graph writes it: UTC, an offset without a colon."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+0000")


def invisible(node: str, call: Call) -> GraphError:
    """The answer for an id that does not exist or may not be seen: nobody can tell which."""
    verb = "get" if call.method == "GET" else call.method.lower()
    return GraphError(
        100,
        33,
        kind="IGApiException" if call.host == "graph.instagram.com" else "GraphMethodException",
        message=f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due "
        "to missing permissions, or does not support this operation",
    )


def _fixed(call: Call, routes: Sequence[Route]) -> HttpResponse | None:
    for route in routes:
        args = route.match(call)
        if args is not None:
            found = route.answer(call, *args)
            return JsonResponse(found) if isinstance(found, dict) else found
    return None


def _node(call: Call, table: Mapping[tuple[str, str, str, str], Edge]) -> HttpResponse:
    node, _, rest = call.path.strip("/").partition("/")
    token = call.token = authenticate(call)
    kind, node = _kind(call, token, node)
    edge = table.get((call.host, call.method, kind, rest))
    if edge is None:
        raise Unknown(f"route {call.method} {call.host}/{{{kind}}}/{rest}".rstrip("/"))
    call.accept(ALWAYS | edge.params)
    found = edge.answer(call, node)
    return JsonResponse(found) if isinstance(found, dict) else found


def _kind(call: Call, token: Token, node: str) -> tuple[str, str]:
    world = call.world
    if node == "me":
        if token.kind == "app":
            raise GraphError(
                2500,
                message="An active access token must be used to query information about the current user.",
            )
        person = world.people[token.person]
        if token.kind == "page":
            return "page", token.page
        if token.kind == "instagram":
            return "instagram", person.instagram.id if person.instagram else ""
        return "user", person.id
    if account := world.account(node):
        return "instagram", account.id
    for kind, known in (("container", world.containers), ("media", world.media), ("comment", world.comments)):
        if node in known:
            return kind, node
    if any(node in media.child_ids for media in world.media.values()):
        return "child", node
    for platform in world.platforms.values():
        if kind := platform.kind_of(node):
            return kind, node
    for person in world.people.values():
        if node == person.id:
            return "user", node
        if any(node == page.id for page in person.pages):
            return "page", node
        if any(node == business.id for business in person.businesses):
            return "business", node
    raise invisible(node, call)


def _check_proof(call: Call, token: Token) -> None:
    sent = call.text("appsecret_proof")
    if sent and sent != tokens.proof_of(call.world.apps[token.client_id], token.value):
        raise GraphError(
            100, kind="GraphMethodException", message="Invalid appsecret_proof provided in the API argument"
        )
    if not sent and call.world.toggles.require_appsecret_proof and call.host == "graph.facebook.com":
        raise GraphError(
            100,
            kind="GraphMethodException",
            message="API calls from the server require an appsecret_proof argument",
        )


def _link(call: Call, limit: int, **cursor: str) -> str:
    kept = {"access_token": call.token_value, "fields": call.text("fields"), "limit": limit, **cursor}
    query = urlencode({name: value for name, value in kept.items() if value})
    return call.url(f"/{call.version}{call.path}?{query}")


def _cursor(row_id: str) -> str:
    return base64.urlsafe_b64encode(row_id.encode()).decode().rstrip("=")


def _position(ids: Sequence[str], cursor: str) -> int:
    try:
        return ids.index(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, UnicodeDecodeError):
        raise GraphError(100, message="(#100) Invalid cursors values") from None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))

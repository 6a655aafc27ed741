"""The whole sandbox behind one door: a Django request in, a Django response out."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse

from . import (
    comments,
    consent,
    control,
    discovery,
    facebook_login,
    films,
    instagram,
    instagram_insights,
    instagram_login,
    meta,
    page_posts,
    page_reading,
    public,
    routing,
)
from .errors import GraphError
from .faults import ConnectionLost, Fault
from .platform import Platform
from .routing import Call, Refusal, Route, Unknown
from .world import World

_graph = meta.graph(
    edges=(
        *facebook_login.EDGES,
        *discovery.EDGES,
        *instagram_login.EDGES,
        *instagram.EDGES,
        *instagram_insights.EDGES,
        *comments.EDGES,
        *page_posts.EDGES,
        *page_reading.EDGES,
        *films.EDGES,
    ),
    fixed=(*facebook_login.FIXED, *instagram_login.FIXED),
)
OUR_OWN: Final = frozenset({control.HOST, public.FILES, "", "favicon.ico"})
"""Neither recorded nor troubled."""


@cache
def routes(platforms: tuple[type[Platform], ...]) -> tuple[Route, ...]:
    """Return who answers what, where these platforms are played beside Instagram."""
    return (
        *control.ROUTES,
        *consent.routes(platforms),
        *instagram_login.ROUTES,
        *(Route(host, "*", r"(?:/(v\d+\.\d+))?(/.*)", _graph) for host in (*meta.HOSTS, films.GRAPH_VIDEO)),
        *films.ROUTES,
        *(route for platform in platforms for route in platform.routes),
        *public.routes(platforms),
    )


def hosts(world: World) -> frozenset[str]:
    """Return the hosts this world answers for."""
    return frozenset(route.host for route in routes(world.platform_classes))


class Sandbox:
    """Answers for every simulated host. ``sleep`` is what a delay does with its seconds."""

    def __init__(self, world: World, *, sleep: Callable[[float], None] | None = None) -> None:
        self.world = world
        self.sleep = sleep or world.sleep

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request for ``/<host>/<path>``; a fault may make it a `ConnectionLost`.

        An answer that breaks off in the middle carries ``Content-Length`` and half the bytes it promises.
        """
        with self.world.lock:
            call = Call.read(self.world, request)
            if call.host in OUR_OWN:
                return self._answer(call)
            entry = self._record(call)
            fault = call.fault = self._strike(call)
            entry["fault"] = fault.action if fault else ""
            response = self._response(call, fault, entry)
            entry["status"] = response and response.status_code
        if fault and fault.seconds:
            self.sleep(fault.seconds)
        if response is None:
            raise ConnectionLost(after=False)
        return self._trouble(call, fault, response) if fault else response

    def _response(self, call: Call, fault: Fault | None, entry: dict[str, Any]) -> HttpResponse | None:
        """Return the answer as it would be but for what happens to it on its way, None for none."""
        if fault and fault.action == "lose_before":
            return None
        if fault and fault.action == "status":
            return _script(fault, call)
        return self._answer(call, entry)

    def _answer(self, call: Call, entry: dict[str, Any] | None = None) -> HttpResponse:
        try:
            return routing.answer(call, routes(self.world.platform_classes))
        except Refusal as refusal:
            if isinstance(refusal, Unknown) and entry is not None:
                entry["unknown"] = refusal.what
            return refusal.respond(call)

    def _record(self, call: Call) -> dict[str, Any]:
        entry = {
            "at": self.world.now(),
            "host": call.host,
            "method": call.method,
            "path": call.path,
            "params": dict(call.params),
            "headers": dict(call.request.headers),
            "token": call.token.kind if call.token else "",
            "status": None,
            "fault": "",
            "unknown": "",
        }
        self.world.calls.append(entry)
        return entry

    def _strike(self, call: Call) -> Fault | None:
        token = call.token.kind if call.token else ""
        facts = {"host": call.host, "path": call.path, "method": call.method, "token": token}
        return next((fault for fault in self.world.faults if fault.meets(**facts)), None)

    def _trouble(self, call: Call, fault: Fault, response: HttpResponse) -> HttpResponse:
        if fault.action in ("lose_after", "reset_after"):
            raise ConnectionLost(after=True, reset=fault.action == "reset_after")
        if fault.action == "status_after":
            return _script(fault, call)
        if fault.action == "truncate_body":
            response["Content-Length"] = str(len(response.content))
            response.content = response.content[: len(response.content) // 2]
        return response


def configure() -> None:
    """Give Django the few settings its request and response objects read, where no project has given any."""
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], USE_TZ=True, USE_I18N=False, DATA_UPLOAD_MAX_MEMORY_SIZE=None)


def http_request(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> WSGIRequest:
    """Return a Django request for an HTTP one; ``target`` is path and query as sent."""
    parts = urlsplit("http://sandbox" + target if target.startswith("/") else target)
    environ = {
        "REQUEST_METHOD": method.upper(),
        "PATH_INFO": unquote(parts.path, encoding="latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "sandbox",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    environ["CONTENT_LENGTH"] = str(len(body))
    request = WSGIRequest(environ)
    # How much a host project's own views take is none of a platform's business.
    request._body = body
    return request


def _script(fault: Fault, call: Call) -> HttpResponse:
    """Return the answer a fault prescribes: a Graph envelope for a code, else the body as it is."""
    if fault.code is not None:
        refusal = GraphError(fault.code, fault.subcode, status=fault.status or 400)
        response: HttpResponse = refusal.respond(call)
    elif isinstance(fault.body, (dict, list)):
        response = JsonResponse(fault.body, status=fault.status or 500, safe=False)
    else:
        response = HttpResponse(fault.body or "", status=fault.status or 500)
    for name, value in fault.headers.items():
        response[name] = value
    return response

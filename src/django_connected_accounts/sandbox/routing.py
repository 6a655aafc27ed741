"""A call as the simulated platforms see it, who answers it, and refusals that name themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from .records import Token

if TYPE_CHECKING:
    from .faults import Fault
    from .world import World

Answer = HttpResponse | dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Call:
    """One request: ``params`` of query, form and JSON body together, ``path`` without the host."""

    world: World
    request: HttpRequest
    host: str
    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    token: Token | None = None
    fault: Fault | None = None

    @classmethod
    def read(cls, world: World, request: HttpRequest) -> Call:
        host, _, path = request.path.lstrip("/").partition("/")
        call = cls(
            world=world,
            request=request,
            host=host,
            method="GET" if request.method == "HEAD" else request.method or "GET",
            path="/" + path,
            params=_params(request),
        )
        call.token = world.tokens.get(call.token_value)
        return call

    @property
    def token_value(self) -> str:
        """The token it carries, as parameter or header; "" where there is none."""
        scheme, _, value = str(self.request.headers.get("Authorization", "")).partition(" ")
        carried = value.strip() if scheme.lower() in ("bearer", "oauth") else ""
        return str(self.params.get("access_token") or carried)

    def text(self, name: str, default: str = "") -> str:
        return str(self.params.get(name, default))

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1", "yes")

    def structure(self, name: str) -> Any:
        """Return a parameter that is JSON, or already was a list or object in a JSON body."""
        value = self.params.get(name)
        return json.loads(value) if isinstance(value, str) else value

    def url(self, path: str) -> str:
        """Return the address of a path on the same host, as this sandbox serves it."""
        return f"{self.world.base_url}/{self.host}{path}"

    def accept(self, names: Collection[str]) -> None:
        """Refuse loudly any parameter that is not one of ``names``."""
        for name in self.params:
            if name not in names:
                raise Unknown(f"parameter {name!r} of {self.method} {self.host}{self.path}", status=400)


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers a method on a host where the whole path matches; the groups are passed on as arguments."""

    host: str
    method: str
    pattern: str
    answer: Callable[..., Answer]

    def match(self, call: Call) -> tuple[str, ...] | None:
        if call.host != self.host or self.method not in ("*", call.method):
            return None
        found = re.fullmatch(self.pattern, call.path)
        return None if found is None else tuple(group or "" for group in found.groups())


class Refusal(Exception):
    """Ends a call with what `respond` returns."""

    def respond(self, call: Call) -> HttpResponse:
        raise NotImplementedError


class Refused(Refusal):
    """Ends a call with a status and a body in JSON."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    def respond(self, call: Call) -> HttpResponse:
        return JsonResponse(dict(self.body), status=self.status)


class Unknown(Refusal):
    """The sandbox does not know, or does not do, what was asked; it says so in a way nobody overlooks."""

    def __init__(self, what: str, *, status: int = 501) -> None:
        super().__init__(what)
        self.what = what
        self.status = status

    def respond(self, call: Call) -> HttpResponse:
        error = {"message": f"The sandbox has no {self.what}", "type": "SandboxUnknown", "code": self.status}
        return JsonResponse({"error": error}, status=self.status)


def answer(call: Call, routes: Iterable[Route]) -> HttpResponse:
    """Return the answer of the first route that matches, or a loud refusal."""
    for route in routes:
        args = route.match(call)
        if args is not None:
            found = route.answer(call, *args)
            return JsonResponse(found) if isinstance(found, dict) else found
    raise Unknown(f"route {call.method} {call.host}{call.path}")


def _params(request: HttpRequest) -> dict[str, Any]:
    """Return all parameters; a JSON body that is no object counts as "body", which no route takes."""
    params: dict[str, Any] = request.GET.dict()
    if request.content_type != "application/json" or not request.body:
        return {**params, **request.POST.dict()}
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    return {**params, **(body if isinstance(body, dict) else {"body": request.body.decode(errors="replace")})}

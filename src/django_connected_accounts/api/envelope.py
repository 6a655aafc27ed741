"""The one door of every JSON view: who asks, how, and what a refusal looks like."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from django.core.exceptions import (
    ImproperlyConfigured,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.views.csrf import csrf_failure as django_csrf_failure
from django.views.decorators.csrf import csrf_protect

from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import (
    ConnectedAccountsError,
    InvalidRequest,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.types import Problem

from .statuses import status_of

log = logging.getLogger("django_connected_accounts")

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Every answer carries these: it is one person's, and a callback's address holds a code and a state."""

EVERYWHERE = "__all__"
"""Under which name ``fields`` lists the problems that belong to no single field."""

FOREIGN_ERRORS: Mapping[type[Exception], str] = {
    Http404: "not_found",
    PermissionDenied: "not_allowed",
    RequestDataTooBig: "request_too_large",
    MultiPartParserError: "invalid_form",
    SuspiciousOperation: "invalid_form",
    ImproperlyConfigured: "not_configured",
}
"""Errors of Django that are somebody's to mend, and the code we give them; the first that fits."""

ERRORS: tuple[type[Exception], ...] = (ConnectedAccountsError, *FOREIGN_ERRORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a handler says. ``body`` is plain JSON without a secret in it; None sends an empty answer."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[..., Answer]
View = Callable[..., HttpResponseBase]


def endpoint(**handlers: Handler | None) -> View:
    """Return a view that answers the HTTP methods named, for signed-in users only.

    HEAD is answered as GET is, unless ``HEAD=None``. The view has no transaction of its own, since it may
    wait for a platform: the services open theirs.
    """
    methods = {name: handler for name, handler in handlers.items() if handler is not None}
    if "GET" in methods and "HEAD" not in handlers:
        methods["HEAD"] = methods["GET"]

    @csrf_protect
    @transaction.non_atomic_requests
    def view(request: HttpRequest, **captured: Any) -> HttpResponse:
        try:
            answer = _handler(request, methods)(request, **captured)
        except ERRORS as error:
            answer = refusal(error)
        if answer.status == 405:
            answer = Answer(body=answer.body, status=405, headers={"Allow": ", ".join(sorted(methods))})
        if request.method == "GET":
            get_token(request)
        return respond(answer)

    view.methods = frozenset(methods)  # type: ignore[attr-defined]
    return view


def _handler(request: HttpRequest, methods: Mapping[str, Handler]) -> Handler:
    handler = methods.get(request.method or "")
    if handler is None:
        raise InvalidRequest("method_not_allowed", method=request.method)
    if not request.user.is_authenticated:
        raise InvalidRequest("not_authenticated")
    return handler


def nothing(request: HttpRequest) -> HttpResponse:
    """Answer that there is nothing at this address."""
    return respond(refusal(InvalidRequest("not_found")))


def respond(answer: Answer) -> HttpResponse:
    """Return the answer as HTTP."""
    response = HttpResponse() if answer.body is None else JsonResponse(answer.body, safe=False)
    response.status_code = answer.status
    if answer.body is None:
        del response["Content-Type"]
    for name, value in {**HEADERS, **answer.headers}.items():
        response[name] = value
    return response


def refusal(error: Exception) -> Answer:
    """Return the envelope of an error: its code, what happened, what to do, and which fields are to blame."""
    known = error if isinstance(error, ConnectedAccountsError) else _translated(error)
    return Answer(
        body={"error": {**explained(known.code, known.params), "fields": by_field(_problems(known))}},
        status=status_of(known),
        headers=_retry_after(known),
    )


def explained(code: str, params: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return a code with what happened and what to do, in the reader's language."""
    meaning = explain(code, params)
    return {"code": code, "message": str(meaning.cause), "action": str(meaning.action)}


def by_field(problems: Iterable[Problem]) -> dict[str, list[dict[str, Any]]]:
    """Return problems by the name of the field they are about, as errors and previews show them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for problem in problems:
        told = explained(problem.code, problem.params)
        row = {**told, "severity": problem.severity, "fix": list(problem.fix)}
        if "choices" in problem.params:
            row["choices"] = problem.params["choices"]
        found.setdefault(problem.field or EVERYWHERE, []).append(row)
    return found


def moment(at: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC with a Z, None for none."""
    return None if at is None else at.astimezone(timezone.utc).isoformat(timespec="seconds")[:-6] + "Z"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a request without CSRF token in JSON, if JSON is asked for: name it in ``CSRF_FAILURE_VIEW``."""
    if request.accepts("text/html"):
        return django_csrf_failure(request, reason)
    return respond(refusal(InvalidRequest("csrf_failed")))


def _problems(error: ConnectedAccountsError) -> Sequence[Problem]:
    if not isinstance(error, InvalidRequest):
        return ()
    itself = Problem(code=error.code, field=error.field, params=error.params)
    return error.problems or ((itself,) if error.field else ())


def _translated(error: Exception) -> InvalidRequest:
    code = next(code for kind, code in FOREIGN_ERRORS.items() if isinstance(error, kind))
    if code == "not_configured":
        log.error("The API can't answer as the project is configured: %s", error)
    return InvalidRequest(code)


def _retry_after(error: ConnectedAccountsError) -> dict[str, str]:
    seconds = error.retry_after if isinstance(error, RateLimited | Unavailable) else None
    return {} if seconds is None else {"Retry-After": str(max(1, math.ceil(seconds)))}

"""Where platforms tell us things. Who can't prove to be the platform gets a 403 that says nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from django_connected_accounts.browser import public_url
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.services import receiving

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

STATUS = {
    "platform_not_configured": 404,
    "request_too_large": 413,
    "unknown_platform": 404,
    "webhook_refused": 403,
}


def from_platform(view: View[P]) -> View[P]:
    """Let a platform in: no session, no CSRF token, but a signature; a refusal is a bare status.

    No transaction around it all: each thing told is settled in one of its own.
    """

    @functools.wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except InvalidRequest as error:
            return HttpResponse(status=STATUS[error.code], content_type="text/plain")

    return csrf_exempt(login_not_required(transaction.non_atomic_requests(never_cache(answer))))


@from_platform
@require_http_methods(["GET", "POST"])
def notifications(request: HttpRequest, platform: str) -> HttpResponse:
    """Prove by GET that this address is ours, and take what the platform sends by POST."""
    if request.method == "GET":
        proof = receiving.receiver(platform).handshake(request.GET.dict())
        if not isinstance(proof, str):
            return JsonResponse(dict(proof))
        # The platform's word is echoed: as text, whatever it is.
        return HttpResponse(proof, content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})
    receiving.receive(platform, _body(request), request.headers)
    return HttpResponse(content_type="text/plain")


@from_platform
@require_POST
def deauthorize(request: HttpRequest, platform: str) -> HttpResponse:
    """Take Meta's word that a person removed our app."""
    receiving.deauthorize(platform, _body(request))
    return HttpResponse(content_type="text/plain")


@from_platform
@require_POST
def delete_data(request: HttpRequest, platform: str) -> HttpResponse:
    """Carry out a person's request by way of Meta, and say where they can look how it stands."""
    code = receiving.delete_data(platform, _body(request))
    page = reverse("connected_accounts:deletion", kwargs={"code": code})
    return JsonResponse({"url": public_url(request, page), "confirmation_code": code})


@login_not_required
@never_cache
@require_safe
def deletion(request: HttpRequest, code: str) -> HttpResponse:
    """Show whoever has the code that the deletion was done, and when."""
    done_at = receiving.deletion(code)
    if done_at is None:
        raise Http404
    context = {"code": code, "done_at": done_at}
    response = render(request, "connected_accounts/deletion_status.html", context)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _body(request: HttpRequest) -> bytes:
    """Return the bytes as they came, or raise InvalidRequest for more than a platform sends."""
    most = settings.CONNECTED_ACCOUNTS_WEBHOOK_MAX_BYTES
    body = request.read(most + 1)
    if len(body) > most:
        raise InvalidRequest("request_too_large")
    return body

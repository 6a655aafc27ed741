"""What binds an OAuth round trip to its browser: a token in the session, and our address to return to."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, QueryDict
from django.urls import reverse

SESSION_KEY = "connected_accounts_browser"


def browser_id(request: HttpRequest) -> str:
    """Return the secret this browser keeps in its session, made on first use."""
    token = request.session.get(SESSION_KEY)
    if not isinstance(token, str) or not token:
        token = request.session[SESSION_KEY] = secrets.token_urlsafe(32)
    return token


def take_query(request: HttpRequest) -> dict[str, list[str]]:
    """Return the query, taken out of the request: no report of an error shows the code and state in it."""
    params = {name: list(values) for name, values in request.GET.lists()}
    request.GET = QueryDict()
    for name in ("QUERY_STRING", "REQUEST_URI", "RAW_URI"):
        if name in request.META:
            request.META[name] = "" if name == "QUERY_STRING" else request.META[name].partition("?")[0]
    return params


def redirect_uri(request: HttpRequest, url_name: str, platform: str) -> str:
    """Return the absolute callback address, never built on what the request claims its host to be."""
    return public_url(request, reverse(url_name, kwargs={"platform": platform}))


def public_url(request: HttpRequest, path: str) -> str:
    """Return where the public finds this path.

    Only with DEBUG does a missing CONNECTED_ACCOUNTS_BASE_URL fall back to the request.
    """
    base: str = settings.CONNECTED_ACCOUNTS_BASE_URL
    if base:
        return base.rstrip("/") + path
    if settings.DEBUG:
        return request.build_absolute_uri(path)
    raise ImproperlyConfigured(
        'Set CONNECTED_ACCOUNTS_BASE_URL to the address the public reaches this site at ("https://example.com").'
    )

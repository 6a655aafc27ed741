"""Whether people can leave for a platform and come back: addresses, sessions, middleware."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.utils.module_loading import import_string

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
MESSAGES_CONTEXT = "django.contrib.messages.context_processors.messages"
SESSIONS_IN_ROWS = ("django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db")
PRIVATE_ENDINGS = (".internal", ".invalid", ".lan", ".local", ".localhost", ".test")


def base_url() -> Iterator[CheckMessage]:
    url = settings.CONNECTED_ACCOUNTS_BASE_URL
    if not url:
        return
    parts = urlsplit(url)
    whole = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not whole or parts.query or parts.fragment or parts.path.strip("/"):
        message = "CONNECTED_ACCOUNTS_BASE_URL is no address of a site."
        hint = "Give scheme and host only, as “https://example.com”; paths come from the URLconf."
        yield Error(message, hint=hint, id="connected_accounts.E030")


def session_cookie() -> Iterator[CheckMessage]:
    """Coming back is a navigation from another site: a strict cookie stays behind, and its session too."""
    if str(settings.SESSION_COOKIE_SAMESITE).lower() == "strict":
        message = "With SESSION_COOKIE_SAMESITE = “Strict” people come back from the platform logged out."
        hint = "Use “Lax”, Django's default: the cookie then comes along when a person follows a link here."
        yield Error(message, hint=hint, id="connected_accounts.E034")


def request_parts() -> Iterator[CheckMessage]:
    """Every page and the JSON API need to know the user, and a session to know the browser by.

    Any session will do, a signed cookie too: only its own browser can read what binds a round trip to it.
    """
    needed = ["django.contrib.auth"]
    if settings.SESSION_ENGINE in SESSIONS_IN_ROWS:
        needed.append("django.contrib.sessions")
    for app in needed:
        if not apps.is_installed(app):
            hint = f"Add {app!r} to INSTALLED_APPS."
            yield Error(f"{app} is not installed.", hint=hint, id="connected_accounts.E035")
    for path in (SESSION, AUTH):
        if not _in_middleware(path):
            message = f"MIDDLEWARE lacks {path.rpartition('.')[2]}: accounts can't be connected."
            hint = f"Add {path!r}; the session's comes before the user's."
            yield Error(message, hint=hint, id="connected_accounts.E035")


def messages() -> Iterator[CheckMessage]:
    engines: list[dict[str, Any]] = settings.TEMPLATES
    processors = [name for e in engines for name in e.get("OPTIONS", {}).get("context_processors", ())]
    parts = {
        "'django.contrib.messages' to INSTALLED_APPS": apps.is_installed("django.contrib.messages"),
        f"{MESSAGES!r} to MIDDLEWARE": _in_middleware(MESSAGES),
        f"{MESSAGES_CONTEXT!r} to the context processors": MESSAGES_CONTEXT in processors,
    }
    if not all(parts.values()):
        message = "Pages can't say what was done: Django's messages are not set up."
        hint = f"Add {', and '.join(what for what, there in parts.items() if not there)}."
        yield Warning(message, hint=hint, id="connected_accounts.W032")


def public_address() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.CONNECTED_ACCOUNTS_BASE_URL)
    hint = "Set it to the https address the public reaches this site at, as “https://example.com”."
    if not settings.CONNECTED_ACCOUNTS_BASE_URL:
        message = "CONNECTED_ACCOUNTS_BASE_URL is not set: callbacks and media links would lead nowhere."
        yield Error(message, hint=hint, id="connected_accounts.E031")
    elif parts.scheme == "http":
        message = "CONNECTED_ACCOUNTS_BASE_URL is http: codes would travel in clear, and platforms refuse it."
        yield Error(message, hint=hint, id="connected_accounts.E032")
    if parts.hostname and _is_private(parts.hostname):
        message = f"CONNECTED_ACCOUNTS_BASE_URL names {parts.hostname}, which platforms can't reach."
        yield Warning(message, hint=hint, id="connected_accounts.W030")


def sandbox() -> Iterator[CheckMessage]:
    if settings.CONNECTED_ACCOUNTS_SANDBOX:
        message = "CONNECTED_ACCOUNTS_SANDBOX is on: nothing reaches the real platforms."
        hint = "Leave it empty in production."
        yield Error(message, hint=hint, id="connected_accounts.E033")


def private_imports() -> Iterator[CheckMessage]:
    if settings.CONNECTED_ACCOUNTS_MEDIA_IMPORT_PRIVATE:
        message = "Who writes posts can make this server fetch addresses of its own network."
        hint = "Leave CONNECTED_ACCOUNTS_MEDIA_IMPORT_PRIVATE False unless you trust them all."
        yield Warning(message, hint=hint, id="connected_accounts.W031")


def _in_middleware(path: str) -> bool:
    """Say whether MIDDLEWARE has this class, or one made from it."""
    wanted = import_string(path)
    for name in settings.MIDDLEWARE or ():
        try:
            found = import_string(name)
        except ImportError:
            continue
        if isinstance(found, type) and issubclass(found, wanted):
            return True
    return False


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_ENDINGS)

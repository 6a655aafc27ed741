"""Whether each setting exists, has the right kind of value, and goes with the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.utils.module_loading import import_string

from django_connected_accounts.conf import ConnectedAccountsConf
from django_connected_accounts.services import heartbeat

OURS = re.compile(r"CONNECTED_?ACCOUNTS?_")
KINDS: Mapping[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "True or False"),
    str: ((str,), "a string"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
}
OWNERSHIPS = ("per_owner", "exclusive")
ACCESS_METHODS = ("accounts", "posts", "attempts", "may_connect")
CONTAINER_SECONDS = 24 * 60 * 60
"""How long Instagram may come back for the media of one post."""


def unknown_names() -> Iterator[CheckMessage]:
    known = _defaults()
    for name in dir(settings):
        if OURS.match(name) and name not in known:
            (nearest,) = get_close_matches(name, known, n=1, cutoff=0.8) or ["one of the settings reference"]
            hint = f"Did you mean {nearest}?"
            yield Warning(f"There is no setting {name}.", hint=hint, id="connected_accounts.W020")


def kinds() -> Iterator[CheckMessage]:
    for name, default in _defaults().items():
        if type(default) not in KINDS:
            continue
        allowed, words = KINDS[type(default)]
        value = getattr(settings, name)
        fits = isinstance(value, allowed) and (isinstance(value, bool) == isinstance(default, bool))
        if not fits:
            message = f"{name} must be {words}, not {type(value).__name__}."
            hint = "What comes from the environment is text: convert it, as in int(os.environ[…])."
            yield Error(message, hint=hint, id="connected_accounts.E020")
        elif not isinstance(value, str) and value < 0:
            hint = f"The default is {default}."
            yield Error(f"{name} must not be negative.", hint=hint, id="connected_accounts.E020")


def access() -> Iterator[CheckMessage]:
    path, name = settings.CONNECTED_ACCOUNTS_ACCESS, "CONNECTED_ACCOUNTS_ACCESS"
    hint = "Name a subclass of django_connected_accounts.access.Access by its dotted path."
    try:
        rules = import_string(path)
    except ImportError as error:
        yield Error(f"{name}: {path} can't be imported: {error}", hint=hint, id="connected_accounts.E021")
        return
    missing = [method for method in ACCESS_METHODS if not callable(getattr(rules, method, None))]
    if not isinstance(rules, type) or missing:
        lacks = f"lacks {', '.join(missing)}" if missing else "is no class"
        yield Error(f"{name}: {path} {lacks}.", hint=hint, id="connected_accounts.E021")


def ownership() -> Iterator[CheckMessage]:
    value = settings.CONNECTED_ACCOUNTS_OWNERSHIP
    if value not in OWNERSHIPS:
        message = f"CONNECTED_ACCOUNTS_OWNERSHIP is {value!r}, which means nothing."
        hint = f"Use {' or '.join(map(repr, OWNERSHIPS))}."
        yield Error(message, hint=hint, id="connected_accounts.E022")


def media_storage() -> Iterator[CheckMessage]:
    alias = settings.CONNECTED_ACCOUNTS_MEDIA_STORAGE
    if alias not in settings.STORAGES:
        message = f"CONNECTED_ACCOUNTS_MEDIA_STORAGE is {alias!r}, which STORAGES does not have."
        hint = f"Add it to STORAGES, or use one of: {', '.join(settings.STORAGES)}."
        yield Error(message, hint=hint, id="connected_accounts.E023")


def lease() -> Iterator[CheckMessage]:
    """A runner must not be taken for dead while it still waits for an answer."""
    timeouts = (
        settings.CONNECTED_ACCOUNTS_HTTP_CONNECT_TIMEOUT + settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT
    )
    seconds = settings.CONNECTED_ACCOUNTS_LEASE_SECONDS
    least = 2 * timeouts / (1 - heartbeat.SHARE)
    if seconds <= least:
        message = f"CONNECTED_ACCOUNTS_LEASE_SECONDS is {seconds}: a call can take longer than its lease."
        hint = f"Make it more than {least:g}, so that it outlasts the HTTP time-outs twice, or shorten those."
        yield Error(message, hint=hint, id="connected_accounts.E024")


def media_links() -> Iterator[CheckMessage]:
    seconds = settings.CONNECTED_ACCOUNTS_MEDIA_URL_SECONDS
    if seconds < CONTAINER_SECONDS:
        message = f"Links to media end after {seconds} seconds, while a platform may still fetch them."
        hint = f"Set CONNECTED_ACCOUNTS_MEDIA_URL_SECONDS to {CONTAINER_SECONDS} or more."
        yield Warning(message, hint=hint, id="connected_accounts.W021")


def _defaults() -> dict[str, Any]:
    return dict(ConnectedAccountsConf._meta.defaults)

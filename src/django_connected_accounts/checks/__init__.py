"""What is wrong with the settings, before anybody notices: ``manage.py check --tag connected_accounts``.

Each check finds what is wrong with one subject. None calls out to the network or raises; only those under
``DATABASE`` ask the database, and only where ``--database``, ``migrate`` or the doctor let them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, router

from django_connected_accounts.models import ConnectedAccount

from . import databases, keys, platforms, values, watching, web

TAG = "connected_accounts"

ALWAYS: Mapping[Callable[[], Iterator[CheckMessage]], str] = {
    keys.encryption_keys: Tags.security,
    keys.keys_of_their_own: Tags.security,
    keys.old_formats: Tags.security,
    keys.labels: Tags.models,
    values.unknown_names: Tags.compatibility,
    values.kinds: Tags.compatibility,
    values.access: Tags.compatibility,
    values.ownership: Tags.compatibility,
    values.media_storage: Tags.files,
    values.lease: Tags.compatibility,
    values.media_links: Tags.compatibility,
    watching.alarm: Tags.compatibility,
    watching.webhook_timeout: Tags.compatibility,
    web.base_url: Tags.urls,
    web.session_cookie: Tags.security,
    web.request_parts: Tags.compatibility,
    web.messages: Tags.compatibility,
    platforms.shapes: Tags.compatibility,
    platforms.apps: Tags.compatibility,
    platforms.classes: Tags.compatibility,
    platforms.unknown_options: Tags.compatibility,
    platforms.steps: Tags.compatibility,
    platforms.scopes: Tags.compatibility,
    platforms.capabilities: Tags.compatibility,
    platforms.versions: Tags.compatibility,
}
DEPLOYMENT: Mapping[Callable[[], Iterator[CheckMessage]], str] = {
    keys.randomness: Tags.security,
    keys.migration_is_over: Tags.security,
    web.public_address: Tags.security,
    web.sandbox: Tags.security,
    web.private_imports: Tags.security,
    watching.private_webhooks: Tags.security,
    databases.sqlite_in_production: Tags.compatibility,
    platforms.any_configured: Tags.compatibility,
}
DATABASE: Mapping[Callable[[str], Iterator[CheckMessage]], str] = {
    databases.sqlite_waits: Tags.database,
    databases.isolation: Tags.database,
    databases.tables: Tags.database,
}


def _register(find: Callable[[], Iterator[CheckMessage]], tag: str, *, deploy: bool) -> None:
    def check(**kwargs: Any) -> Sequence[CheckMessage]:
        return _found(find)

    check.__name__ = find.__name__
    register(check, tag, TAG, deploy=deploy)


def _register_for_database(find: Callable[[str], Iterator[CheckMessage]], tag: str) -> None:
    def check(databases: Iterable[str] | None = None, **kwargs: Any) -> Sequence[CheckMessage]:
        alias = router.db_for_write(ConnectedAccount)
        return _found(find, alias) if alias in (databases or ()) else []

    check.__name__ = find.__name__
    register(check, tag, TAG)


def _found(find: Callable[..., Iterator[CheckMessage]], *arguments: str) -> list[CheckMessage]:
    try:
        return list(find(*arguments))
    except DatabaseError:
        return []  # Whoever asked for a database that does not answer is told so by what follows.
    except Exception as error:
        message = f"“{find.__name__}” could not be checked ({type(error).__name__})."
        hint = "One of our settings holds something nobody expects there; see the other messages."
        return [Error(message, hint=hint, id="connected_accounts.E099")]


for _find, _tag in ALWAYS.items():
    _register(_find, _tag, deploy=False)
for _find, _tag in DEPLOYMENT.items():
    _register(_find, _tag, deploy=True)
for _find_in, _tag in DATABASE.items():
    _register_for_database(_find_in, _tag)

"""What everything stands on: settings, database, keys, platforms."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.db.migrations.executor import MigrationExecutor

from django_connected_accounts import registry
from django_connected_accounts.fields import rotation
from django_connected_accounts.models import ConnectedAccount

from .finding import SETTINGS, Finding

CLOCK_SECONDS = 5.0
UNREADABLE: Mapping[str, tuple[str, str]] = {
    "unknown_key": (
        "{label}: key {kid} is needed, and the settings don't have it.",
        "Put it back into CONNECTED_ACCOUNTS_ENCRYPTION_KEYS; if it is lost, people must reconnect.",
    ),
    "not_encrypted": (
        "{label}: some rows hold {kid}, which is not admitted.",
        "Unless a migration left it there, somebody wrote to the database: have the owners reconnect.",
    ),
    "tampered": (
        "{label}: a secret under key {kid} does not open.",
        "Its row was changed or moved from outside: have the owner reconnect.",
    ),
}
"""Why a secret can't be read, by the code of `UndecryptableToken`."""

CLOCK: Mapping[str, str] = {
    "postgresql": "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
    "mysql": "SELECT UNIX_TIMESTAMP(NOW(6))",
}


def configuration() -> Iterator[Finding]:
    """What the system checks say; those for deployment are left out with DEBUG."""
    found = run_checks(tags=["connected_accounts", Tags.models], include_deployment_checks=not settings.DEBUG)
    yield from _checked(found) or [Finding("good", "The settings are in order.")]


def database() -> Iterator[Finding]:
    """Whether the database answers, is migrated, has our time, and is fit for leases."""
    alias = router.db_for_write(ConnectedAccount)
    connection = connections[alias]
    connection.ensure_connection()
    version = ".".join(map(str, connection.get_database_version()))
    yield Finding("good", f"{connection.display_name} {version} answers as {alias!r}.")
    executor = MigrationExecutor(connection)
    ours = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "connected_accounts"]
    if waiting := executor.migration_plan(ours):
        yield Finding("error", f"Migrations not applied: {len(waiting)}.", "Run manage.py migrate.")
    if connection.vendor in CLOCK:
        with connection.cursor() as cursor:
            cursor.execute(CLOCK[connection.vendor])
            ahead = float(cursor.fetchone()[0]) - time.time()
        if abs(ahead) > CLOCK_SECONDS:
            text = f"The database's clock is {ahead:+.0f} seconds from this machine's."
            yield Finding("warning", text, "Set both by NTP: who may act when is decided by them.")
    yield from _checked(run_checks(tags=[Tags.database], databases=[alias]))


def keys() -> Iterator[Finding]:
    """How many secrets each key has, and whether it opens them."""
    primary, rows, closed = "", Counter[str](), set()
    columns = list(rotation.encrypted_fields())
    for column in columns:
        using = router.db_for_read(column.model)
        rows.update(rotation.count(column, using))
        for kid, code in rotation.trial(column, using).items():
            if code:
                closed.add(kid)
                yield _unreadable(column.label, kid, code)
    try:
        primary = rotation.primary(columns[0])
    except ImproperlyConfigured as error:
        yield Finding("error", f"Nothing can be encrypted: {error}", SETTINGS)
    if not rows:
        yield Finding("good", "No secrets are stored yet.")
    for kid, count in rows.most_common():
        if kid == primary:
            yield Finding("good", f"Secrets under the primary key, {kid}: {count}.")
        elif kid in closed:
            yield Finding("note", f"Secrets under {kid}, which can't be read: {count}.")
        else:
            text = f"Secrets under {kid}, which is not the primary key: {count}."
            yield Finding("note", text, "Run connected_accounts_rotate_keys.")


def platforms() -> Iterator[Finding]:
    """Which platforms people can connect, and how long their API versions last."""
    if settings.CONNECTED_ACCOUNTS_SANDBOX:
        yield Finding("note", f"A sandbox stands in for them: {settings.CONNECTED_ACCOUNTS_SANDBOX}")
    for platform in registry.ids():
        try:
            provider = registry.get(platform)
        except ImproperlyConfigured as error:
            yield Finding("error", f"{platform} can't be used: {error}", SETTINGS)
            continue
        ends = provider.api_versions.get(provider.api_version)
        until = f"until {ends}" if ends else "with no end announced"
        version = f", API version {provider.api_version} {until}" if provider.api_version else ""
        yield Finding("good", f"{provider.name} ({platform}){version}.")


def _checked(messages: list[CheckMessage]) -> list[Finding]:
    """Return what our own checks found, errors first."""
    ours = [m for m in messages if str(m.id).startswith("connected_accounts.") and not m.is_silenced()]
    return [
        Finding(
            "error" if message.is_serious() else "warning",
            f"{message.msg} ({message.id})",
            message.hint or "",
        )
        for message in sorted(ours, key=lambda message: (-message.level, str(message.id)))
    ]


def _unreadable(label: str, kid: str, code: str) -> Finding:
    text, action = UNREADABLE[code]
    return Finding("error", text.format(label=label, kid=kid), action)

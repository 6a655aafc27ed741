"""Whether the database keeps what leases rely on: one changes a row, and the others see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router

from django_connected_accounts.models import ConnectedAccount

PATIENCE = 20
"""Seconds a writer should wait for another; SQLite's own 5 are too few beside a worker."""

SQLITE_OPTIONS = (
    f'"OPTIONS": {{"transaction_mode": "IMMEDIATE", "timeout": {PATIENCE}, '
    '"init_command": "PRAGMA journal_mode=WAL;"}'
)
ISOLATION: Mapping[str, str] = {
    "postgresql": "SHOW transaction_isolation",
    "mysql": "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
}
TABLES = (
    "SELECT table_name, engine, table_collation FROM information_schema.tables "
    "WHERE table_schema = DATABASE() AND table_name IN ({})"
)


def sqlite_in_production() -> Iterator[CheckMessage]:
    connection = connections[router.db_for_write(ConnectedAccount)]
    if connection.vendor == "sqlite":
        message = "SQLite lets one process write at a time: site and worker hold each other up."
        hint = "Use PostgreSQL, MariaDB or MySQL where more than a few people publish."
        yield Warning(message, hint=hint, id="connected_accounts.W041")


def sqlite_waits(alias: str) -> Iterator[CheckMessage]:
    connection: Any = connections[alias]
    if connection.vendor != "sqlite" or connection.is_in_memory_db():
        return
    options = connection.settings_dict.get("OPTIONS", {})
    begins = str(options.get("transaction_mode") or "").upper()
    if begins not in ("IMMEDIATE", "EXCLUSIVE") or options.get("timeout", 5) < PATIENCE:
        message = "Beside a worker, SQLite as it is set up will fail with “database is locked”."
        hint = f"In DATABASES[{alias!r}], set {SQLITE_OPTIONS}."
        yield Warning(message, hint=hint, id="connected_accounts.W040")


def isolation(alias: str) -> Iterator[CheckMessage]:
    """Who waits in a transaction for another's new token must be able to see it."""
    connection = connections[alias]
    if connection.vendor not in ISOLATION:
        return
    with connection.cursor() as cursor:
        cursor.execute(ISOLATION[connection.vendor])
        level = str(cursor.fetchone()[-1]).replace("-", " ").lower()
    if level != "read committed":
        message = f"Transactions of {alias!r} are {level}: a token renewed elsewhere stays unseen."
        hint = "Remove “isolation_level” from OPTIONS, or set it to read committed, Django's default."
        yield Error(message, hint=hint, id="connected_accounts.E040")


def tables(alias: str) -> Iterator[CheckMessage]:
    """MySQL and MariaDB let each table have its own engine and character set."""
    connection = connections[alias]
    if connection.vendor != "mysql":
        return
    ours = [model._meta.db_table for model in apps.get_app_config("connected_accounts").get_models(True)]
    with connection.cursor() as cursor:
        cursor.execute(TABLES.format(", ".join(["%s"] * len(ours))), ours)
        found = sorted(cursor.fetchall())
        cursor.execute("SELECT @@character_set_client")
        spoken = str(cursor.fetchone()[0])
    if unsafe := [f"{name} ({engine})" for name, engine, _ in found if engine != "InnoDB"]:
        message = f"These tables have no transactions, so a post may go out twice: {', '.join(unsafe)}."
        hint = "ALTER TABLE … ENGINE=InnoDB for each."
        yield Error(message, hint=hint, id="connected_accounts.E041")
    narrow = [f"{name} ({letters})" for name, _, letters in found if not str(letters).startswith("utf8mb4")]
    if spoken != "utf8mb4":
        narrow.append(f"the connection ({spoken})")
    if narrow:
        message = f"Emoji can't be stored, and saving them fails: {', '.join(narrow)}."
        hint = "ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4 for each, and “charset”: “utf8mb4” in OPTIONS."
        yield Error(message, hint=hint, id="connected_accounts.E042")

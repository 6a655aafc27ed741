"""What benchmarks share: a PostgreSQL of their own, rows by the million, goals said to be met or missed."""

# ruff: noqa: T201
from __future__ import annotations

import os
import socket
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from django.db.models import Model

POSTGRESQL = os.environ.get("CONNECTED_ACCOUNTS_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/")


def on_postgresql() -> None:
    """Choose PostgreSQL, before Django is set up; end the program in words where there is none."""
    address = urlsplit(POSTGRESQL)
    try:
        socket.create_connection((address.hostname or "127.0.0.1", address.port or 5432), timeout=2).close()
    except OSError:
        print(f"{sys.argv[0].rpartition('/')[2]}: skipped, as no PostgreSQL can be reached at {POSTGRESQL}")
        sys.exit(0)
    os.environ["CONNECTED_ACCOUNTS_TEST_DATABASE"] = POSTGRESQL
    os.environ.setdefault("CONNECTED_ACCOUNTS_TEST_NAME", f"connected_accounts_bench_{os.getpid()}")


def goal(name: str, value: float, *, most: float | None = None, least: float | None = None) -> bool:
    """Print a ratio, and whether it is what it is meant to be."""
    met = (most is None or value <= most) and (least is None or value >= least)
    bound = f"≤ {most:g}" if most is not None else f"≥ {least:g}"
    print(f"{'✓' if met else '✗'} {name}: {value:.2f}, goal {bound}")
    return met


def percentile(values: list[float], percent: float) -> float:
    """Return the value that so many percent are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def fill(model: type[Model], count: int, values: Mapping[str, Any] = {}, **columns: str) -> None:
    """Insert so many rows in one statement, numbered ``n`` from 1.

    ``columns`` are expressions of SQL, ``values`` are plain; what neither names has its default.
    """
    from django.db import connection, models

    names, expressions, bound = [], [], []
    for field in model._meta.local_concrete_fields:
        expression = columns.get(field.attname)
        if expression is None and isinstance(field, models.AutoField):
            continue
        if expression is None and field.attname not in values:
            if field.get_default() is not None and field.default is uuid.uuid4:
                expression = "gen_random_uuid()"
            elif getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
                expression = "now()"
        if expression is None:
            expression = "%s"
            value = values.get(field.attname, field.get_default())
            if field.attname not in values:
                value = field.pre_save(model(), True) if hasattr(field, "seal") else value
            bound.append(field.get_db_prep_save(value, connection))
        names.append(connection.ops.quote_name(field.column))
        expressions.append(expression if expression == "%s" else expression.replace("%", "%%"))
    with connection.cursor() as cursor, unchecked(), unindexed(model._meta.db_table, count):
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) "
            f"SELECT {', '.join(expressions)} FROM generate_series(1, {count}) AS n",
            bound,
        )


@contextmanager
def unchecked() -> Iterator[None]:
    """Let what is inserted be taken as it is: no foreign key is looked up and no trigger runs."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        yield
        cursor.execute("RESET session_replication_role; RESET synchronous_commit")


@contextmanager
def unindexed(table: str, count: int) -> Iterator[None]:
    """Have the indexes of a table made anew after so many rows, where that is quicker than keeping them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes "
            "WHERE tablename = %s AND schemaname = current_schema() "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [table],
        )
        indexes = cursor.fetchall() if count >= 100_000 else []
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)


def settle() -> None:
    """Have the database know how much it holds, as it would after a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")

"""Does it stay as fast with a million rows: ``python -m tests.benchmarks.bench_size``.

Two databases, alike but for their size: 10,000 publications and as many events, and 1,000,000 of both. In
each a hundred publications are due, and a thousand events are old enough to be removed. Rounds alternate.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

from . import measure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
measure.on_postgresql()

import django  # noqa: E402

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication  # noqa: E402
from django_connected_accounts.services import publishing, retention, status  # noqa: E402
from tests.reliability.stage import database  # noqa: E402

ACCOUNTS, DUE, OLD = 50, 100, 1_000
MOST = 2.0
REPEATS = 20
"""Of the due query, as one takes too little time to be measured among other processes."""


def main() -> None:
    asked = _arguments().parse_args()
    logging.disable(logging.WARNING)
    with database(), _another() as another:
        names = {asked.few: connection.settings_dict["NAME"], asked.many: another}
        for rows, name in names.items():
            began = perf_counter()
            _use(name)
            _fill(rows)
            print(f"{rows:,} publications and events filled in {perf_counter() - began:.0f} s")
        seconds: dict[str, dict[int, list[float]]] = {what: {n: [] for n in names} for what in MEASURED}
        for number in range(asked.rounds + 1):
            for rows, name in names.items():
                _use(name)
                for what, act in MEASURED.items():
                    took = act()
                    if number:
                        seconds[what][rows].append(took)
        plan = _plan()
    print(f"\nmilliseconds, medians of {asked.rounds} rounds\n")
    print(f"{'':32}{asked.few:>12,}{asked.many:>12,}")
    ratios = {}
    for what, by_rows in seconds.items():
        few, many = median(by_rows[asked.few]), median(by_rows[asked.many])
        ratios[what] = many / few
        print(f"{what:32}{few * 1000:12.2f}{many * 1000:12.2f}")
    print()
    for what, ratio in ratios.items():
        measure.goal(f"{what}, x its time with {asked.few:,} rows", ratio, most=MOST)
    print(f"\nThe due query with {asked.many:,} rows:\n{plan}")


def _claim() -> float:
    """Claim what is due, and let it be due again."""
    began = perf_counter()
    claimed, _ = publishing.claim(DUE)
    took = perf_counter() - began
    assert len(claimed) == DUE
    rows = Publication.objects.filter(pk__in=claimed)
    rows.update(lease_token="", lease_until=None, run_at="2026-01-01T00:00Z")
    return took


def _due() -> float:
    rows = Publication.objects.filter(run_at__lte="2026-06-01T00:00Z").order_by("run_at").values_list("pk")
    began = perf_counter()
    for _ in range(REPEATS):
        assert len(rows[:20]) == 20
    return (perf_counter() - began) / REPEATS


def _status() -> float:
    began = perf_counter()
    status.read()
    return perf_counter() - began


def _purge() -> float:
    """Remove old events, of which there are then as many again."""
    measure.fill(Event, OLD, {"verb": "publication.attempt"}, dispatched_at="now()", at=_ago("200 days"))
    began = perf_counter()
    removed = retention.purge()
    took = perf_counter() - began
    assert removed["details"] == OLD, removed
    return took


def _purge_nothing() -> float:
    began = perf_counter()
    retention.purge()
    return perf_counter() - began


MEASURED: dict[str, Callable[[], float]] = {
    "due query, 20 of 100": _due,
    "claim of 100": _claim,
    "status.read()": _status,
    f"purge, {OLD:,} old events": _purge,
    "purge, nothing old": _purge_nothing,
}


def _plan() -> str:
    with CaptureQueriesContext(connection) as queries:
        publishing.claim(20)
    (due,) = (query["sql"] for query in queries if query["sql"].startswith("SELECT"))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {due}")
        lines = [row[0] for row in cursor.fetchall()]
    assert any("connected_accounts_due" in line for line in lines), lines
    return "\n".join(f"  {line}" for line in lines)


def _fill(rows: int) -> None:
    """Have posts on fifty accounts each, nearly all published within a year, and what was told of them."""
    user = get_user_model().objects.create_user("ada")
    accounts = ConnectedAccount.objects.bulk_create(
        ConnectedAccount(user=user, platform="instagram_login", account_id=str(n), access_token=f"token-{n}")
        for n in range(ACCOUNTS)
    )
    posts = rows // ACCOUNTS
    measure.fill(Post, posts, {"user_id": user.pk, "kind": "text", "text": "Hello"}, id="md5(n::text)::uuid")
    of_account = f"(ARRAY[{','.join(repr(str(a.pk)) for a in accounts)}])[n % {ACCOUNTS} + 1]::uuid"
    of_post = f"md5((n / {ACCOUNTS} % {posts} + 1)::text)::uuid"
    at = f"now() - interval '1 day' - n * interval '365 days' / {rows}"
    dues = f"n % {rows // DUE} = 0"
    measure.fill(
        Publication,
        rows,
        {"remote_id": "1"},
        id="md5('p' || n)::uuid",
        post_id=of_post,
        account_id=of_account,
        status=f"CASE WHEN {dues} THEN 'scheduled' ELSE 'published' END",
        run_at=f"CASE WHEN {dues} THEN '2026-01-01'::timestamptz END",
        due_at=at,
        deadline_at=at,
        published_at=at,
        started_at=at,
        updated_at=at,
    )
    measure.fill(
        Event,
        rows,
        {"verb": "publication.published"},
        publication_id="md5('p' || n)::uuid",
        post_id=of_post,
        account_id=of_account,
        dispatched_at=at,
        at=at,
    )
    measure.settle()


def _ago(interval: str) -> str:
    return f"now() - interval '{interval}'"


@contextmanager
def _another() -> Iterator[str]:
    """Have another database like the empty one."""
    name = connection.settings_dict["NAME"]
    more = f"{name}_many"
    _on_server(f"CREATE DATABASE {more} TEMPLATE {name}")
    try:
        yield more
    finally:
        _use(name)
        _on_server(f"DROP DATABASE {more}")


def _on_server(statement: str) -> None:
    connection.close()
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement)


def _use(name: Any) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_size", description=__doc__)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    return parser


if __name__ == "__main__":
    main()

"""A year of many accounts, in a minute: ``python -m tests.benchmarks.bench_refresh``.

``--accounts 10000`` takes several.

All are connected on the first day; from then on nobody but `keeping.refresh_due` does anything. The clock is
driven, and of 100 refreshes one loses its answer after it took effect, one is met by a 500 and one by a 429.
Each core has its share of the accounts, in a database in memory; nothing else is left out.

A second, smaller round has the platform end each token as it gives the next. A lost answer then ends the
account, and no one can help it: what is measured is that it says so.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import logging
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from multiprocessing import get_context
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from django_connected_accounts import registry  # noqa: E402
from django_connected_accounts.models import ConnectedAccount  # noqa: E402
from django_connected_accounts.providers.types import Tokens  # noqa: E402
from django_connected_accounts.sandbox import World, in_process  # noqa: E402
from django_connected_accounts.services import keeping, tokens  # noqa: E402

ACCOUNTS = 1_000
PROCESSES = min(os.cpu_count() or 1, 8)
DAYS, LIFE = 365, 60
STEP_HOURS = 6
SHARE = 0.01
REFRESH = "/refresh_access_token"
TROUBLES = {"lose_after": "connection lost", "delay": "no answer in time", "status": "status {status}"}


@dataclass(frozen=True, slots=True)
class Year:
    calls: int
    busiest: int
    troubles: Counter[str]
    ended: int
    lost: int
    codes: Counter[str]
    """Of what the accounts say that are not in order."""

    def __add__(self, other: Year) -> Year:
        return Year(
            calls=self.calls + other.calls,
            busiest=self.busiest + other.busiest,
            troubles=self.troubles + other.troubles,
            ended=self.ended + other.ended,
            lost=self.lost + other.lost,
            codes=self.codes + other.codes,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_refresh", description=__doc__)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    accounts = parser.parse_args().accounts
    began = perf_counter()
    year = _years(accounts, rotating=False)
    least = accounts * (ceil(DAYS / LIFE) - 1)
    print(f"{accounts:,} accounts, {DAYS} days, tokens of {LIFE} days; a look every {STEP_HOURS} hours\n")
    print(f"met by the refreshes       {_listed(year.troubles)}")
    print(f"lost, though still granted {year.lost:>8,}{'' if not year.lost else '  !'}")
    print(f"calls to refresh           {year.calls:>8,}")
    print(f"the least possible         {least:>8,}   each token in its last second, without any trouble")
    print(f"ratio                      {year.calls / least:>8.3f}   goal ≤ 1.1")
    print(f"most of them in {STEP_HOURS} hours    {year.busiest:>8,}   all were connected at one moment")
    rotating = _years(accounts // 10, rotating=True)
    print(f"\n{accounts // 10:,} accounts where a token ends as its answer is sent\n")
    print(f"met by the refreshes       {_listed(rotating.troubles)}")
    print(f"lost, though still granted {rotating.lost:>8,}{'' if not rotating.lost else '  !'}")
    print(f"ended with a lost answer   {rotating.ended:>8,}   which say {_listed(rotating.codes)}")
    print(f"\n{perf_counter() - began:.0f} seconds")


def _years(accounts: int, *, rotating: bool) -> Year:
    shares = [accounts * (n + 1) // PROCESSES - accounts * n // PROCESSES for n in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes:
        runs = [processes.submit(_year, share, rotating=rotating) for share in shares]
        years = [run.result() for run in runs]
    return sum(years[1:], start=years[0])


def _year(accounts: int, *, rotating: bool) -> Year:
    logging.disable()
    connection.settings_dict["NAME"] = ":memory:"
    call_command("migrate", verbosity=0)
    world = in_process()
    start = world.now()
    world.clock = lambda: start
    world.toggles.rotate_on_refresh = rotating
    _connect(world, accounts)
    for action in (
        {"action": "lose_after", "share": SHARE / 2},
        {"action": "delay", "seconds": 3600, "share": SHARE / 2},
        {"action": "status", "status": 500, "share": SHARE},
        {"action": "status", "status": 429, "code": 4, "share": SHARE},
    ):
        world.fault(path=f"{REFRESH}$", times=0, **action)
    calls, busiest, troubles = 0, 0, Counter[str]()
    for _ in range(DAYS * 24 // STEP_HOURS):
        world.advance(STEP_HOURS * 3600)
        while keeping.refresh_due(limit=1000, seconds=float("inf")):
            pass
        busiest = max(busiest, len(world.calls))
        calls += len(world.calls)
        troubles.update(TROUBLES[call["fault"]].format(**call) for call in world.calls if call["fault"])
        world.calls.clear()
    return _outcome(world, calls, busiest, troubles)


def _connect(world: World, accounts: int) -> None:
    user, provider = get_user_model().objects.create_user("owner"), registry.get("instagram_login")
    now = provider.http.now()
    rows = []
    for number in range(accounts):
        row = ConnectedAccount(user=user, platform=provider.id, account_id=str(number))
        granted = Tokens(access_token=world.mint("shop", "B"), expires_at=now + timedelta(days=LIFE))
        tokens.assign(row, provider, granted)
        rows.append(row)
    ConnectedAccount.objects.bulk_create(rows)


def _outcome(world: World, calls: int, busiest: int, troubles: Counter[str]) -> Year:
    ended = lost = 0
    codes = Counter[str]()
    for row in ConnectedAccount.objects.all():
        token, usable = world.tokens[row.access_token], row.health in ConnectedAccount.USABLE
        granted = token.dead is None and (token.expires_at or 0) > world.now()
        ended += not granted and token.rotated
        lost += not token.rotated and not (usable and granted)
        if not usable:
            codes[row.health_code] += 1
    return Year(calls, busiest, troubles, ended, lost, codes)


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counted.items())) or "nothing"


if __name__ == "__main__":
    main()

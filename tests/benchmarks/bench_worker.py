"""The worker against the clock: ``python -m tests.benchmarks.bench_worker``.

First one photo goes out on 50 accounts of Instagram, which takes 300 ms for each answer; the ideal is what so
many threads would need that do nothing but wait for it. Then 1,000 are due in one second: how late is the
first call for each? Beside it a bare script makes as many first calls with as many threads.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import heapq
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import requests

from . import measure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
measure.on_postgresql()

import django  # noqa: E402

django.setup()

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from django_connected_accounts.models import Publication  # noqa: E402
from django_connected_accounts.sandbox import World  # noqa: E402
from django_connected_accounts.services import scheduling  # noqa: E402
from django_connected_accounts.services.running import Worker  # noqa: E402
from django_connected_accounts.services.serving import public_url  # noqa: E402
from tests.reliability.stage import Stage, database, served  # noqa: E402
from tests.reliability.workers import Line, Workers, working  # noqa: E402

LATENCY = 0.3
FAN = 50
PREPARING = 3.0
"""Seconds until a photo is looked at again."""

AHEAD, WARM_UP = 3.0, 2.0
"""Seconds until posts are due, and for which the worker has found nothing to do before."""


def main() -> None:
    asked = _arguments().parse_args()
    logging.disable(logging.WARNING)
    print(f"One post on {FAN} accounts, {LATENCY * 1000:.0f} ms for each answer, worker --concurrency N\n")
    print(f"{'':24}{'N':>6}{'ideal s':>10}{'took s':>10}")
    ratios = {}
    with _project(max(FAN, asked.accounts)) as (stage, workers):
        pattern = stage.compose("photo", "A pattern")
        for threads in asked.concurrency:
            took = _fanned_out(stage, workers, stage.copy(pattern, f"To all, by {threads}"), threads)
            best = _ideal(threads)
            ratios[f"wall time of a photo on {FAN} accounts, concurrency {threads}"] = took / best
            print(f"{'photo on Instagram':24}{threads:6}{best:10.2f}{took:10.2f}")
        stage.world.fault(action="delay", seconds=asked.latency, times=0)
        ours = _late_by_us(stage, workers, asked.threads, asked.posts)
        bare = _late_by_script(stage, asked.threads, asked.posts)
    print()
    for name, ratio in ratios.items():
        measure.goal(f"{name}, x the ideal", ratio, most=1.5)
    print(
        f"\n{asked.posts:,} posts due in one second, {asked.latency * 1000:.0f} ms for each answer; ", end=""
    )
    print(f"seconds from due to the first call, {asked.threads} threads\n")
    print(f"{'':24}{'median':>10}{'p99':>10}")
    for name, late in (("worker", ours), ("bare requests script", bare)):
        print(f"{name:24}{measure.percentile(late, 50):10.2f}{measure.percentile(late, 99):10.2f}")
    ratio = measure.percentile(ours, 99) / measure.percentile(bare, 99)
    print(f"  p99, x a bare script that began at that second: {ratio:.2f}")


@contextmanager
def _project(accounts: int) -> Iterator[tuple[Stage, Workers]]:
    world = World()
    with database(), served(world) as serve, working(1, _work) as workers:
        serve()
        world.toggles.image_seconds = PREPARING / 2
        yield Stage(world, "instagram_login", accounts=accounts), workers


def _work(line: Line) -> None:
    for message in line.messages():
        Worker(message["concurrency"]).run()


def _fanned_out(stage: Stage, workers: Workers, post: Any, threads: int) -> float:
    """Return the seconds from when the worker is told to begin until the post is public everywhere."""
    fault = stage.world.fault(action="delay", seconds=LATENCY, times=0)
    publications = scheduling.schedule(post, stage.accounts[:FAN], by=stage.user)
    began = time.perf_counter()
    workers.lines[0].send(concurrency=threads)
    _wait([publication.pk for publication in publications])
    took = time.perf_counter() - began
    stage.world.faults.remove(fault)
    _end(workers)
    stage.world.calls.clear()
    return took


def _wait(keys: Sequence[Any]) -> None:
    rows = Publication.objects.filter(pk__in=keys)
    while rows.exclude(run_at=None).exists():
        time.sleep(0.02)
    assert rows.filter(status="published").count() == len(keys)


def _end(workers: Workers) -> None:
    workers.strike(0, signal.SIGKILL)
    while "died" not in workers.answer(0):
        pass


def _ideal(threads: int) -> float:
    """Return the seconds in which so many threads make all calls, with the pause after the first of four."""
    free = [0.0] * threads
    ready = [0.0] * FAN
    for calls in (1, 3):
        following = []
        for at in sorted(ready):
            end = max(heapq.heappop(free), at) + calls * LATENCY
            heapq.heappush(free, end)
            following.append(end + PREPARING)
        ready = following
    return max(free)


def _late_by_us(stage: Stage, workers: Workers, threads: int, posts: int) -> list[float]:
    """Have posts due in a while, and a worker that is idle until then."""
    due_at = timezone.now() + timedelta(days=1)
    pattern = stage.compose("photo", "A pattern")
    for number in range(posts):
        account = stage.accounts[number % len(stage.accounts)]
        scheduling.schedule(stage.copy(pattern, f"Post {number}"), [account], at=due_at, by=stage.user)
    pattern.delete()
    workers.lines[0].send(concurrency=threads)
    time.sleep(WARM_UP)
    due_at = timezone.now() + timedelta(seconds=AHEAD)
    Publication.objects.update(due_at=due_at, run_at=due_at, deadline_at=due_at + timedelta(hours=1))
    connections.close_all()
    late = _first_calls(stage, posts, due_at.timestamp())
    _end(workers)
    return late


def _late_by_script(stage: Stage, threads: int, posts: int) -> list[float]:
    """Make as many first calls from as many threads, beginning at once."""
    local, api = threading.local(), f"{stage.world.base_url}/graph.instagram.com/v26.0"
    photo = public_url(stage.compose("photo", "A pattern").media.get())
    known = [(account.account_id, account.access_token) for account in stage.accounts]

    def prepare(number: int) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.trust_env = False
        account, token = known[number % len(known)]
        data = {"image_url": photo, "caption": f"Post {number} by a script"}
        headers = {"Authorization": f"Bearer {token}"}
        local.session.post(
            f"{api}/{account}/media", data=data, headers=headers, timeout=60
        ).raise_for_status()

    began = time.time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(prepare, range(posts)))
    return _first_calls(stage, posts, began)


def _first_calls(stage: Stage, posts: int, since: float) -> list[float]:
    """Wait until so many posts were asked for, and return the seconds that had passed since then."""
    asked: list[float] = []
    while len(asked) < posts:
        time.sleep(0.1)
        asked = [c["at"] - since for c in list(stage.world.calls) if c["path"].endswith("/media")]
    stage.world.calls.clear()
    return asked


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_worker", description=__doc__)
    parser.add_argument(
        "--concurrency", type=int, nargs="+", default=[5, 10], help="of the worker, for one post"
    )
    parser.add_argument("--posts", type=int, default=1000, help="how many are due at once")
    parser.add_argument("--accounts", type=int, default=250, help="how many they are dealt out to")
    parser.add_argument("--threads", type=int, default=10, help="the concurrency for these")
    parser.add_argument("--latency", type=float, default=0.05, help="the platform's, for these")
    return parser


if __name__ == "__main__":
    main()

"""Our rows as a queue, beside queues that projects know: ``python -m tests.benchmarks.bench_queue``.

A hundred thousand jobs are due, and one to eight processes do them for some seconds; counted is what they
have done meanwhile. The jobs do nothing. ``--jobs``, ``--seconds`` and ``--workers`` change the size.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from . import measure

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
measure.on_postgresql()

import django  # noqa: E402

django.setup()

from django.db import connections  # noqa: E402
from django.test import override_settings  # noqa: E402

from tests.reliability.stage import database  # noqa: E402

from . import queues  # noqa: E402

WARM = 50
"""Jobs per process that are done before the clock starts."""

UNPACED = {"CONNECTED_ACCOUNTS_SPACING_SECONDS": 0}
"""Late posts are not spaced: this is about how fast it can be."""


def main() -> None:
    asked = _arguments().parse_args()
    logging.disable(logging.WARNING)
    print(f"{asked.jobs:,} trivial jobs due on PostgreSQL; done per second by so many processes\n")
    print(f"{'':32}" + "".join(f"{count:>9}" for count in asked.workers))
    rates: dict[str, list[float]] = {}
    with database(), override_settings(**UNPACED):
        for make in (queues.Raw, *queues.OURS, *queues.PEERS):
            queue = make()
            if missing := queue.missing():
                print(f"{queue.name:32}skipped: {missing}")
                continue
            rates[queue.name] = list(_rates(queue, asked.jobs, asked.workers, asked.seconds))
            print(f"{queue.name:32}" + "".join(f"{rate:9,.0f}" for rate in rates[queue.name]))
            queue.empty()
    print()
    _judge(rates, asked.workers)


def _rates(queue: queues.Queue, jobs: int, workers: Sequence[int], seconds: float) -> Iterator[float]:
    queue.fill(jobs)
    for count in workers:
        before = queue.done()
        with _working(queue.work, count):
            while (begun := queue.done()) - before < WARM * count:
                time.sleep(0.1)
            began = time.perf_counter()
            time.sleep(seconds)
            done = queue.done() - begun
            yield done / (time.perf_counter() - began)


@contextmanager
def _working(body: Callable[[], None], count: int) -> Iterator[None]:
    """Have so many processes do this; they are forked, so that all begin at once, and killed in the end."""
    connections.close_all()
    pids = []
    for _ in range(count):
        pid = os.fork()
        if not pid:
            try:
                body()
            finally:
                os._exit(1)
        pids.append(pid)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def _judge(rates: dict[str, list[float]], workers: Sequence[int]) -> None:
    in_database = [name for name in (queues.Procrastinate.name, queues.DjangoTasks.name) if name in rates]
    for peer in in_database:
        measure.goal(
            f"{queues.Claims.name}, x {peer}, the least of {workers}",
            min(_ratios(rates, queues.Claims, peer)),
            least=1,
        )
    # A post that goes out is more than a job that does nothing: this is told, and no goal.
    beside = [(queues.Claims, queues.Raw.name), *((queues.Ours, peer) for peer in in_database)]
    for ours, other in beside:
        ratios = ", ".join(f"{ratio:.2f}" for ratio in _ratios(rates, ours, other))
        print(f"  {ours.name}, x {other}: {ratios}")


def _ratios(rates: dict[str, list[float]], ours: type[queues.Queue], other: str) -> list[float]:
    return [mine / theirs for mine, theirs in zip(rates[ours.name], rates[other], strict=True)]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_queue", description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each is measured")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    return parser


if __name__ == "__main__":
    main()

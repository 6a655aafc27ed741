"""``python -m tests.matrix``: whatever breaks, a post is public at most once, and said to be what it is.

Every fault at every call of every kind of post, with a worker killed, or a write lost, at every point of the
way, two workers competing for it. See --help for taking only a part.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("CONNECTED_ACCOUNTS_TEST_NAME", f"connected_accounts_matrix_{os.getpid()}")

import django

django.setup()

from django_connected_accounts import registry  # noqa: E402
from django_connected_accounts.models import Publication  # noqa: E402
from django_connected_accounts.providers.base import Publishes  # noqa: E402
from django_connected_accounts.sandbox import World  # noqa: E402
from tests.reliability.stage import Stage, database, load, served  # noqa: E402
from tests.reliability.workers import working  # noqa: E402

from .cells import Cell, Ending, Matrix, work  # noqa: E402
from .points import Points  # noqa: E402

SETTINGS = {"http_connect_timeout": 0.25, "http_read_timeout": 0.25, "late_seconds": 900}
logging.disable(logging.CRITICAL)


def main() -> int:
    asked = _arguments().parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(10**6)
    began, wrong = time.monotonic(), 0
    load()
    with database():
        for platform in asked.platform or [name for name in registry.BUILT_IN if _publishes(name)]:
            # In a process of its own: the workers are forked before it has threads, or a database open.
            with ProcessPoolExecutor(1, get_context("fork")) as apart:
                wrong += apart.submit(_platform, platform, asked, random.Random(seed)).result()
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s: {wrong} wrong")
    return 1 if wrong else 0


def _platform(platform: str, asked: argparse.Namespace, chance: random.Random) -> int:
    """Run a platform's part of the matrix, and return how many cells ended wrong."""
    world, points, wrong = World(), Points(), 0
    with served(world, **SETTINGS) as serve, working(2, partial(work, points)) as workers:
        serve()
        matrix = Matrix(Stage(world, platform), workers, points)
        for kind in asked.kind or matrix.stage.kinds:
            shape = matrix.shape(kind)
            cells = list(matrix.cells(kind, shape))
            if asked.cells:
                cells = chance.sample(cells, min(asked.cells, len(cells)))
            print(f"{platform} {kind}: {shape.calls} calls, {len(shape.points)} points, {len(cells)} cells")
            if asked.verbose:
                print("  " + "\n  ".join(shape.trace))
            endings = [(cell, _ended(matrix, cell, asked)) for cell in cells]
            wrong += _tell(endings)
    return wrong


def _ended(matrix: Matrix, cell: Cell, asked: argparse.Namespace) -> Ending:
    ending = matrix.run(cell)
    if asked.verbose:
        print(f"  {cell}: {ending}", flush=True)
    return ending


def _tell(endings: list[tuple[Cell, Ending]]) -> int:
    """Print what came out, and return how much of it is wrong."""
    statuses = Counter(ending.status for _, ending in endings)
    wrong = [(cell, ending) for cell, ending in endings if ending.wrong]
    print(
        f"  {sum(e.struck for _, e in endings)} faults met, {sum(e.hit for _, e in endings)} blows hit;",
        f"{sum(e.public > 1 for _, e in endings)} doubled,",
        f"{sum(e.status in Publication.OPEN for _, e in endings)} stuck, {len(wrong)} wrong;",
        ", ".join(f"{count} {status}" for status, count in statuses.most_common()),
        flush=True,
    )
    for cell, ending in wrong:
        print(f"  WRONG {cell}: {ending.wrong} ({ending.code})", flush=True)
    return len(wrong)


def _publishes(platform: str) -> bool:
    return issubclass(registry.class_of(platform), Publishes)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--platform", action="append", help="a provider's id; any number, all if left out")
    parser.add_argument("--kind", action="append", help="a kind of post; any number, all if left out")
    parser.add_argument("--cells", type=int, help="so many cells of each kind, drawn by chance")
    parser.add_argument("--seed", type=int, help="makes the same draw again")
    parser.add_argument("--verbose", action="store_true", help="print every cell")
    return parser


if __name__ == "__main__":
    sys.exit(main())

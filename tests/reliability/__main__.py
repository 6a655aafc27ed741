"""``python -m tests.reliability``: many posts at once, workers killed and frozen, answers lost.

Each post has to be public exactly once in the end, and said to be; only on platforms that can't tell may some
be left to a person. CONNECTED_ACCOUNTS_TEST_DATABASE names the database.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("CONNECTED_ACCOUNTS_TEST_NAME", f"connected_accounts_chaos_{os.getpid()}")

import django

django.setup()

from django.db import connection  # noqa: E402

from django_connected_accounts.sandbox import World  # noqa: E402

from .chaos import Chaos, Outcome, Plan, scheduled, work  # noqa: E402
from .stage import Stage, database, load, served  # noqa: E402
from .workers import working  # noqa: E402

POSTS_PER_ACCOUNT = 25
logging.disable(logging.CRITICAL)


def main() -> int:
    asked = _arguments().parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(10**6)
    plan = Plan(
        posts=asked.posts,
        faults=asked.faults,
        kill_every=asked.kill_every,
        freezes=asked.freezes,
        freeze_before_sending=asked.freeze_before_sending,
        patience=asked.patience,
    )
    load()
    with database():
        outcome = run(plan, asked.platform, asked.kind, asked.workers, random.Random(seed))
    print(f"{connection.vendor}, {asked.platform}, seed {seed}: {outcome}")
    for line in outcome.untrue[:20]:
        print(f"  UNTRUE {line}")
    open_ones = sum(outcome.statuses[status] for status in ("scheduled", "sending", "waiting", "held"))
    return 1 if outcome.doubled or outcome.lost or outcome.untrue or open_ones else 0


def run(plan: Plan, platform: str, kind: str, count: int, chance: random.Random) -> Outcome:
    settings = {
        "lease_seconds": plan.lease,
        "http_connect_timeout": 1,
        "http_read_timeout": 1.5,
        "find_margin_seconds": 1,
        "late_seconds": 30 * 86400,
        "poll_seconds": 0.1,
        "batch_size": 10,
        "spacing_seconds": 0,
        "account_steps": 0,
    }
    world = World()
    body = work(plan.freeze_before_sending)
    with served(world, **settings) as serve, working(count, body) as workers:
        serve()
        stage = Stage(world, platform, accounts=-(-plan.posts // POSTS_PER_ACCOUNT))
        for _ in scheduled(stage, kind, plan.posts):
            pass
        return Chaos(stage, workers, plan, chance).run()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--platform", default="instagram_login", help="a provider's id")
    parser.add_argument("--kind", default="photo", help="the kind of the posts")
    parser.add_argument("--posts", type=int, default=1000, help="how many are due at once")
    parser.add_argument("--workers", type=int, default=4, help="how many processes publish them")
    parser.add_argument("--faults", type=float, default=0.05, help="the share of calls that meet trouble")
    parser.add_argument("--kill-every", type=float, default=1.0, help="seconds between two kills, 0 for none")
    parser.add_argument(
        "--freezes", type=int, default=0, help="how often a worker is frozen for longer than its lease"
    )
    parser.add_argument(
        "--freeze-before-sending",
        type=float,
        default=0.0,
        help="the share of posted calls before which the worker freezes, intent written and clock looked at",
    )
    parser.add_argument("--patience", type=float, default=1800.0, help="seconds after which it gives up")
    parser.add_argument("--seed", type=int, help="makes the same choices again")
    return parser


if __name__ == "__main__":
    sys.exit(main())

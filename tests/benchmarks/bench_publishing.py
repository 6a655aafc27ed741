"""What the engine costs per published photo: ``python -m tests.benchmarks.bench_publishing``.

Beside it a bare script makes the same calls with `requests`, to the same sandbox, which runs in another
process. Compared is the CPU time of the process that publishes; rounds of both alternate, on PostgreSQL.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import gc
import logging
import os
import time
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

import requests

from . import measure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
measure.on_postgresql()

import django  # noqa: E402

django.setup()

from django.db import connections  # noqa: E402
from django.db.models import Min  # noqa: E402
from django.utils import timezone  # noqa: E402

from django_connected_accounts.models import Publication  # noqa: E402
from django_connected_accounts.sandbox import World  # noqa: E402
from django_connected_accounts.services import publishing  # noqa: E402
from django_connected_accounts.services.serving import public_url  # noqa: E402
from tests.reliability.stage import Stage, database, served  # noqa: E402
from tests.reliability.workers import Line, working  # noqa: E402

ACCOUNTS = 100
PREPARING = 3.0
"""Seconds after which both look whether Instagram has prepared the photo."""


def main() -> None:
    asked = _arguments().parse_args()
    logging.disable(logging.WARNING)
    world = World()
    with database(), served(world) as serve, working(1, _publish) as workers:
        serve()
        stage = Stage(world, "instagram_login", accounts=ACCOUNTS)
        world.toggles.image_seconds = PREPARING / 2
        pattern = stage.compose("photo", "A pattern")
        seconds: dict[str, list[float]] = {"engine": [], "bare": []}
        calls: dict[str, Counter[str]] = {}
        for number in range(asked.rounds + 1):  # the first warms both up
            for name, taken in seconds.items():
                texts = [f"{name} {number} {photo}" for photo in range(asked.photos)]
                message = {} if name == "engine" else _script(stage, pattern)
                if name == "engine":
                    _schedule(stage, pattern, texts)
                world.calls.clear()
                workers.lines[0].send(**message, texts=texts)
                answer = workers.answer(0)
                calls[name] = Counter(_shape(call) for call in world.calls)
                if number:
                    taken.append(answer["cpu"] / asked.photos)
        public = len(world.posts())
    wanted = 2 * (asked.rounds + 1) * asked.photos
    assert public == wanted, f"{public} of {wanted} photos are public"
    assert calls["engine"] == calls["bare"], f"{calls['engine']} is not {calls['bare']}"
    engine, bare = median(seconds["engine"]), median(seconds["bare"])
    count = calls["bare"].total()
    print(f"{asked.photos} photos and {count} calls a round, medians of {asked.rounds} rounds\n")
    print(f"{'engine':24}{engine * 1000:8.2f} ms of CPU per photo")
    print(f"{'bare requests script':24}{bare * 1000:8.2f}")
    measure.goal("CPU time per published photo, x a bare script", engine / bare, most=2)


def _script(stage: Stage, pattern: Any) -> dict[str, Any]:
    """Return what somebody who writes a script for these accounts knows."""
    tokens = [[account.account_id, account.access_token] for account in stage.accounts]
    return {"base": stage.world.base_url, "url": public_url(pattern.media.get()), "tokens": tokens}


def _schedule(stage: Stage, pattern: Any, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        stage.schedule(stage.copy(pattern, text), stage.accounts[number % ACCOUNTS])
    connections.close_all()


def _publish(line: Line) -> None:
    """Publish what each message says, one way or the other, and answer with the CPU time of that."""
    session = requests.Session()
    session.trust_env = False
    gc.freeze()  # as the worker's command does
    for message in line.messages():
        began = time.process_time()
        if "base" in message:
            _by_script(session, **message)
        else:
            _by_engine()
        line.send(cpu=time.process_time() - began)


def _by_engine() -> None:
    while (next_at := Publication.objects.aggregate(at=Min("run_at"))["at"]) is not None:
        time.sleep(max((next_at - timezone.now()).total_seconds(), 0))
        publishing.tick()


def _by_script(
    session: requests.Session, base: str, url: str, tokens: list[tuple[str, str]], texts: list[str]
) -> None:
    api = f"{base}/graph.instagram.com/v26.0"
    made = []
    for number, text in enumerate(texts):
        account, token = tokens[number % len(tokens)]
        headers = {"Authorization": f"Bearer {token}"}
        photo = {"image_url": url, "caption": text}
        answer = session.post(f"{api}/{account}/media", data=photo, headers=headers, timeout=60)
        answer.raise_for_status()
        made.append((account, headers, answer.json()["id"]))
    time.sleep(PREPARING)
    for account, headers, container in made:
        fields = {"fields": "status_code,status"}
        answer = session.get(f"{api}/{container}", params=fields, headers=headers, timeout=60)
        answer.raise_for_status()
        assert answer.json()["status_code"] == "FINISHED"
        creation = {"creation_id": container}
        answer = session.post(f"{api}/{account}/media_publish", data=creation, headers=headers, timeout=60)
        answer.raise_for_status()
        media = answer.json()["id"]
        fields = {"fields": "id,caption,timestamp,permalink,media_type,media_product_type"}
        answer = session.get(f"{api}/{media}", params=fields, headers=headers, timeout=60)
        answer.raise_for_status()
        assert answer.json()["permalink"]


def _shape(call: dict[str, Any]) -> str:
    """Return what a call is, without whose it is."""
    parts = ("#" if part.isdigit() else part for part in call["path"].split("/"))
    return f"{call['method']} {'/'.join(parts)} {','.join(sorted(call['params']))}"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_publishing", description=__doc__)
    parser.add_argument("--photos", type=int, default=250, help="photos per round")
    parser.add_argument("--rounds", type=int, default=5)
    return parser


if __name__ == "__main__":
    main()

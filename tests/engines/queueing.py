"""The Celery app that site and workers share: ``celery -A tests.engines.queueing worker``."""

from __future__ import annotations

import json
import os
import random
from typing import Any

from celery import Celery
from kombu import Exchange, Queue

SWEEP_SECONDS = 0.2


class Misdelivering(Celery):
    """What it sends arrives ``"thrice"``, ``"late"``, or half of it not at all (``"lost"``)."""

    mischief = ""

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        if self.mischief == "lost" and random.random() < 0.5:
            return self.AsyncResult("lost")
        if self.mischief == "late":
            options["countdown"] = (options.get("countdown") or 0) + random.choice((0.5, 2, 4))
        for _ in range(3 if self.mischief == "thrice" else 1):
            sent = super().send_task(name, *args, **options)
        return sent


def make(*, broker: str, name: str, mischief: str = "", **transport: Any) -> Celery:
    """Return an app whose messages no other run of the tests sees; ``transport`` are the broker's options."""
    if broker.startswith("redis"):
        transport["global_keyprefix"] = f"{name}:"
    app = Misdelivering("tests.engines", broker=broker, set_as_current=False)
    app.mischief = mischief
    app.conf.update(
        {
            "task_default_queue": name,
            "task_queues": [Queue(name, Exchange(name), name, expires=600)],
            "broker_transport_options": transport,
            # One with a result backend, one without.
            "result_backend": broker if broker.startswith("redis") else None,
            "broker_connection_retry_on_startup": True,
            "worker_enable_remote_control": False,
            "beat_schedule": {"sweep": {"task": "connected_accounts.sweep", "schedule": SWEEP_SECONDS}},
        }
    )
    app.autodiscover_tasks(["django_connected_accounts.contrib.celery"])
    return app


if "ENGINES_CELERY" in os.environ:
    app = make(**json.loads(os.environ["ENGINES_CELERY"]))

"""The Celery app that site and workers share: ``celery -A tests.engines.queueing worker``."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

SWEEP_SECONDS = 0.2


def make(broker: str, name: str, **options: Any) -> Celery:
    """Return an app whose messages no other run of the tests sees."""
    transport = {"global_keyprefix": f"{name}:"} if broker.startswith("redis") else {}
    app = Celery("tests.engines", broker=broker, set_as_current=False)
    app.conf.update(
        {
            "task_default_queue": name,
            "broker_transport_options": {**transport, **options.pop("transport", {})},
            "broker_connection_retry_on_startup": True,
            "worker_enable_remote_control": False,
            "beat_schedule": {"sweep": {"task": "connected_accounts.sweep", "schedule": SWEEP_SECONDS}},
            **options,
        }
    )
    app.autodiscover_tasks(["django_connected_accounts.contrib.celery"])
    return app


if "ENGINES_BROKER" in os.environ:
    app = make(os.environ["ENGINES_BROKER"], os.environ["ENGINES_QUEUE"])

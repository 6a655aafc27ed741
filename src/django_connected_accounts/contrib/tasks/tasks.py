"""The task. It runs on whatever backend ``TASKS`` names, and returns nothing.

What no message tells of is found by ``connected_accounts_tick``, from cron.
"""

from __future__ import annotations

from datetime import timedelta

from django.tasks import task
from django.utils import timezone

from django_connected_accounts.contrib.enqueueing import Queue


class TasksQueue(Queue):
    furthest = None
    """A backend that defers keeps what it was given."""

    def send(self, publication_id: str, after: timedelta) -> None:
        if not after:
            step.enqueue(publication_id)
        elif step.get_backend().supports_defer:
            step.using(run_after=timezone.now() + after).enqueue(publication_id)
        # Else it is too early for this backend: connected_accounts_tick finds it in time.


queue = TasksQueue()


@task
def step(publication_id: str) -> None:
    """Take the next step with one publication, if it is due, and come back for the one after it."""
    queue.step(publication_id)

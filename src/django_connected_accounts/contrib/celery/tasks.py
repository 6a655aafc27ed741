"""The two tasks, found by ``app.autodiscover_tasks()``. They leave no results."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from django_connected_accounts.contrib.enqueueing import Queue


class CeleryQueue(Queue):
    furthest: timedelta = timedelta(seconds=15)
    """Workers keep what is not due yet in memory; a broker with a visibility time-out wants it back."""

    def send(self, publication_id: str, after: timedelta) -> None:
        # No retries: whoever schedules a post does not wait for a broker that is away.
        step.apply_async((publication_id,), countdown=after.total_seconds(), retry=False)


queue = CeleryQueue()


@shared_task(name="connected_accounts.step", acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def step(publication_id: str) -> None:
    """Take the next step with one publication, if it is due, and come back for the one after it."""
    queue.step(publication_id)


@shared_task(name="connected_accounts.sweep", acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def sweep() -> None:
    """Do all that is due, whatever became of its messages. Put it into the schedule of beat."""
    if queue.sweep():
        sweep.apply_async(retry=False)

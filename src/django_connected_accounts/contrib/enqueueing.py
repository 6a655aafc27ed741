"""What Celery and Django's tasks share: messages tell that a row is due, and the row stays the queue.

A message carries an id. One that is lost, late or delivered twice harms nothing: a step is taken only with a
row that is due and that nobody holds, and whatever no message tells of is found by a sweep or a tick.
"""

from __future__ import annotations

import logging
import time
import uuid
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from django_connected_accounts.models import Event, Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.services import presence, publishing
from django_connected_accounts.signals import publication_changed, publication_scheduled

log = logging.getLogger("django_connected_accounts")

PIECE = 10
"""How many steps one sweep takes, so that it ends soon."""
MOST_TOLD = 1000
"""How many publications one sweep sends messages about."""
PAUSE = 10.0
"""How many seconds a process sends nothing after the broker did not answer, so that nobody waits for it."""
MARGIN = timedelta(milliseconds=100)
"""Added to each delay: a message that comes before its time does nothing."""
TELLING = ("publication.scheduled", "publication.rescheduled", "publication.retrying")


class Queue(ABC):
    """A task queue of the host project, as the engine sees it."""

    furthest: timedelta | None
    """How far ahead messages are sent; None where the queue keeps them safely for any time."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    @abstractmethod
    def send(self, publication_id: str, after: timedelta) -> None:
        """Have `step` called with this id, by another process or this one, after that time."""

    def listen(self) -> None:
        """Send a message whenever somebody decides that a publication goes out now, or soon."""
        for signal in (publication_scheduled, publication_changed):
            signal.connect(self._hear, dispatch_uid=type(self).__module__)

    def ignore(self) -> None:
        """End what `listen` began."""
        for signal in (publication_scheduled, publication_changed):
            signal.disconnect(dispatch_uid=type(self).__module__)

    def step(self, publication_id: str) -> None:
        """Take one step with this publication if it is due, and send a message about the next one."""
        one = Publication.objects.filter(pk=uuid.UUID(publication_id))
        claimed, lease = publishing.claim(1, one)
        for claimed_id in claimed:
            publishing.take(claimed_id, lease)
            # Only for a step that was taken: else what is delivered three times would be sent on three times.
            self.tell(publication_id, one.values_list("run_at", flat=True).first())

    def sweep(self) -> bool:
        """Do what is due, in a piece that ends soon. Return whether more may be due."""
        presence.show(lasting=False)
        self._announce()
        return publishing.tick(limit=PIECE) >= PIECE

    def tell(self, publication_id: uuid.UUID | str, due: datetime | None) -> None:
        """Send a message for the time it is due, if that is not too far ahead and the broker answers."""
        if due is None or time.monotonic() < self._silent_until:
            return
        after = max(due - timezone.now(), timedelta(0))
        if self.furthest is not None and after > self.furthest:
            return
        try:
            self.send(str(publication_id), after + MARGIN if after else after)
        except Exception as error:
            self._silent_until = time.monotonic() + PAUSE
            log.warning(
                "Publication %s: no message was sent, a sweep will find it: %r", publication_id, error
            )

    def _announce(self) -> None:
        """Tell of what has its time before the next sweep, so that it is neither late nor waits in a line."""
        if self.furthest is None:
            return
        new = Publication.objects.filter(status=Publication.Status.SCHEDULED, attempts=0)
        soon = new.filter(run_at__gt=DatabaseNow(), run_at__lte=DatabaseNow() + self.furthest)
        for publication_id, due in soon.order_by("run_at").values_list("pk", "run_at")[:MOST_TOLD]:
            self.tell(publication_id, due)

    def _hear(self, event: Event, **kwargs: Any) -> None:
        if event.verb in TELLING and event.publication_id:
            row = Publication.objects.filter(pk=event.publication_id)
            self.tell(event.publication_id, row.values_list("run_at", flat=True).first())

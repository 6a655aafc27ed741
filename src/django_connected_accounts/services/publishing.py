"""The engine: `tick` takes one step with everything that is due; `running.Worker` does so without end.

The row is the queue: what is due is claimed, `pacing` says whose turn it is, `stepping` takes the steps, and
`scheduling` is what people decide.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import DurationField, QuerySet

from django_connected_accounts.models import Publication
from django_connected_accounts.models.leases import DatabaseNow

from . import (
    attempts,
    compiled,
    events,
    foresight,
    heartbeat,
    keeping,
    mailing,
    measuring,
    pacing,
    recurring,
    revoking,
    stepping,
    telling,
)
from .compiled import Slot, slot
from .scheduling import publish, schedule, wake

__all__ = ["CHORES", "claim", "next_batch", "publish", "run", "schedule", "take", "tick", "wake"]

Chores = Sequence[Callable[[], object]]

BEFORE: Chores = (
    events.dispatch,
    keeping.refresh_in_turn,
    measuring.measure_in_turn,
    attempts.purge,
    recurring.make_due,
)
AFTER: Chores = (
    foresight.look_now_and_then,
    revoking.revoke_due,
    mailing.send_due,
    telling.go_on,
)
CHORES: Chores = (*BEFORE, *AFTER)
"""What else a runner does now and then; each does little at a time, and nothing where nothing is due."""

STEPS_AT_ONCE = 8
"""How many steps of one publication follow one another before others have their turn."""


def tick(limit: int | None = None) -> int:
    """Take one step with everything that is due, until nothing is, and do the chores.

    Return how many steps were taken, or put off; with ``limit`` at most so many.
    """
    for chore in BEFORE:
        chore()
    taken = 0
    while limit is None or taken < limit:
        size = settings.CONNECTED_ACCOUNTS_BATCH_SIZE
        claimed, going = next_batch(size if limit is None else min(size, limit - taken))
        if not claimed:
            break
        taken += claimed - len(going)
        for publication in going:
            taken += stepping.take(publication, stepping.one if limit else more)
    for chore in AFTER:
        chore()
    return taken


def run(publication_id: uuid.UUID | str) -> datetime | None:
    """Take one step with this publication if it is due and nobody else does.

    Return when it is to be looked at next; None once nothing remains to be done, or it was deleted.
    """
    claimed, lease = claim(1, Publication.objects.filter(pk=publication_id))
    for claimed_id in claimed:
        take(claimed_id, lease)
    return Publication.objects.filter(pk=publication_id).values_list("run_at", flat=True).first()


def next_batch(limit: int, *, at_once: bool = False) -> tuple[int, list[Publication]]:
    """Claim up to ``limit`` publications. Return how many were due, and those whose turn it is.

    ``at_once`` says that their steps will be taken at the same time, and not one after the other.
    """
    asked_at = datetime.now(timezone.utc)
    claimed, lease = claim(limit)
    if not claimed:
        return 0, []
    batch = stepping.leased(claimed, lease)
    heartbeat.keep(batch, asked_at)
    return len(claimed), pacing.sift(batch, at_once=at_once)


def due_in(longest: float) -> float:
    """Return in how many seconds something will be due, ``longest`` at most."""
    first = Publication.objects.order_by("run_at").values_list("run_at", flat=True)
    soon = datetime.now(timezone.utc) + timedelta(seconds=longest)
    due_at = first.filter(run_at__lte=soon).first()
    return min(longest, (due_at - datetime.now(timezone.utc)).total_seconds()) if due_at else longest


def claim(limit: int, among: QuerySet[Publication] | None = None) -> tuple[list[uuid.UUID], str]:
    """Lease up to ``limit`` publications that are due. Return their ids and the lease's token."""
    lease, seconds = uuid.uuid4().hex, heartbeat.lease()
    due = (Publication.objects.all() if among is None else among).filter(run_at__lte=DatabaseNow())
    first = due.order_by("run_at").values_list("pk", flat=True)
    if database.features.has_select_for_update_skip_locked:
        with transaction.atomic():
            claimed = list(first.select_for_update(skip_locked=True)[:limit])
            if claimed:
                keys, named = compiled.slots(Publication, "id", claimed)
                values = {**named, "lease_token": lease, "seconds": seconds}
                compiled.update(("claim", len(keys)), partial(_claimed, keys), values)
    else:
        mark = _leased(lease, seconds)
        claimed = [pk for pk in first[:limit] if due.filter(pk=pk).update(**mark)]
    return claimed, lease


def _claimed(keys: list[Any]) -> tuple[QuerySet[Publication], dict[str, Any]]:
    mark = _leased(slot(Publication, "lease_token"), Slot("seconds", DurationField()))
    return Publication.objects.filter(pk__in=keys), mark


def _leased(lease: Any, seconds: Any) -> dict[str, Any]:
    until = DatabaseNow() + seconds
    # run_at moves to the lease's end: a runner that dies makes its rows due again by doing nothing.
    return {"lease_token": lease, "lease_until": until, "run_at": until}


def take(publication_id: uuid.UUID, lease: str) -> None:
    """Take one step with a publication that `claim` leased, if it is its turn."""
    for publication in pacing.sift(stepping.leased([publication_id], lease)):
        stepping.take(publication)


def more(taken: int) -> bool:
    """Whether another step of the same publication may follow at once."""
    return taken < STEPS_AT_ONCE

"""When a country changes its clocks: what waits keeps its time on the wall, and moves in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Publication, Series
from django_connected_accounts.models.leases import DatabaseNow

from . import events, recurring
from .walltime import When, recur

WAITING = Q(status=Publication.Status.SCHEDULED) & ~Q(wall_time="")


def follow_clocks() -> int:
    """Give what waits for its time the instant its zone's rules have for it now. Return how many moved.

    Times are stored in UTC with the wall clock's time and zone they were chosen in. Call it, or
    ``connected_accounts_update_times``, after the time zone database was updated.
    """
    moved = 0
    for was, when in _changed():
        rows = Publication.objects.filter(WAITING, due_at=was, **_said(when))
        for publication in rows.select_related("account", "post"):
            moved += _move(publication, when)
    for series in Series.objects.filter(status=Series.Status.ACTIVE):
        Series.objects.filter(pk=series.pk).update(
            run_at=timezone.now(), ends_at=recurring.planned(series)[-1].due_at
        )
    return moved


def _changed() -> Iterator[tuple[datetime, When]]:
    """Yield every time that was chosen, as it was understood then and as it is now, where these differ."""
    chosen = Publication.objects.filter(WAITING, due_at__gt=timezone.now()).order_by()
    for wall, zone, fold, was in chosen.values_list("wall_time", "zone", "fold", "due_at").distinct():
        try:
            when = recur(datetime.fromisoformat(wall), zone, fold)
        except InvalidRequest:  # the zone is gone from the database: the instant stays as it was
            continue
        if when.due_at != was:
            yield was, when


def _said(when: When) -> dict[str, object]:
    return {"wall_time": when.wall_time, "zone": when.zone, "fold": when.fold}


def _move(publication: Publication, when: When) -> int:
    by: timedelta = when.due_at - publication.due_at
    free = Q(lease_until=None) | Q(lease_until__lt=DatabaseNow())
    with transaction.atomic():
        same = Publication.objects.filter(WAITING & free, pk=publication.pk, due_at=publication.due_at)
        if not same.update(due_at=when.due_at, run_at=when.due_at, deadline_at=F("deadline_at") + by):
            return 0  # a runner or a person was faster
        events.record(
            "publication.rescheduled",
            account=publication.account,
            post=publication.post,
            publication=publication,
            data={"due_at": when.due_at, "zone": when.zone, "was": publication.due_at},
        )
    return 1

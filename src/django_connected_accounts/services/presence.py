"""Who is at work: every runner says now and then that it is there, so that its absence can be seen."""

from __future__ import annotations

import os
import platform
import time
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from django_connected_accounts.models import Runner

EVERY_SECONDS = 20.0
SEEN = timedelta(seconds=90)
"""Runners that said so within this time are taken to be at work; cron comes every minute."""

FORGOTTEN = timedelta(days=1)

_last = -EVERY_SECONDS


def name(*, lasting: bool = True) -> str:
    """Return how this process is called; all that are started anew for each sweep are one."""
    host = platform.node()[:160] or "unknown host"
    return f"{host}:{os.getpid()}" if lasting else f"{host} (tick)"


def show(*, lasting: bool = True) -> None:
    """Say that this process is at work, unless it has just said so."""
    global _last
    if time.monotonic() - _last < EVERY_SECONDS:
        return
    _last = time.monotonic()
    now, mine = timezone.now(), name(lasting=lasting)
    if not Runner.objects.filter(pk=mine).update(seen_at=now):
        Runner.objects.bulk_create([Runner(pk=mine, began_at=now, seen_at=now)], ignore_conflicts=True)


def leave() -> None:
    """Say that this process is ending, so that nobody misses it."""
    Runner.objects.filter(pk=name()).delete()


def at_work(now: datetime | None = None) -> list[Runner]:
    """Return the runners seen just now, the last seen first."""
    return list(Runner.objects.filter(seen_at__gte=(now or timezone.now()) - SEEN))


def old() -> QuerySet[Runner]:
    """Return the runners that were not seen for a day."""
    return Runner.objects.filter(seen_at__lt=timezone.now() - FORGOTTEN)


def forget() -> int:
    """Delete the runners that were not seen for a day. Return how many."""
    return old().delete()[0]

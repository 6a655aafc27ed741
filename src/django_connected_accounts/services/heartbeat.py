"""The leases of what this process is at, renewed in the background while it is at it.

A step may take long, as an upload does. What counts for it is not the lease it began with but the one that
was really renewed: `end` says when that one ends, and a process that was frozen past it learns so there.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from uuid import UUID

from django.conf import settings
from django.db import connection

from django_connected_accounts.models import Publication
from django_connected_accounts.models.leases import DatabaseNow

log = logging.getLogger("django_connected_accounts")

SHARE = 1 / 6
"""Of a lease, after which it is renewed: should one renewal fail, others follow in time."""

LONGEST_STEP = timedelta(hours=2)
"""A step that takes longer hangs: its lease is let run out, so that others look after it."""

OVER = datetime.min.replace(tzinfo=timezone.utc)

Key = tuple[UUID, str]


@dataclass(slots=True)
class _Kept:
    since: datetime
    end: datetime


_kept: dict[Key, _Kept] = {}
_lock = threading.Lock()
_thread: threading.Thread | None = None


def lease() -> timedelta:
    """Return how long a lease is."""
    return timedelta(seconds=settings.CONNECTED_ACCOUNTS_LEASE_SECONDS)


def keep(publications: Iterable[Publication], asked_at: datetime) -> None:
    """Renew from now on the leases that were had, or renewed, by a query sent at ``asked_at``."""
    global _thread
    now = datetime.now(timezone.utc)
    with _lock:
        for publication in publications:
            _kept[_key(publication)] = _Kept(now, asked_at + lease())
        if _kept and (_thread is None or not _thread.is_alive()):
            _thread = threading.Thread(target=_beat, name="connected-accounts-leases", daemon=True)
            _thread.start()


def let_go(publication: Publication) -> None:
    """Renew this lease no longer."""
    with _lock:
        _kept.pop(_key(publication), None)


def end(publication: Publication) -> datetime:
    """Return until when the lease stands, as far as this process knows."""
    kept = _kept.get(_key(publication))
    return kept.end if kept else OVER


def renew() -> None:
    """Renew all the leases of this process."""
    asked_at = datetime.now(timezone.utc)
    with _lock:
        mine = {key for key, kept in _kept.items() if asked_at - kept.since < LONGEST_STEP}
    if not mine:
        return
    rows = Publication.objects.filter(
        pk__in={pk for pk, _ in mine}, lease_token__in={token for _, token in mine}
    )
    until = DatabaseNow() + lease()
    margin = timedelta(seconds=settings.CONNECTED_ACCOUNTS_FIND_MARGIN_SECONDS)
    renewed = rows.update(lease_until=until, run_at=until + margin)
    still = mine if renewed == len(mine) else set(rows.values_list("pk", "lease_token"))
    with _lock:
        for key in mine & _kept.keys():
            _kept[key].end = asked_at + lease() if key in still else OVER


def _beat() -> None:
    global _thread
    pause = threading.Event()
    while True:
        pause.wait(lease().total_seconds() * SHARE)
        with _lock:
            if not _kept:
                _thread = None
                return
        try:
            renew()
        except Exception:
            log.warning("The leases of this process could not be renewed", exc_info=True)
        finally:
            connection.close()


def _key(publication: Publication) -> Key:
    return publication.pk, publication.lease_token


def _forget() -> None:
    """A child process has no thread, and nothing to do with the leases of its parent."""
    global _lock, _thread
    _lock, _thread = threading.Lock(), None
    _kept.clear()


os.register_at_fork(after_in_child=_forget)

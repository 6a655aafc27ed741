"""The rows of publications under way: written by whoever holds their lease, and nobody else."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import DurationField, Exists, QuerySet

from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication
from django_connected_accounts.models.leases import DatabaseNow

from . import compiled, events, heartbeat, states
from .compiled import Slot, slot

log = logging.getLogger("django_connected_accounts")

Status = Publication.Status

RETRY_PAUSES = (0.1, 0.5, 2.0)
"""Seconds between the tries to store an outcome: it is worth some patience."""

OUTCOME = (
    "attempts",
    "checkpoint",
    "code",
    "content_hash",
    "deadline_at",
    "detail",
    "intent_at",
    "permalink",
    "platform_code",
    "published_at",
    "remedy",
    "remote_id",
    "repeatable",
    "status",
    "step",
    "steps",
    "trace_id",
    "started_at",
    "turn_at",
)
"""What a step may change; of it is written what is not as it was read."""


def read(publications: Iterable[Publication]) -> None:
    """Note of these what the database has, so that only what changes is written."""
    for publication in publications:
        publication.as_read = _outcome(publication)


def begin(publication: Publication) -> bool:
    """Say that a step begins: written first if it must not be repeated, or is the first that people see.

    False: the row is no longer ours, or what the step relies on is no longer as it was read.
    """
    begun = publication.status not in (Status.SCHEDULED, Status.HELD)
    if not begun:
        states.change(publication, Status.SENDING)
    if publication.started_at is None or publication.started_at < publication.due_at:
        publication.started_at = _now()
    if begun and publication.repeatable:
        publication.intent_at = _now()
        return True
    asked_at = _now()
    written = _write(publication, kept=True)
    if written:
        read([publication])
        heartbeat.keep([publication], asked_at)
    return written


def store(
    publication: Publication,
    about: Sequence[Mapping[str, Any]] = (),
    *,
    wait: float | None,
    keep_intent: bool = False,
    go_on: bool = False,
) -> bool:
    """Write what came of a step and the events ``about`` it, unless another runner has the lease by now.

    The lease is given back, to be looked at in ``wait`` seconds; or kept for the next step, whose intent is
    written with it, where ``go_on`` asks for that and nothing hinders it. True if it was kept.
    """
    if not keep_intent:
        publication.intent_at = None
    for pause in (*RETRY_PAUSES, None):
        try:
            return _store(publication, about, wait, go_on)
        except (InterfaceError, OperationalError):
            if pause is None or connection.in_atomic_block:
                raise
            drop_connection()
            time.sleep(pause)
    raise AssertionError


def postpone(publication: Publication, run_at: datetime, code: str = "") -> None:
    """Give the lease back and look again at ``run_at``; ``code`` says why."""
    publication.code = code or publication.code
    _ours(publication).update(
        lease_token="", lease_until=None, run_at=run_at, turn_at=publication.turn_at, code=publication.code
    )
    heartbeat.let_go(publication)


def give_back(publication: Publication) -> None:
    """Give back the lease of a publication whose step has not begun, for others to take at once."""
    heartbeat.let_go(publication)
    _ours(publication).update(lease_token="", lease_until=None, run_at=DatabaseNow())


def drop_connection() -> None:
    """Have the next query open a connection of its own, should the one of this thread be broken."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _store(
    publication: Publication, about: Sequence[Mapping[str, Any]], wait: float | None, go_on: bool
) -> bool:
    asked_at = _now()
    told = [events.prepare(**what) for what in about]
    kept = go_on and _write(publication, told, kept=True)
    if not kept and not _write(publication, told, wait=wait):
        log.warning("Publication %s: the lease was lost, its new holder settles it", publication.pk)
        heartbeat.let_go(publication)
        return False
    for event in told:
        events.tell(event)
    read([publication])
    if kept:
        heartbeat.keep([publication], asked_at)
    else:
        heartbeat.let_go(publication)
    return kept


def _ours(publication: Publication) -> QuerySet[Publication]:
    """Return the row while it is leased to us."""
    return Publication.objects.filter(pk=publication.pk, lease_token=publication.lease_token)


def _write(
    publication: Publication, told: Sequence[Event] = (), *, kept: bool = False, wait: float | None = None
) -> bool:
    """Write what has changed, and what is told of it, while the row is leased to us; keep or give it back.

    It is ``kept`` for a step that begins now, and nothing is written then where the account or the post is no
    longer as it was read; else the row is looked at again in ``wait`` seconds.
    """
    live, intent_at = publication.status == Status.PUBLISHED, publication.intent_at
    if kept:
        publication.intent_at = _now()
    now, known = _outcome(publication), publication.as_read
    names = tuple(name for name in OUTCOME if now[name] != known.get(name, _UNREAD))
    shape = (names, kept, live, wait is None and not kept)
    values = {"pk": publication.pk, "token": publication.lease_token}
    if kept:
        margin = timedelta(seconds=settings.CONNECTED_ACCOUNTS_FIND_MARGIN_SECONDS)
        values |= {"lease": heartbeat.lease(), "then": heartbeat.lease() + margin}
        values |= {"account": publication.account.pk, "version": publication.account.token_version}
        values |= {"post": publication.post_id, "content": publication.content_hash}
    elif wait is not None:
        values |= {"then": timedelta(seconds=wait)}
    values |= {name: getattr(publication, _ATTRIBUTES[name]) for name in names}
    values["updated_at"] = publication.updated_at = _now()
    written = bool(compiled.update(shape, partial(_described, *shape), values, told))
    if not written:
        publication.intent_at = intent_at
    return written


_UNREAD = object()


def _described(
    names: Sequence[str], kept: bool, live: bool, for_good: bool
) -> tuple[QuerySet[Publication], dict[str, Any]]:
    """Return the rows that `_write` writes, and what it sets on them, the values left open."""
    rows = Publication.objects.filter(
        pk=slot(Publication, "id", "pk"), lease_token=slot(Publication, "lease_token", "token")
    )
    then = None if for_good else DatabaseNow() + Slot("then", DurationField())
    changes: dict[str, Any] = {name: slot(Publication, name) for name in (*names, "updated_at")}
    changes["run_at"] = then
    if not kept:
        return rows, {**changes, "lease_token": "", "lease_until": None}
    account = ConnectedAccount.objects.filter(
        pk=slot(ConnectedAccount, "id", "account"),
        token_version=slot(ConnectedAccount, "token_version", "version"),
    )
    rows = rows.filter(Exists(account if live else account.filter(is_active=True)))
    if not live:
        approved = Post.objects.filter(
            pk=slot(Post, "id", "post"),
            review=Post.Review.APPROVED,
            approved_hash=slot(Post, "approved_hash", "content"),
        )
        rows = rows.filter(Exists(approved))
    return rows, {**changes, "lease_until": DatabaseNow() + Slot("lease", DurationField())}


def _outcome(publication: Publication) -> dict[str, Any]:
    """Return what a step may change as it is now, a secret as its sealed object."""
    known = publication.__dict__
    return {name: known[attribute] for name, attribute in _ATTRIBUTES.items()}


_ATTRIBUTES = {
    field.name: field.attname for field in Publication._meta.concrete_fields if field.name in OUTCOME
}


def _now() -> datetime:
    return datetime.now(timezone.utc)

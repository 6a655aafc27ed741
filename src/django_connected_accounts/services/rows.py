"""The rows of publications under way: written by whoever holds their lease, and nobody else."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, QuerySet

from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.models.leases import DatabaseNow

from . import events, heartbeat, states

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
    "permalink",
    "platform_code",
    "published_at",
    "remedy",
    "remote_id",
    "repeatable",
    "status",
    "step",
    "trace_id",
    "turn_at",
)


def begin(publication: Publication) -> bool:
    """Write that a step begins, and renew the lease.

    False: the row is no longer ours, or what the step relies on is no longer as it was read.
    """
    if publication.status in (Status.SCHEDULED, Status.HELD):
        states.change(publication, Status.SENDING)
    if publication.started_at is None or publication.started_at < publication.due_at:
        publication.started_at = _now()
    asked_at = _now()
    begun = _unchanged(publication).update(
        status=publication.status, started_at=publication.started_at, **_intent(publication)
    )
    if begun:
        heartbeat.keep([publication], asked_at)
    return bool(begun)


def store(
    publication: Publication,
    event: Mapping[str, Any] | None = None,
    *,
    wait: float | None,
    keep_intent: bool = False,
    go_on: bool = False,
) -> bool:
    """Write what came of a step and tell it, unless another runner has the lease by now.

    The lease is given back, to be looked at in ``wait`` seconds; or kept for the next step, whose intent is
    written with it, where ``go_on`` asks for that and nothing hinders it. True if it was kept.
    """
    if not keep_intent:
        publication.intent_at = None
    for pause in (*RETRY_PAUSES, None):
        try:
            return _store(publication, event, wait, go_on)
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
    _ours(publication).update(lease_token="", lease_until=None, run_at=DatabaseNow())
    heartbeat.let_go(publication)


def drop_connection() -> None:
    """Have the next query open a connection of its own, should the one of this thread be broken."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _store(
    publication: Publication, event: Mapping[str, Any] | None, wait: float | None, go_on: bool
) -> bool:
    asked_at, kept = _now(), False
    outcome = {name: _stored(publication, name) for name in OUTCOME}
    outcome |= {"intent_at": publication.intent_at, "updated_at": asked_at}
    with transaction.atomic():
        if go_on:
            kept = bool(_unchanged(publication).update(**{**outcome, **_intent(publication)}))
        if not kept:
            run_at = None if wait is None else DatabaseNow() + timedelta(seconds=wait)
            given_back = {"lease_token": "", "lease_until": None, "run_at": run_at}
            if not _ours(publication).update(**outcome, **given_back):
                log.warning("Publication %s: the lease was lost, its new holder settles it", publication.pk)
                heartbeat.let_go(publication)
                return False
        if event:
            events.record(**event)
    if kept:
        heartbeat.keep([publication], asked_at)
    else:
        heartbeat.let_go(publication)
    return kept


def _ours(publication: Publication) -> QuerySet[Publication]:
    """Return the row while it is leased to us."""
    return Publication.objects.filter(pk=publication.pk, lease_token=publication.lease_token)


def _unchanged(publication: Publication) -> QuerySet[Publication]:
    """Return the row while it is leased to us, and its account and post are as they were read."""
    account = publication.account
    same = {"pk": account.pk, "token_version": account.token_version}
    if publication.status == Status.PUBLISHED:
        return _ours(publication).filter(Exists(ConnectedAccount.objects.filter(**same)))
    approved = {"review": Post.Review.APPROVED, "approved_hash": publication.content_hash}
    return _ours(publication).filter(
        Exists(ConnectedAccount.objects.filter(**same, is_active=True)),
        Exists(Post.objects.filter(pk=publication.post_id, **approved)),
    )


def _intent(publication: Publication) -> dict[str, Any]:
    """Return what is written before a step: since when it is under way, and when others look after it."""
    publication.intent_at = _now()
    until = DatabaseNow() + heartbeat.lease()
    margin = timedelta(seconds=settings.CONNECTED_ACCOUNTS_FIND_MARGIN_SECONDS)
    return {"intent_at": publication.intent_at, "lease_until": until, "run_at": until + margin}


def _stored(publication: Publication, name: str) -> Any:
    return publication._meta.get_field(name).pre_save(publication, False)  # type: ignore[union-attr]


def _now() -> datetime:
    return datetime.now(timezone.utc)

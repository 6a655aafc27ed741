"""What is kept for how long: `purge` removes the rest in small pieces, beside whoever works.

Kept whatever its age: posts and publications, what belongs to a publication that is open or unknown, what
waits to be told to a receiver, a reader or an endpoint, and notices that are still true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db.models import Q, QuerySet
from django.utils import timezone

from django_connected_accounts.models import (
    Event,
    Measurement,
    PostMedia,
    Publication,
    Rendition,
    WebhookDelivery,
)
from django_connected_accounts.models.posts import FOLDER
from django_connected_accounts.models.records import IdempotencyKey
from django_connected_accounts.signals import VERBS

from . import attempts, notices, presence

Status = Publication.Status

DETAILS = (
    "account.refreshed",
    "account.refresh_failed",
    "account.verified",
    "notification.received",
    "publication.attempt",
    "publication.retrying",
    "webhook.test",
)
"""Verbs of how things went, step by step."""

HISTORY = tuple(verb for verb in VERBS if verb not in DETAILS)
"""What an audit asks for: who did what, and how it ended."""

OPEN = (*Publication.OPEN, Status.UNKNOWN)
CHECKPOINTS = timedelta(days=30)
ANSWERS = timedelta(days=2)
FRESH = timedelta(days=1)
"""A file may be written this long before the row that refers to it."""

BATCH = 500

Removal = Callable[[bool], Iterator[int]]
"""Removes in pieces, or counts where it is told to; yields how many rows each piece had."""


def removals(*, files: bool = False) -> Mapping[str, Removal]:
    """Return what can be removed, by name; ``files`` are those of the media storage nobody refers to."""
    found: dict[str, Removal] = {
        "details": partial(_events, DETAILS, settings.CONNECTED_ACCOUNTS_DETAIL_KEEP_DAYS),
        "history": partial(_events, HISTORY, settings.CONNECTED_ACCOUNTS_HISTORY_KEEP_DAYS),
        "measurements": _measurements,
        "deliveries": _deliveries,
        "checkpoints": _checkpoints,
        "attempts": _attempts,
        "answers": _answers,
        "runners": _runners,
    }
    return {**found, "files": _files} if files else found


def purge(*, dry_run: bool = False, files: bool = False) -> dict[str, int]:
    """Remove what is older than the settings say. Return how many rows that were, by name."""
    return {name: sum(removal(dry_run)) for name, removal in removals(files=files).items()}


def _events(verbs: Sequence[str], days: int, dry_run: bool) -> Iterator[int]:
    pending = Q(dispatched_at=None) | Q(notify_at__isnull=False) | Q(tell_at__isnull=False)
    for verb in verbs if days else ():  # one by one: that is an index
        rows = Event.objects.filter(verb=verb, at__lt=_before(days)).exclude(pending)
        rows = rows.exclude(publication__status__in=OPEN).exclude(deliveries__run_at__isnull=False)
        for ids in _pieces(rows, "at"):
            old = Event.objects.filter(pk__in=set(ids) - _still_true(ids))
            yield old.count() if dry_run else _delete(old)


def _still_true(ids: list[Any]) -> set[Any]:
    """Return which of these events are notices of something that is still so."""
    told = list(Event.objects.filter(pk__in=ids).exclude(notice="").values_list("pk", flat=True))
    return set(notices.current().filter(pk__in=told).values_list("pk", flat=True)) if told else set()


def _measurements(dry_run: bool) -> Iterator[int]:
    days: int = settings.CONNECTED_ACCOUNTS_MEASUREMENT_KEEP_DAYS
    if days:
        yield from _removed(Measurement.objects.filter(at__lt=_before(days)), "pk", dry_run)


def _deliveries(dry_run: bool) -> Iterator[int]:
    days: int = settings.CONNECTED_ACCOUNTS_DELIVERY_KEEP_DAYS
    ended = WebhookDelivery.objects.filter(run_at=None, created_at__lt=_before(days))
    for state in (WebhookDelivery.State.DELIVERED, WebhookDelivery.State.GIVEN_UP) if days else ():
        yield from _removed(ended.filter(state=state), "created_at", dry_run)


def _checkpoints(dry_run: bool) -> Iterator[int]:
    """Wipe where the provider had left off; what was cancelled begins anew should it be scheduled again."""
    rows = Publication.objects.filter(status=Status.CANCELLED, updated_at__lt=timezone.now() - CHECKPOINTS)
    rows = rows.filter(run_at=None, intent_at=None).exclude(checkpoint=None)
    for ids in _pieces(rows, "updated_at"):
        yield len(ids) if dry_run else rows.filter(pk__in=ids).update(checkpoint=None)


def _attempts(dry_run: bool) -> Iterator[int]:
    yield from _removed(attempts.old(), "pk", dry_run)


def _answers(dry_run: bool) -> Iterator[int]:
    """Remove the answers of the JSON API that are not given again any more."""
    rows = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - ANSWERS)
    yield from _removed(rows, "created_at", dry_run)


def _runners(dry_run: bool) -> Iterator[int]:
    yield presence.old().count() if dry_run else presence.forget()


def _files(dry_run: bool) -> Iterator[int]:
    """Delete the files of a post's media that no row names: those that a killed process left behind."""
    storage: Storage = storages[settings.CONNECTED_ACCOUNTS_MEDIA_STORAGE]
    try:
        _, names = storage.listdir(FOLDER)
    except FileNotFoundError:
        return
    before = timezone.now() - FRESH
    for start in range(0, len(names), BATCH):
        paths = {f"{FOLDER}/{name}" for name in names[start : start + BATCH]}
        old = {path for path in paths if _written_at(storage, path) < before}
        unused = old - _named(old)
        for path in () if dry_run else unused:
            storage.delete(path)
        yield len(unused)


def _named(paths: set[str]) -> set[str]:
    used = PostMedia.objects.filter(Q(file__in=paths) | Q(cover__in=paths))
    made = Rendition.objects.filter(file__in=paths)
    return {name for row in used.values_list("file", "cover") for name in row} | set(
        made.values_list("file", flat=True)
    )


def _written_at(storage: Storage, path: str) -> datetime:
    """Return when a file was written; now for one that is gone."""
    try:
        return storage.get_modified_time(path)
    except FileNotFoundError:
        return timezone.now()


def _removed(rows: QuerySet[Any], order: str, dry_run: bool) -> Iterator[int]:
    for ids in _pieces(rows, order):
        yield len(ids) if dry_run else _delete(rows.model._base_manager.filter(pk__in=ids))


def _pieces(rows: QuerySet[Any], order: str) -> Iterator[list[Any]]:
    """Yield the keys of these rows some at a time, in this order, going on behind the last."""
    rows, after = rows.order_by(*dict.fromkeys((order, "pk"))), Q()
    while found := list(rows.filter(after).values_list("pk", order)[:BATCH]):
        yield [pk for pk, _ in found]
        pk, last = found[-1]
        same = Q(pk__gt=pk)
        if order != "pk":
            # The first condition says nothing new, but lets the database begin there.
            same = Q(**{f"{order}__gte": last}) & (Q(**{f"{order}__gt": last}) | same)
        after = same


def _delete(rows: QuerySet[Any]) -> int:
    return rows.delete()[1].get(rows.model._meta.label, 0)


def _before(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)

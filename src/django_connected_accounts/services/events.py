"""The outbox: events are written with the change they tell of, and told on after commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils import timezone

from django_connected_accounts.models import Event
from django_connected_accounts.signals import VERBS, WEBHOOK_TYPES, notice_raised

from . import compiled

log = logging.getLogger("django_connected_accounts")


def record(verb: str, *, code: str = "", actor: Any = None, **what: Any) -> Event:
    """Write an event in the caller's transaction and tell it on after commit, where anybody listens.

    ``what`` are ``account``, ``post``, ``publication``, ``data`` (plain values, never a secret), ``key`` for
    what must happen only `once`, and ``notice`` where it begins a state that somebody is to be told of.
    """
    (event,) = record_all(verb, [what], code=code, actor=actor)
    return event


def record_all(
    verb: str, about: Iterable[Mapping[str, Any]], *, code: str = "", actor: Any = None
) -> list[Event]:
    """Do `record` for each of these, in one query."""
    events = [prepare(verb, code=code, actor=actor, **what) for what in about]
    if len(events) == 1:
        compiled.insert(events[0])
    else:
        Event.objects.bulk_create(events)
    for event in events:
        tell(event)
    return events


def prepare(verb: str, **what: Any) -> Event:
    """Return what `record` writes, for the caller to insert, and then to `tell`."""
    event = Event(verb=verb, **what)
    if verb in WEBHOOK_TYPES:
        event.tell_at = event.at
    if event.notice and settings.CONNECTED_ACCOUNTS_NOTIFY_BY_EMAIL:
        event.notify_at = event.at
    if not any(signal.has_listeners(Event) for signal in _signals(event)):
        event.dispatched_at = event.at
    return event


def tell(event: Event) -> None:
    """Tell an event on that was inserted, after commit, where anybody listens."""
    if event.dispatched_at is None:
        transaction.on_commit(partial(_tell, event), robust=True)


def once(verb: str, key: str, act: Callable[[], None], **what: Any) -> None:
    """Act and record this event, in one transaction, unless an event with this key was recorded before.

    Of several at the same time one succeeds, and what the others did is undone.
    """
    same = Event.objects.filter(key=key)
    if same.exists():
        return
    try:
        with transaction.atomic():
            act()
            # Last: on MariaDB those who wait at the key would block whatever else is written after it.
            record(verb, key=key, **what)
    except IntegrityError:
        if not same.exists():
            raise


def dispatch(older_than: timedelta = timedelta(minutes=1), limit: int = 1000) -> int:
    """Tell on what a process that died has left in the outbox. Return how many events were told."""
    left = Event.objects.filter(dispatched_at__isnull=True, at__lt=timezone.now() - older_than)
    events = list(left.select_related("account", "post", "publication").order_by("at")[:limit])
    for event in events:
        _tell(event)
    return len(events)


def _tell(event: Event) -> None:
    for signal in _signals(event):
        for receiver, answer in signal.send_robust(sender=Event, event=event):
            if isinstance(answer, Exception):
                log.error("A receiver of %s failed: %r", event.verb, receiver, exc_info=answer)
    Event.objects.filter(pk=event.pk).update(dispatched_at=timezone.now())


def _signals(event: Event) -> list[Signal]:
    found = (VERBS.get(event.verb), notice_raised if event.notice else None)
    return [signal for signal in found if signal is not None]

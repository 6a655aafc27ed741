"""The outbox: events are written with the change they tell of, and told on after commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from django_connected_accounts.models import Event
from django_connected_accounts.signals import VERBS

log = logging.getLogger("django_connected_accounts")


def record(verb: str, *, code: str = "", actor: Any = None, **what: Any) -> Event:
    """Write an event in the caller's transaction and tell it on after commit, where anybody listens.

    ``what`` are ``account``, ``post``, ``publication``, ``data`` (plain values, never a secret), and ``key``
    for what must happen only `once`.
    """
    signal = VERBS[verb]
    told = signal is None or not signal.has_listeners(Event)
    event = Event(verb=verb, code=code, actor=actor, **what)
    if told:
        event.dispatched_at = event.at
    event.save(force_insert=True)
    if not told:
        transaction.on_commit(lambda: _tell(event), robust=True)
    return event


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
    signal = VERBS.get(event.verb)
    if signal is not None:
        for receiver, answer in signal.send_robust(sender=Event, event=event):
            if isinstance(answer, Exception):
                log.error("A receiver of %s failed: %r", event.verb, receiver, exc_info=answer)
    Event.objects.filter(pk=event.pk).update(dispatched_at=timezone.now())

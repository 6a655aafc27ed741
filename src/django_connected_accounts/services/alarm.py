"""Operators told that the queue stands still: by whoever still runs, as those who should publish do not."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signals import request_finished
from django.db import DatabaseError, close_old_connections, connections, router
from django.utils import timezone

from django_connected_accounts.models import Event

from . import events, mailing, status

log = logging.getLogger("django_connected_accounts")

EVERY_SECONDS = 60.0

_looked = time.monotonic()


def raise_if_still() -> bool:
    """Write a notice for the operators where the queue stands still, one a day. Return whether it is new."""
    now = timezone.now()
    still = status.stuck(now)
    oldest = still.order_by("run_at").values_list("run_at", flat=True).first()
    key = f"queue_still:{now:%Y%m%d}"
    if oldest is None or Event.objects.filter(key=key).exists():
        return False
    site = urlsplit(settings.CONNECTED_ACCOUNTS_BASE_URL).netloc
    told = {"name": site, "since": oldest, "count": still.count()}
    events.once("queue.still", key, lambda: None, code="queue_still", notice="queue_still", data=told)
    return True


def look_now_and_then(**kwargs: Any) -> None:
    """After a request, at most once a minute: do `raise_if_still`, and send its e-mail from aside."""
    global _looked
    if not settings.CONNECTED_ACCOUNTS_ALARM_SECONDS or time.monotonic() - _looked < EVERY_SECONDS:
        return
    if connections[router.db_for_write(Event)].in_atomic_block:
        return  # a test's: what is in it nobody else sees, and its connection is not ours to close
    _looked = time.monotonic()
    try:
        new = raise_if_still()
    except DatabaseError:
        log.info("Whether the queue stands still could not be looked up", exc_info=True)
        return
    finally:
        close_old_connections()
    if new:
        threading.Thread(target=_send, name="connected-accounts-alarm", daemon=True).start()


def _send() -> None:
    try:
        mailing.send_due()
    except Exception:
        log.exception("The e-mail that the queue stands still was not sent")
    finally:
        connections.close_all()


request_finished.connect(look_now_and_then, dispatch_uid="connected_accounts.alarm")

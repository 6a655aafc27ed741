"""Whether Celery is set up so that a step is not delivered anew while it runs, and somebody sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from .tasks import queue, sweep


def celery(**kwargs: Any) -> Sequence[CheckMessage]:
    return [*_visibility(), *_schedule()]


def _visibility() -> Iterator[CheckMessage]:
    """A message that is not acknowledged by then is delivered again: not before the step's own lease ends."""
    seconds, lease = visibility_timeout(), settings.CONNECTED_ACCOUNTS_LEASE_SECONDS
    if not isinstance(lease, int | float):
        return  # which another check says
    needed = lease + queue.furthest.total_seconds()
    if seconds is not None and seconds < needed:
        message = f"Celery's broker delivers again after {seconds:g} seconds, while the step may still run."
        hint = f"Set “visibility_timeout” in broker_transport_options to {needed:g} or more."
        yield Error(message, hint=hint, id="connected_accounts.E060")


def visibility_timeout() -> float | None:
    """Return after how many seconds the broker delivers anew what is not acknowledged, None for never."""
    try:
        connection = current_app.connection_for_read()
        channel = getattr(connection.get_transport_cls(), "Channel", None)
    except (ImportError, KeyError):
        return None  # Celery itself will say that there is no such transport.
    names = ("visibility_timeout", "default_visibility_timeout")
    defaults = (getattr(channel, name, None) for name in names)
    default = next((value for value in defaults if isinstance(value, (int, float))), None)
    chosen = (connection.transport_options or {}).get("visibility_timeout", default)
    return None if chosen is None else float(chosen)


def _schedule() -> Iterator[CheckMessage]:
    conf = current_app.conf
    if "django_celery_beat" in str(conf.beat_scheduler):
        return  # Its schedule is in the database, which is not asked here.
    entries: Mapping[str, Mapping[str, Any]] = conf.beat_schedule or {}
    if not any(entry.get("task") == sweep.name for entry in entries.values()):
        message = "Celery's beat does not sweep: what no message tells of is not published."
        hint = "Add connected_accounts.sweep to beat_schedule; or tick by cron, and silence this."
        yield Warning(message, hint=hint, id="connected_accounts.W060")

"""From a clock on the wall to an instant: what clocks skip is refused, what they show twice is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import timezone as fixed_zone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest

PAST_TOLERANCE = timedelta(minutes=1)
FURTHEST = timedelta(days=3653)
"""How far ahead a post may be scheduled: a year beyond these ten is a slip of the pen."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A time that was chosen: the instant in UTC, and what the clocks of its zone show then.

    ``wall_time`` is that in ISO 8601, "" for "now", which no clock was looked at for. ``fold`` is 1 for the
    second of two times that look alike.
    """

    due_at: datetime
    zone: str = "UTC"
    wall_time: str = ""
    fold: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        """Return it as `models.Publication` keeps it."""
        return {
            "due_at": self.due_at,
            "zone": self.zone,
            "wall_time": self.wall_time,
            "fold": self.fold,
        }


def zone_named(name: str) -> ZoneInfo:
    """Return the zone, or raise InvalidRequest("unknown_zone")."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidRequest("unknown_zone", field="zone", zone=name) from error


def resolve(at: datetime | None, zone: str, fold: int | None = None) -> When:
    """Return the time to come that is meant; None is now, a naive time that of a wall clock in ``zone``.

    ``fold`` says which of two is meant where the clocks show a time twice: 0 the earlier, 1 the later. Raise
    InvalidRequest: ``time_does_not_exist``, ``time_is_ambiguous`` (its ``choices`` are the answers),
    ``past_date``, ``too_far_ahead``, ``unknown_zone``.
    """
    tz, now = zone_named(zone), timezone.now()
    if at is None:
        return When(due_at=now, zone=zone)
    local = _local(at, tz, fold) if timezone.is_naive(at) else at
    if local < now - PAST_TOLERANCE:
        raise InvalidRequest("past_date", field="at")
    if local > now + FURTHEST:
        raise InvalidRequest("too_far_ahead", field="at")
    return _when(local.astimezone(tz), zone)


def recur(wall: datetime, zone: str, fold: int = 0) -> When:
    """Return the instant of a wall clock's time without asking, for what was decided before.

    Of a time that is skipped the first there is after it, of one shown twice the earlier but for ``fold`` 1.
    """
    tz = zone_named(zone)
    local = wall.replace(tzinfo=tz, fold=fold)
    if _utc(local).astimezone(tz).replace(tzinfo=None) != wall:
        local = _after_gap(wall, tz)
    moved = _when(local, zone)
    return When(due_at=moved.due_at, zone=zone, wall_time=wall.isoformat(), fold=fold)


def _when(local: datetime, zone: str) -> When:
    wall = local.replace(tzinfo=None).isoformat()
    return When(due_at=_utc(local), zone=zone, wall_time=wall, fold=local.fold)


def _local(at: datetime, tz: ZoneInfo, fold: int | None) -> datetime:
    earlier, later = (at.replace(tzinfo=tz, fold=n) for n in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return earlier
    if _utc(earlier).astimezone(tz).replace(tzinfo=None) != at.replace(fold=0):
        after = _after_gap(at, tz)
        before = (_utc(after) - MINUTE).astimezone(tz)
        raise _question("time_does_not_exist", at, tz, before, after)
    if fold is None and not at.fold:
        raise _question("time_is_ambiguous", at, tz, earlier, later)
    return later if fold or (fold is None and at.fold) else earlier


def _after_gap(wall: datetime, tz: ZoneInfo) -> datetime:
    """Return the first time that exists after one the clocks skip: that of the switch."""
    # Read with the offset from after the switch it lies before it, and the other way round.
    low, high = _utc(wall.replace(tzinfo=tz, fold=1)), _utc(wall.replace(tzinfo=tz, fold=0))
    offset = high.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(tz).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.astimezone(tz)


def _question(code: str, at: datetime, tz: ZoneInfo, first: datetime, second: datetime) -> InvalidRequest:
    choices = [
        {"at": local.isoformat(), "fold": local.fold, "name": naming(local)} for local in (first, second)
    ]
    words: dict[str, Any] = {"first": _words(first, at), "second": _words(second, at)}
    return InvalidRequest(code, field="at", zone=tz.key, choices=choices, **words)


def _words(local: datetime, at: datetime) -> str:
    shown = f"{local:%H:%M}" if local.date() == at.date() else f"{local:%Y-%m-%d %H:%M}"
    return f"{shown} {naming(local)}"


def naming(local: datetime) -> str:
    """Return how the clocks go at a time: "CEST (UTC+02:00)", or "UTC+03:00" where that has no name."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    name = local.tzname() or ""
    return f"{name} ({offset})" if name.isalpha() else offset


def _utc(local: datetime) -> datetime:
    return local.astimezone(fixed_zone.utc)


def choices(error: InvalidRequest) -> Sequence[dict[str, Any]]:
    """Return the times an error offers instead: each ``at`` with its offset, ``fold`` and ``name``."""
    found: Sequence[dict[str, Any]] = error.params.get("choices", ())
    return found


__all__ = ["When", "choices", "naming", "recur", "resolve", "zone_named"]

"""What was tried with a publication and what came of it, read from its events: the history is the record."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from django_connected_accounts.models import Event, Publication

TRIED = frozenset(
    f"publication.{verb}"
    for verb in (
        "step",
        "attempt",
        "retrying",
        "waiting",
        "published",
        "handed_over",
        "linked",
        "warning",
        "held",
        "unknown",
        "missed",
        "failed",
    )
)
"""Verbs that tell how a step went; the others tell what people decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A moment in the life of a publication; what is not known is None or ""."""

    event: Event
    at: datetime
    verb: str
    code: str
    step: int | None
    """How many steps of this generation were finished by then."""
    generation: int | None
    attempts: int | None
    """How often in a row the step under way had not happened by then."""
    seconds: float | None
    """How long the try took, of which this is the outcome; None for what people did."""
    platform_code: str
    trace_id: str
    note: str
    detail: str


def facts(publication: Publication) -> dict[str, Any]:
    """Return what the event about a publication's outcome remembers of the try, nothing that is secret."""
    known = {
        "step": publication.step,
        "generation": publication.generation if publication.generation > 1 else 0,
        "attempts": publication.attempts,
        "seconds": round(time.monotonic() - publication.taken_at, 3) if publication.taken_at else 0,
        "platform_code": publication.platform_code,
        "trace_id": publication.trace_id,
        "detail": publication.detail,
    }
    return {name: fact for name, fact in known.items() if fact or name == "step"}


def of(publication: Publication) -> list[Entry]:
    """Return what happened with a publication, oldest first."""
    return entries(publication.events.select_related("actor").order_by("at", "id"))


def entries(events: Iterable[Event] | QuerySet[Event]) -> list[Entry]:
    """Return events of a publication as entries of its timeline, in the same order."""
    return list(_entries(events))


def _entries(events: Iterable[Event]) -> Iterator[Entry]:
    for event in events:
        told: Mapping[str, Any] = event.data
        tried = event.verb in TRIED and "step" in told
        yield Entry(
            event=event,
            at=event.at,
            verb=event.verb,
            code=event.code,
            step=told["step"] if tried else None,
            generation=told.get("generation", 1) if tried else None,
            attempts=told.get("attempts", 0) if tried else None,
            seconds=told.get("seconds") if tried else None,
            platform_code=str(told.get("platform_code", "")),
            trace_id=str(told.get("trace_id", "")),
            note=str(told.get("note", "")),
            detail=str(told.get("detail", "")),
        )

"""What was tried with a publication and what came of it, read from its events: the history is the record.

A step that just went well is no event of its own: its facts are written with the row, and go into the next
event about it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from django_connected_accounts.models import Event, Publication

STEP = "publication.step"
"""What an entry is called that is a step and no event."""

TRIED = frozenset(
    f"publication.{verb}"
    for verb in (
        "attempt",
        "retrying",
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

    id: str
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
    actor: Any = None
    """Who did it; None when the app did by itself."""


MOST_STEPS = 50
"""Of those between two events, the last are kept: an upload in very many pieces tells little by each."""


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


def note(publication: Publication, told: Mapping[str, Any]) -> None:
    """Note a step that went well, to be written with what else came of it."""
    step = {**told, "at": datetime.now(timezone.utc).isoformat()}
    publication.steps = [*publication.steps, step][-MOST_STEPS:]


def of(publication: Publication) -> list[Entry]:
    """Return what happened with a publication, oldest first."""
    return entries(publication, publication.events.select_related("actor"))


def entries(publication: Publication, events: Iterable[Event]) -> list[Entry]:
    """Return these events of a publication, and the steps between them, as entries of its timeline."""
    found = [entry for event in events for entry in _entries(event)]
    found += _steps(str(publication.pk), publication.steps)
    return sorted(found, key=lambda entry: entry.at)


def _entries(event: Event) -> Iterator[Entry]:
    yield from _steps(str(event.pk), event.data.get("steps", ()))
    tried = event.verb in TRIED and "step" in event.data
    yield _entry(str(event.pk), event.at, event.verb, event.data, tried, code=event.code, actor=event.actor)


def _steps(prefix: str, steps: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    for number, told in enumerate(steps):
        yield _entry(f"{prefix}-{number}", datetime.fromisoformat(told["at"]), STEP, told, tried=True)


def _entry(
    id: str,
    at: datetime,
    verb: str,
    told: Mapping[str, Any],
    tried: bool,
    *,
    code: str = "",
    actor: Any = None,
) -> Entry:
    return Entry(
        id=id,
        at=at,
        verb=verb,
        code=code,
        step=told["step"] if tried else None,
        generation=told.get("generation", 1) if tried else None,
        attempts=told.get("attempts", 0) if tried else None,
        seconds=told.get("seconds") if tried else None,
        platform_code=str(told.get("platform_code", "")),
        trace_id=str(told.get("trace_id", "")),
        note=str(told.get("note", "")),
        detail=str(told.get("detail", "")),
        actor=actor,
    )

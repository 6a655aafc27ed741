"""A publish from beginning to end, as the app does it: step by step, looking before it repeats."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from django_connected_accounts.exceptions import (
    ActionNeeded,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Connection, Draft, HandedOver, Pending, Published

MAX_STEPS = 100
MAX_LOOKS = 10
LOOK_AFTER = 30.0


class Clock(Protocol):
    """Where the driver takes its time from, so that it never waits for real."""

    def now(self) -> datetime: ...

    def advance(self, seconds: float) -> None: ...


def drive(
    provider: Publishes,
    connection: Connection,
    draft: Draft,
    clock: Clock,
    *,
    after_step: Callable[[int], bool] = lambda step: True,
) -> Published:
    """Return the published post with its follow-ups done, or raise what stands in the way.

    What is handed over to its owner is `ActionNeeded`. Only a step that is repeatable, or surely did nothing,
    is taken twice; what the platform has accepted is only looked at. ``after_step`` is told the number of
    each step taken; where it returns False the outcome is forgotten, as when the process dies before it is
    stored.
    """
    checkpoint: Mapping[str, Any] | None = None
    repeatable, accepted, live, began = True, False, None, clock.now()
    for number in range(MAX_STEPS):
        began = began if accepted else clock.now()
        try:
            if accepted:
                outcome = look(provider, connection, draft, checkpoint, began, clock)
            else:
                outcome = _take(provider, connection, draft, checkpoint, began, clock, repeatable)
            if not after_step(number):
                outcome = None if repeatable else look(provider, connection, draft, checkpoint, began, clock)
        except (Unavailable, RateLimited) as error:
            clock.advance(error.retry_after or 1.0)
            continue
        except ProviderError:
            if live:
                return live
            raise
        if outcome is None:
            continue
        if isinstance(outcome, HandedOver):
            raise ActionNeeded("handed_over", outcome.note)
        if isinstance(outcome, Published):
            live = _merged(live, outcome)
        following = outcome if isinstance(outcome, Pending) else outcome.follow_up
        if following is None:
            assert live is not None  # noqa: S101
            return live
        checkpoint, repeatable = json.loads(json.dumps(following.checkpoint)), following.repeatable
        accepted = following.accepted
        clock.advance(following.retry_after)
    raise Unavailable("no_end", f"not finished after {MAX_STEPS} steps")


def _take(
    provider: Publishes,
    connection: Connection,
    draft: Draft,
    checkpoint: Mapping[str, Any] | None,
    began: datetime,
    clock: Clock,
    repeatable: bool,
) -> Published | Pending | HandedOver | None:
    try:
        return provider.publish(connection, draft, checkpoint)
    except OutcomeUnknown:
        return look(provider, connection, draft, checkpoint, began, clock)
    except Unavailable:
        raise
    except ProviderError as error:
        # Even a refusal may come after the fact: it is believed only when the platform shows nothing.
        found = (
            None
            if repeatable or error.certain
            else look(provider, connection, draft, checkpoint, began, clock)
        )
        if found is None:
            raise
        return found


def look(
    provider: Publishes,
    connection: Connection,
    draft: Draft,
    checkpoint: Mapping[str, Any] | None,
    since: datetime,
    clock: Clock,
) -> Published | Pending | HandedOver | None:
    """Return what a step published or set going, None if surely nothing.

    Or raise OutcomeUnknown: a person must decide.
    """
    for _ in range(MAX_LOOKS):
        clock.advance(LOOK_AFTER)
        try:
            return provider.find(connection, draft, checkpoint or {}, since)
        except (OutcomeUnknown, Unavailable, RateLimited):
            continue
    raise OutcomeUnknown("outcome_unknown", f"looked {MAX_LOOKS} times")


def _merged(before: Published | None, now: Published) -> Published:
    if before is None:
        return now
    return replace(
        now,
        permalink=now.permalink or before.permalink,
        published_at=now.published_at or before.published_at,
        warning=now.warning or before.warning,
    )

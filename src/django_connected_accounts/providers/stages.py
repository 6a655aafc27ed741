"""What every post in steps does: take the next one, go on to another with what is known by then."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from django_connected_accounts.exceptions import ContentRejected, OutcomeUnknown, ProviderError

from .base import Publishes
from .types import Connection, Draft, HandedOver, Pending, Published

RESTARTS = 2
"""How often what a platform has lost is begun anew."""


class Step(Protocol):
    """What is known when a step begins."""

    def take(self) -> Published | Pending | HandedOver:
        """Take the step and return where it led."""

    def find(self, since: datetime) -> Published | Pending | HandedOver | None:
        """Return what the step begun at ``since`` published, None if surely nothing."""


class PublishesInSteps(Publishes):
    """Publishing, for platforms that have a class for a step."""

    @abstractmethod
    def step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
        """Return the step that comes after this checkpoint, which is empty for the first."""

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending | HandedOver:
        if checkpoint is None:
            self.refuse(draft)
        return self.step(connection, draft, checkpoint or {}).take()

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | Pending | HandedOver | None:
        return self.step(connection, draft, checkpoint).find(since)


class Staged:
    """A step of a post; the ``stage`` of its ``checkpoint`` names the one to take."""

    __slots__ = ()

    provider: str
    checkpoint: Mapping[str, Any]
    now: datetime

    def _to(
        self,
        stage: str,
        *,
        after: float = 0.0,
        repeatable: bool = True,
        waiting: bool = False,
        accepted: bool = False,
        note: str = "",
        **changes: Any,
    ) -> Pending:
        """Return that ``stage`` is next, in ``after`` seconds; see `Pending` for the rest."""
        return Pending(
            checkpoint={**self.checkpoint, "stage": stage, **changes},
            retry_after=after,
            repeatable=repeatable,
            waiting=waiting,
            accepted=accepted,
            note=note,
        )

    def _new_beginning(self, error: ProviderError) -> int:
        """Return the number of this new beginning; of too many make an end."""
        restarts: int = self.checkpoint.get("restarts", 0)
        if restarts < RESTARTS:
            return restarts + 1
        code = error.platform_code or error.code
        raise ContentRejected("media_processing_failed", provider=self.provider, platform_code=code) from None

    def _see_that_it_is_settled(self, what: str, since: datetime, settled: timedelta) -> None:
        """Raise OutcomeUnknown unless ``what`` was begun so long ago that it would be seen by now."""
        if self.now - since < settled:
            raise OutcomeUnknown(detail=f"no such {what} yet", provider=self.provider)

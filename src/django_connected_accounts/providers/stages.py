"""What every post in steps does: go on to the next stage, with what is known by then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .types import Pending


class Staged:
    """A step of a post; the ``stage`` of its ``checkpoint`` names the one to take."""

    __slots__ = ()

    checkpoint: Mapping[str, Any]

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

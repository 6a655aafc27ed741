from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "note", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing seen. Somebody must act on an "error" or a "warning", as ``action`` says."""

    level: Level
    text: str
    action: str = ""

    @property
    def needs_acting(self) -> bool:
        return self.level in ("warning", "error")


SETTINGS = "See what is wrong with the settings, above."
START = "Start connected_accounts_worker, or run connected_accounts_tick from cron."

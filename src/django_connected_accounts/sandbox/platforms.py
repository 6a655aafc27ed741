"""The simulated platforms beside Instagram: one line each."""

from __future__ import annotations

from typing import Final

from .pages import Pages
from .platform import Platform
from .threads import Threads

ALL: Final[tuple[type[Platform], ...]] = (
    Pages,
    Threads,
)

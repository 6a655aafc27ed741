"""The simulated platforms beside Instagram: one line each."""

from __future__ import annotations

from typing import Final

from .linkedin_posts import LinkedIn
from .pages import Pages
from .platform import Platform
from .threads_posting import Threads
from .tiktok_posting import TikTok
from .twitter import Twitter

ALL: Final[tuple[type[Platform], ...]] = (
    LinkedIn,
    Pages,
    Threads,
    TikTok,
    Twitter,
)

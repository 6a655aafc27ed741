from __future__ import annotations

from tests.services.conftest import account, connect, photo, run, user, world

__all__ = ["account", "connect", "photo", "run", "user", "world"]

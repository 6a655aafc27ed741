from __future__ import annotations

from tests.services.conftest import account, connect, photo, run, user, world  # noqa: F401

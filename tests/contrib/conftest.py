from __future__ import annotations

from typing import Any

import pytest

from tests.services.conftest import account, connect, photo, run, user, world  # noqa: F401


@pytest.fixture
def tomorrow() -> Any:
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(days=1)

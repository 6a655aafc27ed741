from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db.models.functions import Now
from PIL import Image

from django_connected_accounts import testing
from django_connected_accounts.models import ConnectedAccount, Hold, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import publishing


@pytest.fixture
def photo() -> Callable[..., ContentFile[bytes]]:
    """``photo()`` draws a JPEG that Instagram takes."""

    def draw(
        name: str = "photo.jpg", size: tuple[int, int] = (400, 400), colour: str = "teal"
    ) -> ContentFile[bytes]:
        content = BytesIO()
        Image.new("RGB", size, colour).save(content, "JPEG")
        return ContentFile(content.getvalue(), name)

    return draw


@pytest.fixture
def run() -> Callable[..., int]:
    """``run()`` lets time pass until nothing remains to be done; ``run(steps=1)`` takes one step."""

    def until_done(steps: int = 60) -> int:
        taken = 0
        while taken < steps and Publication.objects.exclude(run_at=None).exists():
            Publication.objects.exclude(run_at=None).update(run_at=Now(), lease_token="", lease_until=None)
            Hold.objects.update(until=Now())
            taken += publishing.tick(limit=1)
        return taken

    return until_done


@pytest.fixture
def world(sandbox: World) -> World:
    return sandbox


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ada", "ada@example.com", "secret")


@pytest.fixture
def connect(world: World, user: Any) -> Callable[..., ConnectedAccount]:
    """``connect()`` has a person of the sandbox allow everything, and returns the account."""
    return partial(testing.connect, world, user)


@pytest.fixture
def account(connect: Callable[..., ConnectedAccount]) -> ConnectedAccount:
    return connect()

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db.models.functions import Now
from django.test import Client
from PIL import Image

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World, consent, in_process
from django_connected_accounts.services import connecting, publishing


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
            taken += publishing.tick(limit=1)
        return taken

    return until_done


@pytest.fixture
def world() -> World:
    """The simulated platforms as they were in the beginning, fetching media from the site under test."""
    world = in_process()
    world.reset()
    client = Client()

    def fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
        answer = client.get(url.removeprefix("http://testserver"))
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, dict(answer.headers), body

    world.fetch = fetch
    return world


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ada", "ada@example.com", "secret")


@pytest.fixture
def connect(world: World, user: Any) -> Callable[..., ConnectedAccount]:
    """``connect()`` has a person of the sandbox allow everything, and returns the account."""

    def by_consent(
        person: str = "shop", platform: str = "instagram_login", owner: Any = None
    ) -> ConnectedAccount:
        owner = owner or user
        begun = connecting.begin(
            owner, platform, browser="browser", redirect_uri="http://testserver/callback"
        )
        back = consent.visit(world, begun.authorization_url, person)
        query = dict(parse_qsl(urlsplit(back).query))
        attempt = connecting.complete(owner, platform, browser="browser", params=query)
        if attempt.status == attempt.Status.CHOOSING:
            first = next(c for c in connecting.candidates(attempt) if not c.unusable)
            return connecting.choose(owner, attempt, [first.account_id])[0]
        return ConnectedAccount.objects.get(pk=attempt.connected[0])

    return by_consent


@pytest.fixture
def account(connect: Callable[..., ConnectedAccount]) -> ConnectedAccount:
    return connect()

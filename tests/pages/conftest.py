from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World, consent
from django_connected_accounts.services import publishing
from tests.visitor import Visitor


class Browser(Client):
    """A signed-in user who goes to the platform and comes back by our pages."""

    def __init__(self, visitor: Visitor, **options: Any) -> None:
        super().__init__(**options)
        self.visitor = visitor
        self.force_login(visitor.user)

    def page(self, name: str, *args: Any, **query: Any) -> Any:
        return self.get(reverse(f"connected_accounts:{name}", args=args), query)

    def send(self, name: str, *args: Any, **data: Any) -> Any:
        return self.post(reverse(f"connected_accounts:{name}", args=args), data)

    def goes(self, person: str = "two_businesses", platform: str = "instagram", **options: Any) -> str:
        """Return the address with which the platform sends the browser back."""
        begun = self.send("connect", platform, next=options.pop("next", ""))
        assert begun.status_code == 302, begun.content
        return consent.visit(self.visitor.world, begun.headers["Location"], person, **options)

    def returns(self, address: str) -> Any:
        parts = urlsplit(address)
        return self.get(f"{parts.path}?{parts.query}")


@pytest.fixture
def browser(visitor: Visitor) -> Browser:
    return Browser(visitor)


@pytest.fixture
def other_browser(stranger: Visitor) -> Browser:
    return Browser(stranger)


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return visitor.connects("shop", "instagram_login")


@pytest.fixture
def picture() -> Callable[..., SimpleUploadedFile]:
    def draw(
        name: str = "a.jpg", size: tuple[int, int] = (400, 400), image_format: str = "JPEG"
    ) -> SimpleUploadedFile:
        content = BytesIO()
        Image.new("RGB", size, "teal").save(content, image_format)
        return SimpleUploadedFile(name, content.getvalue())

    return draw


@pytest.fixture
def run(world: World) -> Callable[[], None]:
    """``run()`` lets time pass until nothing remains to be done; the platform fetches media from us."""
    client = Client()

    def fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
        answer = client.get(url.removeprefix("http://testserver"))
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, dict(answer.headers), body

    def until_done() -> None:
        world.fetch = fetch
        for _ in range(60):
            if not Publication.objects.exclude(run_at=None).exists():
                return
            Publication.objects.exclude(run_at=None).update(run_at=Now(), lease_token="", lease_until=None)
            publishing.tick(limit=1)

    return until_done


@pytest.fixture
def queries() -> Callable[[], Any]:
    """``with queries() as asked:`` collects what was asked, but for session, user and transactions."""

    @contextmanager
    def counted() -> Iterator[list[str]]:
        asked: list[str] = []
        with CaptureQueriesContext(connection) as context:
            yield asked
        ours = (query["sql"] for query in context.captured_queries)
        others = ("django_session", "auth_user", "SAVEPOINT", "BEGIN", "COMMIT", "RELEASE")
        asked += [
            sql for sql in ours if not any(word in sql for word in others) or "connected_accounts" in sql
        ]

    return counted


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def text(response: Any) -> str:
    """Return what a page says, without its markup."""
    reader = _Text()
    reader.feed(response.content.decode())
    return " ".join(reader.words)

"""Fixtures for the tests of a project that uses this package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client

from django_connected_accounts.sandbox import World, in_process

from . import remotes


@pytest.fixture
def sandbox(settings: Any) -> Iterator[World]:
    """The sandbox, as new, in this process, standing in for every platform while the test runs.

    It fetches media from the project under test itself, without a network.
    """
    settings.CONNECTED_ACCOUNTS_SANDBOX = "in-process"
    world = in_process()
    before, world.fetch = world.fetch, _fetch
    world.reset()
    yield world
    world.reset()
    world.fetch = before


def _fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
    parts = urlsplit(url)
    if parts.netloc != urlsplit(django_settings.CONNECTED_ACCOUNTS_BASE_URL).netloc:
        return remotes.fetch(url)
    response = Client(SERVER_NAME=parts.netloc).get(f"{parts.path}?{parts.query}")
    return response.status_code, dict(response.items()), b"".join(response)

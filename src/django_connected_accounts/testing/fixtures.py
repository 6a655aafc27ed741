"""Fixtures for the tests of a project that uses this package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from django_connected_accounts.crypto import generate_key
from django_connected_accounts.sandbox import World, in_process

from . import remotes

SITE = "http://testserver"


@pytest.fixture
def sandbox(settings: Any) -> Iterator[World]:
    """The sandbox, as new, in this process, standing in for every platform while the test runs.

    It fetches media from the project under test itself, without a network.
    """
    settings.CONNECTED_ACCOUNTS_SANDBOX = "in-process"
    settings.CONNECTED_ACCOUNTS_BASE_URL = SITE
    if not settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS:
        settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [generate_key()]
    world = in_process()
    before, world.fetch = world.fetch, _fetch
    world.reset()
    yield world
    world.reset()
    world.fetch = before


def _fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
    if not url.startswith(f"{SITE}/"):
        return remotes.fetch(url)
    parts = urlsplit(url)
    response = Client().get(f"{parts.path}?{parts.query}")
    return response.status_code, dict(response.items()), b"".join(response)

"""Clients that others wrote, each talking over real HTTP to the sandbox instead of the platform it knows.

They are told nothing of the sandbox: their calls are turned to it where they leave, the real host becoming
the first part of the path. A client that is not installed is skipped; ``make clients`` installs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from django_connected_accounts.sandbox import World, consent, samples, serving
from django_connected_accounts.testing.remotes import FILM_URL, PHOTO_URL, fetch

__all__ = ["FILM_URL", "PHOTO_URL"]


@pytest.fixture
def world() -> Iterator[World]:
    world = World(fetch=fetch)
    world.toggles.image_polls = world.toggles.video_polls = 0
    with serving(world):
        yield world


@pytest.fixture
def client(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """``client("tweepy")`` is that client, its calls turned to the sandbox. Without it a test is skipped."""

    def turned(url: str) -> str:
        return url if url.startswith(world.base_url) else f"{world.base_url}/{url.partition('://')[2]}"

    def import_(name: str) -> ModuleType:
        found: ModuleType = pytest.importorskip(name, reason=f"{name} is not installed: make clients")
        _turn_requests(monkeypatch, turned)
        _turn_httpx(monkeypatch, turned)
        _turn_aiohttp(monkeypatch, turned)
        return found

    return import_


@pytest.fixture
def token(world: World) -> Callable[..., str]:
    """``token("tiktok")`` is one of the person "shop" there, a second argument names another person."""

    def mint(platform: str, person: str = "shop") -> str:
        if platform in ("facebook", "instagram"):
            return world.mint(person, "A")
        return world.platforms[platform].mint(world.people[person]).value

    return mint


@pytest.fixture
def allowed(world: World) -> Callable[..., str]:
    """``allowed(url)`` is the address a browser comes back to once somebody allowed all that is asked for."""

    def visit(url: str, person: str = "shop") -> str:
        return consent.visit(world, url, person)

    return visit


@pytest.fixture
def film(tmp_path: Path) -> Callable[[int], Path]:
    """``film(size)`` is a file with a film in it, of so many bytes."""

    def write(size: int) -> Path:
        body = samples.mp4()
        path = tmp_path / "film.mp4"
        path.write_bytes(body + bytes(size - len(body)))
        return path

    return write


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(samples.jpeg(400, 400))
    return path


def _turn_requests(monkeypatch: pytest.MonkeyPatch, turned: Callable[[str], str]) -> None:
    send = requests.Session.send

    def send_there(self: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        request.url = turned(str(request.url))
        return send(self, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", send_there)


def _turn_httpx(monkeypatch: pytest.MonkeyPatch, turned: Callable[[str], str]) -> None:
    try:
        import httpx
    except ImportError:
        return
    send = httpx.Client.send

    def send_there(self: Any, request: Any, **kwargs: Any) -> Any:
        request.url = httpx.URL(turned(str(request.url)))
        request.headers["Host"] = urlsplit(str(request.url)).netloc
        return send(self, request, **kwargs)

    monkeypatch.setattr(httpx.Client, "send", send_there)


def _turn_aiohttp(monkeypatch: pytest.MonkeyPatch, turned: Callable[[str], str]) -> None:
    try:
        import aiohttp
    except ImportError:
        return
    ask = aiohttp.ClientSession._request

    async def ask_there(self: Any, method: str, url: Any, **kwargs: Any) -> Any:
        return await ask(self, method, turned(str(url)), **kwargs)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", ask_there)

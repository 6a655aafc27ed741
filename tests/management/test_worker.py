"""The worker as a process: real signals, a real database, platforms on a port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from django_connected_accounts.sandbox.server import serving
from django_connected_accounts.sandbox.world import World
from tests.project import Project


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with serving(world):
        yield world


@pytest.fixture
def project(world: World, tmp_path: Path) -> Iterator[Project]:
    shop = world.people["shop"].accounts()[0]
    project = Project(tmp_path, world.base_url)
    facts = {"account_id": shop.id, "username": shop.username, "token": world.mint("shop", "B")}
    with project.website(posts=2, **facts):
        yield project


def until(true: Callable[[], object], seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_it_publishes_shows_its_health_and_ends_after_the_step_at_hand(
    project: Project, world: World, tmp_path: Path
) -> None:
    world.fault(action="delay", seconds=1, path="/media$", method="POST", times=0)
    health = tmp_path / "health"
    worker = project.start("connected_accounts_worker", "--concurrency", "2", "--health-file", str(health))
    until(lambda: len(world.calls) >= 2)
    assert health.exists()
    worker.send_signal(signal.SIGTERM)
    _, errors = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert "Traceback" not in errors
    assert project.statuses() == {"waiting": 2}  # both steps ended, and were written
    made = len(world.calls)

    world.faults.clear()
    again = project.start("connected_accounts_worker")
    until(lambda: project.statuses() == {"published": 2})
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=30)
    assert again.returncode == 0
    assert len(world.posts()) == 2
    assert made == 2


def test_a_second_signal_ends_it_at_once(project: Project, world: World) -> None:
    world.fault(action="delay", seconds=20, path="/media$", method="POST", times=0)
    worker = project.start("connected_accounts_worker")
    until(lambda: world.calls)
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=10)
    assert worker.returncode == 128 + signal.SIGTERM


def test_a_concurrency_that_is_none_is_refused() -> None:
    manage = Path(__file__).parents[2] / "example_project" / "manage.py"
    refused = subprocess.run(
        [sys.executable, str(manage), "connected_accounts_worker", "--concurrency", "0"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode
    assert "must be 1 or more" in refused.stderr

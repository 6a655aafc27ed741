"""Workers killed with SIGKILL at any call, and resumed: real processes, real HTTP, a real sandbox."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from django_connected_accounts.sandbox.server import serving
from django_connected_accounts.sandbox.world import World

MANAGE = Path(__file__).parents[1] / "example_project" / "manage.py"
POSTS = 8
PATIENCE = 300

PREPARE = """
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.sandbox import samples
account = ConnectedAccount.objects.create(
    user=get_user_model().objects.create_user("owner"), platform="instagram_login",
    account_id="{account_id}", username="{username}", access_token="{token}",
    permissions={{"publish": True}},
)
for number in range({posts}):
    account.publish(text=f"Post {{number}}", media=[ContentFile(samples.jpeg(), "photo.jpg")])
"""

WEBSITE = """
import time
from studio.website import website
with website() as url:
    print(url, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with serving(world):
        yield world


class Project:
    """The example project as processes, with a database and media of its own."""

    def __init__(self, state: Path, sandbox: str) -> None:
        self.database = state / "db.sqlite3"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STUDIO_STATE": str(state),
            "STUDIO_SANDBOX": sandbox,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(MANAGE), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environment, text=True, stdout=pipe, stderr=pipe)

    def run(self, *arguments: str) -> None:
        process = self.start(*arguments)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors

    @contextmanager
    def website(self) -> Iterator[None]:
        """Serve the project's media on a free port, and tell the other processes where."""
        process = self.start("shell", "-v0", "-c", WEBSITE)
        try:
            assert process.stdout
            self.environment["STUDIO_URL"] = process.stdout.readline().strip()
            yield
        finally:
            process.kill()
            process.communicate()

    def let_time_pass(self) -> None:
        """Make leases run out and waits end, as ten minutes do."""
        past = datetime.now(timezone.utc) - timedelta(minutes=10)
        stamp = past.strftime("%Y-%m-%d %H:%M:%S.%f")
        with closing(sqlite3.connect(self.database, timeout=30, isolation_level=None)) as database:
            table = "connected_accounts_publication"
            database.execute(f"UPDATE {table} SET run_at = ? WHERE run_at IS NOT NULL", [stamp])
            database.execute(f"UPDATE {table} SET lease_until = ? WHERE lease_until IS NOT NULL", [stamp])
            database.execute(f"UPDATE {table} SET intent_at = ? WHERE intent_at IS NOT NULL", [stamp])

    def statuses(self) -> Counter[str]:
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            return Counter(
                row[0] for row in database.execute("SELECT status FROM connected_accounts_publication")
            )


def wait_for_calls(world: World, last: int) -> None:
    """Return when so many calls were made, or none any more by a worker that had begun."""
    known, until = len(world.calls), time.monotonic() + 20
    while (made := len(world.calls)) < last and time.monotonic() < until:
        if made > known:
            known, until = made, time.monotonic() + 3
        time.sleep(0.002)


def test_posts_whose_workers_are_killed_at_any_moment_are_public_once(world: World, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    shop = world.people["shop"].accounts()[0]
    project = Project(tmp_path, world.base_url)
    project.run("migrate", "-v0")
    facts = {"account_id": shop.id, "username": shop.username, "token": world.mint("shop", "B")}
    project.run("shell", "-v0", "-c", PREPARE.format(posts=POSTS, **facts))
    # Every answer is late, so that a kill meets calls that took effect and were not heard of.
    world.fault(action="delay", seconds=0.05, times=0)
    kills = 0
    deadline = time.monotonic() + PATIENCE
    with project.website():
        while set(project.statuses()) != {"published"}:
            assert time.monotonic() < deadline, project.statuses()
            worker = project.start("connected_accounts_worker")
            last = len(world.calls) + chance.randint(1, 8)
            rest = chance.uniform(0, 0.08)
            wait_for_calls(world, last)
            time.sleep(rest)
            worker.kill()
            worker.communicate()
            kills += 1
            project.let_time_pass()

    captions = Counter(post["caption"] for post in world.posts())
    assert captions == {f"Post {number}": 1 for number in range(POSTS)}, f"seed {seed}"
    assert kills >= POSTS / 2


def test_a_tick_resumes_what_a_killed_tick_left(world: World, tmp_path: Path) -> None:
    shop = world.people["shop"].accounts()[0]
    project = Project(tmp_path, world.base_url)
    project.run("migrate", "-v0")
    facts = {"account_id": shop.id, "username": shop.username, "token": world.mint("shop", "B")}
    project.run("shell", "-v0", "-c", PREPARE.format(posts=1, **facts))
    world.fault(action="delay", seconds=5, path="media_publish")
    with project.website():
        project.run("connected_accounts_tick")
        project.let_time_pass()
        project.run("connected_accounts_tick")
        project.let_time_pass()
        tick = project.start("connected_accounts_tick")
        while not world.posts() and tick.poll() is None:
            time.sleep(0.01)
        tick.kill()
        tick.communicate()
        assert project.statuses() == {"sending": 1}
        project.let_time_pass()
        project.run("connected_accounts_tick")

    assert project.statuses() == {"published": 1}
    assert [post["caption"] for post in world.posts()] == ["Post 0"]
    assert not [call for call in world.calls if re.search("media_publish", call["path"])][1:]

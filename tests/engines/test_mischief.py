"""Brokers and databases that misbehave on purpose: nothing is doubled, and nothing is lost."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.db.models import F

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World
from tests.engines import servers
from tests.engines.running import (
    CeleryEngine,
    CeleryRabbitMQ,
    CeleryRedis,
    Engine,
    Worker,
    hurry,
    statuses,
    wait_until,
)

pytestmark = [pytest.mark.engines, pytest.mark.django_db(transaction=True)]

POSTS = 8
OUTAGE = float(os.environ.get("CONNECTED_ACCOUNTS_TEST_OUTAGE", "10"))
"""Seconds for which RabbitMQ is away."""
SHORT = {
    "CONNECTED_ACCOUNTS_LEASE_SECONDS": 5,
    "CONNECTED_ACCOUNTS_HTTP_CONNECT_TIMEOUT": 0.5,
    "CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT": 1.5,
}
"""A lease so short that one can wait for its end."""

Start = Callable[..., Any]


@pytest.fixture
def start(make_engine: Callable[..., Engine], world: World) -> Iterator[Start]:
    """``start(CeleryRedis, mischief="thrice")`` runs such an engine until the test ends."""
    running = []

    def run(kind: type[Engine], service: str = "", settings: Any = (), **options: Any) -> Engine:
        changes = {"options": options, "settings": dict(settings)}
        engine = make_engine(type(f"Odd{kind.__name__}", (kind,), changes), service)
        engine.start()
        site = engine.site()
        site.__enter__()
        running.append((engine, site))
        return engine

    yield run
    for engine, site in running:
        site.__exit__(None, None, None)
        engine.kill()


@pytest.fixture
def publish(account: ConnectedAccount, photo: Callable[[], Any]) -> Callable[[], list[Publication]]:
    """``publish()`` schedules a few posts for now."""
    return lambda: [account.publish(text=f"Loaf {n}", media=[photo()]) for n in range(POSTS)]


def let_time_pass() -> None:
    """End the waits between steps, and let steps in doubt be old enough to be settled."""
    free = Publication.objects.filter(lease_token="", run_at__isnull=False)
    free.filter(intent_at__isnull=False, repeatable=False).update(
        intent_at=F("intent_at") - timedelta(minutes=1)
    )
    hurry()


def each_is_public_once(engine: Engine, world: World, posts: list[Publication], seconds: float = 90) -> None:
    def public() -> bool:
        return statuses(posts) == {"published"}

    assert wait_until(public, seconds, between=let_time_pass), (statuses(posts), engine.log())
    time.sleep(0.5)  # for what might still come
    assert Counter(post["caption"] for post in world.posts()) == {f"Loaf {n}": 1 for n in range(POSTS)}


OUTLASTS_LEASES = 180
"""Seconds in which whatever was cut off has been taken up again, several times over."""


def _so_many(world: World, count: int) -> bool:
    return len(world.posts()) >= count


@pytest.fixture
def unhurried(world: World) -> None:
    """Have the platform take its time to publish, so that something can happen meanwhile."""
    world.fault(action="delay", path="/media_publish$", seconds=0.3, times=0)


def under_way(world: World) -> bool:
    """Whether some are public and some not."""
    return 0 < len(world.posts()) < POSTS


@pytest.mark.parametrize("kind", [CeleryRedis, CeleryRabbitMQ])
@pytest.mark.parametrize("mischief", ["thrice", "late", "lost"])
def test_messages_that_come_thrice_late_or_not_at_all_change_nothing(
    kind: type[CeleryEngine], mischief: str, start: Start, world: World, publish: Any
) -> None:
    engine = start(kind, mischief=mischief)
    each_is_public_once(engine, world, publish())


def test_a_visibility_timeout_shorter_than_a_step_has_steps_delivered_again_and_taken_once(
    start: Start, world: World, account: ConnectedAccount, photo: Any
) -> None:
    silenced = {"SILENCED_SYSTEM_CHECKS": ["connected_accounts.E060"]}
    often = {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    engine = start(CeleryRedis, settings=silenced, visibility_timeout=1, **often)
    world.fault(action="delay", path="/media_publish$", seconds=6)
    publication = account.publish(text="Slow", media=[photo()])
    assert wait_until(lambda: statuses([publication]) == {"published"}), engine.log()

    received = Counter(re.findall(r"Task connected_accounts\.\w+\[([\w-]+)\] received", engine.whole_log()))
    assert max(received.values()) > 1, "no message was delivered again while its step ran"
    assert [post["caption"] for post in world.posts()] == ["Slow"]


@pytest.mark.usefixtures("unhurried")
def test_redis_restarted_empty_loses_nothing(
    start: Start, world: World, publish: Any, tmp_path: Path, needs: Callable[[str], str]
) -> None:
    if not servers.redis_program():
        needs("redis")
    with servers.own_redis(tmp_path) as redis:
        engine = start(CeleryRedis, redis.url)
        posts = publish()
        assert wait_until(lambda: under_way(world)), engine.log()
        redis.stop()
        time.sleep(1)
        redis.start()
        each_is_public_once(engine, world, posts)


@pytest.mark.usefixtures("unhurried")
def test_rabbitmq_away_for_a_while_delays_and_changes_nothing(
    start: Start,
    world: World,
    publish: Any,
    account: ConnectedAccount,
    photo: Any,
    needs: Callable[[str], str],
) -> None:
    address = urlsplit(needs("rabbitmq"))
    with servers.proxy_of(address.port or 5672) as proxy:
        there = address.netloc.rpartition("@")[0] + f"@127.0.0.1:{proxy.port}"
        engine = start(CeleryRabbitMQ, urlunsplit(address._replace(netloc=there)))
        posts = publish()
        assert wait_until(lambda: under_way(world)), engine.log()
        proxy.cut()
        time.sleep(OUTAGE)
        began = time.monotonic()
        late = account.publish(text="Meanwhile", media=[photo()])
        assert time.monotonic() - began < 10, "whoever schedules a post waited for the broker"
        proxy.mend()
        wait_until(lambda: statuses([*posts, late]) == {"published"}, 120, between=let_time_pass)

    assert statuses([*posts, late]) == {"published"}, engine.log()
    captions = Counter(post["caption"] for post in world.posts())
    assert captions == {"Meanwhile": 1} | {f"Loaf {n}": 1 for n in range(POSTS)}


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("kind", [CeleryRedis, Worker])
def test_the_database_restarted_during_a_step_doubles_nothing(
    kind: type[Engine], start: Start, world: World, publish: Any
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no server")
    engine = start(kind, settings=SHORT)
    posts = publish()
    dropped = 0
    for done in (1, POSTS // 2, POSTS - 1):
        there = partial(_so_many, world, done)
        assert wait_until(there, OUTLASTS_LEASES, between=let_time_pass), engine.log()
        dropped += servers.drop_connections()
    assert dropped
    each_is_public_once(engine, world, posts)


@pytest.mark.parametrize("kind", [CeleryRedis, CeleryRabbitMQ])
def test_celery_processes_killed_at_any_moment_double_nothing(
    kind: type[CeleryEngine], start: Start, world: World, publish: Any
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    engine = start(kind, settings=SHORT)
    worker, _beat = engine.processes
    posts = publish()
    for kills in range(6):
        known = len(world.calls)
        last = known + chance.randint(2, 8)
        wait_until(lambda last=last: len(world.calls) >= last, 10, between=let_time_pass)
        if children := children_of(worker.pid):
            os.kill(chance.choice(children), signal.SIGKILL)
        assert worker.poll() is None, (kills, engine.log())
    each_is_public_once(engine, world, posts)


def children_of(pid: int) -> list[int]:
    """Return the processes of a worker's pool."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]

"""One expired token, asked for by 64 threads of 8 processes, on a platform where a second use ends the grant.

``CONNECTED_ACCOUNTS_TEST_ROUNDS=20`` asks as many times.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.sandbox import World, serving
from tests.visitor import REFRESHES, calls

from .asking import THREADS, Asker

PROCESSES, SOME = 8, 4
ROUNDS = int(os.environ.get("CONNECTED_ACCOUNTS_TEST_ROUNDS", "2"))
QUICK = {"lease_seconds": 3, "http_connect_timeout": 1, "http_read_timeout": 1.4}
DAY = 24 * 60 * 60

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def askers(django_db_setup: None) -> Iterator[list[Asker]]:
    """Eight processes, ready to ask."""
    started = [Asker(str(connection.settings_dict["NAME"])) for _ in range(PROCESSES)]
    try:
        assert {asker.hear() for asker in started} == {"ready"}
        yield started
    finally:
        for asker in started:
            asker.kill()


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.toggles.revoke_on_reuse = True
    with serving(world):
        yield world


@pytest.fixture
def account(world: World, transactional_db: None) -> ConnectedAccount:
    token = world.mint("shop", "B")
    world.advance(2 * DAY)
    return ConnectedAccount.objects.create(
        user=get_user_model().objects.create_user("owner"),
        platform="instagram_login",
        account_id=world.people["shop"].accounts()[0].id,
        access_token=token,
        refresh_token=token,
        token_issued_at=timezone.now() - timedelta(days=60),
        token_expires_at=timezone.now() - timedelta(seconds=1),
    )


def test_64_threads_of_8_processes_refresh_an_expired_token_once(
    account: ConnectedAccount, world: World, askers: list[Asker]
) -> None:
    for round_ in range(1, ROUNDS + 1):
        for asker in askers:
            asker.tell(account=str(account.pk), sandbox=world.base_url)
        answers = [token for asker in askers for token in asker.hear()]

        assert calls(world, REFRESHES) == round_
        row = ConnectedAccount.objects.get()
        assert answers == [row.access_token] * PROCESSES * THREADS
        assert (row.health, row.token_version) == ("active", round_)
        assert world.tokens[row.refresh_token].dead is None

        world.advance(2 * DAY)
        ConnectedAccount.objects.update(token_expires_at=timezone.now() - timedelta(seconds=1))


def kill_one_that_refreshes(account: ConnectedAccount, world: World, others: list[Asker]) -> None:
    """Kill a process during its call to the platform, as soon as all others ask too."""
    refreshing = Asker(str(connection.settings_dict["NAME"]))
    try:
        assert refreshing.hear() == "ready"
        told = {"account": str(account.pk), "sandbox": world.base_url, **QUICK}
        refreshing.tell(**told)
        deadline = time.monotonic() + 10
        while not calls(world, REFRESHES) and time.monotonic() < deadline:
            time.sleep(0.001)
        for other in others:
            other.tell(**told)
    finally:
        refreshing.kill()


def test_when_the_process_that_refreshes_is_killed_the_others_work_within_its_lease(
    account: ConnectedAccount, world: World, askers: list[Asker]
) -> None:
    world.fault(action="lose_before", path=REFRESHES[1], seconds=2)

    kill_one_that_refreshes(account, world, askers[:SOME])
    answers = [token for asker in askers[:SOME] for token in asker.hear()]

    row = ConnectedAccount.objects.get()
    assert answers == [row.access_token] * SOME * THREADS
    assert (row.health, row.refresh_began_at) == ("active", None)
    killed, other = (call["at"] for call in world.calls if call["path"] == REFRESHES[1])
    assert other - killed < 5 * QUICK["lease_seconds"]


def test_when_it_is_killed_after_the_platform_has_rotated_the_account_says_so_once(
    account: ConnectedAccount, world: World, askers: list[Asker]
) -> None:
    world.fault(action="delay", path=REFRESHES[1], seconds=2)

    kill_one_that_refreshes(account, world, askers[:SOME])
    answers = [code for asker in askers[:SOME] for code in asker.hear()]

    assert answers == ["refresh_interrupted"] * SOME * THREADS
    assert calls(world, REFRESHES) == 2
    row = ConnectedAccount.objects.get()
    assert (row.health, row.health_code) == ("reconnect_needed", "refresh_interrupted")
    assert Event.objects.filter(verb="account.health").count() == 1

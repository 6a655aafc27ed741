"""Whatever runs the engine, the same happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import accounts, scheduling
from tests.engines.running import Engine, statuses, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
Status = Publication.Status
Photo = Callable[[], Any]


def become(engine: Engine, status: str, *publications: Publication) -> None:
    assert wait_until(lambda: statuses(publications) == {status}), (statuses(publications), engine.log())


def test_a_photo_is_public_once(
    engine: Engine, world: World, account: ConnectedAccount, photo: Photo
) -> None:
    publication = account.publish(text="Fresh bread", media=[photo()])
    become(engine, Status.PUBLISHED, publication)

    publication.refresh_from_db()
    assert [(p["id"], p["caption"]) for p in world.posts()] == [(publication.remote_id, "Fresh bread")]


@pytest.mark.engines
def test_a_carousel_is_public_once(
    engine: Engine, world: World, account: ConnectedAccount, photo: Photo
) -> None:
    publication = account.publish(text="Three loaves", media=[photo(), photo(), photo()])
    become(engine, Status.PUBLISHED, publication)

    (post,) = world.posts()
    assert (post["kind"], len(post["children"])) == ("carousel", 3)


@pytest.mark.engines
def test_what_has_a_time_goes_out_then_and_not_before(
    engine: Engine, world: World, account: ConnectedAccount, photo: Photo
) -> None:
    due = datetime.now(timezone.utc) + timedelta(seconds=3)
    publication = account.publish(text="At nine", media=[photo()], at=due)
    assert wait_until(lambda: bool(world.calls), between=lambda: None), engine.log()
    late = datetime.now(timezone.utc) - due
    assert timedelta(0) <= late < timedelta(seconds=3)

    become(engine, Status.PUBLISHED, publication)
    assert len(world.posts()) == 1


@pytest.mark.engines
def test_what_is_refused_fails_with_the_reason(
    engine: Engine, world: World, account: ConnectedAccount, photo: Photo
) -> None:
    world.fault(action="status", path="/media$", method="POST", status=400, code=36003, subcode=2207009)
    publication = account.publish(media=[photo()])
    become(engine, Status.FAILED, publication)

    publication.refresh_from_db()
    assert publication.code == "aspect_ratio"
    assert world.posts() == []


@pytest.mark.engines
def test_what_is_held_goes_out_once_the_account_is_back(
    engine: Engine, world: World, account: ConnectedAccount, photo: Photo
) -> None:
    accounts.pause(account, by=account.user)
    later = datetime.now(timezone.utc) + timedelta(seconds=1)
    publication = account.publish(text="Patience", media=[photo()], at=later)
    become(engine, Status.HELD, publication)
    assert world.posts() == []

    accounts.resume(account, by=account.user)
    become(engine, Status.PUBLISHED, publication)
    assert len(world.posts()) == 1


@pytest.mark.engines
def test_what_is_cancelled_between_two_steps_is_never_public(
    engine: Engine, world: World, account: ConnectedAccount, photo: Photo
) -> None:
    publication = account.publish(text="Never mind", media=[photo()])
    assert wait_until(lambda: statuses([publication]) == {Status.WAITING}, between=lambda: None), engine.log()
    scheduling.cancel(publication, by=account.user)
    other = account.publish(text="This one", media=[photo()])
    become(engine, Status.PUBLISHED, other)

    assert statuses([publication]) == {Status.CANCELLED}
    assert [post["caption"] for post in world.posts()] == ["This one"]


@pytest.mark.engines
def test_runners_at_once_share_the_work_and_never_double_it(
    engine: Engine, world: World, account: ConnectedAccount, photo: Photo
) -> None:
    names = [f"Loaf {number}" for number in range(12)]
    many = [account.publish(text=name, media=[photo()]) for name in names]
    become(engine, Status.PUBLISHED, *many)

    assert Counter(post["caption"] for post in world.posts()) == dict.fromkeys(names, 1)

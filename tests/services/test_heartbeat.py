from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from django_connected_accounts.models import Publication
from django_connected_accounts.providers.instagram import InstagramLogin
from django_connected_accounts.services import heartbeat, publishing, stepping

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication(account, photo):
    account.publish(media=[photo()])
    _, (row,) = publishing.next_batch(1)
    yield row
    heartbeat.let_go(row)


def soon(seconds):
    return datetime.now(timezone.utc) + timedelta(seconds=seconds)


def test_a_lease_is_renewed_in_the_row_and_for_the_step(publication):
    Publication.objects.update(lease_until=soon(5), run_at=soon(5))
    heartbeat._kept[heartbeat._key(publication)].end = soon(5)
    heartbeat.renew()
    publication.refresh_from_db()
    assert publication.lease_until > soon(170)
    assert publication.run_at > publication.lease_until
    assert soon(170) < heartbeat.end(publication) < soon(181)


def test_a_lease_that_another_has_is_not_taken_back_and_is_known_to_be_over(publication):
    Publication.objects.update(lease_token="another", lease_until=soon(99), run_at=soon(99))
    heartbeat.renew()
    assert heartbeat.end(publication) == heartbeat.OVER
    assert Publication.objects.get().lease_until < soon(100)


def test_what_is_given_back_is_renewed_no_longer(publication):
    heartbeat.let_go(publication)
    before = Publication.objects.get().lease_until
    heartbeat.renew()
    assert Publication.objects.get().lease_until == before
    assert heartbeat.end(publication) == heartbeat.OVER


def test_a_step_that_hangs_for_hours_is_left_to_others(publication):
    heartbeat._kept[heartbeat._key(publication)].since = soon(-3 * 3600)
    before = Publication.objects.get().lease_until
    heartbeat.renew()
    assert Publication.objects.get().lease_until == before


class Frozen(InstagramLogin):
    """Its process is frozen for longer than its lease, just before what must not be repeated."""

    def publish(self, connection, draft, checkpoint=None):
        if (checkpoint or {}).get("stage") == "publish":
            for kept in heartbeat._kept.values():
                kept.end = soon(-1)
        return super().publish(connection, draft, checkpoint)


def test_a_process_that_was_frozen_past_its_lease_does_not_send(account, world, photo, run, settings):
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"CLASS": f"{__name__}.Frozen"}}
    publication = account.publish(media=[photo()])
    run(steps=5)
    publication.refresh_from_db()
    assert world.posts() == []
    assert publication.code == "out_of_time"
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {}
    run()
    assert len(world.posts()) == 1


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_long_step_keeps_its_lease_in_the_background(account, world, photo, settings):
    settings.CONNECTED_ACCOUNTS_LEASE_SECONDS = 0.3
    heartbeat._forget()  # A thread begun before would wait as the setting said then.
    publication = account.publish(media=[photo()])
    _, (leased,) = publishing.next_batch(1)
    time.sleep(0.8)
    publication.refresh_from_db()
    assert publication.lease_until > soon(0)
    assert publishing.claim(1)[0] == []
    settings.CONNECTED_ACCOUNTS_LEASE_SECONDS = 180
    assert stepping.take(leased) == 1
    publication.refresh_from_db()
    assert publication.step == 1

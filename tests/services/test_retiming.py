"""When a country changes its clocks, what waits keeps its time on the wall."""

# ruff: noqa: DTZ001 - clocks on walls know no zone

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.services import composing, recurring, retiming

pytestmark = pytest.mark.django_db

NINE = datetime(2030, 5, 4, 9)
HOUR = timedelta(hours=1)


@pytest.fixture
def publication(account: ConnectedAccount, photo: Callable[..., Any]) -> Publication:
    """A post for nine o'clock in Vienna, which was understood by rules that no longer hold."""
    made: Publication = account.publish(text="Bread", media=[photo()], at=NINE, zone="Europe/Vienna")
    before = {name: getattr(made, name) - HOUR for name in ("due_at", "deadline_at", "run_at")}
    Publication.objects.update(**before)
    return made


def told() -> str:
    said = StringIO()
    call_command("connected_accounts_update_times", stdout=said)
    return said.getvalue()


@pytest.mark.databases
def test_it_goes_out_when_the_clocks_show_the_time_that_was_chosen(publication: Publication) -> None:
    assert told() == "1 moved to keep their time on the wall.\n"
    now = Publication.objects.get()
    for name in ("due_at", "run_at", "deadline_at", "wall_time"):
        assert getattr(now, name) == getattr(publication, name)
    event = Event.objects.get(verb="publication.rescheduled")
    assert parse_datetime(event.data["was"]) == publication.due_at - HOUR
    assert told() == "0 moved to keep their time on the wall.\n"


@pytest.mark.parametrize(
    "state",
    [
        {"status": "held"},
        {"status": "cancelled"},
        {"wall_time": ""},
        {"zone": "Gone/Nowhere"},
        {"lease_token": "t", "lease_until": datetime(2040, 1, 1, tzinfo=timezone.get_default_timezone())},
    ],
)
def test_what_does_not_wait_for_its_time_stays(publication: Publication, state: dict[str, Any]) -> None:
    Publication.objects.update(**state)
    assert retiming.follow_clocks() == 0
    assert Publication.objects.get().due_at == publication.due_at - HOUR


def test_the_later_of_two_times_stays_the_later(account: ConnectedAccount, photo: Callable[..., Any]) -> None:
    twice = datetime(2030, 10, 27, 2, 30)
    for fold in (0, 1):
        account.publish(text=f"{fold}", media=[photo()], at=twice, zone="Europe/Vienna", fold=fold)
    assert retiming.follow_clocks() == 0


def test_series_are_looked_at_again(account: ConnectedAccount, photo: Callable[..., Any]) -> None:
    media = [composing.NewMedia(file=photo())]
    post = composing.compose(account.user, text="Bread", media=media, accounts=[account])
    series = recurring.repeat(post, rule="FREQ=DAILY;COUNT=3", at=NINE, zone="Europe/Vienna", by=account.user)
    right = series.ends_at
    type(series).objects.update(ends_at=right - HOUR)
    retiming.follow_clocks()
    series.refresh_from_db()
    assert series.ends_at == right
    assert series.run_at <= timezone.now()
    assert recurring.make_due() == 0

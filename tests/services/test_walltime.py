"""Clocks on walls: what they skip, what they show twice, and what is meant."""

# ruff: noqa: DTZ001 - clocks on walls know no zone

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as fixed_zone
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.services import walltime
from django_connected_accounts.services.walltime import recur, resolve

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "UTC",
)


def refusal(at: datetime, zone: str, fold: int | None = None) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        resolve(at, zone, fold)
    return caught.value


def offered(error: InvalidRequest) -> list[str]:
    return [choice["at"] for choice in walltime.choices(error)]


def test_a_time_the_clocks_skip_is_refused_with_the_nearest_there_are() -> None:
    error = refusal(datetime(2030, 3, 31, 2, 30), "Europe/Vienna")
    assert (error.code, error.field) == ("time_does_not_exist", "at")
    assert offered(error) == ["2030-03-31T01:59:00+01:00", "2030-03-31T03:00:00+02:00"]
    for offer in offered(error):
        assert resolve(datetime.fromisoformat(offer), "Europe/Vienna").wall_time == offer[:19]


def test_a_time_the_clocks_show_twice_is_asked_not_guessed() -> None:
    at = datetime(2030, 10, 27, 2, 30)
    error = refusal(at, "Europe/Vienna")
    assert error.code == "time_is_ambiguous"
    assert offered(error) == ["2030-10-27T02:30:00+02:00", "2030-10-27T02:30:00+01:00"]
    assert [choice["name"] for choice in walltime.choices(error)] == ["CEST (UTC+02:00)", "CET (UTC+01:00)"]
    for choice in walltime.choices(error):
        by_fold = resolve(at, "Europe/Vienna", choice["fold"])
        assert by_fold == resolve(datetime.fromisoformat(choice["at"]), "Europe/Vienna")
        assert (by_fold.wall_time, by_fold.fold) == ("2030-10-27T02:30:00", choice["fold"])
    assert resolve(at.replace(fold=1), "Europe/Vienna").fold == 1


def test_a_fold_says_nothing_where_the_clocks_show_a_time_once() -> None:
    at = datetime(2030, 5, 4, 11, 30)
    assert resolve(at, "Europe/Vienna", 1) == resolve(at, "Europe/Vienna") == resolve(at, "Europe/Vienna", 0)


def test_zones_without_a_name_for_their_time_are_told_by_their_offset() -> None:
    assert walltime.naming(datetime(2030, 1, 1, tzinfo=ZoneInfo("America/Sao_Paulo"))) == "UTC-03:00"
    assert walltime.naming(datetime(2030, 1, 1, tzinfo=ZoneInfo("UTC"))) == "UTC (UTC+00:00)"


def test_now_is_no_time_on_any_clock() -> None:
    now = resolve(None, "Europe/Vienna")
    assert (now.wall_time, now.zone) == ("", "Europe/Vienna")
    assert abs(now.due_at - timezone.now()) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(1, 1, 1, tzinfo=fixed_zone(timedelta(hours=14))), "past_date"),
        (datetime(2020, 1, 1), "past_date"),
        (datetime(9999, 12, 31, 23, tzinfo=fixed_zone(timedelta(hours=-12))), "too_far_ahead"),
        (datetime(9999, 12, 31, 23), "too_far_ahead"),
    ],
)
def test_the_past_and_the_far_future_are_refused(at: datetime, code: str) -> None:
    assert refusal(at, "America/New_York").code == code


def test_a_day_that_a_zone_left_out_ends_with_the_first_moment_of_the_next() -> None:
    # Samoa went over the date line: there was no 30 December 2011.
    skipped = recur(datetime(2011, 12, 30, 9), "Pacific/Apia")
    assert skipped.due_at == datetime(2011, 12, 30, 10, tzinfo=fixed_zone.utc)
    assert skipped.due_at.astimezone(ZoneInfo("Pacific/Apia")).isoformat() == "2011-12-31T00:00:00+14:00"


def refused(at: datetime, zone: str) -> list[str] | None:
    """Return what is offered instead of this time, None where it is taken."""
    try:
        resolve(at, zone)
    except InvalidRequest as error:
        return offered(error)
    return None


FROM = datetime(timezone.now().year + 1, 1, 1)
DAY = timedelta(days=1)


def switches(zone: str) -> list[datetime]:
    """Return the days of two years on which the clocks of a zone are changed."""
    tz, days = ZoneInfo(zone), [FROM + n * DAY for n in range(730)]
    return [
        day
        for day in days
        if day.replace(tzinfo=tz).utcoffset() != (day + DAY).replace(tzinfo=tz).utcoffset()
    ]


@st.composite
def walls(draw: st.DrawFn) -> tuple[datetime, str]:
    """Any minute in a zone, mostly on the days on which its clocks are changed."""
    zone = draw(st.sampled_from(ZONES))
    day = draw(st.sampled_from(switches(zone) or [FROM]) | st.integers(0, 729).map(lambda n: FROM + n * DAY))
    return day + timedelta(minutes=draw(st.integers(0, 5 * 60))), zone


@given(walls())
def test_whatever_is_offered_or_taken_shows_on_the_wall_as_it_was_said(said: tuple[datetime, str]) -> None:
    at, zone = said
    first = recur(at, zone).due_at
    choices = refused(at, zone)
    if choices is None:
        assert resolve(at, zone).due_at == first
        assert first.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == at
        return
    earlier, later = (datetime.fromisoformat(choice) for choice in choices)
    assert earlier < later
    if earlier.replace(tzinfo=None) == at:
        assert later.replace(tzinfo=None) == at
        assert first == earlier
    else:
        assert earlier.replace(tzinfo=None) < at < later.replace(tzinfo=None)
        assert first == later

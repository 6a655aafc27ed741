"""The rules by which posts repeat."""

# ruff: noqa: DTZ001 - clocks on walls know no zone

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.services.occurrences import DAYS, expand, in_words, read
from django_connected_accounts.services.walltime import recur

from .test_walltime import FROM, ZONES

START = datetime(2030, 1, 1, 9)  # a Tuesday


def days(rule: str, starts: datetime = START) -> list[str]:
    return [f"{at:%m-%d}" for at in expand(read(rule, "UTC"), starts)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", ["01-01", "01-02", "01-03"]),
        ("FREQ=DAILY;INTERVAL=10;UNTIL=20300121", ["01-01", "01-11", "01-21"]),
        ("FREQ=WEEKLY;COUNT=2", ["01-01", "01-08"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", ["01-03", "01-07", "01-10"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;COUNT=3", ["01-01", "01-14", "01-15"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["01-31", "03-31", "05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", ["01-31", "02-28", "03-31"]),
        ("FREQ=MONTHLY;BYDAY=2TU;COUNT=2", ["01-08", "02-12"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["01-25", "02-22"]),
        ("rrule:freq=daily;count=1;", ["01-01"]),
        ("FREQ=DAILY;UNTIL=20300102T085959", ["01-01"]),
        ("FREQ=DAILY;UNTIL=20300102T090000Z", ["01-01", "01-02"]),
    ],
)
def test_a_rule_names_its_days(rule: str, expected: list[str]) -> None:
    assert days(rule) == expected


def test_an_end_in_utc_is_taken_as_the_clocks_of_the_zone_show_it() -> None:
    assert (
        str(read("FREQ=DAILY;UNTIL=20300101T080000Z", "Europe/Vienna")) == "FREQ=DAILY;UNTIL=20300101T090000"
    )


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("", "rule_invalid"),
        ("FREQ=DAILY", "rule_without_end"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20300101", "rule_invalid"),
        ("FREQ=HOURLY;COUNT=2", "rule_invalid"),
        ("FREQ=YEARLY;COUNT=2", "rule_invalid"),
        ("FREQ=DAILY;COUNT=0", "rule_invalid"),
        ("FREQ=DAILY;COUNT=-1", "rule_invalid"),
        ("FREQ=DAILY;COUNT=1001", "rule_too_long"),
        ("FREQ=DAILY;INTERVAL=0;COUNT=2", "rule_invalid"),
        ("FREQ=DAILY;BYHOUR=9;COUNT=2", "rule_invalid"),
        ("FREQ=DAILY;BYDAY=MO;COUNT=2", "rule_invalid"),
        ("FREQ=WEEKLY;BYDAY=1MO;COUNT=2", "rule_invalid"),
        ("FREQ=MONTHLY;BYDAY=MO;COUNT=2", "rule_invalid"),
        ("FREQ=MONTHLY;BYDAY=0MO;COUNT=2", "rule_invalid"),
        ("FREQ=MONTHLY;BYMONTHDAY=32;COUNT=2", "rule_invalid"),
        ("FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=1MO;COUNT=2", "rule_invalid"),
        ("FREQ=DAILY;FREQ=DAILY;COUNT=2", "rule_invalid"),
        ("FREQ=DAILY;UNTIL=tomorrow", "rule_invalid"),
        ("FREQ=DAILY;UNTIL=20301301", "rule_invalid"),
        ("FREQ=DAILY;UNTIL=20291231", "rule_empty"),
        ("FREQ=DAILY;UNTIL=20991231", "rule_too_long"),
        ("FREQ=MONTHLY;INTERVAL=99;COUNT=1000", "rule_too_long"),
        ("FREQ=DAILY;COUNT=\uff11", "rule_invalid"),
        ("FREQ=DAILY;WKST=XX;COUNT=1", "rule_invalid"),
    ],
)
def test_a_rule_that_will_not_do_is_refused(rule: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        days(rule)
    assert (caught.value.code, caught.value.field) == (code, "rule")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY;COUNT=1", "Every day, 1 time"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=3", "Every 2 weeks, on Monday and Thursday, 3 times"),
        (
            "FREQ=MONTHLY;BYDAY=2TU,-1FR;UNTIL=20300301",
            "Every month, on the second Tuesday and the last Friday, until March 1, 2030",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=15,-1;COUNT=4", "Every month, on day 15 and the last day, 4 times"),
        ("FREQ=MONTHLY;BYDAY=-2MO;COUNT=4", "Every month, on the 2 last Monday, 4 times"),
    ],
)
def test_a_rule_is_said_in_words(rule: str, words: str) -> None:
    assert in_words(read(rule, "UTC")) == words


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Any rule of the kinds there are."""
    parts = {"FREQ": draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))}
    parts["INTERVAL"] = str(draw(st.integers(1, 5)))
    weekdays = st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True)
    if parts["FREQ"] == "WEEKLY":
        parts["BYDAY"] = ",".join(draw(weekdays))
    elif parts["FREQ"] == "MONTHLY" and draw(st.booleans()):
        parts["BYDAY"] = f"{draw(st.sampled_from([1, 2, 3, 4, -1]))}{draw(st.sampled_from(DAYS))}"
    elif parts["FREQ"] == "MONTHLY":
        parts["BYMONTHDAY"] = str(draw(st.integers(1, 28)))
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 18)))
    else:
        parts["UNTIL"] = f"{FROM + timedelta(days=draw(st.integers(250, 730))):%Y%m%d}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


starts = st.integers(0, 60 * 24 * 50).map(lambda minutes: FROM + timedelta(minutes=minutes))


@given(rules(), starts)
def test_what_is_read_and_written_again_means_what_rfc_5545_says(text: str, at: datetime) -> None:
    rule = read(text, "UTC")
    assert read(str(rule), "UTC") == rule
    to_the_end_of_the_day = f"{text}T235959" if "UNTIL" in text else text
    assert expand(rule, at) == list(rrulestr(to_the_end_of_the_day, dtstart=at))


@given(rules(), starts, st.sampled_from(ZONES))
def test_the_clocks_on_the_wall_always_show_the_same_time(text: str, at: datetime, zone: str) -> None:
    tz = ZoneInfo(zone)
    dues = [recur(wall, zone) for wall in expand(read(text, zone), at)]
    assert [when.due_at for when in dues] == sorted({when.due_at for when in dues})
    for when in dues:
        shown = when.due_at.astimezone(tz)
        wall = datetime.fromisoformat(when.wall_time)
        assert wall.time() == at.time()
        if shown.replace(tzinfo=None) != wall:  # skipped on this night: the first time there is
            earlier = (when.due_at - timedelta(seconds=1)).astimezone(tz)
            assert earlier.replace(tzinfo=None) < wall < shown.replace(tzinfo=None)
        assert shown.fold == 0

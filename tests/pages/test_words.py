from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as fixed_zone

import pytest
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.signals import VERBS
from django_connected_accounts.templatetags import connected_accounts as words
from django_connected_accounts.templatetags.connected_accounts_events import event_words
from django_connected_accounts.templatetags.connected_accounts_numbers import number_name, older_than


@pytest.mark.parametrize("verb", VERBS)
def test_everything_that_happens_has_words(verb: str) -> None:
    assert event_words(Event(verb=verb, data={"health": "paused"})) != verb


def test_a_lost_answer_is_not_called_another_try() -> None:
    retrying = Event(verb="publication.retrying", code="platform_unavailable")
    assert event_words(retrying) == "Trying again"
    lost = Event(verb="publication.retrying", code="outcome_unknown")
    assert event_words(lost) == "No clear answer: it is looked up"


@pytest.mark.parametrize("health", ConnectedAccount.Health.values)
def test_every_health_has_words_and_a_tone(health: str) -> None:
    state = words.health(ConnectedAccount(platform="instagram", health=health))
    assert state.words
    assert state.tone in ("good", "warn", "bad", "quiet")


def test_what_must_be_done_on_the_platform_names_it() -> None:
    account = ConnectedAccount(platform="instagram", health="action_needed")
    assert words.health(account).words == "Action needed on Instagram"


@pytest.mark.parametrize("status", Publication.Status.values)
def test_every_status_has_words_and_a_tone(status: str) -> None:
    account = ConnectedAccount(platform="instagram")
    state = words.status(Publication(account=account, status=status, due_at=timezone.now()))
    assert state.words
    assert state.tone in ("good", "warn", "bad", "quiet", "busy")


def test_a_time_is_shown_in_its_zone_with_utc_in_its_title() -> None:
    shown = words.local_time(datetime(2030, 7, 1, 8, 0, tzinfo=fixed_zone.utc), "Europe/Berlin")
    assert "10 a.m." in shown
    assert "Europe/Berlin" in shown
    assert 'title="2030-07-01 08:00:00 UTC"' in shown


def test_of_a_time_that_the_clocks_show_twice_it_is_said_which_is_meant() -> None:
    earlier = words.local_time(datetime(2030, 10, 27, 0, 30, tzinfo=fixed_zone.utc), "Europe/Berlin")
    later = words.local_time(datetime(2030, 10, 27, 1, 30, tzinfo=fixed_zone.utc), "Europe/Berlin")
    assert "2:30 a.m." in earlier
    assert "2:30 a.m." in later
    assert "Europe/Berlin, CEST" in earlier
    assert "Europe/Berlin, CET" in later


def test_a_zone_that_is_no_more_does_not_break_a_page() -> None:
    assert "UTC" in words.local_time(timezone.now(), "Mars/Olympus")


def test_an_unknown_platform_code_is_no_code_of_ours() -> None:
    assert words.is_code("past_date")
    assert not words.is_code("invalid_choice")
    assert not words.is_code(None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("impressionCount", "Impressions"),
        ("COMMENT", "Comments"),
        ("total_interactions", "Total interactions"),
    ],
)
def test_numbers_are_called_as_people_call_them(name: str, words: str) -> None:
    assert number_name(name) == words


def test_a_number_is_dated_by_itself_only_where_the_minute_shown_would_differ() -> None:
    noon = datetime(2030, 7, 1, 12, 0, tzinfo=fixed_zone.utc)
    assert not older_than(noon, noon + timedelta(seconds=2))
    assert older_than(noon, noon + timedelta(minutes=1))

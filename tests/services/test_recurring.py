"""Posts that repeat: each occurrence once, ahead of its time, and none in a burst."""

# ruff: noqa: DTZ001 - clocks on walls know no zone

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Event, Post, PostMedia, Publication, Series
from django_connected_accounts.services import (
    composing,
    deleting,
    publishing,
    recurring,
    reviewing,
    scheduling,
)
from tests.visitor import at_once

pytestmark = pytest.mark.django_db

ZONE = "Europe/Vienna"
TOMORROW = (datetime.now(ZoneInfo(ZONE)) + timedelta(hours=20)).replace(microsecond=0, tzinfo=None)
DAILY = "FREQ=DAILY;COUNT=30"
DAY = timedelta(days=1)
AHEAD = 5


@pytest.fixture(autouse=True)
def made_days_ahead(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SERIES_DAYS = AHEAD


@pytest.fixture
def post(account: ConnectedAccount, photo: Callable[..., Any]) -> Post:
    media = [composing.NewMedia(file=photo(), alt_text="A loaf")]
    return composing.compose(account.user, text="Bread", media=media, accounts=[account])


@pytest.fixture
def series(post: Post) -> Series:
    return recurring.repeat(post, rule=DAILY, at=TOMORROW, zone=ZONE, by=post.user)


@pytest.fixture
def pass_days(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``pass_days(3)`` lets three days go by for those who look at Django's clock."""
    real, gone = timezone.now, [timedelta()]
    monkeypatch.setattr(timezone, "now", lambda: real() + gone[0])

    def go(days: float) -> None:
        gone[0] += timedelta(days=days)

    return go


def coming() -> list[Publication]:
    rows = Publication.objects.filter(status="scheduled").select_related("post")
    return list(rows.order_by("due_at"))


def walls() -> list[str]:
    return [row.wall_time for row in coming()]


def named(first: int, last: int) -> list[str]:
    return [(TOMORROW + n * DAY).isoformat() for n in range(first, last)]


@pytest.mark.databases
def test_occurrences_are_made_some_days_ahead_as_posts_of_their_own(series: Series, post: Post) -> None:
    assert walls() == named(0, AHEAD)
    for row in coming():
        copy = row.post
        assert row.due_at.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None).isoformat() == copy.occurrence
        assert (copy.text, copy.series, row.zone) == ("Bread", series, ZONE)
        assert reviewing.is_approved(copy)
        assert copy.approved_hash == post.approved_hash or copy.approved_hash == series.post.approved_hash
    assert not post.publications.exists()
    assert series.ends_at == recurring.planned(series)[-1].due_at


def test_the_tick_makes_more_as_days_go_by_each_once(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    assert recurring.make_due() == 0
    pass_days(1)
    assert recurring.make_due() == 1
    assert recurring.make_due() == 0
    assert walls() == named(0, AHEAD + 1)
    for _ in range(5):
        pass_days(6)
        recurring.make_due()
    assert series.posts.count() == 30
    series.refresh_from_db()
    assert series.run_at is None


def test_two_runners_that_make_the_same_occurrence_make_it_once(series: Series) -> None:
    stale = Series.objects.get()
    stale.made_until = ""
    assert recurring.make(stale) == 0
    assert series.posts.count() == AHEAD


def test_a_copy_shares_the_files_and_keeps_them_when_the_series_and_its_post_go(
    series: Series, post: Post
) -> None:
    names = set(PostMedia.objects.values_list("file", flat=True))
    assert len(names) == 1
    first = coming()[0].post
    Post.objects.exclude(pk=first.pk).delete()
    media = first.media.get()
    assert media.file.storage.exists(media.file.name)
    assert media.alt_text == "A loaf"


def test_what_differs_on_an_account_differs_on_every_occurrence(
    account: ConnectedAccount, photo: Callable[..., Any]
) -> None:
    media = [composing.NewMedia(file=photo())]
    overrides = {account: {"text": "Bread, dear friends"}}
    post = composing.compose(account.user, text="Bread", media=media, accounts=[account], overrides=overrides)
    recurring.repeat(post, rule="FREQ=WEEKLY;COUNT=2", at=TOMORROW, by=account.user)
    texts = {composing.draft(row.post, account).text for row in coming()}
    assert texts == {"Bread, dear friends"}


def test_occurrences_are_published_like_any_post(
    post: Post, account: ConnectedAccount, world: Any, run: Any
) -> None:
    at = datetime.now(ZoneInfo("UTC")).replace(tzinfo=None) + timedelta(hours=1)
    recurring.repeat(post, rule="FREQ=DAILY;COUNT=2", at=at, by=account.user)
    first, second = coming()
    Publication.objects.filter(pk=second.pk).update(run_at=None)
    run()
    first.refresh_from_db()
    assert first.status == "published"
    assert [live["caption"] for live in world.posts()] == ["Bread"]


def test_after_an_outage_what_was_missed_is_shown_as_missed_and_not_sent_in_a_burst(
    series: Series, pass_days: Callable[[float], None], world: Any
) -> None:
    pass_days(10.01)
    recurring.make_due()
    Publication.objects.filter(due_at__lte=timezone.now()).update(run_at=Now())
    publishing.tick()
    missed = Publication.objects.filter(status="missed")
    assert missed.count() == 10
    assert {row.code for row in missed} == {"too_late"}
    assert world.posts() == []
    due = [row.due_at for row in coming()]
    assert all(at > timezone.now() for at in due)


def test_an_occurrence_is_never_later_than_the_next_is_due(post: Post) -> None:
    recurring.repeat(post, rule=DAILY, at=TOMORROW, late_seconds=7 * 86400, by=post.user)
    rows = coming()
    for row, following in pairwise(rows):
        assert row.deadline_at == following.due_at


@pytest.mark.databases
def test_cancelling_one_occurrence_keeps_the_others_and_it_does_not_come_back(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    second = coming()[1]
    scheduling.cancel(second, by=series.post.user)
    recurring.pause(series, by=series.post.user)
    recurring.resume(series, by=series.post.user)
    pass_days(1)
    recurring.make_due()
    assert walls() == [wall for wall in named(0, AHEAD + 1) if wall != second.wall_time]


def test_a_paused_series_sends_nothing_and_leaves_out_what_fell_into_the_pause(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    recurring.pause(series, by=series.post.user)
    assert coming() == []
    assert recurring.make_due() == 0
    pass_days(3)
    recurring.resume(series, by=series.post.user)
    assert walls()[0] == named(3, 4)[0] or walls()[0] == named(2, 3)[0]
    assert not Publication.objects.filter(due_at__lte=timezone.now()).exists()
    with pytest.raises(InvalidRequest, match="series_not_possible"):
        recurring.resume(series, by=series.post.user)


def test_ending_a_series_cancels_also_what_a_person_changed(series: Series) -> None:
    moved = coming()[0]
    scheduling.reschedule(moved, at=timezone.now() + 3 * DAY, zone="UTC", by=series.post.user)
    recurring.end(series, by=series.post.user)
    moved.refresh_from_db()
    assert (moved.status, coming()) == ("cancelled", [])
    with pytest.raises(InvalidRequest, match="series_not_possible"):
        recurring.resume(series, by=series.post.user)


@pytest.mark.databases
def test_an_edit_of_the_content_goes_for_what_is_to_come_once_it_is_approved(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    author = series.post.user
    mine = coming()[0].post
    composing.edit(mine, by=author, text="This one is special")
    reviewing.approve(mine, by=author)
    composing.edit(series.post, by=author, text="Cake")
    series.refresh_from_db()
    assert recurring.is_changed(series)
    assert {row.post.text for row in coming()} == {"Bread", "This one is special"}

    recurring.revise(series, by=author)
    assert not recurring.is_changed(series)
    assert [row.post.text for row in coming()] == ["This one is special", *["Cake"] * (AHEAD - 1)]
    assert all(reviewing.is_approved(row.post) for row in coming())


def test_content_that_nobody_approved_is_held_when_its_time_comes(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    composing.edit(series.post, by=series.post.user, text="Cake")
    pass_days(1)
    assert recurring.make_due() == 1
    last = coming()[-1]
    assert last.post.text == "Cake"
    assert not reviewing.is_approved(last.post)
    Publication.objects.exclude(pk=last.pk).update(run_at=None)
    Publication.objects.filter(pk=last.pk).update(run_at=timezone.now() - 3 * DAY)
    publishing.tick(limit=1)
    last.refresh_from_db()
    assert (last.status, last.code) == ("held", "not_approved")


def test_another_rule_goes_for_what_is_to_come(series: Series) -> None:
    later = TOMORROW + timedelta(hours=1)
    recurring.revise(series, rule="FREQ=DAILY;INTERVAL=2;COUNT=5", at=later, by=series.post.user)
    assert walls() == [(later + n * 2 * DAY).isoformat() for n in range(3)]
    assert series.run_at is not None


def test_a_disconnected_account_is_left_out(
    series: Series, account: ConnectedAccount, pass_days: Callable[[float], None]
) -> None:
    ConnectedAccount.objects.update(health="disconnected", is_active=False)
    pass_days(1)
    recurring.make_due()
    assert walls() == named(0, AHEAD)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=DAILY", "rule_without_end"),
        ("FREQ=DAILY;UNTIL=20200101", "rule_empty"),
        ("nonsense", "rule_invalid"),
    ],
)
def test_a_series_that_can_not_be_is_refused_and_nothing_kept(post: Post, rule: str, code: str) -> None:
    with pytest.raises(InvalidRequest, match=code):
        recurring.repeat(post, rule=rule, at=TOMORROW, by=post.user)
    assert not Series.objects.exists()
    post.refresh_from_db()
    assert post.review == "draft"


def test_a_series_in_the_past_is_refused(post: Post) -> None:
    with pytest.raises(InvalidRequest, match="past_date"):
        recurring.repeat(post, rule="FREQ=DAILY;COUNT=2", at=datetime(2020, 1, 1), by=post.user)


def test_a_post_that_repeats_is_neither_sent_nor_deleted_by_itself(
    series: Series, account: ConnectedAccount
) -> None:
    with pytest.raises(InvalidRequest, match="post_repeats"):
        scheduling.schedule(series.post, [account], by=account.user)
    with pytest.raises(InvalidRequest, match="post_repeats"):
        deleting.delete(series.post, by=account.user)
    with pytest.raises(InvalidRequest, match="post_already_scheduled"):
        recurring.repeat(series.post, rule=DAILY, at=TOMORROW, by=account.user)
    with pytest.raises(InvalidRequest, match="post_already_scheduled"):
        recurring.repeat(coming()[0].post, rule=DAILY, at=TOMORROW, by=account.user)


def test_what_a_runner_has_just_now_is_not_taken_from_it(series: Series) -> None:
    first = coming()[0]
    Publication.objects.filter(pk=first.pk).update(
        lease_token="t", lease_until=timezone.now() + timedelta(minutes=5)
    )
    recurring.pause(series, by=series.post.user)
    assert coming() == [first]


def test_the_history_tells_what_became_of_the_series(series: Series) -> None:
    author = series.post.user
    recurring.pause(series, by=author)
    recurring.resume(series, by=author)
    recurring.revise(series, by=author)
    recurring.end(series, by=author)
    told = Event.objects.filter(post=series.post, verb__startswith="series.").order_by("at")
    assert [event.verb.removeprefix("series.") for event in told] == [
        "started",
        "paused",
        "resumed",
        "changed",
        "ended",
    ]
    assert {event.actor for event in told} == {author}


def test_a_series_that_breaks_does_not_hinder_the_others(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    Series.objects.update(rule="nonsense", run_at=timezone.now() - DAY)
    assert recurring.make_due() == 0
    series.refresh_from_db()
    assert series.run_at > timezone.now()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_runners_at_the_same_time_make_each_occurrence_once(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    pass_days(3)
    made = at_once(*[recurring.make_due] * 4)
    assert series.posts.count() == AHEAD + 3
    assert Publication.objects.count() == AHEAD + 3
    assert sum(made) == 3


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_pausing_while_a_runner_makes_more_leaves_nothing_to_go_out(
    series: Series, pass_days: Callable[[float], None]
) -> None:
    pass_days(3)
    author = series.post.user
    at_once(recurring.make_due, lambda: recurring.pause(Series.objects.get(), by=author))
    assert not Publication.objects.filter(status="scheduled", due_at__gt=timezone.now()).exists()

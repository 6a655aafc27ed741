"""Deciding when a post goes out, from which accounts, and how late it may become."""

# ruff: noqa: DTZ001 - clocks on walls know no zone

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication
from django_connected_accounts.services import composing, publishing, scheduling
from tests.visitor import at_once

pytestmark = pytest.mark.django_db

TWICE = {"at": datetime(2030, 10, 27, 2, 30), "zone": "Europe/Vienna"}


def accounts_of(user: Any, many: int) -> list[ConnectedAccount]:
    return ConnectedAccount.objects.bulk_create(
        ConnectedAccount(
            user=user, platform="instagram", account_id=f"{n}", username=f"shop{n}", access_token="t"
        )
        for n in range(many)
    )


@pytest.fixture
def post(account: ConnectedAccount, photo: Callable[..., Any]) -> Post:
    media = [composing.NewMedia(file=photo())]
    return composing.compose(account.user, text="Bread", media=media, accounts=[account])


def test_a_publication_keeps_the_instant_the_zone_and_what_its_clocks_show(
    post: Post, account: ConnectedAccount
) -> None:
    with pytest.raises(InvalidRequest, match="time_is_ambiguous"):
        scheduling.schedule(post, [account], **TWICE, by=account.user)
    assert not Publication.objects.exists()

    (publication,) = scheduling.schedule(post, [account], **TWICE, fold=1, by=account.user)
    publication.refresh_from_db()
    assert publication.due_at.isoformat() == "2030-10-27T01:30:00+00:00"
    assert (publication.zone, publication.wall_time, publication.fold) == (
        "Europe/Vienna",
        "2030-10-27T02:30:00",
        1,
    )
    scheduling.reschedule(publication, **TWICE, fold=0, by=account.user)
    assert publication.due_at.isoformat() == "2030-10-27T00:30:00+00:00"


def test_an_account_publishes_at_a_time_that_comes_twice(
    account: ConnectedAccount, photo: Callable[..., Any]
) -> None:
    publication = account.publish(text="Bread", media=[photo()], **TWICE, fold=1, late_seconds=600)
    assert publication.due_at.isoformat() == "2030-10-27T01:30:00+00:00"
    assert publication.deadline_at - publication.due_at == timedelta(minutes=10)


@pytest.mark.databases
def test_fifty_accounts_cost_as_many_queries_as_two(user: Any, world: Any, photo: Callable[..., Any]) -> None:
    accounts = accounts_of(user, 52)
    counts = []
    for chosen in (accounts[:2], accounts[2:]):
        media = [composing.NewMedia(file=photo())]
        post = composing.compose(user, text="Everywhere", media=media, accounts=chosen)
        with CaptureQueriesContext(connection) as asked:
            publications = scheduling.schedule(post, chosen, by=user)
        assert [row.account for row in publications] == chosen
        assert Event.objects.filter(post=post, verb="publication.scheduled").count() == len(chosen)
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 2 < 25  # a database takes only so many values at once


def test_an_account_named_twice_gets_the_post_once(post: Post, account: ConnectedAccount) -> None:
    assert len(scheduling.schedule(post, [account, account], by=account.user)) == 1
    with pytest.raises(InvalidRequest, match="already_scheduled"):
        scheduling.schedule(post, [account], by=account.user)
    assert Publication.objects.count() == 1


@pytest.mark.databases
def test_what_was_cancelled_is_scheduled_anew_and_what_was_not_keeps_the_others_from_it(
    post: Post, account: ConnectedAccount, user: Any
) -> None:
    (other,) = accounts_of(user, 1)
    (publication,) = scheduling.schedule(post, [account], by=user)
    with pytest.raises(InvalidRequest, match="already_scheduled"):
        scheduling.schedule(post, [other, account], by=user)
    assert list(Publication.objects.all()) == [publication]
    scheduling.cancel(publication, by=user)
    anew = scheduling.schedule(post, [other, account], by=user)
    assert [row.account for row in anew] == [other, account]
    assert {row.status for row in Publication.objects.all()} == {"scheduled"}


@pytest.mark.parametrize(("late", "status"), [(None, "scheduled"), (60, "missed"), (7200, "scheduled")])
def test_a_post_says_itself_how_late_it_may_go_out(
    post: Post, account: ConnectedAccount, late: int | None, status: str
) -> None:
    at = timezone.now() + timedelta(hours=1)
    (publication,) = scheduling.schedule(post, [account], at=at, late_seconds=late, by=account.user)
    behind = timedelta(hours=1, minutes=10)  # a runner comes ten minutes after the time
    times = {name: getattr(publication, name) - behind for name in ("due_at", "deadline_at", "run_at")}
    Publication.objects.update(**times)
    publishing.tick(limit=1)
    publication.refresh_from_db()
    assert (publication.status == "missed") == (status == "missed")


def test_the_rule_of_a_post_holds_when_it_is_moved_or_tried_again(
    post: Post, account: ConnectedAccount
) -> None:
    at = timezone.now() + timedelta(days=1)
    (publication,) = scheduling.schedule(post, [account], at=at, late_seconds=120, by=account.user)
    scheduling.reschedule(publication, at=at + timedelta(days=1), by=account.user)
    assert publication.deadline_at - publication.due_at == timedelta(minutes=2)
    scheduling.reschedule(publication, at=at, late_seconds=300, by=account.user)
    assert publication.deadline_at - publication.due_at == timedelta(minutes=5)
    Publication.objects.update(status="failed")
    scheduling.retry(publication, by=account.user)
    assert publication.deadline_at - publication.due_at == timedelta(minutes=5)
    assert publication.wall_time == ""


@pytest.mark.parametrize("seconds", [0, 59, 30 * 86400 + 1])
def test_a_rule_out_of_reason_is_refused(post: Post, account: ConnectedAccount, seconds: int) -> None:
    with pytest.raises(InvalidRequest, match="late_out_of_range"):
        scheduling.schedule(post, [account], late_seconds=seconds, by=account.user)
    assert not Publication.objects.exists()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_scheduled_twice_at_the_same_moment_it_goes_out_once(post: Post, account: ConnectedAccount) -> None:
    tasks = [lambda: scheduling.schedule(Post.objects.get(), [account], by=account.user)] * 3
    answers = at_once(*tasks)
    assert Publication.objects.count() == 1
    refused = [answer for answer in answers if isinstance(answer, InvalidRequest)]
    assert [error.code for error in refused] == ["already_scheduled"] * 2


@pytest.mark.parametrize(("late", "hours"), [(None, 72), (7200, 2)])
def test_a_post_that_says_how_late_it_may_be_is_not_held_for_longer(
    post: Post, account: ConnectedAccount, late: int | None, hours: int
) -> None:
    ConnectedAccount.objects.update(health="paused", is_active=False)
    at = timezone.now() + timedelta(minutes=1)
    (publication,) = scheduling.schedule(post, [account], at=at, late_seconds=late, by=account.user)
    Publication.objects.update(run_at=Now())
    publishing.tick(limit=1)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == ("held", "account_paused")
    assert publication.deadline_at - publication.due_at == timedelta(hours=hours)

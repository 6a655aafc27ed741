"""What to think about before a post goes out: nothing of it hinders anybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.providers.types import Problem
from django_connected_accounts.services import composing, remarks, scheduling

pytestmark = pytest.mark.django_db

NOON = (timezone.now() + timedelta(days=5)).replace(hour=12, minute=0, second=0, microsecond=0)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def write(account: ConnectedAccount, photo: Callable[..., Any]) -> Callable[..., Post]:
    """``write("Bread")`` is a draft with a picture."""

    def draft(text: str = "", colour: str = "teal", **more: Any) -> Post:
        media = [composing.NewMedia(file=photo(colour=colour))]
        return composing.compose(account.user, text=text, media=media, accounts=[account], **more)

    return draft


@pytest.fixture
def planned(write: Callable[..., Post], account: ConnectedAccount) -> Callable[..., Publication]:
    """``planned(at)`` is a post that will go out then."""

    def plan(at: datetime, text: str = "", **more: Any) -> Publication:
        post = write(text or f"At {at}", **more)
        (publication,) = scheduling.schedule(post, [account], at=at, by=account.user)
        return publication

    return plan


def codes(problems: list[Problem]) -> list[str]:
    assert all(problem.severity == "warning" for problem in problems)
    return [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("apart", "found"),
    [(timedelta(), True), (-14 * MINUTE, True), (15 * MINUTE, False), (-HOUR, False)],
)
def test_another_post_close_by_is_told(
    planned: Any, write: Any, account: ConnectedAccount, apart: timedelta, found: bool
) -> None:
    planned(NOON + apart)
    problems = remarks.before(write("Mine"), [account], NOON)[account.pk]
    assert codes(problems) == (["posts_too_close"] if found else [])
    if found:
        assert problems[0].params["minutes"] == abs(apart) // MINUTE


def test_what_was_cancelled_or_is_on_another_account_is_near_nothing(
    planned: Any, write: Any, account: ConnectedAccount
) -> None:
    scheduling.cancel(planned(NOON), by=account.user)
    other = ConnectedAccount.objects.create(user=account.user, platform="instagram", account_id="2")
    planned(NOON + HOUR)
    assert codes(remarks.before(write("Mine"), [other], NOON + HOUR)[other.pk]) == []
    assert codes(remarks.before(write("Mine"), [account], NOON)[account.pk]) == []


def test_more_than_the_platform_takes_in_any_24_hours_is_told(
    planned: Any, write: Any, account: ConnectedAccount
) -> None:
    account.quota = {"used": 0, "total": 3}
    for hours in (-20, -10, 13):
        planned(NOON + hours * HOUR)
    mine = write("Mine")
    assert codes(remarks.before(mine, [account], NOON)[account.pk]) == []
    planned(NOON + 3 * HOUR)
    (problem,) = remarks.before(mine, [account], NOON)[account.pk]
    assert (problem.code, problem.params["count"], problem.params["max"]) == ("daily_cap_exceeded", 4, 3)
    assert codes(remarks.before(mine, [account], NOON + 5 * 24 * HOUR)[account.pk]) == []


def test_posts_made_elsewhere_count_towards_today(write: Any, account: ConnectedAccount) -> None:
    account.quota = {"used": 3, "total": 3}
    assert codes(remarks.before(write("Mine"), [account])[account.pk]) == ["daily_cap_exceeded"]
    assert codes(remarks.before(write("Mine"), [account], NOON)[account.pk]) == []


def test_more_than_is_advised_is_told(
    planned: Any, write: Any, account: ConnectedAccount, settings: Any
) -> None:
    planned(NOON + HOUR)
    mine = write("Mine")
    assert codes(remarks.before(mine, [account], NOON)[account.pk]) == []
    settings.CONNECTED_ACCOUNTS_POSTS_PER_DAY_ADVISED = 1
    assert codes(remarks.before(mine, [account], NOON)[account.pk]) == ["daily_posts_advised"]


@pytest.mark.parametrize(
    ("text", "colour", "hours", "found"),
    [
        ("Bread", "red", 47, ["duplicate_text"]),
        ("Bread ", "red", -47, ["duplicate_text"]),
        ("Bread", "red", 49, []),
        ("Cake", "teal", 47, []),
        ("Bread", "teal", 20 * 24, ["duplicate_of_post"]),
        ("Bread", "teal", 31 * 24, []),
    ],
)
def test_the_same_text_soon_after_and_the_same_post_later_are_told(
    planned: Any, write: Any, account: ConnectedAccount, text: str, colour: str, hours: int, found: list[str]
) -> None:
    late = NOON + timedelta(days=40)
    planned(late, "Bread")
    mine = write(text, colour)
    assert codes(remarks.before(mine, [account], late + hours * HOUR)[account.pk]) == found


def test_the_text_that_counts_is_the_one_for_that_account(
    planned: Any, write: Any, account: ConnectedAccount
) -> None:
    planned(NOON, "Bread", overrides={account: {"text": "Bread for Instagram"}})
    assert codes(remarks.before(write("Bread"), [account], NOON + HOUR)[account.pk]) == []
    mine = write("Cake", overrides={account: {"text": "Bread for Instagram"}})
    assert codes(remarks.before(mine, [account], NOON + HOUR)[account.pk]) == ["duplicate_text"]


@pytest.mark.databases
def test_what_waits_in_the_queue_says_the_same(planned: Any, account: ConnectedAccount) -> None:
    first, second = planned(NOON, "Bread"), planned(NOON + MINUTE, "Bread")
    far = planned(NOON + timedelta(days=90))
    found = remarks.of(Publication.objects.select_related("account", "post"))
    assert codes(found[first.pk]) == codes(found[second.pk]) == ["posts_too_close", "duplicate_text"]
    assert found[far.pk] == []


def test_fifty_accounts_cost_as_many_queries_as_one(write: Any, account: ConnectedAccount) -> None:
    fields = {"user": account.user, "platform": "instagram", "access_token": "t"}
    accounts = [ConnectedAccount(account_id=f"{n}", **fields) for n in range(50)]
    ConnectedAccount.objects.bulk_create(accounts)
    post = write("Mine")
    list(post.media.all())
    counts = []
    for chosen in ([account], accounts):
        with CaptureQueriesContext(connection) as asked:
            remarks.before(post, chosen, NOON)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 3

"""What is to go out, by day, and what to think about before it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.services import composing, scheduling

from .conftest import Browser, text

DAY = datetime(2030, 5, 4, 22, 30, tzinfo=timezone.utc)  # in Vienna it is the 5th already
Picture = Callable[..., SimpleUploadedFile]


@pytest.fixture
def write(account: ConnectedAccount, picture: Picture) -> Callable[[str], Post]:
    def draft(words: str) -> Post:
        media = [composing.NewMedia(file=picture())]
        return composing.compose(account.user, text=words, media=media, accounts=[account])

    return draft


@pytest.fixture
def planned(account: ConnectedAccount, write: Callable[[str], Post]) -> Callable[..., Publication]:
    """``planned("Bread", at)`` is on its way for then."""

    def plan(words: str, at: datetime, zone: str = "UTC") -> Publication:
        (publication,) = scheduling.schedule(write(words), [account], at=at, zone=zone, by=account.user)
        return publication

    return plan


def test_the_queue_is_sorted_into_days_of_the_zone_that_is_shown(browser: Browser, planned: Any) -> None:
    planned("Cake", DAY + timedelta(hours=3), "Europe/Vienna")
    planned("Bread", DAY)
    utc = text(browser.page("queue"))
    assert (
        utc.index("Saturday, May 4, 2030 UTC")
        < utc.index("Bread")
        < utc.index("Sunday, May 5, 2030 UTC")
        < utc.index("Cake")
    )
    assert "Time chosen: May 5, 2030, 3:30 a.m. Europe/Vienna" in utc
    vienna = text(browser.page("queue", zone="Europe/Vienna"))
    assert "Saturday" not in vienna
    assert vienna.index("Sunday, May 5, 2030 Europe/Vienna") < vienna.index("12:30 a.m. Europe/Vienna")


def test_the_queue_is_filtered_by_account_and_status_and_shows_only_ones_own(
    browser: Browser, other_browser: Browser, planned: Any, account: ConnectedAccount
) -> None:
    planned("Bread", DAY)
    scheduling.cancel(planned("Cake", DAY), by=account.user)
    assert "Cake" not in text(browser.page("queue"))
    assert "Bread" not in text(browser.page("queue", status="cancelled"))
    assert "Cake" in text(browser.page("queue", status="cancelled"))
    assert "Bread" in text(browser.page("queue", account=account.pk))
    assert "No post matches" in text(browser.page("queue", status="missed"))
    assert "Nothing is to go out" in text(other_browser.page("queue"))


def test_what_is_on_hold_says_why_and_when_it_resumes(browser: Browser, planned: Any) -> None:
    publication = planned("Bread", DAY)
    resumes = DAY + timedelta(minutes=45)
    Publication.objects.update(status="held", code="rate_limited", run_at=resumes)
    for page in (browser.page("queue"), browser.page("post", publication.post_id)):
        said = text(page)
        assert "Resumes at May 4, 2030, 11:15 p.m. UTC" in said
        assert "rate_limited" in said


def test_posts_that_are_close_or_alike_are_told_in_the_queue_and_hinder_nothing(
    browser: Browser, planned: Any
) -> None:
    first = planned("Bread", DAY)
    planned("Bread", DAY + timedelta(minutes=5))
    said = text(browser.page("queue"))
    assert said.count("posts_too_close") == said.count("duplicate_text") == 2
    assert "posts_too_close" in text(browser.page("post", first.post_id))
    assert Publication.objects.filter(status="scheduled").count() == 2


def test_a_time_can_be_looked_at_before_it_is_chosen(
    browser: Browser, planned: Any, write: Callable[[str], Post], account: ConnectedAccount
) -> None:
    planned("Bread", DAY)
    post = write("Cake")
    form = {"account": str(account.pk), "zone": "Europe/Vienna", "do": "look"}
    near = browser.post(
        f"/connected-accounts/posts/{post.pk}/publish/", {**form, "at": "2030-05-05T00:40"}, follow=True
    )
    assert "goes out less than 15 minutes from it" in text(near)
    assert 'value="2030-05-05T00:40"' in near.content.decode()
    free = browser.post(
        f"/connected-accounts/posts/{post.pk}/publish/", {**form, "at": "2030-05-05T01:40"}, follow=True
    )
    assert "Nothing speaks against this time." in text(free)
    assert not post.publications.exists()


def test_publishing_now_is_confirmed_with_what_to_think_about(
    browser: Browser, planned: Any, write: Callable[[str], Post]
) -> None:
    planned("Bread", datetime.now(timezone.utc) + timedelta(minutes=5))
    said = text(browser.page("post-confirm", write("Bread").pk))
    assert "posts_too_close" in said
    assert "Yes, publish now" in said


def test_the_queue_takes_as_many_queries_for_many_posts_as_for_one(
    browser: Browser, planned: Any, queries: Callable[[], Any]
) -> None:
    counts = []
    for hours in (1, 20, 40, 60):
        planned(f"Post {hours}", DAY + timedelta(hours=hours))
        with queries() as asked:
            assert browser.page("queue").status_code == 200
        counts.append(len(asked))
    assert len(set(counts)) == 1
    assert counts[0] <= 8

"""What became of a post on all its accounts together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Event, Post, Publication
from django_connected_accounts.services import composing, delivery, scheduling
from tests.brief_platform import REFUSED, Brief, brief, brief_account

__all__ = ["brief"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("brief")]

Status = Publication.Status


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("ada")


def standing(user: Any, *statuses: str) -> Post:
    """Return a post with a publication in each of these states, each on an account of its own."""
    accounts = [brief_account(user, str(number)) for number in range(len(statuses))]
    post = composing.compose(user, text="Bread", accounts=accounts)
    now = timezone.now()
    for account, status in zip(accounts, statuses, strict=True):
        remote_id = "1" if status == "published" else ""
        Publication.objects.create(
            post=post, account=account, status=status, due_at=now, deadline_at=now, remote_id=remote_id
        )
    return post


@pytest.mark.parametrize(
    ("statuses", "status", "published", "total"),
    [
        ((), "", 0, 0),
        (("published", "published"), "published", 2, 2),
        (("published", "failed", "published"), "partly_published", 2, 3),
        (("published", "missed"), "partly_published", 1, 2),
        (("published", "handed_over"), "partly_published", 1, 2),
        (("failed", "missed"), "failed", 0, 2),
        (("published", "unknown", "failed"), "unknown", 1, 3),
        (("published", "sending"), "sending", 1, 2),
        (("published", "scheduled"), "scheduled", 1, 2),
        (("published", "cancelled"), "published", 1, 1),
        (("published", "deleted"), "published", 1, 1),
        (("deleted", "cancelled"), "deleted", 0, 0),
        (("cancelled", "cancelled"), "cancelled", 0, 0),
    ],
)
def test_a_post_is_as_the_account_that_needs_someone_most_or_partly_published(
    user: Any, statuses: tuple[str, ...], status: str, published: int, total: int
) -> None:
    found = delivery.summary(standing(user, *statuses))
    assert (found.status, found.published, found.total) == (status, published, total)
    assert sum(found.counts.values()) == len(statuses)
    assert list(delivery.WORST_FIRST) == sorted(Status.values, key=delivery.WORST_FIRST.index)


def test_all_that_failed_is_tried_again_and_nothing_else(user: Any, brief: type[Brief]) -> None:
    statuses = ("published", "failed", "missed", "unknown", "cancelled", "held", "waiting")
    post = standing(user, *statuses)
    tried = delivery.retry_failed(post, by=user)
    assert set(tried.values()) == {None}
    assert {publication.account.account_id for publication in tried} == {"1", "2"}
    found = [row.status for row in post.publications.order_by("account__account_id")]
    assert found == ["published", "scheduled", "scheduled", "unknown", "cancelled", "held", "waiting"]


def test_what_can_not_be_tried_again_is_told_and_the_rest_goes_on(user: Any, brief: type[Brief]) -> None:
    post = standing(user, "failed", "failed")
    first, second = post.publications.order_by("account__account_id")
    long = {"text": "too long for the brief"}
    composing.edit(post, by=user, overrides={second.account: long})
    tried = delivery.retry_failed(post, by=user)
    assert tried[first] is None
    refusal = tried[second]
    assert refusal
    assert refusal.code == "text_too_long"
    with pytest.raises(InvalidRequest, match="text_too_long"):
        delivery.retry_failed(post, by=user)


def test_where_nothing_failed_there_is_nothing_to_try_again(user: Any) -> None:
    with pytest.raises(InvalidRequest, match="nothing_to_retry"):
        delivery.retry_failed(standing(user, "published"), by=user)


def test_nobody_tries_the_post_of_another_again(user: Any) -> None:
    with pytest.raises(InvalidRequest, match="post_not_found"):
        delivery.retry_failed(standing(user, "failed"), by=get_user_model().objects.create_user("eve"))


def test_partly_published_then_mended_for_the_account_that_failed_each_is_live_once(
    user: Any, brief: type[Brief], run: Any
) -> None:
    accounts = [brief_account(user, name) for name in ("a", "b", "c")]
    post = composing.compose(user, text="Bread", accounts=accounts)
    scheduling.schedule(post, accounts[:2], by=user)
    run()
    brief.answer = REFUSED
    scheduling.schedule(post, accounts[2:], by=user)
    run()
    assert delivery.summary(Post.objects.get(pk=post.pk)).status == "partly_published"
    brief.answer = None
    composing.edit(post, by=user, overrides={accounts[2]: {"text": "Rolls"}})
    delivery.retry_failed(post, by=user)
    run()
    run()
    assert [(who, draft.text) for who, draft in brief.live] == [
        ("a", "Bread"),
        ("b", "Bread"),
        ("c", "Rolls"),
    ]
    found = delivery.summary(Post.objects.get(pk=post.pk))
    assert (found.status, found.published, found.total) == ("published", 3, 3)
    assert not Event.objects.filter(verb="publication.step").exists()


def test_editing_what_is_published_sends_nothing_again(user: Any, brief: type[Brief], run: Any) -> None:
    account = brief_account(user)
    post = composing.compose(user, text="Bread", accounts=[account])
    scheduling.schedule(post, [account], by=user)
    run()
    for change in ({"text": "Rolls"}, {"overrides": {account: {"text": "Rolls"}}}, {"accounts": []}):
        with pytest.raises(InvalidRequest, match="post_already_sent"):
            composing.edit(post, by=user, **change)
    publication = post.publications.get()
    yesterday = timezone.now() - timedelta(days=1)
    for decide in (
        lambda: scheduling.schedule(post, [account], by=user),
        lambda: scheduling.retry(publication, by=user),
        lambda: scheduling.reschedule(publication, at=None, zone="UTC", by=user),
        lambda: delivery.retry_failed(post, by=user),
    ):
        with pytest.raises(InvalidRequest):
            decide()
    # Even content that changed behind our back, with a date in the past, is not sent again.
    Post.objects.filter(pk=post.pk).update(text="Rolls")
    Publication.objects.update(due_at=yesterday)
    run()
    assert [draft.text for _, draft in brief.live] == ["Bread"]

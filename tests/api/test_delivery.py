"""What became of a post on all its accounts, and trying again what failed of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.models import Publication
from django_connected_accounts.services import composing, publishing, scheduling
from tests.brief_platform import REFUSED, Brief, brief, brief_account

from .conftest import Api

__all__ = ["brief"]


@pytest.fixture
def post(ada: Api, brief: type[Brief]) -> Any:
    """A post that is live on one account and refused on two."""
    accounts = [brief_account(ada.user, name) for name in ("a", "b", "c")]
    post = composing.compose(ada.user, text="Bread", accounts=accounts)
    scheduling.schedule(post, accounts[:1], by=ada.user)
    publishing.tick()
    brief.answer = REFUSED
    scheduling.schedule(post, accounts[1:], by=ada.user)
    publishing.tick()
    brief.answer = None
    return post


def test_partly_published_is_said_with_numbers(ada: Api, post: Any) -> None:
    row = ada.get(f"/posts/{post.pk}/").json()
    assert row["delivery"] == {
        "status": "partly_published",
        "published": 1,
        "total": 3,
        "counts": {"failed": 2, "published": 1},
    }
    draft = ada.post("/posts/", {"text": "Hi"}).json()
    assert draft["delivery"] == {"status": "", "published": 0, "total": 0, "counts": {}}


def test_what_failed_is_tried_again_once_mended_and_what_is_live_is_not(
    ada: Api, post: Any, brief: type[Brief]
) -> None:
    failed = post.publications.filter(status="failed").first()
    own = {str(failed.account_id): {"text": "Rolls"}}
    assert ada.patch(f"/posts/{post.pk}/", {"overrides": own}).status_code == 200
    once = {"Idempotency-Key": "retry-1"}
    answer = ada.post(f"/posts/{post.pk}/retry", {}, **once)
    assert answer.status_code == 202
    assert answer.json()["delivery"]["counts"] == {"scheduled": 2, "published": 1}
    assert ada.post(f"/posts/{post.pk}/retry", {}, **once)["Idempotency-Replayed"] == "true"
    publishing.tick()
    publishing.tick()
    assert sorted(draft.text for _, draft in brief.live) == ["Bread", "Bread", "Rolls"]
    nothing = ada.post(f"/posts/{post.pk}/retry", {})
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (409, "nothing_to_retry")


def test_nobody_tries_the_post_of_another_again(ben: Api, post: Any) -> None:
    assert ben.post(f"/posts/{post.pk}/retry", {}).status_code == 404


def test_editing_a_published_post_never_sends_it_again(ada: Api, brief: type[Brief]) -> None:
    account = brief_account(ada.user)
    post = composing.compose(ada.user, text="Bread", accounts=[account])
    scheduling.schedule(post, [account], by=ada.user)
    publishing.tick()
    publication = Publication.objects.get()
    past = (timezone.now() - timedelta(days=1)).isoformat()
    refusals = [
        ada.patch(f"/posts/{post.pk}/", {"text": "Rolls"}),
        ada.patch(f"/posts/{post.pk}/", {"overrides": {str(account.pk): {"text": "Rolls"}}}),
        ada.post(f"/posts/{post.pk}/publish", {}),
        ada.post(f"/posts/{post.pk}/schedule", {"at": past}),
        ada.post(f"/posts/{post.pk}/schedule", {"at": "2030-01-01T10:00Z"}),
        ada.post(f"/posts/{post.pk}/retry", {}),
        ada.post(f"/publications/{publication.pk}/retry", {}),
        ada.post(f"/publications/{publication.pk}/again", {}),
        ada.post(f"/publications/{publication.pk}/reschedule", {"at": "2030-01-01T10:00Z"}),
    ]
    assert [answer.status_code for answer in refusals] == [409, 409, 409, 422, 409, 409, 409, 409, 409]
    Publication.objects.update(due_at=timezone.now())
    publishing.tick()
    publication.refresh_from_db()
    assert (publication.status, len(brief.live)) == ("published", 1)

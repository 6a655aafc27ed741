"""Approval, and what it is bound to."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Event, Post, PostMedia
from django_connected_accounts.services import reviewing

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def post(user: Any) -> Post:
    post = Post.objects.create(user=user, kind="photo", text="Hello", options={"location_id": "1"})
    for position, name in enumerate(("one", "two")):
        PostMedia.objects.create(
            post=post,
            position=position,
            file=f"connected_accounts/{name}.jpg",
            kind="image",
            mime="image/jpeg",
            size=1,
            sha256=name,
        )
    return post


def verbs(post: Post) -> list[str]:
    return list(Event.objects.filter(post=post).order_by("at").values_list("verb", flat=True))


def change_media(post: Post, at: int, **fields: Any) -> None:
    PostMedia.objects.filter(post=post, position=at).update(**fields)


def swap_media(post: Post) -> None:
    for before, after in ((0, 9), (1, 0), (9, 1)):
        change_media(post, before, position=after)


CHANGES = {
    "text": lambda post: Post.objects.filter(pk=post.pk).update(text="Hello!"),
    "kind": lambda post: Post.objects.filter(pk=post.pk).update(kind="story"),
    "first comment": lambda post: Post.objects.filter(pk=post.pk).update(first_comment="First"),
    "options": lambda post: Post.objects.filter(pk=post.pk).update(options={"location_id": 1}),
    "bytes": lambda post: change_media(post, 1, sha256="three"),
    "alt text": lambda post: change_media(post, 0, alt_text="A bird"),
    "tags": lambda post: change_media(post, 0, user_tags=[{"username": "bo", "x": 0.1, "y": 0.2}]),
    "cover": lambda post: change_media(post, 0, cover="connected_accounts/cover.jpg"),
    "order": swap_media,
    "fewer": lambda post: PostMedia.objects.filter(post=post, position=1).delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_approval_is_worth_nothing_for_other_content(post: Post, user: Any, change: Any) -> None:
    reviewing.approve(post, by=user)
    assert reviewing.is_approved(post)
    change(post)
    assert not reviewing.is_approved(Post.objects.get(pk=post.pk))


def test_what_is_not_sent_does_not_count(post: Post, user: Any) -> None:
    reviewing.approve(post, by=user)
    change_media(post, 0, original_name="other.jpg")
    Post.objects.filter(pk=post.pk).update(options={"location_id": "1"})
    assert reviewing.is_approved(Post.objects.get(pk=post.pk))


def test_a_post_is_submitted_and_approved(post: Post, user: Any) -> None:
    reviewing.submit(post, by=user)
    assert post.review == "in_review"
    reviewing.approve(post, by=user, seen=reviewing.content_hash(post))
    assert (post.review, post.approved_by) == ("approved", user)
    assert post.approved_at is not None
    assert verbs(post) == ["post.submitted", "post.approved"]


def test_approving_twice_is_approving_once(post: Post, user: Any) -> None:
    reviewing.approve(post, by=user)
    reviewing.approve(post, by=user)
    assert verbs(post) == ["post.approved"]


def test_nobody_approves_what_they_have_not_seen(post: Post, user: Any) -> None:
    seen = reviewing.content_hash(post)
    Post.objects.filter(pk=post.pk).update(text="Something else")
    with pytest.raises(InvalidRequest, match="content_changed"):
        reviewing.approve(post, by=user, seen=seen)
    assert verbs(post) == []


def test_a_rejection_gives_its_reason_and_ends_an_approval(post: Post, user: Any) -> None:
    reviewing.approve(post, by=user)
    reviewing.reject(post, by=user, reason=" The logo is missing. ")
    assert (post.review, post.approved_hash, post.approved_by) == ("rejected", "", None)
    event = Event.objects.get(verb="post.rejected")
    assert (event.actor, event.data) == (user, {"reason": "The logo is missing."})
    reviewing.submit(post, by=user)
    assert post.review == "in_review"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_rejection_without_a_reason_is_none(post: Post, user: Any, reason: str) -> None:
    reviewing.submit(post, by=user)
    with pytest.raises(InvalidRequest, match="reason_missing"):
        reviewing.reject(post, by=user, reason=reason)
    assert post.review == "in_review"


def test_only_what_waits_is_decided(post: Post, user: Any) -> None:
    with pytest.raises(InvalidRequest, match="review_not_possible"):
        reviewing.reject(post, by=user, reason="No.")
    reviewing.approve(post, by=user)
    with pytest.raises(InvalidRequest, match="review_not_possible"):
        reviewing.submit(post, by=user)


def test_somebody_elses_post_is_not_found(post: Post) -> None:
    other = get_user_model().objects.create_user("eve")
    for act in (reviewing.submit, reviewing.approve):
        with pytest.raises(InvalidRequest, match="post_not_found"):
            act(post, by=other)
    with pytest.raises(InvalidRequest, match="post_not_found"):
        reviewing.reject(post, by=other, reason="No.")


def test_the_app_itself_may(post: Post) -> None:
    reviewing.approve(post, by=None)
    assert reviewing.is_approved(post)
    assert post.approved_by is None

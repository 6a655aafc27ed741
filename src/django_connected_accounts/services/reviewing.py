"""Whether a post may go out. The only writer of `Post.review`; an approval is good for what was approved."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post

from . import events, overriding
from .content import storable

Review = Post.Review
REASON_LENGTH = 1000


def content_hash(post: Post) -> str:
    """Return the SHA-256 of exactly what will be sent, on whichever account."""
    content = {
        "kind": post.kind,
        "text": post.text,
        "first_comment": post.first_comment,
        "options": post.options,
        "media": [overriding.facts(media) for media in post.shared_media],
        "overrides": overriding.canonical(post),
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def is_approved(post: Post) -> bool:
    """Say whether this post was approved as it is now."""
    return post.review == Review.APPROVED and post.approved_hash == content_hash(post)


def submit(post: Post, *, by: Any) -> None:
    """Ask for approval."""
    with transaction.atomic():
        may_change(post, by)
        lock(post)
        if post.review not in (Review.DRAFT, Review.REJECTED):
            raise InvalidRequest("review_not_possible", review=post.get_review_display())
        _write(post, Review.IN_REVIEW, "post.submitted", by)


def approve(post: Post, *, by: Any, seen: str = "") -> None:
    """Approve the post as it is now; ``seen`` is the `content_hash` of what the person was shown.

    Raise InvalidRequest (``content_changed``) when it has been edited since. Approving twice changes nothing.
    """
    with transaction.atomic():
        may_change(post, by)
        lock(post)
        content = content_hash(post)
        if seen and seen != content:
            raise InvalidRequest("content_changed")
        if post.review != Review.APPROVED or post.approved_hash != content:
            _write(post, Review.APPROVED, "post.approved", by, content=content)


def reject(post: Post, *, by: Any, reason: str) -> None:
    """Send the post back to its author, with the reason."""
    reason = storable(reason.strip(), "reason")[:REASON_LENGTH]
    if not reason:
        raise InvalidRequest("reason_missing", field="reason")
    with transaction.atomic():
        may_change(post, by)
        lock(post)
        if post.review not in (Review.IN_REVIEW, Review.APPROVED):
            raise InvalidRequest("review_not_possible", review=post.get_review_display())
        _write(post, Review.REJECTED, "post.rejected", by, reason=reason)


def edited(post: Post) -> None:
    """Take back what was decided about earlier content. For `composing`, which holds the row's lock."""
    changed = post.review == Review.APPROVED and post.approved_hash != content_hash(post)
    if changed or post.review == Review.REJECTED:
        post.review, post.approved_hash, post.approved_by, post.approved_at = Review.DRAFT, "", None, None
        post.save(update_fields=DECISION)


def carry(approved: Post, copy: Post) -> None:
    """Approve a copy as what it was made of, if that is approved and it is the same to the last byte."""
    if is_approved(approved) and content_hash(copy) == approved.approved_hash:
        for name in DECISION:
            setattr(copy, name, getattr(approved, name))
        copy.save(update_fields=DECISION)


def may_change(post: Post, by: Any) -> None:
    """Raise InvalidRequest unless this user may act on this post; None, the app itself, may."""
    if by is not None and not access().posts(by).filter(pk=post.pk).exists():
        raise InvalidRequest("post_not_found")


def lock(post: Post) -> None:
    """Read the post again, its row locked until the end of the transaction."""
    # Where the database can, in the way that lets rows elsewhere go on referring to it.
    no_key = connection.features.has_select_for_no_key_update
    post.refresh_from_db(from_queryset=Post.objects.select_for_update(no_key=no_key))


DECISION = ("review", "approved_hash", "approved_by", "approved_at", "updated_at")


def _write(post: Post, review: str, verb: str, by: Any, *, content: str = "", **data: str) -> None:
    post.review, post.approved_hash = review, content
    post.approved_by, post.approved_at = (by, timezone.now()) if content else (None, None)
    post.save(update_fields=DECISION)
    events.record(verb, actor=by, post=post, data=data)

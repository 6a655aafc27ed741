"""How late a post may still go out: by its own rule, or else the setting's."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post

LEAST, MOST = 60, 30 * 24 * 60 * 60
"""Seconds a post's own rule may say."""


def allow(post: Post, seconds: int | None) -> None:
    """Let this post be so late; None leaves it as it is."""
    if seconds is None or seconds == post.late_seconds:
        return
    if not LEAST <= seconds <= MOST:
        raise InvalidRequest("late_out_of_range", field="late_seconds", min=LEAST, max=MOST)
    post.late_seconds = seconds
    post.save(update_fields=["late_seconds"])


def deadline(post: Post, due_at: datetime) -> datetime:
    """Return until when a post that was due then may still go out."""
    late = post.late_seconds
    return due_at + timedelta(seconds=settings.CONNECTED_ACCOUNTS_LATE_SECONDS if late is None else late)

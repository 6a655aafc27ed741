"""Throwing drafts away."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post, Series

from . import reviewing


def delete(post: Post, *, by: Any) -> None:
    """Delete a draft and its files. Raise InvalidRequest for what was ever scheduled: that is kept."""
    reviewing.may_change(post, by)
    with transaction.atomic():
        reviewing.lock(post)
        if post.publications.exists():
            raise InvalidRequest("post_already_scheduled")
        if Series.objects.filter(post=post).exists():
            raise InvalidRequest("post_repeats")
        post.delete()

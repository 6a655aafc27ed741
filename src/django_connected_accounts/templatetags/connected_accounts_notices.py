"""Words for what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.conf import settings
from django.template.defaultfilters import truncatechars
from django.utils.translation import gettext

from django_connected_accounts.codes import Meaning, explain
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.services import notices
from django_connected_accounts.services.health import naming

from .connected_accounts import State, health, status
from .connected_accounts_events import event_words

register = template.Library()

Health = ConnectedAccount.Health


@register.simple_tag
def ending(account: ConnectedAccount) -> Meaning | None:
    """Return what to say of posts that come after access has ended, None where there are none."""
    posts, ends_at = getattr(account, "posts_after", 0), getattr(account, "ends_at", None)
    if not posts or ends_at is None or account.health == Health.DISCONNECTED:
        return None
    return explain("access_ending", {**naming(account), "ends": notices.day(ends_at), "posts": posts})


@register.simple_tag(takes_context=True)
def needs_you(context: Mapping[str, Any]) -> list[notices.Notice]:
    """Return what needs the visitor, newest first: as many as fit a page."""
    user = context["request"].user
    return [
        notices.Notice(event) for event in notices.visible_to(user)[: settings.CONNECTED_ACCOUNTS_PAGE_SIZE]
    ]


@register.filter
def notice_state(notice: notices.Notice) -> State:
    """Return in words the state that a notice is about."""
    event = notice.event
    if event.publication:
        if event.publication.status == Publication.Status.PUBLISHED:
            return State(gettext("Published, with a remark"), "warn")
        return status(event.publication)
    if event.account and event.notice in Health.values:
        return health(event.account)
    return State(event_words(event), "warn")


@register.filter
def notice_about(notice: notices.Notice) -> str:
    """Return what a notice is about: the account, and the beginning of the post."""
    post, params = notice.event.post, notice.params
    where = ", ".join(filter(None, (params["account"], params["platform"])))
    if post is None:
        return where
    return f"{truncatechars(post.text, 40) or post.get_kind_display()} ({where})"

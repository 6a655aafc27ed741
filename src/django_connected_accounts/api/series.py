"""Posts that repeat, in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Series
from django_connected_accounts.services import occurrences, recurring
from django_connected_accounts.services.walltime import When

from .accounts import SECRETS, account_name
from .envelope import Answer, by_field, moment
from .idempotency import Act
from .paging import page
from .posts import ACCOUNTS, own, own_accounts
from .reading import Kind, instant, integer, query, read, text

RULE: Mapping[str, Kind] = {"rule": text, "at": instant, "zone": text, "late_seconds": integer}


def repeat(request: HttpRequest, post_id: UUID) -> Act:
    """Have the post go out again and again: ``{"rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=8", "at", "zone"}``."""
    post = own(request, post_id)
    said = read(request, {**ACCOUNTS, **RULE}, required=["rule", "at", "zone"])
    wanted = said.pop("accounts", None)
    accounts = own_accounts(request, wanted) if wanted else None

    def act() -> Answer:
        series = recurring.repeat(post, accounts=accounts, by=request.user, **said)
        return Answer(body=series_row(_own(request, series.pk)), status=201)

    return act


def listing(request: HttpRequest) -> Answer:
    """Answer the series of this user's posts, newest first; ``?status`` narrows them."""
    rows, status = _rows(request), query(request, "status", Series.Status.values)
    return page(request, rows.filter(status=status) if status else rows, series_row)


def detail(request: HttpRequest, series_id: UUID) -> Answer:
    """Answer one series."""
    return Answer(body=series_row(_own(request, series_id)))


def change(request: HttpRequest, series_id: UUID) -> Answer:
    """Have what is to come go by this, and by the post as it is now; ``{}`` changes the content alone."""
    series = _own(request, series_id)
    recurring.revise(series, by=request.user, **read(request, RULE))
    return detail(request, series_id)


def pause(request: HttpRequest, series_id: UUID) -> Act:
    """Let nothing of it go out for now."""
    return _decide(request, series_id, recurring.pause)


def resume(request: HttpRequest, series_id: UUID) -> Act:
    """Go on with what is to come."""
    return _decide(request, series_id, recurring.resume)


def end(request: HttpRequest, series_id: UUID) -> Act:
    """Let no more of it go out."""
    return _decide(request, series_id, recurring.end)


def series_row(series: Series) -> dict[str, Any]:
    """Return a series as JSON, with the next times it occurs and the posts that were made for them."""
    coming = recurring.upcoming(series) if series.status == Series.Status.ACTIVE else []
    walls = [when.wall_time for when in coming]
    made = dict(series.posts.filter(occurrence__in=walls).values_list("occurrence", "pk"))
    accounts = list(series.post.accounts.all())
    return {
        "id": str(series.pk),
        "post": str(series.post_id),
        "accounts": [account_name(account) for account in accounts],
        "status": series.status,
        "rule": series.rule,
        "in_words": occurrences.in_words(occurrences.read(series.rule, series.zone)),
        "starts": series.starts,
        "zone": series.zone,
        "ends_at": moment(series.ends_at),
        "late_seconds": series.post.late_seconds,
        "changed": recurring.is_changed(series),
        "remarks": by_field(recurring.remarks(series.post, accounts)),
        "coming": [_occurrence(when, made.get(when.wall_time)) for when in coming],
        "created_at": moment(series.created_at),
        "updated_at": moment(series.updated_at),
    }


def _occurrence(when: When, post: UUID | None) -> dict[str, Any]:
    return {
        "wall_time": when.wall_time,
        "due_at": moment(when.due_at),
        "post": None if post is None else str(post),
    }


def _decide(request: HttpRequest, series_id: UUID, verb: Callable[..., None]) -> Act:
    series = _own(request, series_id)
    read(request, {})

    def act() -> Answer:
        verb(series, by=request.user)
        return detail(request, series_id)

    return act


def _rows(request: HttpRequest) -> QuerySet[Series]:
    accounts = Prefetch("post__accounts", ConnectedAccount.objects.defer(*SECRETS))
    rows = Series.objects.filter(post__in=access().posts(request.user)).select_related("post")
    return rows.prefetch_related(accounts, "post__media")


def _own(request: HttpRequest, series_id: UUID) -> Series:
    series = _rows(request).filter(pk=series_id).first()
    if series is None:
        raise InvalidRequest("not_found")
    return series

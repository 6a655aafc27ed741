"""Posts that repeat: a series makes its occurrences ahead of time, each once, as posts of their own.

An occurrence is a copy of the series' post, approved as that is where it is the same to the last byte. What a
person changed about one (edited, moved, cancelled it) is theirs: nothing done to the series touches it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, Publication, Series
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.providers.types import Problem

from . import copying, events, lateness, occurrences, reviewing, scheduling
from .walltime import When, recur, zone_named

log = logging.getLogger("django_connected_accounts")

State = Series.Status
Status = Publication.Status
BATCH = 20
"""Occurrences that are made in one transaction."""
AGAIN = timedelta(minutes=30)
"""When a series is looked at again that could not be gone on with."""


def repeat(
    post: Post,
    *,
    rule: str,
    at: datetime,
    zone: str = "UTC",
    accounts: Iterable[ConnectedAccount] | None = None,
    late_seconds: int | None = None,
    by: Any,
) -> Series:
    """Have this post go out again and again, approved as it is, from the accounts it is meant for.

    ``rule`` is an RRULE of RFC 5545 with COUNT or UNTIL, ``at`` a wall clock's time in ``zone`` from which on
    it counts. Each occurrence may be ``late_seconds`` late, and never later than the next one is due. Raise
    InvalidRequest for a post that was scheduled by itself, repeats already or can't go out as it is.
    """
    with transaction.atomic():
        reviewing.may_change(post, by)
        reviewing.lock(post)
        if post.publications.exists() or Series.objects.filter(post=post).exists():
            raise InvalidRequest("post_already_scheduled")
        series = Series(post=post, zone=zone)
        _plan(series, rule, at, zone)
        if accounts is not None:
            post.accounts.set(accounts)
        _approve(post, late_seconds, by)
        series.save(force_insert=True)
        _tell(series, "started", by)
        make(series)
    return series


def revise(
    series: Series,
    *,
    rule: str | None = None,
    at: datetime | None = None,
    zone: str | None = None,
    late_seconds: int | None = None,
    by: Any,
) -> None:
    """Have what is to come go by this, and by the series' post as it is now, which is approved with it.

    What was given before stays where nothing is given. COUNT counts from the series' first time on.
    """
    with _deciding(series, by, State.ACTIVE, State.PAUSED):
        starts = at or datetime.fromisoformat(series.starts)
        _plan(series, rule or series.rule, starts, zone or series.zone)
        _approve(series.post, late_seconds, by)
        _withdraw(series)
        _tell(series, "changed", by)
        if series.status == State.ACTIVE:
            _go_on(series)


def pause(series: Series, *, by: Any) -> None:
    """Let nothing of it go out until it is resumed."""
    with _deciding(series, by, State.ACTIVE):
        _withdraw(series)
        series.status, series.run_at = State.PAUSED, None
        _tell(series, "paused", by)


def resume(series: Series, *, by: Any) -> None:
    """Go on with what is to come; what fell into the pause is left out."""
    with _deciding(series, by, State.PAUSED):
        series.status = State.ACTIVE
        _tell(series, "resumed", by)
        _go_on(series)


def end(series: Series, *, by: Any) -> None:
    """Let no more of it go out, what a person changed of it included."""
    with _deciding(series, by, State.ACTIVE, State.PAUSED):
        _withdraw(series)
        left = Publication.objects.filter(scheduling.UNSENT, post__series=series, due_at__gt=timezone.now())
        for publication in left.select_related("post", "account"):
            with suppress(InvalidRequest):  # a runner has it just now
                scheduling.cancel(publication, by=by)
        series.status, series.run_at = State.ENDED, None
        _tell(series, "ended", by)


def make_due() -> int:
    """Make the occurrences whose time to be made has come, in every series. Return how many."""
    made = 0
    due = Series.objects.filter(run_at__lte=timezone.now())
    for key in list(due.order_by("run_at").values_list("pk", flat=True)[:BATCH]):
        try:
            with transaction.atomic():
                skip = database.features.has_select_for_update_skip_locked
                if series := due.select_for_update(skip_locked=skip).filter(pk=key).first():
                    made += make(series)
        except Exception:
            log.exception("Series %s: its occurrences could not be made", key)
            Series.objects.filter(pk=key).update(run_at=timezone.now() + AGAIN)
    return made


def make(series: Series) -> int:
    """Make what occurs within the days ahead, in the caller's transaction, which holds the series' lock."""
    post, whens = series.post, planned(series)
    reviewing.lock(post)
    accounts = list(post.accounts.exclude(health=ConnectedAccount.Health.DISCONNECTED))
    horizon = timezone.now() + timedelta(days=settings.CONNECTED_ACCOUNTS_SERIES_DAYS)
    places = [n for n, when in enumerate(whens) if when.wall_time > series.made_until]
    ready = [n for n in places if whens[n].due_at <= horizon][:BATCH]
    there = set(
        series.posts.filter(occurrence__in=[whens[n].wall_time for n in ready]).values_list(
            "occurrence", flat=True
        )
    )
    made = 0
    for n in ready:
        series.made_until = whens[n].wall_time
        if whens[n].wall_time not in there and accounts:
            following = whens[n + 1].due_at if n + 1 < len(whens) else None
            _occur(series, accounts, whens[n], following)
            made += 1
    ahead = horizon - timezone.now()
    rest = places[len(ready) :]
    series.run_at = max(whens[rest[0]].due_at - ahead, timezone.now()) if rest else None
    series.save()
    return made


def planned(series: Series) -> list[When]:
    """Return every time of the series, past ones too."""
    rule = occurrences.read(series.rule, series.zone)
    walls = occurrences.expand(rule, datetime.fromisoformat(series.starts))
    return [recur(wall, series.zone) for wall in walls]


def upcoming(series: Series, limit: int = 10) -> list[When]:
    """Return the next times of the series, made already or not."""
    now = timezone.now()
    return [when for when in planned(series) if when.due_at > now][:limit]


def is_changed(series: Series) -> bool:
    """Say whether its post was changed, and what is to come is not approved to go by that yet."""
    return not reviewing.is_approved(series.post)


def remarks(post: Post, accounts: Sequence[ConnectedAccount]) -> list[Problem]:
    """Return what to think about before a post repeats."""
    same = bool(post.text.strip())
    return [Problem(code="repeats_same_text", field="text", severity="warning")] if same and accounts else []


def _occur(
    series: Series, accounts: Sequence[ConnectedAccount], when: When, following: datetime | None
) -> None:
    post = copying.copy(series.post, by=None)
    post.series, post.occurrence = series, when.wall_time
    late = series.post.late_seconds or settings.CONNECTED_ACCOUNTS_LATE_SECONDS
    if following is not None:
        late = min(late, max(lateness.LEAST, int((following - when.due_at).total_seconds())))
    post.late_seconds = late
    post.save(update_fields=["series", "occurrence", "late_seconds"])
    reviewing.carry(series.post, post)
    scheduling.place(post, accounts, when, None)


def _plan(series: Series, rule: str, at: datetime, zone: str) -> None:
    """Set when the series occurs, or raise InvalidRequest."""
    if timezone.is_aware(at):
        at = timezone.make_naive(at, zone_named(zone))
    at = at.replace(fold=0, microsecond=0)
    read = occurrences.read(rule, zone)
    last = recur(occurrences.expand(read, at)[-1], zone)
    if last.due_at <= timezone.now():
        raise InvalidRequest("past_date", field="at")
    series.rule, series.starts, series.zone, series.ends_at = str(read), at.isoformat(), zone, last.due_at
    _pass_over(series)


def _approve(post: Post, late_seconds: int | None, by: Any) -> None:
    accounts = list(post.accounts.all())
    if not accounts:
        raise InvalidRequest("account_missing", field="accounts")
    scheduling.refuse_problems(post, accounts)
    reviewing.approve(post, by=by)
    lateness.allow(post, late_seconds)


def _go_on(series: Series) -> None:
    _pass_over(series)
    make(series)


def _pass_over(series: Series) -> None:
    """Leave out what should have occurred by now."""
    now = timezone.now()
    series.made_until = max((when.wall_time for when in planned(series) if when.due_at <= now), default="")


@contextmanager
def _deciding(series: Series, by: Any, *states: str) -> Iterator[None]:
    """The transaction of a decision about a series that is in one of these states, its row locked."""
    with transaction.atomic():
        reviewing.may_change(series.post, by)
        series.refresh_from_db(from_queryset=Series.objects.select_for_update())
        if series.status not in states:
            raise InvalidRequest("series_not_possible", status=series.get_status_display())
        yield
        series.save()


def _withdraw(series: Series) -> None:
    """Unmake what is to come, but for what a person changed or a runner has just now."""
    for post in _untouched(series):
        rows = Publication.objects.filter(post=post)
        free = Q(lease_until=None) | Q(lease_until__lt=DatabaseNow())
        ours = rows.filter(free, status__in=(Status.SCHEDULED, Status.HELD), step=0, intent_at=None)
        with transaction.atomic():
            # A change of the rows takes their locks: no runner can claim one before the commit.
            if ours.update(lease_token="", lease_until=None) == rows.count():
                post.delete()


def _untouched(series: Series) -> QuerySet[Post]:
    now = timezone.now()
    changed = ("post.edited", "publication.rescheduled", "publication.cancelled")
    coming = series.posts.filter(occurrence__gt="", publications__due_at__gt=now)
    return coming.exclude(events__verb__in=changed).distinct()


def _tell(series: Series, what: str, by: Any) -> None:
    data = {"series": str(series.pk), "rule": series.rule, "starts": series.starts, "zone": series.zone}
    events.record(f"series.{what}", actor=by, post=series.post, data=data)

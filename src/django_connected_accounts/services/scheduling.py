"""What people decide about publications: now, then, not at all, look again, it is live, once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from datetime import timezone as fixed_zone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.providers.types import Problem

from . import composing, events, reviewing, storing
from .links import web_link

Status = Publication.Status
PAST_TOLERANCE = timedelta(minutes=1)
FURTHEST = timedelta(days=3653)
"""How far ahead a post may be scheduled: a year beyond these ten is a slip of the pen."""

RESTARTABLE = (Status.FAILED, Status.MISSED, Status.CANCELLED)
"""Nothing of it is public: it may begin anew."""

UNSENT = Q(status__in=Publication.OPEN) & (Q(intent_at=None) | Q(repeatable=True))
"""Not public, and not in doubt."""


def publish(
    account: ConnectedAccount,
    *,
    text: str = "",
    media: Sequence[Any] = (),
    kind: str = "",
    options: Mapping[str, Any] | None = None,
    first_comment: str = "",
    at: datetime | None = None,
    zone: str = "UTC",
    by: Any = None,
) -> Publication:
    """Compose a post and send it from this account, now or ``at`` a time. Return its publication.

    ``media`` are open files, or `services.composing.NewMedia` where alt text, a crop or a URL is wanted.
    The row is the queue: a worker, or the next ``connected_accounts_tick``, publishes it. Raise
    InvalidRequest when it can't go out as it is; nothing is kept then.
    """
    author = by or account.user
    with storing.all_or_nothing():
        post = composing.compose(
            author,
            kind=kind,
            text=text,
            media=[m if isinstance(m, composing.NewMedia) else composing.NewMedia(file=m) for m in media],
            accounts=[account],
            options=options or {},
            first_comment=first_comment,
        )
        (publication,) = schedule(post, [account], at=at, zone=zone, by=author)
    return publication


def schedule(
    post: Post,
    accounts: Iterable[ConnectedAccount],
    *,
    at: datetime | None = None,
    zone: str = "UTC",
    by: Any,
) -> list[Publication]:
    """Send this post from these accounts, now or ``at`` a time, approved as it is. All of them or none."""
    accounts = list(accounts)
    if not accounts:
        raise InvalidRequest("account_missing", field="accounts")
    due = instant(at, zone)
    _refuse_problems(post, accounts, now=at is None)
    with transaction.atomic():
        reviewing.approve(post, by=by)
        post.accounts.add(*accounts)
        return [_publication(post, account, due, zone, by) for account in accounts]


def instant(at: datetime | None, zone: str) -> datetime:
    """Return the UTC time of ``at``, a naive one being a wall clock's in ``zone``; None is now."""
    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidRequest("unknown_zone", field="zone", zone=zone) from error
    now = timezone.now()
    if at is None:
        return now
    local = at.replace(tzinfo=tz) if timezone.is_naive(at) else at
    if local < now - PAST_TOLERANCE:
        raise InvalidRequest("past_date", field="at")
    if local > now + FURTHEST:
        raise InvalidRequest("too_far_ahead", field="at")
    utc = local.astimezone(fixed_zone.utc)
    if timezone.is_naive(at) and utc.astimezone(tz).replace(tzinfo=None) != at:
        raise InvalidRequest("time_does_not_exist", field="at", zone=zone)
    return utc


def cancel(publication: Publication, *, by: Any) -> None:
    """Don't send it. Raise InvalidRequest when it is live, in doubt, or being sent right now."""
    _decide(publication, UNSENT, "cancelled", by, status=Status.CANCELLED, run_at=None, code="")


def reschedule(publication: Publication, *, at: datetime | None, zone: str, by: Any) -> None:
    """Send it at another time; None is now."""
    due = instant(at, zone)
    _decide(
        publication, UNSENT | Q(status__in=RESTARTABLE), "rescheduled", by, **_from_the_start(due), zone=zone
    )


def retry(publication: Publication, *, by: Any) -> None:
    """Try again now what surely is not live: failed, missed, on hold."""
    _refuse_problems(publication.post, [publication.account], now=True)
    may = (UNSENT & Q(status=Status.HELD)) | Q(status__in=(Status.FAILED, Status.MISSED))
    with transaction.atomic():
        reviewing.approve(publication.post, by=by)
        _decide(publication, may, "rescheduled", by, **_from_the_start(timezone.now()))


def check_again(publication: Publication, *, by: Any) -> None:
    """Have the platform asked once more whether it is live."""
    _decide(
        publication,
        Q(status=Status.UNKNOWN),
        "retrying",
        by,
        status=Status.SENDING,
        run_at=DatabaseNow(),
        attempts=0,
    )


def mark_live(publication: Publication, permalink: str, *, by: Any) -> None:
    """Take a person's word, and link, that it is live."""
    link = web_link(permalink)
    if not link:
        raise InvalidRequest("link_malformed", field="permalink")
    _decide(
        publication,
        Q(status=Status.UNKNOWN),
        "published",
        by,
        status=Status.PUBLISHED,
        permalink=link,
        remote_id=link[-191:],
        published_at=publication.intent_at or timezone.now(),
        intent_at=None,
        checkpoint=None,
        repeatable=True,
        code="",
        detail="",
    )


def post_again(publication: Publication, *, by: Any) -> None:
    """Post what may be live already: a person has looked, and decides so."""
    _refuse_problems(publication.post, [publication.account], now=True)
    fresh = {**_from_the_start(timezone.now()), "generation": publication.generation + 1}
    with transaction.atomic():
        reviewing.approve(publication.post, by=by)
        _decide(publication, Q(status=Status.UNKNOWN), "rescheduled", by, **fresh)


def cancel_all(account: ConnectedAccount, *, by: Any) -> int:
    """Cancel what is still to go out on this account, but for what may be live. Return how many."""
    cancelled = 0
    for publication in Publication.objects.filter(UNSENT, account=account).select_related("post", "account"):
        try:
            cancel(publication, by=by)
        except InvalidRequest:
            continue  # a runner has it just now
        cancelled += 1
    return cancelled


def wake(account: ConnectedAccount) -> int:
    """Let publications that were held for this account go on now. Return how many."""
    held = Publication.objects.filter(account=account, status=Status.HELD)
    return held.update(run_at=DatabaseNow())


def _refuse_problems(post: Post, accounts: Sequence[ConnectedAccount], *, now: bool) -> None:
    found = composing.problems(post, accounts)
    errors = [p for account in accounts for p in found[account.pk] if p.severity == "error"]
    if now:
        names = [str(account) for account in accounts if not account.is_active]
        errors += [Problem(code="account_not_usable", field="accounts", params={"account": n}) for n in names]
    if errors:
        raise InvalidRequest(problems=[p for n, p in enumerate(errors) if p not in errors[:n]])


def _publication(post: Post, account: ConnectedAccount, due: datetime, zone: str, by: Any) -> Publication:
    fields = {**_from_the_start(due), "zone": zone, "content_hash": post.approved_hash}
    try:
        with transaction.atomic():
            publication, created = Publication.objects.get_or_create(
                post=post, account=account, defaults=fields
            )
    except IntegrityError as error:
        raise InvalidRequest("already_scheduled", field="accounts", account=str(account)) from error
    if not created:
        may = Q(status__in=RESTARTABLE)
        _decide(publication, may, "scheduled", by, refusal="already_scheduled", **fields)
    else:
        events.record("publication.scheduled", actor=by, account=account, post=post, publication=publication)
    return publication


def _from_the_start(due: datetime) -> dict[str, Any]:
    late = timedelta(seconds=settings.CONNECTED_ACCOUNTS_LATE_SECONDS)
    return {
        "status": Status.SCHEDULED,
        "due_at": due,
        "deadline_at": due + late,
        "run_at": due,
        "checkpoint": None,
        "step": 0,
        "repeatable": True,
        "intent_at": None,
        "attempts": 0,
        "remedy": "",
        "code": "",
        "detail": "",
    }


def _decide(
    publication: Publication, may: Q, verb: str, by: Any, *, refusal: str = "not_possible_now", **fields: Any
) -> None:
    """Change a publication that no runner holds and that is as ``may`` says, or raise InvalidRequest."""
    free = Q(lease_until=None) | Q(lease_until__lt=DatabaseNow())
    with transaction.atomic():
        ours = Publication.objects.filter(may & free, pk=publication.pk)
        # A change of the row takes its lock on every database, and no runner can claim it before the commit.
        if not ours.update(lease_token="", lease_until=None):
            current = Publication.objects.get(pk=publication.pk)
            raise InvalidRequest(
                refusal, status=current.get_status_display(), account=str(publication.account)
            )
        run_at = fields.pop("run_at") if "run_at" in fields else None
        publication.refresh_from_db()
        for name, value in fields.items():
            setattr(publication, name, value)
        publication.run_at = run_at
        publication.save()
        events.record(
            f"publication.{verb}",
            actor=by,
            account=publication.account,
            post=publication.post,
            publication=publication,
            data={"due_at": publication.due_at, "zone": publication.zone}
            if verb.endswith("scheduled")
            else {},
        )


__all__ = [
    "cancel",
    "cancel_all",
    "check_again",
    "instant",
    "mark_live",
    "post_again",
    "publish",
    "reschedule",
    "retry",
    "schedule",
    "wake",
]

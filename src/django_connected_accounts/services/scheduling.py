"""What people decide about publications: now, then, not at all, look again, it is live, once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, Publication, Series
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.providers.types import Problem

from . import composing, events, fitting, lateness, reviewing, states, storing
from .links import remote_id_of, web_link
from .walltime import When, resolve

Status = Publication.Status

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
    fold: int | None = None,
    late_seconds: int | None = None,
    by: Any = None,
) -> Publication:
    """Compose a post and send it from this account, now or ``at`` a time. Return its publication.

    ``media`` are open files, or `services.composing.NewMedia` where alt text, a crop or a URL is wanted; the
    time is said as for `schedule`. The row is the queue: a worker, or the next ``connected_accounts_tick``,
    publishes it. Raise InvalidRequest when it can't go out as it is; nothing is kept then.
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
        (publication,) = schedule(
            post, [account], at=at, zone=zone, fold=fold, late_seconds=late_seconds, by=author
        )
    return publication


def schedule(
    post: Post,
    accounts: Iterable[ConnectedAccount],
    *,
    at: datetime | None = None,
    zone: str = "UTC",
    fold: int | None = None,
    late_seconds: int | None = None,
    by: Any,
) -> list[Publication]:
    """Send this post from these accounts, now or ``at`` a time, approved as it is. All of them or none.

    A naive ``at`` is a wall clock's in ``zone``; where clocks show it twice, ``fold`` says which is meant.
    ``late_seconds`` is how late the post may still go out, None for what it says already, or the setting.
    """
    accounts = list({account.pk: account for account in accounts}.values())
    if not accounts:
        raise InvalidRequest("account_missing", field="accounts")
    when = resolve(at, zone, fold)
    refuse_problems(post, accounts, now=at is None)
    with transaction.atomic():
        reviewing.approve(post, by=by)
        if Series.objects.filter(post=post).exists():
            raise InvalidRequest("post_repeats")
        lateness.allow(post, late_seconds)
        post.accounts.add(*accounts)
        return place(post, accounts, when, by)


def place(post: Post, accounts: Sequence[ConnectedAccount], when: When, by: Any) -> list[Publication]:
    """Give a post a publication on each account, in the caller's transaction, which holds the post's lock."""
    known = {row.account_id: row for row in Publication.objects.filter(post=post, account__in=accounts)}
    fields = {**_from_the_start(post, when), "content_hash": post.approved_hash}
    new = [Publication(post=post, account=a, **fields) for a in accounts if a.pk not in known]
    try:
        Publication.objects.bulk_create(new)
    except IntegrityError as error:
        raise InvalidRequest("already_scheduled", field="accounts") from error
    told = {"due_at": when.due_at, "zone": when.zone}
    events.record_all(
        "publication.scheduled",
        [{"account": row.account, "post": post, "publication": row, "data": told} for row in new],
        actor=by,
    )
    for publication in known.values():
        may = Q(status__in=RESTARTABLE)
        _decide(publication, may, "scheduled", by, refusal="already_scheduled", **fields)
    placed = {**known, **{row.account_id: row for row in new}}
    return [placed[account.pk] for account in accounts]


def cancel(publication: Publication, *, by: Any) -> None:
    """Don't send it. Raise InvalidRequest when it is live, in doubt, or being sent right now."""
    _decide(publication, UNSENT, "cancelled", by, status=Status.CANCELLED, run_at=None, code="")


def reschedule(
    publication: Publication,
    *,
    at: datetime | None,
    zone: str = "UTC",
    fold: int | None = None,
    late_seconds: int | None = None,
    by: Any,
) -> None:
    """Send it at another time, said as for `schedule`; None is now."""
    when = resolve(at, zone, fold)
    may = UNSENT | Q(status__in=RESTARTABLE)
    with transaction.atomic():
        lateness.allow(publication.post, late_seconds)
        _decide(publication, may, "rescheduled", by, **_from_the_start(publication.post, when))


def retry(publication: Publication, *, by: Any) -> None:
    """Try again now what surely is not live: failed, missed, on hold."""
    refuse_problems(publication.post, [publication.account], now=True)
    may = (UNSENT & Q(status=Status.HELD)) | Q(status__in=(Status.FAILED, Status.MISSED))
    with transaction.atomic():
        reviewing.approve(publication.post, by=by)
        now = resolve(None, publication.zone)
        _decide(publication, may, "rescheduled", by, **_from_the_start(publication.post, now))


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
        remote_id=remote_id_of(link),
        published_at=publication.intent_at or timezone.now(),
        intent_at=None,
        checkpoint=None,
        repeatable=True,
        code="",
        detail="",
    )


def post_again(publication: Publication, *, by: Any) -> None:
    """Post what may be live already: a person has looked, and decides so."""
    refuse_problems(publication.post, [publication.account], now=True)
    with transaction.atomic():
        reviewing.approve(publication.post, by=by)
        now = resolve(None, publication.zone)
        fresh = {**_from_the_start(publication.post, now), "generation": publication.generation + 1}
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


def refuse_problems(post: Post, accounts: Sequence[ConnectedAccount], *, now: bool = False) -> None:
    """Raise InvalidRequest where a platform would refuse the post, or ``now`` an account can't publish."""
    fitting.make(post, accounts)
    found = composing.problems(post, accounts)
    errors = [p for account in accounts for p in found[account.pk] if p.severity == "error"]
    if now:
        names = [str(account) for account in accounts if not account.is_active]
        errors += [Problem(code="account_not_usable", field="accounts", params={"account": n}) for n in names]
    if errors:
        raise InvalidRequest(problems=[p for n, p in enumerate(errors) if p not in errors[:n]])


def _from_the_start(post: Post, when: When) -> dict[str, Any]:
    return {
        **when.fields,
        "status": Status.SCHEDULED,
        "deadline_at": lateness.deadline(post, when.due_at),
        "run_at": when.due_at,
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
        states.change(publication, fields.pop("status", publication.status))
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
    "mark_live",
    "place",
    "post_again",
    "publish",
    "refuse_problems",
    "reschedule",
    "retry",
    "schedule",
    "wake",
]

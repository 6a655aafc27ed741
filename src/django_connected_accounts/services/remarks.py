"""What to think about before a post goes out at a time: others near it, too many in a day, the same again.

All are warnings: they hinder nothing. Each costs the same few queries for one account as for fifty.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectedAccountsError
from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Problem

from . import reviewing

Status = Publication.Status
COUNTED = (*Publication.OPEN, Status.PUBLISHED, Status.DELETED, Status.HANDED_OVER, Status.UNKNOWN)
"""What is public, may be, will be, or was: platforms count and compare what was deleted too."""

DAY = timedelta(days=1)
SAME_AGAIN = timedelta(days=30)
"""How far apart two posts may be that are alike to the last byte, and still be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A post on an account at a time."""

    account_id: uuid.UUID
    post_id: uuid.UUID
    series_id: uuid.UUID | None
    due_at: datetime
    text: str
    content_hash: str
    published: bool = field(default=False, compare=False)

    def is_with(self, other: Slot) -> bool:
        """Whether both are the same post, or occurrences of one series."""
        return self.post_id == other.post_id or (
            self.series_id is not None and self.series_id == other.series_id
        )


def before(
    post: Post, accounts: Sequence[ConnectedAccount], due_at: datetime | None = None
) -> dict[uuid.UUID, list[Problem]]:
    """Return by account what to think about before this post goes out there, now or at a time."""
    content, due_at = reviewing.content_hash(post), due_at or timezone.now()
    slots = {
        account.pk: Slot(
            account_id=account.pk,
            post_id=post.pk,
            series_id=post.series_id,
            due_at=due_at,
            text=_text(post, account.pk),
            content_hash=content,
        )
        for account in accounts
    }
    return _remarks(slots, {account.pk: account for account in accounts})


def of(publications: Iterable[Publication]) -> dict[uuid.UUID, list[Problem]]:
    """Return by publication what to think about of those that are still to go out."""
    waiting = [row for row in publications if row.status in (Status.SCHEDULED, Status.HELD)]
    accounts = {row.account_id: row.account for row in waiting}
    return _remarks({row.pk: _slot(row) for row in waiting}, accounts)


def _remarks(
    slots: Mapping[uuid.UUID, Slot], accounts: Mapping[uuid.UUID, ConnectedAccount]
) -> dict[uuid.UUID, list[Problem]]:
    near = _neighbours(list(slots.values()))
    found: dict[uuid.UUID, list[Problem]] = {}
    for key, slot in slots.items():
        account = accounts[slot.account_id]
        others = [other for other in near[slot.account_id] if other.post_id != slot.post_id]
        problems = (*_too_close(slot, others), *_too_many(slot, others, account), *_again(slot, others))
        named = {"platform": registry.name(account.platform)}
        found[key] = [replace(problem, params={**named, **problem.params}) for problem in problems]
    return found


def _neighbours(slots: Sequence[Slot]) -> Mapping[uuid.UUID, list[Slot]]:
    near: dict[uuid.UUID, list[Slot]] = defaultdict(list)
    if not slots:
        return near
    reach = max(DAY, _collision(), _duplicate())
    first, last = min(slot.due_at for slot in slots), max(slot.due_at for slot in slots)
    alike = Q(
        content_hash__in={slot.content_hash for slot in slots} - {""},
        due_at__range=(first - SAME_AGAIN, last + SAME_AGAIN),
    )
    rows = Publication.objects.filter(
        Q(due_at__range=(first - reach, last + reach)) | alike,
        account__in={slot.account_id for slot in slots},
        status__in=COUNTED,
    )
    wanted = ("status", "due_at", "content_hash", "account_id", "post_id", "published_at")
    of_post = ("post__text", "post__overrides", "post__series_id")
    for row in rows.select_related("post").only(*wanted, *of_post):
        near[row.account_id].append(_slot(row))
    return near


def _too_close(slot: Slot, others: Sequence[Slot]) -> Iterator[Problem]:
    close = [other.due_at for other in others if abs(other.due_at - slot.due_at) < _collision()]
    if close:
        nearest = min(close, key=lambda at: abs(at - slot.due_at))
        minutes = int(abs(nearest - slot.due_at).total_seconds() // 60)
        yield _warning("posts_too_close", minutes=minutes, advised=int(_collision().total_seconds() // 60))


def _too_many(slot: Slot, others: Sequence[Slot], account: ConnectedAccount) -> Iterator[Problem]:
    """Count the fullest 24 hours this post would be in."""
    times = [other.due_at for other in others if abs(other.due_at - slot.due_at) < DAY]
    count = max(
        sum(start <= at < start + DAY for at in (*times, slot.due_at))
        for start in (*times, slot.due_at)
        if start <= slot.due_at < start + DAY
    )
    count += _elsewhere(slot, others, account)
    cap, advised = _caps(account)
    if cap and count > cap:
        yield _warning("daily_cap_exceeded", count=count, max=cap)
    elif advised and count > advised:
        yield _warning("daily_posts_advised", count=count, advised=advised)


def _elsewhere(slot: Slot, others: Sequence[Slot], account: ConnectedAccount) -> int:
    """Return how many posts of today the platform counts that were not made here."""
    now = timezone.now()
    if slot.due_at - now >= DAY:
        return 0
    ours = sum(other.published and now - DAY < other.due_at <= now for other in others)
    return max(0, int(account.quota.get("used", 0)) - ours)


def _again(slot: Slot, others: Sequence[Slot]) -> Iterator[Problem]:
    for other in others:
        apart = abs(other.due_at - slot.due_at)
        same_text = bool(slot.text.strip()) and slot.text.strip() == other.text.strip()
        if same_text and apart < _duplicate():
            yield _warning("duplicate_text", hours=int(_duplicate().total_seconds() // 3600))
            return
    for other in others:
        if slot.content_hash and slot.content_hash == other.content_hash and not slot.is_with(other):
            days = abs(other.due_at - slot.due_at).days
            yield _warning("duplicate_of_post", days=max(1, days))
            return


def _caps(account: ConnectedAccount) -> tuple[int, int]:
    """Return how many posts a day the platform takes of this account, and how many are advised; 0: any."""
    advised: int = settings.CONNECTED_ACCOUNTS_POSTS_PER_DAY_ADVISED
    try:
        provider = registry.get(account.platform)
    except (ConnectedAccountsError, ImproperlyConfigured):
        return 0, advised
    if not isinstance(provider, Publishes):
        return 0, advised
    limits = {name: int(limit.value) for name, limit in provider.limits.items()}
    cap = account.quota.get("total") or limits.get("posts_per_day", 0)
    return int(cap), limits.get("posts_per_day_advised", advised)


def _slot(row: Publication) -> Slot:
    return Slot(
        account_id=row.account_id,
        post_id=row.post_id,
        series_id=row.post.series_id,
        due_at=row.published_at or row.due_at,
        text=_text(row.post, row.account_id),
        content_hash=row.content_hash,
        published=row.status in (Status.PUBLISHED, Status.DELETED),
    )


def _text(post: Post, account_id: uuid.UUID) -> str:
    own: str = post.overrides.get(str(account_id), {}).get("text", post.text)
    return own


def _warning(code: str, **params: int) -> Problem:
    about = "text" if code.startswith("duplicate") else "at"
    return Problem(code=code, field=about, severity="warning", params=params)


def _collision() -> timedelta:
    return timedelta(seconds=settings.CONNECTED_ACCOUNTS_COLLISION_SECONDS)


def _duplicate() -> timedelta:
    return timedelta(seconds=settings.CONNECTED_ACCOUNTS_DUPLICATE_SECONDS)

"""Whose turn it is: of what was claimed, a hot account gets its share and the rest a later time.

What comes late, as after an outage, is spaced: one update of the account's row reserves turns for all of its
late posts in a batch, so that each is looked at twice at most. What is on time does not wait for them.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.models.leases import DatabaseNow

from . import budgets, compiled, outcomes, rows
from .compiled import slot

LONGEST_PAUSE = 30.0
"""Seconds until what found no free place is looked at again, at most; the later it is already, the longer."""


def sift(batch: Sequence[Publication], *, at_once: bool = False) -> list[Publication]:
    """Return of these leased publications those whose turn it is; the others have a later time now.

    ``at_once`` says that their steps will be taken at the same time, and not one after the other.
    """
    if not batch:
        return []
    now = timezone.now()
    holds = budgets.standing({p.account_id: p.account for p in batch}.values())
    going: list[Publication] = []
    late: dict[ConnectedAccount, list[Publication]] = defaultdict(list)
    for publication in batch:
        hold = budgets.met_by(publication.account, holds) if holds else None
        if hold and not _is_over(publication, now):
            outcomes.meet(publication, hold)
        elif _needs_turn(publication, now):
            late[publication.account].append(publication)
        else:
            going.append(publication)
    for account, waiting in late.items():
        going += _given_turns(account, waiting, now)
    going = _within_limits(going, now, at_once)
    budgets.note_caps(going)
    return going


def _is_over(publication: Publication, now: datetime) -> bool:
    """Whether there is nothing to send any more, so that a hold does not matter."""
    if publication.status == Publication.Status.PUBLISHED or publication.in_doubt:
        return False
    return publication.status not in Publication.OPEN or now > publication.deadline_at


def _needs_turn(publication: Publication, now: datetime) -> bool:
    """Whether it is late, is to begin, and has not been given a turn since it was due."""
    spacing = timedelta(seconds=settings.CONNECTED_ACCOUNTS_SPACING_SECONDS)
    begun = publication.step or publication.intent_at or publication.status not in Publication.OPEN
    if begun or not spacing or not publication.account.is_active or now > publication.deadline_at:
        return False
    given = publication.turn_at is not None and publication.turn_at >= publication.due_at
    return not given and now - publication.due_at > spacing


def _given_turns(account: ConnectedAccount, waiting: list[Publication], now: datetime) -> list[Publication]:
    """Give each the account's next turn before its deadline. Return those that have theirs now."""
    spacing = timedelta(seconds=settings.CONNECTED_ACCOUNTS_SPACING_SECONDS)
    waiting.sort(key=lambda publication: publication.due_at)
    same = ConnectedAccount.objects.filter(pk=account.pk)
    known = account.turns_until
    while True:
        turn = max(now, known) if known else now
        turns: list[datetime | None] = []
        for publication in waiting:
            turns.append(turn if turn <= publication.deadline_at else None)
            turn += spacing if turns[-1] else timedelta()
        if same.filter(turns_until=known).update(turns_until=turn):
            break
        found = same.values_list("turns_until", flat=True).first()
        if found == known:
            break  # the account was deleted
        known = found
    for publication, turn_at in zip(waiting, turns, strict=True):
        publication.turn_at = turn_at
        if turn_at is None or turn_at > now:
            rows.postpone(publication, turn_at or publication.deadline_at, "backlog")
    return [publication for publication in waiting if publication.turn_at and publication.turn_at <= now]


def _within_limits(going: list[Publication], now: datetime, at_once: bool) -> list[Publication]:
    """Return as many as may be under way at once on their accounts and platforms; the rest comes again."""
    if not going:
        return []
    free = _free_on_accounts(going) if settings.CONNECTED_ACCOUNTS_ACCOUNT_STEPS else {}
    free |= _free_on_platforms(going)
    allowed = []
    for publication in going:
        places = [key for key in (publication.account_id, publication.account.platform) if key in free]
        if all(free[key] > 0 for key in places):
            free.update({key: free[key] - at_once for key in places})
            allowed.append(publication)
        else:
            rows.postpone(publication, now + _pause(publication, now))
    return allowed


def _leased_to_others(lease: Any) -> QuerySet[Publication]:
    return Publication.objects.filter(lease_until__gt=DatabaseNow()).exclude(lease_token=lease).order_by()


def _free_on_accounts(going: Sequence[Publication]) -> dict[object, int]:
    accounts = list({publication.account_id for publication in going})
    keys, named = compiled.slots(ConnectedAccount, "id", accounts)
    values = {**named, "lease_token": going[0].lease_token}
    busy = dict(compiled.rows(("busy", len(keys)), partial(_counted, keys), values))
    return {pk: settings.CONNECTED_ACCOUNTS_ACCOUNT_STEPS - busy.get(pk, 0) for pk in accounts}


def _counted(accounts: list[Any]) -> QuerySet[Any]:
    leased = _leased_to_others(slot(Publication, "lease_token")).filter(account__id__in=accounts)
    return leased.values_list("account").annotate(Count("pk"))


def _free_on_platforms(going: Sequence[Publication]) -> dict[object, int]:
    platforms = Counter(publication.account.platform for publication in going)
    limits = {platform: limit for platform in platforms if (limit := _limit(platform))}
    leased = _leased_to_others(going[0].lease_token)
    return {
        platform: limit - leased.filter(account__platform=platform).count()
        for platform, limit in limits.items()
    }


def _limit(platform: str) -> int:
    options = settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {})
    return int(options.get("STEPS", settings.CONNECTED_ACCOUNTS_PLATFORM_STEPS))


def _pause(publication: Publication, now: datetime) -> timedelta:
    late = (now - publication.due_at).total_seconds()
    return timedelta(seconds=min(max(1.0, late / 4), LONGEST_PAUSE) * random.uniform(0.5, 1.5))  # noqa: S311

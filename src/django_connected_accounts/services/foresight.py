"""What will go wrong unless somebody acts: access that ends before its posts are out, ending versions."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce, Least

from django_connected_accounts import registry
from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.providers.base import Provider

from . import events

AHEAD = timedelta(days=14)
"""How long before access ends its owner is told of the posts that come after."""

VERSION_AHEAD = timedelta(days=60)
"""How long before an API version ends the operators are told."""

STUCK = timedelta(hours=1)
LAST_DAY = timedelta(days=1)
"""Access that renews itself is counted on, unless that has failed for an hour and the last day has come."""

EVERY_SECONDS = 300.0

_looked = -EVERY_SECONDS


def annotate(accounts: QuerySet[ConnectedAccount]) -> QuerySet[ConnectedAccount]:
    """Return the accounts with ``ends_at``, None where access goes on by itself, and ``posts_after`` it."""
    now = registry.now()
    stuck = Q(
        health=ConnectedAccount.Health.REFRESH_RETRYING,
        health_since__lte=now - STUCK,
        token_expires_at__lte=now + LAST_DAY,
    )
    # `tokens` looks after what it can't renew at its end, and after anything else at another time.
    renewed = Q(refresh_at__lt=F("token_expires_at")) | Q(refresh_at__gt=F("token_expires_at"))
    end = Case(
        When(stuck, then=F("token_expires_at")),
        When(renewed, then=F("refresh_expires_at")),
        default=F("token_expires_at"),
        output_field=DateTimeField(),
    )
    data_end = F("data_access_expires_at")
    after = Publication.objects.filter(
        account=OuterRef("pk"), status__in=Publication.OPEN, due_at__gt=OuterRef("ends_at")
    )
    count = after.order_by().values("account").annotate(count=Count("pk")).values("count")
    return accounts.annotate(
        ends_at=Coalesce(Least(end, data_end), end, data_end, output_field=DateTimeField())
    ).annotate(posts_after=Coalesce(Subquery(count, output_field=IntegerField()), 0))


def at_risk() -> QuerySet[ConnectedAccount]:
    """Return the usable accounts whose access soon ends before all their posts are out."""
    soon = registry.now() + AHEAD
    ending = Q(token_expires_at__lte=soon) | Q(data_access_expires_at__lte=soon)
    usable = annotate(ConnectedAccount.objects.filter(ending, health__in=ConnectedAccount.USABLE))
    return usable.filter(Q(ends_at__lte=soon), Q(posts_after__gt=0))


def ending_versions() -> dict[str, tuple[Provider, date]]:
    """Return the platforms whose pinned API version has ended or soon will, and when, by an event's key."""
    today, found = registry.now().date(), {}
    for provider in registry.all():
        ends = provider.api_versions.get(provider.api_version)
        if ends and ends - today <= VERSION_AHEAD:
            stage = "ended" if ends <= today else "ending"
            found[f"{stage}:{provider.id}:{provider.api_version}"[:64]] = (provider, ends)
    return found


def look() -> int:
    """Write an event for everything seen the first time. Return how many."""
    told = [*_accounts(), *_versions()]
    return len(told)


def look_now_and_then() -> None:
    """Do `look`, but not again within minutes of this process."""
    global _looked
    if time.monotonic() - _looked >= EVERY_SECONDS:
        _looked = time.monotonic()
        look()


def _accounts() -> Iterator[str]:
    found = {f"expiring:{account.pk}:{_ends_at(account):%y%m%d%H%M%S}": account for account in at_risk()}
    for key in _new(found):
        account = found[key]
        what = {
            "code": "access_ending",
            "account": account,
            "notice": "expiring",
            "data": {"ends_at": _ends_at(account), "posts": account.posts_after},  # type: ignore[attr-defined]
        }
        events.once("account.expiring", key, _nothing_else, **what)
        yield key


def _versions() -> Iterator[str]:
    found = ending_versions()
    for key in _new(found):
        provider, ends = found[key]
        what = {
            "code": "version_ending",
            "notice": "version_ending",
            "data": {"platform": provider.id, "version": provider.api_version, "ends_at": ends},
        }
        events.once("platform.version_ending", key, _nothing_else, **what)
        yield key


def _nothing_else() -> None:
    pass


def _new(keys: Collection[str]) -> list[str]:
    known = set(Event.objects.filter(key__in=keys).values_list("key", flat=True))
    return [key for key in keys if key not in known]


def _ends_at(account: ConnectedAccount) -> datetime:
    ends_at: datetime = account.ends_at  # type: ignore[attr-defined]
    return ends_at

"""How publishing goes, in numbers: `read` costs a few queries by index, with any number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from django_connected_accounts.models import (
    ConnectedAccount,
    Event,
    Publication,
    WebhookDelivery,
    WebhookEndpoint,
)

from . import presence

Level = Literal["ok", "warning", "critical"]
State = Publication.Status

SAMPLE = 1000
DAY = timedelta(days=1)
UNTOLD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Publications that wait for one reason, on one platform."""

    code: str
    platform: str
    count: int
    resumes_at: datetime | None
    """When the first of them is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Seconds from when posts were due to when their first step began; None where none began yet."""

    sample: int
    p50: float | None
    p99: float | None
    most: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A runner at work."""

    name: str
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """How telling endpoints goes."""

    waiting: int
    given_up_24h: int
    failing: int
    """Endpoints whose last requests were not taken."""
    stopped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Numbers about everything; `level` is for monitoring, `alarms` are the codes it has for that."""

    at: datetime
    due: int
    """Steps whose time has come, and that nobody has taken up yet."""
    oldest_due_at: datetime | None
    stuck: int
    """Due for longer than ``ALARM_SECONDS``."""
    abandoned: int
    """Of those that are due, whose runner did not come back before its lease ended."""
    open: Mapping[str, int]
    """How many are scheduled, sending, waiting on a platform, held."""
    held: Sequence[Held]
    unknown: int
    ended_24h: Mapping[str, int]
    """How many were published, failed, missed within a day."""
    lateness: Lateness
    accounts: Mapping[str, int]
    """How many have which health."""
    runners: Sequence[Seen]
    events_untold: int
    webhooks: Webhooks

    @property
    def alarms(self) -> Mapping[str, Level]:
        """What is wrong, by code, and how bad that is."""
        found: Mapping[str, tuple[int, Level]] = {
            "queue_still": (self.stuck, "critical"),
            "outcomes_unknown": (self.unknown, "warning"),
            "events_untold": (self.events_untold, "warning"),
            "webhooks_failing": (self.webhooks.given_up_24h + self.webhooks.stopped, "warning"),
        }
        return {code: level for code, (count, level) in found.items() if count}

    @property
    def level(self) -> Level:
        """The worst of `alarms`."""
        levels = self.alarms.values()
        return "critical" if "critical" in levels else "warning" if levels else "ok"


def read(*, sample: int = SAMPLE) -> Status:
    """Return how it goes now; lateness is that of the last ``sample`` posts that went out."""
    now = timezone.now()
    due = Publication.objects.filter(run_at__lte=now)
    counted = due.aggregate(count=Count("pk"), oldest=Min("run_at"))
    return Status(
        at=now,
        due=counted["count"],
        oldest_due_at=counted["oldest"],
        stuck=stuck(now).count(),
        abandoned=due.exclude(lease_token="").count(),
        open=_by_status(Publication.objects.filter(status__in=Publication.OPEN), sorted(Publication.OPEN)),
        held=_held(),
        unknown=Publication.objects.filter(status=State.UNKNOWN).count(),
        ended_24h=_ended(now - DAY),
        lateness=_lateness(sample),
        accounts=_accounts(),
        runners=[Seen(name=r.name, since=r.began_at, seen_at=r.seen_at) for r in presence.at_work(now)],
        events_untold=Event.objects.filter(dispatched_at=None, at__lt=now - UNTOLD).count(),
        webhooks=_webhooks(now - DAY),
    )


def stuck(now: datetime | None = None) -> QuerySet[Publication]:
    """Return what should have been taken up long ago, whoever wrote it and whatever became of its runner."""
    seconds: int = settings.CONNECTED_ACCOUNTS_ALARM_SECONDS
    if not seconds:
        return Publication.objects.none()
    return Publication.objects.filter(run_at__lt=(now or timezone.now()) - timedelta(seconds=seconds))


def _by_status(rows: QuerySet[Publication], names: Sequence[str]) -> dict[str, int]:
    counts = dict(rows.order_by().values_list("status").annotate(count=Count("pk")))
    return {name: counts.get(name, 0) for name in names}


def _held() -> list[Held]:
    rows = Publication.objects.filter(status=State.HELD).order_by()
    groups = rows.values_list("code", "account__platform").annotate(count=Count("pk"), at=Min("run_at"))
    return [
        Held(code=code, platform=platform, count=count, resumes_at=at)
        for code, platform, count, at in groups.order_by("-count", "code")
    ]


def _ended(since: datetime) -> dict[str, int]:
    verbs = ("publication.published", "publication.failed", "publication.missed")
    rows = Event.objects.filter(verb__in=verbs, at__gte=since).order_by()
    counts = dict(rows.values_list("verb").annotate(count=Count("pk")))
    return {verb.partition(".")[2]: counts.get(verb, 0) for verb in verbs}


def _lateness(sample: int) -> Lateness:
    last = Publication.objects.filter(status=State.PUBLISHED).order_by("-updated_at")[:sample]
    times = last.values_list("due_at", "started_at")
    late = sorted(max(0.0, (began - due).total_seconds()) for due, began in times if began)
    if not late:
        return Lateness(sample=0, p50=None, p99=None, most=None)
    return Lateness(sample=len(late), p50=_percentile(late, 50), p99=_percentile(late, 99), most=late[-1])


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the value that so many percent are not above (nearest rank)."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _accounts() -> dict[str, int]:
    rows = ConnectedAccount.objects.order_by()
    return dict(rows.values_list("health").annotate(count=Count("pk")).order_by("health"))


def _webhooks(since: datetime) -> Webhooks:
    gone = WebhookDelivery.State.GIVEN_UP
    return Webhooks(
        waiting=WebhookDelivery.objects.filter(run_at__isnull=False).count(),
        given_up_24h=WebhookDelivery.objects.filter(state=gone, created_at__gte=since - 4 * DAY)
        .filter(tried_at__gte=since)
        .count(),
        failing=WebhookEndpoint.objects.filter(failures__gt=0, stopped_at=None).count(),
        stopped=WebhookEndpoint.objects.exclude(stopped_at=None).count(),
    )

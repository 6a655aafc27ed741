"""Budgets of the platforms: what is spent puts an account, or the app with all its accounts, on hold.

What is known of them are refusals (`RateLimited`, `OperatorNeeded`), the headers of every answer, and the
caps a provider declares. A `Hold` ends by itself; publications that meet one wait until then, uncounted.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import ConnectedAccountsError, RateLimited
from django_connected_accounts.models import ConnectedAccount, Hold, Publication
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Usage
from django_connected_accounts.providers.usage import LONGEST_WAIT

from . import compiled, events
from .compiled import slot

Scope = Literal["app", "account"]

CODES: Mapping[Scope, str] = {"app": "app_rate_limited", "account": "account_rate_limited"}
UNSAID_WAIT = 300.0
"""Seconds to rest where a budget is nearly spent and the platform does not say when it begins anew."""

OPERATOR_WAIT = 30 * 60.0
"""Seconds until an app that is not let in tries again: somebody must mend it first."""

SAME = timedelta(hours=1)
"""A hold so soon after the last of its kind goes on with it, as its first try is all that came between."""

SPREAD = 60.0
"""Seconds over which the accounts of an app come back after its hold, so that they don't all at once."""

DAY = timedelta(days=1)

NEAR = 0.8
"""Of a day's cap, from where on it is looked at before each post, and not once for a batch."""


def spent(seen: Iterable[Usage]) -> list[Usage]:
    """Return what answers said to be spent, or nearly so."""
    return [usage for usage in seen if usage.percent >= settings.CONNECTED_ACCOUNTS_BUDGET_PERCENT]


def note(account: ConnectedAccount, seen: Iterable[Usage]) -> None:
    """Put on hold what answers said to be spent, or nearly so."""
    for usage in spent(seen):
        wait = usage.retry_after or UNSAID_WAIT
        place(account, usage.scope, CODES[usage.scope], wait, percent=usage.percent)


def place(
    account: ConnectedAccount,
    scope: Scope,
    code: str,
    wait: float,
    *,
    detail: str = "",
    percent: float | None = None,
) -> None:
    """Let nothing more go out for ``wait`` seconds; a hold that lasts longer already stays."""
    now = timezone.now()
    key = str(account.pk) if scope == "account" else app_key(account.platform)
    until = now + timedelta(seconds=min(wait, LONGEST_WAIT))
    told = {"code": code, "detail": detail[:255], "percent": percent, "until": until}
    rows = Hold.objects.filter(pk=key)
    with transaction.atomic():
        goes_on = rows.filter(until__lt=until, until__gt=now - SAME, code=code).update(**told)
        if goes_on or rows.filter(until__gte=until).exists():
            return
        if not rows.update(**told, since=now):
            owner = {"platform": account.platform, "account": account if scope == "account" else None}
            try:
                with transaction.atomic():
                    Hold.objects.create(key=key, since=now, **owner, **told)
            except IntegrityError:
                return  # Another runner met the same refusal.
    if scope == "app":
        _tell_operators(key, account.platform, code, detail, now)


def standing(accounts: Iterable[ConnectedAccount]) -> dict[str, Hold]:
    """Return the holds that these accounts meet now, by key."""
    keys, named = compiled.slots(
        Hold, "key", sorted({key for account in accounts for key in keys_of(account)})
    )
    build = partial(_standing, keys)
    found = compiled.rows(("holds", len(keys)), build, {**named, "until": timezone.now()})
    return {hold.key: hold for hold in found}


def _standing(keys: list[Any]) -> QuerySet[Hold]:
    return Hold.objects.filter(pk__in=keys, until__gt=slot(Hold, "until"))


def met_by(account: ConnectedAccount, holds: Mapping[str, Hold]) -> Hold | None:
    """Return of these holds the one that this account meets, the longest where there are two."""
    found = [holds[key] for key in keys_of(account) if key in holds]
    return max(found, key=lambda hold: hold.until, default=None)


def annotate(accounts: QuerySet[ConnectedAccount]) -> QuerySet[ConnectedAccount]:
    """Return the accounts with ``hold_code`` and ``hold_until`` of what they meet now, None without one."""
    apps = Q(account=None, platform=OuterRef("platform"), key__in=[app_key(p) for p in registry.ids()])
    met = Hold.objects.filter(Q(account=OuterRef("pk")) | apps, until__gt=timezone.now()).order_by("-until")
    return accounts.annotate(
        hold_code=Subquery(met.values("code")[:1]), hold_until=Subquery(met.values("until")[:1])
    )


def wait(hold: Hold) -> float:
    """Return after how many seconds a publication that met this hold is looked at again."""
    left = max(0.0, (hold.until - timezone.now()).total_seconds())
    return left if hold.account_id else left + random.uniform(0, min(SPREAD, left))  # noqa: S311


def note_caps(batch: Sequence[Publication]) -> None:
    """Note of which of these publications' accounts `refuse_over_cap` need not be asked: by one query."""
    beginning = Counter(p.account_id for p in batch if p.step == 0 and not p.in_doubt)
    caps = {p.account_id: cap for p in batch if p.account_id in beginning and (cap := _cap(p.account))}
    sent: dict[uuid.UUID, int] = {}
    if caps:
        accounts, named = compiled.slots(ConnectedAccount, "id", [*caps])
        sent = dict(compiled.rows(("sent", len(caps)), partial(_counted, accounts), {**named, **_a_day()}))
    for publication in batch:
        key = publication.account_id
        publication.near_cap = key in caps and sent.get(key, 0) + beginning[key] > NEAR * caps[key]


def refuse_over_cap(account: ConnectedAccount) -> None:
    """Raise RateLimited where as many posts as the platform allows in a day went out from this account."""
    cap = _cap(account)
    if not cap:
        return
    sent = _sent([account.pk], **_a_day()).order_by("published_at")
    times = list(sent.values_list("published_at", flat=True))
    over = len(times) - cap
    if over >= 0 and (oldest := times[over]):
        wait = (oldest + DAY - timezone.now()).total_seconds()
        raise RateLimited("publishing_quota_reached", retry_after=wait)


def _cap(account: ConnectedAccount) -> int:
    """Return how many posts the platform allows an account in a day, 0 where it does not say."""
    try:
        provider = registry.get(account.platform)
    except (ConnectedAccountsError, ImproperlyConfigured):
        return 0
    limit = provider.limits.get("posts_per_day") if isinstance(provider, Publishes) else None
    return int(limit.value) if limit else 0


def _a_day() -> dict[str, datetime]:
    """Return after when it was published, and due, what went out in a day."""
    since = timezone.now() - DAY
    longest = settings.CONNECTED_ACCOUNTS_LATE_SECONDS + settings.CONNECTED_ACCOUNTS_HOLD_SECONDS
    return {"published_at": since, "due_at": since - timedelta(seconds=longest)}


def _sent(accounts: Iterable[Any], published_at: Any, due_at: Any) -> QuerySet[Publication]:
    # When they were due narrows them down by an index.
    sent = Publication.objects.filter(due_at__gt=due_at, published_at__gt=published_at)
    return sent.filter(account__id__in=accounts)


def _counted(accounts: list[Any]) -> QuerySet[Any]:
    sent = _sent(accounts, slot(Publication, "published_at"), slot(Publication, "due_at"))
    return sent.order_by().values_list("account").annotate(Count("pk"))


def keys_of(account: ConnectedAccount) -> tuple[str, str]:
    """Return the keys of the holds that stop this account: its own, and its app's."""
    return str(account.pk), app_key(account.platform)


def app_key(platform: str) -> str:
    """Return the key of an app's hold; another API version is another app, as it may be what was amiss."""
    try:
        version = registry.get(platform).api_version
    except (ConnectedAccountsError, ImproperlyConfigured):
        version = ""
    return f"{platform} {version}"[:64].strip()


def notice_keys() -> list[str]:
    """Return the keys of the events about apps that are not let in now."""
    lately = Hold.objects.filter(account=None, until__gt=timezone.now() - timedelta(seconds=2 * SPREAD))
    return [_event_key(hold.key, hold.since) for hold in lately]


def _tell_operators(key: str, platform: str, code: str, detail: str, since: datetime) -> None:
    if explain(code).who != "operator":
        return
    data = {"platform": platform, "detail": detail[:255]}
    what = {"code": code, "notice": "app_refused", "data": data}
    events.once("platform.refused", _event_key(key, since), lambda: None, **what)


def _event_key(key: str, since: datetime) -> str:
    return f"refused:{since:%y%m%d%H%M%S}:{key}"[:64]

"""Who is told by webhook, of what, and once more: `telling` does the telling."""

from __future__ import annotations

import base64
import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Event, WebhookDelivery, WebhookEndpoint
from django_connected_accounts.signals import WEBHOOK_TYPES

from . import events, reaching

State = WebhookDelivery.State

PREFIX = "whsec_"
BOTH_SIGN = timedelta(days=1)
"""How long the secret before still signs too, so that receivers can change theirs without a gap."""

TEST = "webhook.test"
BATCH = 500


def add(url: str, *, types: Sequence[str] = (), user: Any = None) -> WebhookEndpoint:
    """Have an address told of events from now on: those this user may see, of the whole site for None.

    ``types`` are names of signals.WEBHOOK_TYPES, or "publication.*"; none means all. ``.secret`` of what is
    returned is what the receiver verifies with. Raise InvalidRequest.
    """
    url = url.strip()
    check_url(url)
    check_types(types)
    mine = WebhookEndpoint.objects.filter(user=user)
    if mine.filter(url=url).exists():
        raise InvalidRequest("webhook_exists", field="url")
    most: int = settings.CONNECTED_ACCOUNTS_WEBHOOKS_PER_USER
    if user is not None and mine.count() >= most:
        raise InvalidRequest("too_many_webhooks", max=most)
    endpoint = WebhookEndpoint(url=url, types=list(types), user=user)
    endpoint.secret = new_secret()
    endpoint.save(force_insert=True)
    return endpoint


def change(endpoint: WebhookEndpoint, *, url: str | None = None, types: Sequence[str] | None = None) -> None:
    """Have it told elsewhere, or of other things. Raise InvalidRequest."""
    if types is not None:
        check_types(types)
        endpoint.types = list(types)
    if url is not None and url.strip() != endpoint.url:
        url = url.strip()
        check_url(url)
        if WebhookEndpoint.objects.filter(user=endpoint.user, url=url).exists():
            raise InvalidRequest("webhook_exists", field="url")
        endpoint.url = url
    endpoint.save(update_fields=["url", "types"])


def rotate(endpoint: WebhookEndpoint) -> None:
    """Give it a new secret; for a day the old one signs too."""
    endpoint.old_secret, endpoint.secret = endpoint.secret, new_secret()
    endpoint.old_secret_until = timezone.now() + BOTH_SIGN
    endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])


def switch_on(endpoint: WebhookEndpoint) -> None:
    """Tell it again, beginning with what happens now; `replay` tells what it missed."""
    fresh = {"stopped_at": None, "stopped_key": "", "failures": 0, "failing_since": None, "rest_until": None}
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**fresh)
    endpoint.refresh_from_db(fields=list(fresh))


def try_out(endpoint: WebhookEndpoint, *, by: Any = None) -> WebhookDelivery:
    """Have it told a "webhook.test", of nothing. Return the delivery that is to be made."""
    with transaction.atomic():
        event = events.record(TEST, actor=by, data={"endpoint": str(endpoint.pk)})
        return WebhookDelivery.objects.create(endpoint=endpoint, event=event, run_at=event.at)


def replay(
    endpoint: WebhookEndpoint,
    *,
    since: datetime,
    until: datetime | None = None,
    everything: bool = False,
) -> int:
    """Tell it once more what it did not take of that time, or ``everything``. Return how many events.

    What happened before it was added, or while it was stopped, is told too. Each event keeps its id.
    """
    switch_on(endpoint)
    now, told = timezone.now(), 0
    rows = Event.objects.filter(verb__in=wanted(endpoint), at__gte=since, at__lte=until or now)
    if not everything:
        mine = WebhookDelivery.objects.filter(endpoint=endpoint, event=OuterRef("pk"))
        rows = rows.exclude(Exists(mine.exclude(state=State.GIVEN_UP)))
    rows, after = rows.order_by("at", "pk"), Q()
    while batch := list(rows.filter(after)[:BATCH]):
        told += _tell_again(endpoint, batch, now)
        last = batch[-1]
        after = Q(at__gt=last.at) | Q(at=last.at, pk__gt=last.pk)
    return told


def make(endpoint: WebhookEndpoint, found: Iterable[Event]) -> list[WebhookDelivery]:
    """Return deliveries to be written: of these events those that it wants and may know of, in order."""
    types = set(wanted(endpoint))
    chosen = visible(endpoint.user, [event for event in found if event.verb in types])
    return [WebhookDelivery(endpoint=endpoint, event=event, run_at=event.at) for event in chosen]


def wanted(endpoint: WebhookEndpoint) -> list[str]:
    """Return the verbs this endpoint is told of."""
    return [verb for verb in WEBHOOK_TYPES if not endpoint.types or _matches(endpoint.types, verb)]


def visible(user: Any, found: list[Event]) -> list[Event]:
    """Return those of the events whose account or post this user may see; all of them for None."""
    if user is None or not found:
        return found
    if not getattr(user, "is_active", True):
        return []
    rules = access()
    accounts = _among(rules.accounts(user), {event.account_id for event in found})
    posts = _among(rules.posts(user), {event.post_id for event in found})
    return [event for event in found if event.account_id in accounts or event.post_id in posts]


def check_url(url: str) -> None:
    """Raise InvalidRequest("webhook_url_refused") for an address we would not send to."""
    private: bool = settings.CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE
    try:
        if len(url) > 2000:
            raise reaching.Refused("it is too long")
        place = reaching.place(url)
        if place.scheme != "https" and not private:
            raise reaching.Refused("it is not https")
        if not private and _is_ip(place.host) and not reaching.is_public(place.host):
            raise reaching.Refused("its host is not on the public internet")
    except reaching.Refused as error:
        raise InvalidRequest("webhook_url_refused", field="url", reason=str(error)) from error


def check_types(types: Sequence[str]) -> None:
    """Raise InvalidRequest("unknown_event_type") for a name that no event has."""
    for name in types:
        if not any(_matches([name], verb) for verb in WEBHOOK_TYPES):
            raise InvalidRequest("unknown_event_type", field="types", type=name)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _tell_again(endpoint: WebhookEndpoint, batch: list[Event], now: datetime) -> int:
    deliveries = make(endpoint, batch)
    again = {"state": State.WAITING, "attempts": 0, "created_at": now, "error": "", "status": None}
    with transaction.atomic():
        WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        for delivery in deliveries:
            same = WebhookDelivery.objects.filter(endpoint=endpoint, event=delivery.event)
            same.update(run_at=delivery.run_at, **again)
    return len(deliveries)


def _matches(types: Iterable[str], verb: str) -> bool:
    return any(name == verb or (name.endswith(".*") and verb.startswith(name[:-1])) for name in types)


def _among(rows: QuerySet[Any], ids: set[Any]) -> set[Any]:
    return set(rows.filter(pk__in=ids - {None}).values_list("pk", flat=True))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True

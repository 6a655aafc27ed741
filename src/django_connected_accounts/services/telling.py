"""Webhooks sent out, by whoever sweeps, from aside and never at the cost of publishing.

Events marked with ``tell_at`` become a `WebhookDelivery` for each endpoint that wants them; those are sent
signed as https://www.standardwebhooks.com says, and again after `WAITS` until they are taken. An endpoint
that fails rests before it is tried with anything else, so that one which hangs costs little and holds up no
other.
"""

from __future__ import annotations

import http.client
import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from django_connected_accounts.models import Event, WebhookDelivery, WebhookEndpoint

from . import endpoints, events, reaching, signing

log = logging.getLogger("django_connected_accounts")

State = WebhookDelivery.State

WAITS = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""How long after each failure a delivery is tried again, as Standard Webhooks advises; then no more."""

TOO_OLD = timedelta(days=4)
"""What could not even be tried for so long is given up too."""

HOPELESS = timedelta(days=5)
"""An endpoint that takes nothing for so long is stopped."""

FIRST_REST, LONGEST_REST = 5.0, 900.0
"""Seconds for which an endpoint is left alone after its first failure, and after many."""

AT_ONCE = 4
"""How many endpoints a process talks to at a time."""

PASS_SECONDS = 60.0
EVERY_SECONDS = 1.0

_looked = -EVERY_SECONDS
_serving: dict[UUID, threading.Thread] = {}
"""Which endpoints this process is talking to."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int | None
    error: str
    seconds: float


def go_on() -> None:
    """Make deliveries of new events, and have what is due sent by threads. Never raises, never waits."""
    global _looked
    if time.monotonic() - _looked < EVERY_SECONDS:
        return
    _looked = time.monotonic()
    try:
        fan_out()
        _begin()
    except Exception:
        log.exception("Webhooks could not be looked after")


def finish(seconds: float) -> None:
    """Go on until nothing is due or this time is up: for a process that ends."""
    until = time.monotonic() + seconds
    try:
        while _begin() and time.monotonic() < until:
            for thread in list(_serving.values()):
                thread.join(max(0.0, until - time.monotonic()))
    except Exception:
        log.exception("Webhooks could not be looked after")


def fan_out(limit: int = 500) -> int:
    """Make deliveries of the events marked for it. Return how many events that were."""
    marked, now = Event.objects.filter(tell_at__isnull=False), timezone.now()
    if not marked.exists():
        return 0
    if not WebhookEndpoint.objects.filter(stopped_at=None).exists():
        return marked.filter(at__lte=now).update(tell_at=None)
    with transaction.atomic():
        rows = marked.order_by("tell_at")
        if database.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        found = list(rows[:limit])
        # First: on MariaDB those who insert rows that refer to an event could not both change it after.
        Event.objects.filter(pk__in=[event.pk for event in found]).update(tell_at=None)
        deliveries: list[WebhookDelivery] = []
        for endpoint in WebhookEndpoint.objects.filter(stopped_at=None).select_related("user"):
            deliveries += endpoints.make(endpoint, [e for e in found if e.at >= endpoint.created_at])
        WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    return len(found)


def deliver_due(seconds: float = PASS_SECONDS) -> int:
    """Send what is due here and now, for some time. Return how many deliveries were taken."""
    until = time.monotonic() + seconds
    return sum(_serve(endpoint, until) for endpoint in _due())


def deliver(delivery: WebhookDelivery) -> bool:
    """Send a delivery now, and write what came of it. False: it was not taken, or another runner has it.

    Whoever moves its time sends it; should that process die over it, it is sent again then.
    """
    endpoint, now = delivery.endpoint, timezone.now()
    lease = timedelta(seconds=60 + settings.CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT)
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, run_at=delivery.run_at)
    if not mine.update(run_at=now + lease, tried_at=now, attempts=F("attempts") + 1):
        return False
    delivery.attempts += 1
    answer = _send(endpoint, delivery.event)
    taken = not answer.error
    following = None if taken or delivery.attempts > len(WAITS) else WAITS[delivery.attempts - 1]
    delivery.state = State.DELIVERED if taken else State.WAITING if following else State.GIVEN_UP
    delivery.run_at = timezone.now() + following if following else None
    delivery.status, delivery.error, delivery.seconds = answer.status, answer.error, answer.seconds
    outcome = ("state", "run_at", "status", "error", "seconds")
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        **{name: getattr(delivery, name) for name in outcome}
    )
    _note(endpoint, answer)
    return taken


def _begin() -> int:
    """Talk to the endpoints for which something is due, each in a thread. Return how many are talked to."""
    for pk in [pk for pk, thread in _serving.items() if not thread.is_alive()]:
        del _serving[pk]
    until = time.monotonic() + PASS_SECONDS
    for endpoint in _due().exclude(pk__in=list(_serving))[: AT_ONCE - len(_serving)]:
        thread = threading.Thread(target=_serve_aside, args=(endpoint, until), daemon=True)
        _serving[endpoint.pk] = thread
        thread.start()
    return len(_serving)


def _due() -> QuerySet[WebhookEndpoint]:
    """Return the endpoints for which something is due, those that do well first."""
    now = timezone.now()
    old = WebhookDelivery.objects.filter(state=State.WAITING, created_at__lt=now - TOO_OLD)
    if old.exists():
        old.update(state=State.GIVEN_UP, run_at=None)
    waiting = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), run_at__lte=now)
    rested = Q(rest_until=None) | Q(rest_until__lte=now)
    return WebhookEndpoint.objects.filter(rested, Exists(waiting), stopped_at=None).order_by("failures", "pk")


def _serve(endpoint: WebhookEndpoint, until: float) -> int:
    """Send an endpoint what is due for it, in order, until one is not taken."""
    taken = 0
    while time.monotonic() < until:
        due = WebhookDelivery.objects.filter(endpoint=endpoint, run_at__lte=timezone.now())
        rows = due.select_related("event__account", "event__post", "event__publication")
        first = rows.defer(*signing.SECRETS).order_by("run_at").first()
        if first is None:
            break
        first.endpoint = endpoint
        if not deliver(first):
            break
        taken += 1
    return taken


def _serve_aside(endpoint: WebhookEndpoint, until: float) -> None:
    try:
        _serve(endpoint, until)
    except Exception:
        log.exception("Webhooks to endpoint %s could not be sent", endpoint.pk)
    finally:
        connections.close_all()


def _send(endpoint: WebhookEndpoint, event: Event) -> _Answer:
    began, status, error = time.monotonic(), None, ""
    private: bool = settings.CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE
    seconds: float = settings.CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT
    try:
        body = signing.payload(event)
        place = reaching.place(endpoint.url)
        if place.scheme != "https" and not private:
            raise reaching.Refused("it is not https")
        headers = {
            "Host": place.authority,
            "Content-Type": "application/json",
            "Connection": "close",
            "User-Agent": "django-connected-accounts",
            **signing.headers(endpoint, str(event.pk), body),
        }
        with reaching.connected(place, private=private, seconds=seconds) as connection:
            connection.request("POST", place.target, body, headers)
            with connection.getresponse() as response:
                status = response.status
    except (reaching.Refused, reaching.NoSuchHost) as refused:
        error = str(refused)
    except (OSError, http.client.HTTPException) as failure:
        error = type(failure).__name__
    except Exception as failure:
        log.exception("Event %s could not be told to endpoint %s", event.pk, endpoint.pk)
        error = type(failure).__name__
    if status is not None and not error and not 200 <= status < 300:
        error = "redirect refused" if 300 <= status < 400 else f"status {status}"
    return _Answer(status, error[:255], round(time.monotonic() - began, 3))


def _note(endpoint: WebhookEndpoint, answer: _Answer) -> None:
    """Remember how it goes with this endpoint."""
    now, mine = timezone.now(), WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if not answer.error:
        if endpoint.failures:
            mine.update(failures=0, failing_since=None, rest_until=None)
            endpoint.failures = 0
        return
    rest = min(FIRST_REST * 2.0 ** min(endpoint.failures, 16), LONGEST_REST)
    mine.update(
        failures=F("failures") + 1,
        failing_since=Coalesce("failing_since", now),
        rest_until=now + timedelta(seconds=rest),
    )
    endpoint.refresh_from_db(fields=["failures", "failing_since", "rest_until"])
    since = endpoint.failing_since or now
    if answer.status == http.client.GONE or now - since > HOPELESS:
        _stop(endpoint, since, now)


def _stop(endpoint: WebhookEndpoint, since: datetime, now: datetime) -> None:
    """Tell it nothing more, and the operators that it is so."""
    key = f"webhook_stopped:{endpoint.pk.hex}:{now:%y%m%d%H%M%S}"
    told = {"name": urlsplit(endpoint.url).netloc, "endpoint": str(endpoint.pk), "since": since}
    with transaction.atomic():
        mine = WebhookEndpoint.objects.filter(pk=endpoint.pk, stopped_at=None)
        if not mine.update(stopped_at=now, stopped_key=key):
            return
        endpoint.deliveries.filter(state=State.WAITING).update(state=State.GIVEN_UP, run_at=None)
        stopped = "webhook_stopped"
        events.record("webhook.stopped", code=stopped, notice=stopped, data=told, key=key)

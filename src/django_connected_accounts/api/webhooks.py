"""Webhook endpoints in JSON: a user's own, told of what that user may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import WebhookDelivery, WebhookEndpoint
from django_connected_accounts.services import endpoints

from .envelope import Answer, moment
from .paging import page
from .reading import boolean, instant, listing, query, read, text

REPLAYED = timedelta(days=3)


def index(request: HttpRequest) -> Answer:
    """Answer this user's endpoints."""
    return page(request, _mine(request), endpoint_row)


def create(request: HttpRequest) -> Answer:
    """Have an address told: ``{"url", "types"}``. Only this answer and that of `rotate` hold the secret."""
    said = read(request, {"url": text, "types": listing(text)}, required=["url"])
    endpoint = endpoints.add(**said, user=request.user)
    return Answer(body={**endpoint_row(endpoint), "secret": endpoint.secret}, status=201)


def detail(request: HttpRequest, webhook_id: UUID) -> Answer:
    """Answer one endpoint."""
    return Answer(body=endpoint_row(_own(request, webhook_id)))


def change(request: HttpRequest, webhook_id: UUID) -> Answer:
    """Change its address or types; ``{"active": true}`` tells it again after it was stopped."""
    endpoint = _own(request, webhook_id)
    said = read(request, {"url": text, "types": listing(text), "active": boolean})
    active = said.pop("active", None)
    if active is False:
        raise InvalidRequest("wrong_type", field="active", wanted="true")
    endpoints.change(endpoint, **said)
    if active:
        endpoints.switch_on(endpoint)
    return Answer(body=endpoint_row(endpoint))


def remove(request: HttpRequest, webhook_id: UUID) -> Answer:
    """Tell it nothing more, and forget it."""
    _own(request, webhook_id).delete()
    return Answer(status=204)


def rotate(request: HttpRequest, webhook_id: UUID) -> Answer:
    """Give it a new secret; for a day the one before signs too."""
    read(request, {})
    endpoint = _own(request, webhook_id)
    endpoints.rotate(endpoint)
    return Answer(body={**endpoint_row(endpoint), "secret": endpoint.secret})


def test(request: HttpRequest, webhook_id: UUID) -> Answer:
    """Have it told a "webhook.test"."""
    read(request, {})
    return Answer(
        body=delivery_row(endpoints.try_out(_own(request, webhook_id), by=request.user)), status=202
    )


def replay(request: HttpRequest, webhook_id: UUID) -> Answer:
    """Tell it once more what it did not take: ``{"since", "until", "all"}``."""
    endpoint = _own(request, webhook_id)
    said = read(request, {"since": instant, "until": instant, "all": boolean})
    for name in ("since", "until"):
        if name in said and timezone.is_naive(said[name]):
            raise InvalidRequest("wrong_type", field=name, wanted="time with an offset")
    since = said.get("since", timezone.now() - REPLAYED)
    told = endpoints.replay(endpoint, since=since, until=said.get("until"), everything=said.get("all", False))
    return Answer(body={"events": told}, status=202)


def deliveries(request: HttpRequest, webhook_id: UUID) -> Answer:
    """Answer what became of what it was told, newest first, by ``?state``."""
    rows = _own(request, webhook_id).deliveries.select_related("event").order_by("-created_at", "-id")
    if state := query(request, "state", WebhookDelivery.State.values):
        rows = rows.filter(state=state)
    return page(request, rows, delivery_row)


def endpoint_row(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return an endpoint as JSON, without its secret."""
    return {
        "id": str(endpoint.pk),
        "url": endpoint.url,
        "types": endpoint.types,
        "active": endpoint.stopped_at is None,
        "failing_since": moment(endpoint.failing_since),
        "stopped_at": moment(endpoint.stopped_at),
        "created_at": moment(endpoint.created_at),
    }


def delivery_row(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return a delivery as JSON; ``id`` is the event's, which the receiver gets as webhook-id."""
    return {
        "id": str(delivery.event_id),
        "type": delivery.event.verb,
        "at": moment(delivery.event.at),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error,
        "seconds": delivery.seconds,
        "tried_at": moment(delivery.tried_at),
        "next_at": moment(delivery.run_at),
    }


def _mine(request: HttpRequest) -> QuerySet[WebhookEndpoint]:
    rows = WebhookEndpoint.objects.filter(user=request.user.pk)
    return rows.defer("secret", "old_secret").order_by("created_at", "id")


def _own(request: HttpRequest, webhook_id: UUID) -> WebhookEndpoint:
    endpoint = (
        WebhookEndpoint.objects.select_related("user").filter(user=request.user.pk, pk=webhook_id).first()
    )
    if endpoint is None:
        raise InvalidRequest("not_found")
    return endpoint

"""What a webhook says, and the signature that it is ours: https://www.standardwebhooks.com, version 1."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from django_connected_accounts.codes import explain
from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication, WebhookEndpoint

from . import health
from .endpoints import PREFIX

SECRETS = (
    "event__account__access_token",
    "event__account__refresh_token",
    "event__account__extra_tokens",
    "event__publication__checkpoint",
)
"""What is never read to tell of an event."""


def payload(event: Event) -> bytes:
    """Return an event as JSON. ``details`` are as of the event; account, post and publication as of now."""
    account = event.account
    naming = health.naming(account) if account else {"account": event.data.get("name", "")}
    told = {
        "type": event.verb,
        "timestamp": event.at,
        "data": {
            "id": event.pk,
            "reason": _reason(event.code, {**event.data, **naming}) if event.code else None,
            "account": _account(account) if account else None,
            "post": _post(event.post) if event.post else None,
            "publication": _publication(event.publication) if event.publication else None,
            "details": {name: fact for name, fact in event.data.items() if name not in ("detail", "steps")},
        },
    }
    return json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()


def headers(endpoint: WebhookEndpoint, message_id: str, body: bytes) -> dict[str, str]:
    """Return the headers by which a receiver knows a message of now, and that it is ours."""
    at = str(int(time.time()))
    secrets = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > timezone.now():
        secrets.append(endpoint.old_secret)
    signatures = " ".join(signature(secret, message_id, at, body) for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": signatures}


def signature(secret: str, message_id: str, at: str, body: bytes) -> str:
    """Return "v1," and the HMAC-SHA256 of id, timestamp (seconds) and body, in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _reason(code: str, params: dict[str, Any]) -> dict[str, str]:
    meaning = explain(code, params)
    return {"code": code, "message": str(meaning.cause), "action": str(meaning.action), "who": meaning.who}


def _account(account: ConnectedAccount) -> dict[str, Any]:
    return {
        "id": account.pk,
        "platform": account.platform,
        "account_id": account.account_id,
        "username": account.username,
        "health": account.health,
    }


def _post(post: Post) -> dict[str, Any]:
    statuses = Counter(post.publications.order_by().values_list("status", flat=True))
    return {"id": post.pk, "kind": post.kind, "publications": dict(sorted(statuses.items()))}


def _publication(publication: Publication) -> dict[str, Any]:
    return {
        "id": publication.pk,
        "status": publication.status,
        "due_at": publication.due_at,
        "published_at": publication.published_at,
        "remote_id": publication.remote_id,
        "permalink": publication.permalink,
    }

"""The row of a round trip: spent once, ended once, its secrets wiped when it ends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from django_connected_accounts.exceptions import ConnectionFailed
from django_connected_accounts.fields import rotation
from django_connected_accounts.models import ConnectionAttempt
from django_connected_accounts.providers.base import Provider

from . import events

Status = ConnectionAttempt.Status

OPEN = (Status.STARTED, Status.EXCHANGING, Status.CHOOSING)
ENDED = (
    "status",
    "code",
    "detail",
    "params",
    "verifier",
    "candidates",
    "ended_at",
    "connected",
    "declined_scopes",
)


def spend(user: Any, provider: Provider, browser: str, state: str) -> ConnectionAttempt:
    """Return the attempt that this state belongs to; from now on nobody can use the state again.

    Raises ConnectionFailed for a state that is unknown, somebody else's, or spent.
    """
    rows = ConnectionAttempt.objects.select_related("account")
    attempt = rows.filter(state_hash=digest(state)).first()
    if attempt is None:
        raise ConnectionFailed("unknown_state")
    if attempt.user_id != user.pk:
        raise ConnectionFailed("other_user")
    if attempt.platform != provider.id:
        raise ConnectionFailed("other_platform")
    if not constant_time_compare(attempt.browser_hash, digest(browser)):
        raise ConnectionFailed("other_browser")
    if not move(attempt, Status.STARTED, Status.EXCHANGING):
        raise ConnectionFailed("attempt_replayed", attempt=attempt)
    attempt.status, attempt.user = Status.EXCHANGING, user
    return attempt


def move(attempt: ConnectionAttempt, status: str, to: str) -> bool:
    """Take the attempt from one status to another. False: somebody else did."""
    return bool(ConnectionAttempt.objects.filter(pk=attempt.pk, status=status).update(status=to))


def end(
    attempt: ConnectionAttempt,
    status: str,
    code: str = "",
    detail: str = "",
    params: Mapping[str, Any] | None = None,
) -> None:
    """Write how the attempt ended, and wipe its secrets."""
    attempt.status, attempt.code, attempt.detail = status, code, detail[:255]
    attempt.params = {key: str(value) for key, value in (params or {}).items()}
    attempt.verifier, attempt.candidates, attempt.ended_at = "", {}, timezone.now()
    attempt.save(update_fields=ENDED)


def fail(attempt: ConnectionAttempt, failed: ConnectionFailed) -> None:
    """Write that the attempt ended without an account, and why."""
    told = {"attempt": str(attempt.pk), "platform": attempt.platform, "detail": failed.detail}
    who = {"actor": attempt.user, "account": attempt.account}
    with transaction.atomic():
        end(attempt, Status.FAILED, failed.code, failed.detail, failed.params)
        events.record("account.connection_failed", code=failed.code, data=told, **who)


def purge(limit: int = 100) -> int:
    """End the round trips that nobody came back from, and delete those that ended long ago.

    Returns how many were ended.
    """
    now = timezone.now()
    left = ConnectionAttempt.objects.filter(status__in=OPEN, expires_at__lte=now).order_by("expires_at")
    ended = 0
    for attempt in left[:limit]:
        code = "connection_interrupted" if attempt.status == Status.EXCHANGING else "attempt_expired"
        if move(attempt, attempt.status, Status.FAILED):
            end(attempt, Status.FAILED, code)
            ended += 1
    if gone := list(old().values_list("pk", flat=True)[:limit]):
        ConnectionAttempt.objects.filter(pk__in=gone).delete()
    return ended


def old() -> QuerySet[ConnectionAttempt]:
    """Return the attempts that ended too long ago to be kept."""
    kept = timezone.now() - timedelta(days=settings.CONNECTED_ACCOUNTS_ATTEMPT_KEEP_DAYS)
    return ConnectionAttempt.objects.filter(ended_at__lt=kept)


def refuse_without_key() -> None:
    """Raise ImproperlyConfigured where nothing can be encrypted: then nobody is sent off for a consent."""
    rotation.primary(ConnectionAttempt._meta.get_field("candidates"))


def deadline() -> datetime:
    """Return until when a person who begins now may take."""
    return timezone.now() + timedelta(seconds=settings.CONNECTED_ACCOUNTS_ATTEMPT_SECONDS)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

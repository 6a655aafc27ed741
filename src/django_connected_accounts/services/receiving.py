"""What platforms tell us: notifications, access withdrawn, data to be deleted. Each is acted on once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from django_connected_accounts import registry
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import (
    ConnectedAccount,
    ConnectionAttempt,
    Event,
    Measurement,
    Revocation,
)
from django_connected_accounts.providers.base import Receives
from django_connected_accounts.providers.types import Notification, Withdrawal

from . import events, evidence, health, tokens
from .frames import without_locals

Health = ConnectedAccount.Health

CLOCK_DIFFERENCE = timedelta(minutes=5)
DEEPEST = 20
"""Payloads are cut below; MariaDB stores no JSON deeper than 32 levels."""

PROFILE: Mapping[str, Any] = {
    "username": "",
    "display_name": "",
    "profile_picture_url": "",
    "account_type": "",
    "platform_user_id": "",
    "details": {},
    "granted_scopes": [],
    "permissions": {},
    "quota": {},
    "exclusive_key": None,
    "is_verified": False,
}
"""What an erased account has in place of what it knew of a person."""


def receiver(platform: str) -> Receives:
    """Return the provider that understands this platform's webhooks, or raise InvalidRequest."""
    provider = registry.get(platform)
    if not isinstance(provider, Receives):
        raise InvalidRequest("unknown_platform", platform=platform)
    return provider


@without_locals
def receive(platform: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Tell `signals.notification_received` what a delivery says, each thing once however often it comes.

    Where several users have connected the account, each account gets an event of its own.
    """
    for notification in receiver(platform).receive(body, headers):
        _note(platform, notification)


@without_locals
def deauthorize(platform: str, body: bytes) -> None:
    """Act on a callback that says that a person took our access away on the platform."""
    withdrawal = receiver(platform).withdrawal(body)
    key = _key("deauthorized", platform, withdrawal.user_id, withdrawal.at.isoformat())
    act = partial(_withdraw, platform, withdrawal)
    events.once("callback.deauthorized", key, act, data={"platform": platform})


@without_locals
def delete_data(platform: str, body: bytes) -> str:
    """Act on a callback by which a person wants their data deleted. Return the code to ask after it with.

    The same request leads to the same code, and is carried out once.
    """
    withdrawal = receiver(platform).withdrawal(body)
    request = f"{platform}:{withdrawal.user_id}:{withdrawal.at.isoformat()}"
    code = salted_hmac("connected_accounts.deletion", request, algorithm="sha256").hexdigest()[:40]
    act = partial(_erase, platform, withdrawal)
    events.once("callback.deleted", _key("deleted", code), act, data={"platform": platform})
    return code


def deletion(code: str) -> datetime | None:
    """Return when the deletion with this code was carried out, None if there was none."""
    event = Event.objects.filter(verb="callback.deleted", key=_key("deleted", code)).first()
    return event.at if event else None


def _note(platform: str, notification: Notification) -> None:
    key = _key("notified", platform, notification.key)
    account_id = _storable(notification.account_id)
    told = {
        "platform": platform,
        "kind": _storable(notification.kind),
        "account_id": account_id,
        "payload": _storable(notification.payload),
    }
    mine = ConnectedAccount.objects.filter(platform=platform, account_id=account_id)
    accounts: list[ConnectedAccount | None] = list(mine.exclude(health=Health.DISCONNECTED).order_by("pk"))
    *others, last = accounts or [None]

    def act() -> None:
        if notification.withdrawal:
            _withdraw(platform, notification.withdrawal)
        for account in others:
            events.record("notification.received", account=account, data=told)
        if notification.published:
            for account in filter(None, accounts):
                evidence.tell(account, notification.remote_id, notification.published)

    events.once("notification.received", key, act, account=last, data=told)


def _withdraw(platform: str, withdrawal: Withdrawal) -> None:
    """Wipe the secrets of every account this person connected, and ask for a reconnection."""
    _forget_revocations(platform, withdrawal)
    for account in _accounts(platform, withdrawal):
        if not tokens.supersede(account, health__in=set(Health) - {Health.DISCONNECTED}):
            continue
        account.refresh_from_db()
        tokens.wipe(account)
        account.is_verified = False
        account.save(update_fields=(*tokens.FIELDS, "is_verified"))
        health.change(account, Health.RECONNECT_NEEDED, "access_revoked")


def _erase(platform: str, withdrawal: Withdrawal) -> None:
    """Delete what we know of this person; the rows stay, as the place of our own users' posts."""
    _forget_revocations(platform, withdrawal)
    for account in _accounts(platform, withdrawal):
        _erase_account(account)


def _erase_account(account: ConnectedAccount) -> None:
    tokens.supersede(account)
    account.refresh_from_db()
    was_connected = account.health != Health.DISCONNECTED
    tokens.wipe(account)
    health.begin(account, Health.DISCONNECTED, "data_deleted")
    for name, nothing in PROFILE.items():
        setattr(account, name, nothing)
    account.save(update_fields=(*tokens.FIELDS, *health.FIELDS, *PROFILE))
    Measurement.objects.filter(account=account).delete()
    ConnectionAttempt.objects.filter(user_id=account.user_id, platform=account.platform).update(
        params={}, detail=""
    )
    told = Event.objects.filter(account=account, verb="notification.received")
    told.update(data={}, dispatched_at=timezone.now())
    if was_connected:
        notice = Health.DISCONNECTED
        events.record("account.disconnected", code="data_deleted", account=account, notice=notice)
    events.record("account.erased", code="data_deleted", account=account)


def _forget_revocations(platform: str, withdrawal: Withdrawal) -> None:
    """Tell the platform no more that the person's grant ended: it knows, and we need no secret for it."""
    if withdrawal.user_id:
        mine = Revocation.objects.filter(platform=platform, platform_user_id=withdrawal.user_id)
        mine.filter(created_at__lte=withdrawal.at + CLOCK_DIFFERENCE).delete()


def _accounts(platform: str, withdrawal: Withdrawal) -> QuerySet[ConnectedAccount]:
    """Return this person's accounts, but for those they connected anew after they withdrew."""
    if not withdrawal.user_id:
        return ConnectedAccount.objects.none()
    since = withdrawal.at + CLOCK_DIFFERENCE
    mine = ConnectedAccount.objects.filter(platform=platform, platform_user_id=withdrawal.user_id)
    return mine.filter(Q(token_issued_at=None) | Q(token_issued_at__lte=since)).order_by("pk")


def _storable(value: Any, deepest: int = DEEPEST) -> Any:
    """Return JSON that every database takes: no NUL, no half characters or infinite numbers, not too deep."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (dict, list)) and not deepest:
        return None
    if isinstance(value, dict):
        return {_storable(name): _storable(item, deepest - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_storable(item, deepest - 1) for item in value]
    return value


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()

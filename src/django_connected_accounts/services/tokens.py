"""The one place that hands out usable tokens, and that replaces them.

A refresh happens once, whoever needs it: the row's lease picks one runner, the others wait for the version
it saves. Saving is conditional on the lease and on the version it began with, so nothing brings back a
token that was wiped or replaced meanwhile.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_connected_accounts import registry
from django_connected_accounts.exceptions import (
    ActionNeeded,
    ConnectedAccountsError,
    InvalidRequest,
    NotAuthorized,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
    UndecryptableToken,
)
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.types import Connection, Tokens

from . import events, health, leases

log = logging.getLogger("django_connected_accounts")

Health = ConnectedAccount.Health

REMEDIES: Mapping[type[ConnectedAccountsError], str] = {
    NotAuthorized: Health.RECONNECT_NEEDED,
    ActionNeeded: Health.ACTION_NEEDED,
    PermissionMissing: Health.PERMISSION_MISSING,
    UndecryptableToken: Health.UNDECRYPTABLE,
}
"""What an error of the platform says about the account; one that is not listed says nothing."""

FIELDS = (
    "access_token",
    "refresh_token",
    "extra_tokens",
    "token_issued_at",
    "token_expires_at",
    "data_access_expires_at",
    "refresh_at",
    "granted_scopes",
    "permissions",
    "updated_at",
)

SPARE = timedelta(minutes=5)
"""A token is refreshed on use when it would end sooner: a step must not outlive it."""

LONG_LIVED = timedelta(days=1)
REFRESH_IDLE = timedelta(days=7)
"""How often a short-lived token is refreshed though nobody uses it, lest its grant fall asleep."""

FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(hours=1)
POLL_SECONDS = 0.05


@sensitive_variables()
def fresh(account: ConnectedAccount) -> Connection:
    """Return a connection whose tokens work now, refreshed first if they must be. ``account`` is read again.

    Raises NotAuthorized when only the owner can help, Unavailable when the platform can't refresh it now,
    UndecryptableToken when the secrets can't be read.
    """
    account.refresh_from_db()
    try:
        if _must_refresh(account, registry.get(account.platform)):
            _refresh(account)
        return account.connection
    except UndecryptableToken as error:
        invalidate(account, error)
        raise


@sensitive_variables()
def refresh(account: ConnectedAccount, *, by: Any = None) -> ConnectedAccount:
    """Replace the tokens that ``account`` holds, also before their time; newer ones in the row will do.

    Raises InvalidRequest where the platform has no refresh or not yet, and what `fresh` raises.
    """
    provider = registry.get(account.platform)
    used = account.token_version
    try:
        if account.health == Health.DISCONNECTED:
            raise InvalidRequest("account_disconnected")
        if not provider.can_refresh(account.tokens, now=provider.http.now()):
            raise InvalidRequest("refresh_not_possible", platform=provider.name)
        _refresh(account, used, by)
    except UndecryptableToken as error:
        invalidate(account, error)
        raise
    return account


def refresh_due(limit: int = 100) -> int:
    """Look after the tokens whose time has come. Return how many accounts that were."""
    kept_alive = {*ConnectedAccount.USABLE, Health.PAUSED, Health.PERMISSION_MISSING}
    now = timezone.now()
    due = ConnectedAccount.objects.filter(refresh_at__lte=now, health__in=kept_alive).order_by("refresh_at")
    done = 0
    for account in due[:limit]:
        # Whoever moves the time has the account; should that break, it does not come up again at once.
        mine = ConnectedAccount.objects.filter(pk=account.pk, refresh_at=account.refresh_at)
        if not mine.update(refresh_at=now + FIRST_RETRY):
            continue
        done += 1
        try:
            _look_after(account)
        except ConnectedAccountsError as error:
            log.info("Account %s was not refreshed: %s", account.pk, error.code)
        except Exception:
            log.exception("Account %s: the refresh broke", account.pk)
    return done


def invalidate(account: ConnectedAccount, error: ConnectedAccountsError) -> bool:
    """Write what this error says about the account. False: nothing, or its tokens were replaced since."""
    for remedy, state in REMEDIES.items():
        if isinstance(error, remedy):
            version = account.token_version
            return health.change(account, state, error.code, error.detail, only_version=version)
    return False


def assign(account: ConnectedAccount, provider: Provider, tokens: Tokens) -> None:
    """Set these tokens on the account, for the caller to save; a secret is never replaced by an empty one."""
    now = provider.http.now()
    account.access_token = tokens.access_token
    account.refresh_token = tokens.refresh_token or account.refresh_token
    account.extra_tokens = {**account.extra_tokens, **{k: v for k, v in tokens.extra.items() if v}}
    account.token_issued_at = tokens.issued_at or now
    account.token_expires_at = tokens.expires_at
    account.data_access_expires_at = tokens.data_access_expires_at or account.data_access_expires_at
    if tokens.scopes is not None:
        account.granted_scopes = sorted(tokens.scopes)
        account.permissions = health.permissions(provider, tokens.scopes)
    account.refresh_at = _next_refresh(account, provider, now)


def wipe(account: ConnectedAccount) -> None:
    """Empty every secret of the account, for the caller to save."""
    account.access_token = account.refresh_token = ""
    account.extra_tokens = {}
    account.token_issued_at = account.token_expires_at = account.data_access_expires_at = None
    account.refresh_at = None


def supersede(account: ConnectedAccount, **condition: Any) -> bool:
    """Claim the next token version for the transaction under way: whoever refreshes now will save nothing.

    False: ``condition`` does not hold any more. The row stays locked until the transaction ends.
    """
    rows = ConnectedAccount.objects.filter(pk=account.pk, **condition)
    return bool(rows.update(token_version=F("token_version") + 1, lease_token="", lease_until=None))


def _must_refresh(account: ConnectedAccount, provider: Provider) -> bool:
    """Say whether the tokens must be replaced before use; raise what stands in the way of any use."""
    if account.health == Health.DISCONNECTED or not account.access_token:
        raise NotAuthorized(account.health_code or "account_disconnected", provider=provider.id)
    now, end = provider.http.now(), account.token_expires_at
    if end is None or end - now > SPARE:
        return False
    expired = end <= now
    if account.health == Health.RECONNECT_NEEDED and expired:
        raise NotAuthorized(account.health_code, account.health_detail, provider=provider.id)
    if account.health == Health.REFRESH_RETRYING and account.refresh_at and account.refresh_at > now:
        if expired:
            wait = (account.refresh_at - now).total_seconds()
            raise Unavailable(
                account.health_code, account.health_detail, provider=provider.id, retry_after=wait
            )
        return False
    if provider.can_refresh(account.tokens, now=now):
        return True
    if expired:
        error = NotAuthorized("token_expired", provider=provider.id, platform=provider.name)
        invalidate(account, error)
        raise error
    return False


def _look_after(account: ConnectedAccount) -> None:
    provider = registry.get(account.platform)
    now = provider.http.now()
    try:
        if provider.can_refresh(account.tokens, now=now):
            _refresh(account, account.token_version)
        elif not _must_refresh(account, provider):
            same = ConnectedAccount.objects.filter(pk=account.pk, token_version=account.token_version)
            same.update(refresh_at=_next_refresh(account, provider, now))
    except UndecryptableToken as error:
        invalidate(account, error)


def _refresh(account: ConnectedAccount, used: int | None = None, by: Any = None) -> None:
    """Leave ``account`` with tokens newer than version ``used``, or than those that can't be used."""
    provider = registry.get(account.platform)
    patience = time.monotonic() + settings.CONNECTED_ACCOUNTS_LEASE_SECONDS
    pause = POLL_SECONDS
    while not (lease := leases.acquire(account, settings.CONNECTED_ACCOUNTS_LEASE_SECONDS)):
        if time.monotonic() > patience:
            raise Unavailable("refresh_busy", provider=provider.id)
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)
        account.refresh_from_db()
        if not _needed(account, provider, used):
            return
    try:
        account.refresh_from_db()
        if _needed(account, provider, used):
            _replace(account, provider, lease, by)
    finally:
        leases.release(account, lease)


def _needed(account: ConnectedAccount, provider: Provider, used: int | None) -> bool:
    if used is None:
        return _must_refresh(account, provider)
    if account.health == Health.DISCONNECTED:
        raise NotAuthorized("account_disconnected", provider=provider.id)
    return account.token_version == used


def _replace(account: ConnectedAccount, provider: Provider, lease: str, by: Any) -> None:
    """Ask the platform for younger tokens and save them before anyone uses them."""
    try:
        tokens = provider.refresh(account.tokens)
        if not tokens.access_token:
            raise Unavailable("platform_error", "the refresh brought no token", provider=provider.id)
    except ProviderError as error:
        _failed(account, provider, error, by)
        raise
    with transaction.atomic():
        if supersede(account, token_version=account.token_version, lease_token=lease):
            account.token_version += 1
            assign(account, provider, tokens)
            account.save(update_fields=FIELDS)
            events.record("account.refreshed", actor=by, account=account)
            recovered = {Health.REFRESH_RETRYING, Health.RECONNECT_NEEDED}
            health.change(account, Health.ACTIVE, by=by, only_from=recovered)
            return
    account.refresh_from_db()
    if account.health == Health.DISCONNECTED:
        raise NotAuthorized("account_disconnected", provider=provider.id)


def _failed(account: ConnectedAccount, provider: Provider, error: ProviderError, by: Any) -> None:
    """Write that a refresh failed: a refusal changes the health, anything else is tried again later."""
    told = {"detail": error.detail, "platform_code": error.platform_code, "trace_id": error.trace_id}
    with transaction.atomic():
        if not invalidate(account, error):
            _retry_later(account, provider, error)
        # Last: its foreign key share-locks the account's row on MariaDB, and two that hold this and go on to
        # write the row deadlock.
        events.record("account.refresh_failed", code=error.code, actor=by, account=account, data=told)


def _retry_later(account: ConnectedAccount, provider: Provider, error: ProviderError) -> None:
    version = account.token_version
    retrying = (Health.REFRESH_RETRYING, "refresh_retrying", error.detail)
    health.change(account, *retrying, only_from={Health.ACTIVE}, only_version=version)
    account.refresh_at = provider.http.now() + _patience(account, error)
    same = ConnectedAccount.objects.filter(pk=account.pk, token_version=version)
    same.update(refresh_at=account.refresh_at)


def _patience(account: ConnectedAccount, error: ProviderError) -> timedelta:
    """Return as long again as it has been failing, or what the platform asked for."""
    failing = timedelta()
    if account.health == Health.REFRESH_RETRYING and account.health_since:
        failing = timezone.now() - account.health_since
    asked = error.retry_after if isinstance(error, (RateLimited, Unavailable)) else None
    return max(FIRST_RETRY, min(failing, LAST_RETRY), timedelta(seconds=asked or 0))


def _next_refresh(account: ConnectedAccount, provider: Provider, now: datetime) -> datetime | None:
    """Return when to look after the tokens unasked: at two thirds of a long life, weekly for a short one."""
    end = account.token_expires_at
    if end is None:
        return None
    life = end - now
    planned = now + (life * 2 / 3 if life > LONG_LIVED else REFRESH_IDLE)
    return planned if provider.can_refresh(account.tokens, now=planned) else end

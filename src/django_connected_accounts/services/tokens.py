"""The one place that hands out usable tokens, and that replaces them.

A refresh happens once, whoever needs it: the row's lease picks one runner, the others wait for the version
it saves. Saving is conditional on the version it began with, so nothing brings back a token that was wiped
or replaced meanwhile. That it is under way is written before the platform is asked: where a runner died, or
no answer came, the platform may have replaced the tokens without us, and a refusal that follows says so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from django_connected_accounts import registry
from django_connected_accounts.exceptions import (
    ActionNeeded,
    ConnectedAccountsError,
    InvalidRequest,
    NotAuthorized,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    Unavailable,
    UndecryptableToken,
)
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.types import Connection, Tokens

from . import events, health, leases, renewal
from .frames import without_locals

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
    "refresh_expires_at",
    "data_access_expires_at",
    "refresh_at",
    "refresh_began_at",
    "granted_scopes",
    "permissions",
    "updated_at",
)

SPARE = timedelta(minutes=5)
"""A token is refreshed on use when it would end sooner: a step must not outlive it."""

UNEXPLAINED = frozenset({"token_refused", "reconnect_needed"})
"""Refusals that don't say why."""

POLL_SECONDS = 0.05


@without_locals
def fresh(account: ConnectedAccount, *, reread: bool = True) -> Connection:
    """Return a connection whose tokens work now, refreshed first if they must be.

    ``account`` is read again, unless the caller sees to it that it was not changed meanwhile.

    Raises NotAuthorized when only the owner can help, Unavailable when the platform can't refresh it now,
    UndecryptableToken when the secrets can't be read.
    """
    if reread:
        account.refresh_from_db()
    try:
        if _must_refresh(account, registry.get(account.platform)):
            _refresh(account)
        return account.connection
    except UndecryptableToken as error:
        invalidate(account, error)
        raise


@without_locals
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


def invalidate(account: ConnectedAccount, error: ConnectedAccountsError) -> bool:
    """Write what this error says about the account. False: nothing, or its tokens were replaced since."""
    for remedy, state in REMEDIES.items():
        if isinstance(error, remedy):
            if state == Health.UNDECRYPTABLE:
                _note(account, refresh_at=registry.now() + renewal.UNREADABLE)
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
    account.refresh_expires_at = tokens.refresh_expires_at or account.refresh_expires_at
    account.data_access_expires_at = tokens.data_access_expires_at or account.data_access_expires_at
    if tokens.scopes is not None:
        account.granted_scopes = sorted(tokens.scopes)
        account.permissions = health.permissions(provider, tokens.scopes)
    account.refresh_at = renewal.planned(account, provider, now)
    account.refresh_began_at = None


def wipe(account: ConnectedAccount) -> None:
    """Empty every secret of the account, for the caller to save."""
    account.access_token = account.refresh_token = ""
    account.extra_tokens = {}
    account.token_issued_at = account.token_expires_at = account.refresh_expires_at = None
    account.data_access_expires_at = account.refresh_at = account.refresh_began_at = None


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
    if not provider.can_refresh(account.tokens, now=now):
        if expired:
            error = NotAuthorized("token_expired", provider=provider.id, platform=provider.name)
            invalidate(account, error)
            raise error
        return False
    if account.health == Health.REFRESH_RETRYING and account.refresh_at and account.refresh_at > now:
        if expired:
            wait = (account.refresh_at - now).total_seconds()
            raise Unavailable(
                account.health_code, account.health_detail, provider=provider.id, retry_after=wait
            )
        return False
    return True


def _refresh(account: ConnectedAccount, used: int | None = None, by: Any = None) -> None:
    """Leave ``account`` with tokens newer than version ``used``, or than those that can't be used."""
    provider = registry.get(account.platform)
    # Long enough for the lease of a runner that died, and for the call of the next.
    patience = time.monotonic() + 2 * settings.CONNECTED_ACCOUNTS_LEASE_SECONDS
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
            _replace(account, provider, by)
    finally:
        leases.release(account, lease)


def _needed(account: ConnectedAccount, provider: Provider, used: int | None) -> bool:
    if used is None:
        return _must_refresh(account, provider)
    if account.health == Health.DISCONNECTED:
        raise NotAuthorized("account_disconnected", provider=provider.id)
    return account.token_version == used


def _replace(account: ConnectedAccount, provider: Provider, by: Any) -> None:
    """Ask the platform for younger tokens and save them before anyone uses them."""
    asked_before = account.refresh_began_at is not None
    if not asked_before:
        _note(account, refresh_began_at=provider.http.now())
    try:
        tokens = provider.refresh(account.tokens)
        if not tokens.access_token:
            raise Unavailable("platform_error", "the refresh brought no token", provider=provider.id)
    except ProviderError as refusal:
        error = _understood(refusal, provider, asked_before)
        _failed(account, provider, error, by)
        raise error from None
    with transaction.atomic():
        if supersede(account, token_version=account.token_version):
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


def _understood(error: ProviderError, provider: Provider, asked_before: bool) -> ProviderError:
    """Return what a failure means for the account: silence, a refusal, or one that follows from silence."""
    if isinstance(error, OutcomeUnknown):
        return Unavailable("refresh_retrying", error.detail, provider=provider.id)
    if asked_before and error.code in UNEXPLAINED:
        facts: dict[str, Any] = {"platform_code": error.platform_code, "trace_id": error.trace_id}
        return NotAuthorized("refresh_interrupted", error.detail, provider=provider.id, **facts)
    return error


def _failed(account: ConnectedAccount, provider: Provider, error: ProviderError, by: Any) -> None:
    """Write that a refresh failed: a refusal changes the health, anything else is tried again later."""
    told = {"detail": error.detail, "platform_code": error.platform_code, "trace_id": error.trace_id}
    silence = isinstance(error, Unavailable) and not error.platform_code
    with transaction.atomic():
        if not silence:
            _note(account, refresh_began_at=None)
        if not invalidate(account, error):
            _retry_later(account, provider, error)
        # Last: its foreign key share-locks the account's row on MariaDB, and two that hold this and go on to
        # write the row deadlock.
        events.record("account.refresh_failed", code=error.code, actor=by, account=account, data=told)


def _retry_later(account: ConnectedAccount, provider: Provider, error: ProviderError) -> None:
    now = provider.http.now()
    retrying = (Health.REFRESH_RETRYING, "refresh_retrying", error.detail)
    health.change(account, *retrying, only_from={Health.ACTIVE}, only_version=account.token_version, now=now)
    _note(account, refresh_at=now + renewal.wait(account, error, now))


def _note(account: ConnectedAccount, **times: datetime | None) -> None:
    """Write these times, here and in the row while it has the same tokens."""
    for name, value in times.items():
        setattr(account, name, value)
    ConnectedAccount.objects.filter(pk=account.pk, token_version=account.token_version).update(**times)

"""What people do with a connected account: test it, pause it, disconnect it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from django_connected_accounts import registry
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Profile, Quota

from . import consents, events, health, revoking, tokens
from .frames import without_locals
from .scheduling import wake

Health = ConnectedAccount.Health

VERIFIED = (
    "username",
    "display_name",
    "profile_picture_url",
    "account_type",
    "platform_user_id",
    "details",
    "granted_scopes",
    "permissions",
    "quota",
    "data_access_expires_at",
    "is_verified",
    "last_sync_at",
    "updated_at",
)


@without_locals
def verify(account: ConnectedAccount, *, by: Any) -> ConnectedAccount:
    """Ask the platform how the account is, and write profile, quota, permissions and health as it says.

    A definite refusal is an answer too. Raises ProviderError when there was none: then nothing changed.
    """
    if account.health == Health.DISCONNECTED:
        raise InvalidRequest("account_disconnected", account=str(account))
    provider = registry.get(account.platform)
    try:
        connection = tokens.fresh(account)
        profile = provider.verify(connection)
        granted = provider.granted(connection.tokens)
        quota = provider.quota(connection) if isinstance(provider, Publishes) else None
    except tuple(tokens.REMEDIES) as error:
        tokens.invalidate(account, error)
        return account
    consents.refresh_profile(account, profile)
    account.last_sync_at = now = provider.http.now()
    if profile.tokens is not None and profile.tokens.data_access_expires_at:
        account.data_access_expires_at = profile.tokens.data_access_expires_at
    if granted is not None:
        account.granted_scopes, account.permissions = sorted(granted), health.permissions(provider, granted)
    if quota is not None:
        account.quota = _quota(quota, now.isoformat())
    account.is_verified = not profile.unusable and account.permissions.get("publish", True)
    with transaction.atomic():
        same = ConnectedAccount.objects.filter(pk=account.pk, token_version=account.token_version)
        if same.update(last_sync_at=now):
            account.save(update_fields=VERIFIED)
            events.record("account.verified", code=profile.unusable, actor=by, account=account)
            _conclude(account, profile, by)
    return account


@without_locals
def client(account: ConnectedAccount) -> Any:
    """Return the platform's API as this account, with tokens that work now: ask for it anew each time.

    Raises what `tokens.fresh` does. What its calls refuse changes nothing here.
    """
    return registry.get(account.platform).client(tokens.fresh(account))


def pause(account: ConnectedAccount, *, by: Any) -> None:
    """Hold the account's posts until it is resumed."""
    usable = ConnectedAccount.USABLE
    if not health.change(account, Health.PAUSED, "account_paused", by=by, only_from=usable):
        raise InvalidRequest("account_not_usable", account=str(account))


def resume(account: ConnectedAccount, *, by: Any) -> None:
    """Let a paused account's posts go on."""
    if not health.change(account, Health.ACTIVE, by=by, only_from={Health.PAUSED}):
        raise InvalidRequest("account_not_paused", account=str(account))
    wake(account)


@without_locals
def disconnect(account: ConnectedAccount, *, by: Any) -> None:
    """Wipe the account's secrets at once; its platform is told to end the grant, as often as it takes.

    The row stays, with its posts. Nothing that is under way brings a token back.
    """
    with transaction.atomic():
        if not tokens.supersede(account, health__in=set(Health) - {Health.DISCONNECTED}):
            return
        account.refresh_from_db()
        revoking.queue(account, row=account)
        tokens.wipe(account)
        health.begin(account, Health.DISCONNECTED, "account_disconnected")
        account.exclusive_key, account.is_verified = None, False
        account.save(update_fields=(*tokens.FIELDS, *health.FIELDS, "exclusive_key", "is_verified"))
        events.record("account.disconnected", actor=by, account=account)


def _conclude(account: ConnectedAccount, profile: Profile, by: Any) -> None:
    """Write the health that an answer of the platform shows; a paused account stays paused."""
    state, code = Health.ACTIVE, ""
    if profile.unusable:
        state, code = Health.ACTION_NEEDED, profile.unusable
    elif account.permissions.get("publish") is False:
        state, code = Health.PERMISSION_MISSING, "permission_missing"
    not_paused = set(Health) - {Health.PAUSED}
    if health.change(account, state, code, by=by, only_from=not_paused) and account.is_active:
        wake(account)


def _quota(quota: Quota, at: str) -> dict[str, Any]:
    return {"used": quota.used, "total": quota.total, "window_seconds": quota.window_seconds, "at": at}

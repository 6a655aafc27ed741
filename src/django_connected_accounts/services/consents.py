"""What a consent gave: tokens, scopes, the accounts to choose from, and the saving of those chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import get_language

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Unavailable,
    UndecryptableToken,
)
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.types import Connection, Profile, Tokens

from . import events, health, tokens
from .links import web_link
from .scheduling import wake

Health = ConnectedAccount.Health

FIELDS = (
    *tokens.FIELDS,
    *health.FIELDS,
    "username",
    "display_name",
    "profile_picture_url",
    "account_type",
    "platform_user_id",
    "details",
    "is_verified",
    "last_sync_at",
    "language",
    "exclusive_key",
)


PASSING = (RateLimited, Unavailable, OutcomeUnknown)
"""Refusals that mean "not now", whatever their code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The outcome of an exchange; as JSON it waits, encrypted, for the person to choose."""

    tokens: Tokens
    granted: frozenset[str]
    profiles: tuple[Profile, ...]

    def tokens_of(self, profile: Profile) -> Tokens:
        """Return the tokens to act as this account with."""
        return replace(profile.tokens or self.tokens, scopes=self.granted)

    def to_json(self) -> dict[str, Any]:
        return {
            "tokens": _tokens_to_json(self.tokens),
            "granted": sorted(self.granted),
            "profiles": [
                {**asdict(profile), "tokens": profile.tokens and _tokens_to_json(profile.tokens)}
                for profile in self.profiles
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Consent:
        return cls(
            tokens=_tokens_from_json(stored["tokens"]),
            granted=frozenset(stored["granted"]),
            profiles=tuple(
                Profile(**{**profile, "tokens": profile["tokens"] and _tokens_from_json(profile["tokens"])})
                for profile in stored["profiles"]
            ),
        )


def checked(provider: Provider, consent: Consent, profiles: Iterable[Profile]) -> list[Profile]:
    """Return these profiles after asking the platform of each, or raise ConnectionFailed."""
    try:
        return [_checked(provider, consent, profile) for profile in profiles]
    except ProviderError as error:
        raise failure(error) from error


def save(
    attempt: ConnectionAttempt, provider: Provider, consent: Consent, profile: Profile
) -> ConnectedAccount:
    """Insert or update the account of this profile, in the caller's transaction.

    The unique constraints decide who is first: of two that connect the same account at once, one inserts, and
    the other updates what it finds or learns that it belongs to somebody else.
    """
    refused = ConnectionFailed("owned_by_other", accounts=name(profile), platform=provider.name)
    if _exclusive() and _held_by_others(attempt, profile).exists():
        raise refused
    known = attempt.account
    if known is None:
        try:
            with transaction.atomic():
                return _insert(attempt, provider, consent, profile)
        except IntegrityError:
            known = ConnectedAccount.objects.filter(
                user=attempt.user, platform=provider.id, account_id=profile.account_id
            ).first()
    if known is None:
        raise refused
    try:
        with transaction.atomic():
            return _update(known, attempt, provider, consent, profile)
    except IntegrityError:
        raise refused from None


def refresh_profile(account: ConnectedAccount, profile: Profile) -> None:
    """Set what the platform says of the account now, for the caller to save."""
    account.username = profile.username[:255]
    account.display_name = profile.display_name[:255]
    account.profile_picture_url = web_link(profile.profile_picture_url)
    account.account_type = profile.account_type[:64]
    account.platform_user_id = profile.user_id or account.platform_user_id
    account.details = {**account.details, **profile.details}


def name(profile: Profile) -> str:
    """Return what people call this account."""
    return health.handle(profile)


def names(profiles: Iterable[Profile]) -> str:
    """Return what people call the first few of these accounts."""
    shown = [name(profile) for profile in profiles]
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")


def failure(error: ProviderError) -> ConnectionFailed:
    """Return the end of a round trip that this error of the platform brings about."""
    detail = ", ".join(filter(None, (error.detail, error.platform_code, error.trace_id)))
    # What a worker would repeat, or look up, by itself: a person who connects begins again.
    code = "platform_unavailable" if isinstance(error, PASSING) else error.code
    return ConnectionFailed(code, detail, **error.params)


def _checked(provider: Provider, consent: Consent, profile: Profile) -> Profile:
    """Return the profile after asking the platform whether it will work, or raise what stands in the way.

    Not asked: a provider that would only read its list of profiles again, and about an account that is
    known to lack the permission to publish.
    """
    asks = type(provider).verify is not Provider.verify
    if not asks or not consent.granted.issuperset(provider.scopes_for(("publish",))):
        return profile
    connection = Connection(
        account_id=profile.account_id,
        tokens=consent.tokens_of(profile),
        username=profile.username,
        details=profile.details,
    )
    now = provider.verify(connection)
    if now.unusable:
        raise ConnectionFailed(now.unusable, accounts=name(now))
    return replace(now, tokens=profile.tokens, user_id=now.user_id or profile.user_id)


def _insert(
    attempt: ConnectionAttempt, provider: Provider, consent: Consent, profile: Profile
) -> ConnectedAccount:
    account = ConnectedAccount(user=attempt.user, platform=provider.id, account_id=profile.account_id)
    _fill(account, attempt, provider, consent, profile)
    account.save(force_insert=True)
    events.record("account.connected", actor=attempt.user, account=account)
    health.began(account, by=attempt.user)
    return account


def _update(
    account: ConnectedAccount,
    attempt: ConnectionAttempt,
    provider: Provider,
    consent: Consent,
    profile: Profile,
) -> ConnectedAccount:
    tokens.supersede(account)
    account.refresh_from_db()
    _fill(account, attempt, provider, consent, profile)
    account.save(update_fields=FIELDS)
    events.record("account.reconnected", actor=attempt.user, account=account)
    health.began(account, by=attempt.user)
    wake(account)
    return account


def _fill(
    account: ConnectedAccount,
    attempt: ConnectionAttempt,
    provider: Provider,
    consent: Consent,
    profile: Profile,
) -> None:
    _forget_unreadable(account)
    tokens.assign(account, provider, consent.tokens_of(profile))
    refresh_profile(account, profile)
    account.exclusive_key = f"{provider.id}:{profile.account_id}" if _exclusive() else None
    account.last_sync_at = provider.http.now()
    account.language = get_language() or ""
    account.is_verified = account.permissions.get("publish", False)
    if "publish" in attempt.capabilities and account.permissions.get("publish") is False:
        missing = ", ".join(sorted(set(provider.scopes_for(("publish",))) - consent.granted))
        health.begin(account, Health.PERMISSION_MISSING, "permission_missing", missing)
    else:
        health.begin(account, Health.ACTIVE)


def _forget_unreadable(account: ConnectedAccount) -> None:
    try:
        _ = account.tokens
    except UndecryptableToken:
        tokens.wipe(account)


def _exclusive() -> bool:
    return bool(settings.CONNECTED_ACCOUNTS_OWNERSHIP == "exclusive")


def _held_by_others(attempt: ConnectionAttempt, profile: Profile) -> QuerySet[ConnectedAccount]:
    same = ConnectedAccount.objects.filter(platform=attempt.platform, account_id=profile.account_id)
    others = same.exclude(health=Health.DISCONNECTED).exclude(user_id=attempt.user_id)
    return others.exclude(pk=attempt.account_id) if attempt.account_id else others


def _tokens_to_json(value: Tokens) -> dict[str, Any]:
    plain = asdict(value)
    for key, item in plain.items():
        if isinstance(item, datetime):
            plain[key] = item.isoformat()
        elif isinstance(item, frozenset):
            plain[key] = sorted(item)
    return plain


def _tokens_from_json(stored: Mapping[str, Any]) -> Tokens:
    plain = dict(stored)
    for key in ("expires_at", "refresh_expires_at", "data_access_expires_at", "issued_at"):
        plain[key] = plain[key] and datetime.fromisoformat(plain[key])
    plain["scopes"] = None if plain["scopes"] is None else frozenset(plain["scopes"])
    return Tokens(**plain)

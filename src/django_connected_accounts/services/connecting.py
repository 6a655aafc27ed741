"""The OAuth round trip: begin it, complete it, and choose where one consent gives several accounts.

It follows RFC 6749 section 4.1 and RFC 9700. The state is a single-use secret, bound to user, browser,
platform and redirect address and spent before the first call; a code is exchanged once, whatever happens
then.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.exceptions import (
    ConnectionFailed,
    InvalidRequest,
    ProviderError,
    UndecryptableToken,
)
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.types import Profile

from . import attempts, callbacks, consents, frames, health
from .consents import Consent

log = logging.getLogger("django_connected_accounts")

Status = ConnectionAttempt.Status


@dataclass(frozen=True, slots=True)
class Begun:
    """A round trip that has begun: send the person's browser to ``authorization_url``."""

    attempt: ConnectionAttempt
    authorization_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account to choose; ``unusable`` is the code of why it can't be, ``connected``: it is, and well."""

    account_id: str
    username: str
    display_name: str
    profile_picture_url: str
    account_type: str
    unusable: str
    connected: bool


@frames.without_locals
def begin(
    user: Any,
    platform: str,
    *,
    browser: str,
    redirect_uri: str,
    next_url: str = "",
    capabilities: Iterable[str] | None = None,
    account: ConnectedAccount | None = None,
) -> Begun:
    """Begin a round trip; with ``account``, one that reconnects it and no other.

    ``browser`` is a secret that only this browser's session holds. ``capabilities`` left out are those of the
    setting; what was declined before is asked for again.
    """
    if not browser:
        raise ValueError("browser must be a secret kept in the session")
    provider, rules = registry.get(platform), access()
    attempts.refuse_without_key()
    if not rules.may_connect(user, platform):
        raise InvalidRequest("not_permitted", platform=provider.name)
    if account is not None and not rules.accounts(user).filter(pk=account.pk, platform=platform).exists():
        raise InvalidRequest("account_not_found")
    _refuse_insecure(redirect_uri)
    state, wanted = secrets.token_urlsafe(32), tuple(capabilities or settings.CONNECTED_ACCOUNTS_CAPABILITIES)
    scopes = provider.scopes_for(wanted)
    attempt = ConnectionAttempt(
        user=user,
        platform=platform,
        state_hash=attempts.digest(state),
        browser_hash=attempts.digest(browser),
        redirect_uri=redirect_uri,
        capabilities=wanted,
        scopes=scopes,
        account=account,
        next_url=safe_next(next_url),
        expires_at=attempts.deadline(),
    )
    if provider.pkce:
        attempt.verifier = secrets.token_urlsafe(64)
    url = provider.authorization_url(
        redirect_uri=redirect_uri,
        state=state,
        verifier=attempt.verifier,
        scopes=scopes,
        rerequest=_declined_before(user, platform, wanted, account),
    )
    attempt.save(force_insert=True)
    return Begun(attempt, url)


@frames.without_locals
def complete(user: Any, platform: str, *, browser: str, params: callbacks.Params) -> ConnectionAttempt:
    """Finish a round trip with the query that the platform sent back. Call it outside a transaction.

    Returns the attempt, CONNECTED or CHOOSING; raises ConnectionFailed for every other end.
    """
    provider = registry.get(platform)
    attempt = None
    try:
        state = callbacks.state(params)
        if not access().may_connect(user, platform):
            raise ConnectionFailed("not_permitted")
        attempt = attempts.spend(user, provider, browser, state)
        _finish(attempt, provider, params)
    except ConnectionFailed as failed:
        failed.params.setdefault("platform", provider.name)
        if attempt is not None:
            failed.attempt = attempt
            attempts.fail(attempt, failed)
        raise
    return attempt


def candidates(attempt: ConnectionAttempt, search: str = "", keep: Collection[str] = ()) -> list[Candidate]:
    """Return whom to choose from: names that hold ``search``, ids to ``keep``; none once it is too late."""
    if attempt.status != Status.CHOOSING or attempt.expires_at <= timezone.now():
        return []
    try:
        profiles = Consent.from_json(attempt.candidates).profiles
    except UndecryptableToken:
        return []
    mine = ConnectedAccount.objects.filter(user=attempt.user_id, platform=attempt.platform)
    well = mine.exclude(health__in=(ConnectedAccount.Health.DISCONNECTED, *health.NEEDS_SOMEONE))
    connected = set(well.values_list("account_id", flat=True))
    sought = search.strip().lstrip("@").casefold()
    return [
        Candidate(
            account_id=profile.account_id,
            username=profile.username,
            display_name=profile.display_name,
            profile_picture_url=profile.profile_picture_url,
            account_type=profile.account_type,
            unusable=profile.unusable,
            connected=profile.account_id in connected,
        )
        for profile in profiles
        if profile.account_id in keep
        or sought in f"{profile.username}\n{profile.display_name}\n{profile.account_id}".casefold()
    ]


@frames.without_locals
def choose(user: Any, attempt: ConnectionAttempt, account_ids: Sequence[str]) -> list[ConnectedAccount]:
    """Connect the accounts chosen: all of them, or none and InvalidRequest says why."""
    found = access().attempts(user).select_related("account").filter(pk=attempt.pk).first()
    if found is None:
        raise InvalidRequest("attempt_not_found")
    if not access().may_connect(user, found.platform):
        raise InvalidRequest("not_permitted", platform=registry.name(found.platform))
    if found.status != Status.CHOOSING:
        raise InvalidRequest("attempt_replayed")
    if found.expires_at <= timezone.now():
        raise InvalidRequest("attempt_expired")
    found.user = user
    provider, consent = registry.get(found.platform), Consent.from_json(found.candidates)
    chosen = _chosen(consent, account_ids)
    try:
        checked = consents.checked(provider, consent, chosen)
        with transaction.atomic():
            if not attempts.move(found, Status.CHOOSING, Status.CONNECTED):
                raise ConnectionFailed("attempt_replayed")
            accounts = _save(found, provider, consent, checked)
    except ConnectionFailed as failed:
        params = {"platform": provider.name, **failed.params}
        raise InvalidRequest(failed.code, failed.detail, field="accounts", **params) from None
    attempt.refresh_from_db()
    return accounts


def safe_next(url: str, fallback: str = "") -> str:
    """Return ``url`` if it is a path on this site, however a browser reads it; ``fallback`` if not."""
    plain = unquote(url)
    on_site = plain.startswith("/") and plain.isprintable() and "\\" not in plain and len(url) <= 2000
    return url if on_site and url_has_allowed_host_and_scheme(plain, allowed_hosts=None) else fallback


def _finish(attempt: ConnectionAttempt, provider: Provider, params: callbacks.Params) -> None:
    try:
        if attempt.expires_at <= timezone.now():
            raise ConnectionFailed("attempt_expired")
        consent = _consent(attempt, provider, params)
        usable = _usable(consent)
        if len(usable) > 1:
            _offer(attempt, consent)
        else:
            _save(attempt, provider, consent, consents.checked(provider, consent, usable))
    except ConnectionFailed:
        raise
    except Exception as error:
        frames.clear(error)
        log.exception("Connection attempt %s did not finish", attempt.pk)
        raise ConnectionFailed(detail=type(error).__name__) from error


def _consent(attempt: ConnectionAttempt, provider: Provider, params: callbacks.Params) -> Consent:
    """Exchange the code and return what it gave, or raise ConnectionFailed if it is not what was asked."""
    if "iss" in params and provider.issuer and callbacks.single(params, "iss") != provider.issuer:
        raise ConnectionFailed("issuer_mismatch")
    code = callbacks.code(params)
    try:
        tokens = provider.exchange(code, redirect_uri=attempt.redirect_uri, verifier=attempt.verifier)
        granted = provider.granted(tokens)
        if granted is None:
            # RFC 6749 section 5.1: a platform that says nothing granted what was asked for.
            granted = frozenset(attempt.scopes)
        attempt.declined_scopes = [scope for scope in attempt.scopes if scope not in granted]
        if missing := set(provider.scopes_for(("connect",))).intersection(attempt.declined_scopes):
            raise ConnectionFailed("scopes_declined", scopes=", ".join(sorted(missing)))
        profiles = tuple(provider.profiles(tokens))
    except ProviderError as error:
        raise consents.failure(error) from error
    if attempt.account is not None and profiles:
        given, wanted = consents.names(profiles), attempt.account
        profiles = tuple(profile for profile in profiles if profile.account_id == wanted.account_id)
        if not profiles:
            raise ConnectionFailed("wrong_account", accounts=given, wanted=wanted.username)
    return Consent(tokens=tokens, granted=granted, profiles=profiles)


def _usable(consent: Consent) -> list[Profile]:
    """Return the accounts that can be connected, or raise ConnectionFailed: why there is none."""
    if not consent.profiles:
        raise ConnectionFailed("no_account")
    usable = [profile for profile in consent.profiles if not profile.unusable]
    if not usable:
        reasons = {profile.unusable for profile in consent.profiles}
        code = reasons.pop() if len(reasons) == 1 else "no_usable_account"
        raise ConnectionFailed(code, accounts=consents.names(consent.profiles))
    return usable


def _chosen(consent: Consent, account_ids: Sequence[str]) -> list[Profile]:
    offered = {profile.account_id: profile for profile in consent.profiles}
    if not account_ids:
        raise InvalidRequest("nothing_chosen", field="accounts")
    if not set(account_ids) <= set(offered):
        raise InvalidRequest("unknown_choice", field="accounts")
    chosen = [offered[account_id] for account_id in sorted(set(account_ids))]
    for profile in chosen:
        if profile.unusable:
            raise InvalidRequest(profile.unusable, field="accounts", accounts=consents.name(profile))
    return chosen


def _save(
    attempt: ConnectionAttempt, provider: Provider, consent: Consent, profiles: Iterable[Profile]
) -> list[ConnectedAccount]:
    with transaction.atomic():
        accounts = [consents.save(attempt, provider, consent, profile) for profile in profiles]
        attempt.connected = [str(account.pk) for account in accounts]
        attempts.end(attempt, Status.CONNECTED)
    return accounts


def _offer(attempt: ConnectionAttempt, consent: Consent) -> None:
    attempt.status, attempt.verifier = Status.CHOOSING, ""
    attempt.candidates, attempt.expires_at = consent.to_json(), attempts.deadline()
    attempt.save(update_fields=("status", "verifier", "candidates", "expires_at", "declined_scopes"))


def _refuse_insecure(redirect_uri: str) -> None:
    local = settings.DEBUG or settings.CONNECTED_ACCOUNTS_SANDBOX
    if urlsplit(redirect_uri).scheme != "https" and not local:
        raise InvalidRequest("redirect_uri_insecure")


def _declined_before(
    user: Any, platform: str, capabilities: Iterable[str], account: ConnectedAccount | None
) -> bool:
    """Say whether something was declined that is asked for now: platforms ask again only when told to."""
    if account is not None and not all(account.permissions.get(name, True) for name in capabilities):
        return True
    earlier = ConnectionAttempt.objects.filter(user=user, platform=platform)
    answered = earlier.filter(Q(status=Status.CONNECTED) | Q(code="scopes_declined"))
    return bool(answered.order_by("-created_at").values_list("declined_scopes", flat=True).first())

"""The OAuth round trip: begin it, complete it, and choose where one consent gives several accounts.

It follows RFC 6749 section 4.1 and RFC 9700. The state is a single-use secret bound to user, browser, platform and
redirect address; it is spent before the first call, and a code is exchanged once, whatever happens then.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.exceptions import ConnectionFailed, InvalidRequest, ProviderError
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.types import Profile

from . import consents, events
from .accounts import disconnect, pause, resume, verify
from .consents import Consent

__all__ = [
    "Begun",
    "Candidate",
    "begin",
    "candidates",
    "choose",
    "complete",
    "disconnect",
    "pause",
    "purge",
    "resume",
    "safe_next",
    "verify",
]

log = logging.getLogger("django_connected_accounts")

Status = ConnectionAttempt.Status
Params = Mapping[str, str | Sequence[str]]

LONGEST_STATE, LONGEST_CODE = 128, 4096
DENIED = frozenset({"access_denied", "user_cancelled_login", "user_cancelled_authorize"})
PLATFORM_DOWN = frozenset({"server_error", "temporarily_unavailable"})
"""What ``error`` in a callback says (RFC 6749 section 4.1.2.1, and LinkedIn's own words)."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A round trip that has begun: send the person's browser to ``authorization_url``."""

    attempt: ConnectionAttempt
    authorization_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account to choose; ``unusable`` is the code of why it can't be, ``connected`` says that it is already."""

    account_id: str
    username: str
    display_name: str
    profile_picture_url: str
    account_type: str
    unusable: str
    connected: bool


def begin(
    user: Any,
    platform: str,
    *,
    browser: str,
    redirect_uri: str,
    next_url: str = "",
    capabilities: Iterable[str] = ("connect", "publish"),
    account: ConnectedAccount | None = None,
) -> Begun:
    """Begin a round trip; with ``account``, one that reconnects it and no other.

    ``browser`` is a secret that only this browser's session holds. What was declined before is asked for again.
    """
    if not browser:
        raise ValueError("browser must be a secret kept in the session")
    provider = registry.get(platform)
    rules = access()
    if not rules.may_connect(user, platform):
        raise InvalidRequest("not_permitted", platform=provider.name)
    if account is not None and not rules.accounts(user).filter(pk=account.pk, platform=platform).exists():
        raise InvalidRequest("account_not_found")
    _refuse_insecure(redirect_uri)
    state, wanted = secrets.token_urlsafe(32), tuple(capabilities)
    scopes = provider.scopes_for(wanted)
    verifier = secrets.token_urlsafe(64) if provider.pkce else ""
    attempt = ConnectionAttempt(
        user=user,
        platform=platform,
        state_hash=_hash(state),
        browser_hash=_hash(browser),
        redirect_uri=redirect_uri,
        verifier=verifier,
        capabilities=wanted,
        scopes=scopes,
        account=account,
        next_url=safe_next(next_url),
        expires_at=_soon(),
    )
    url = provider.authorization_url(
        redirect_uri=redirect_uri,
        state=state,
        verifier=verifier,
        scopes=scopes,
        rerequest=_declined_before(user, platform, wanted, account),
    )
    attempt.save(force_insert=True)
    return Begun(attempt, url)


def complete(user: Any, platform: str, *, browser: str, params: Params) -> ConnectionAttempt:
    """Finish a round trip with the query that the platform sent back. Call it outside a transaction.

    Returns the attempt, CONNECTED or CHOOSING; raises ConnectionFailed for every other end.
    """
    provider = registry.get(platform)
    state = _single(params, "state", LONGEST_STATE)
    if not state:
        # Some platforms leave the state out when the person declines.
        declined = "state" not in params and _single(params, "error") in DENIED
        raise ConnectionFailed("denied" if declined else "state_missing", platform=provider.name)
    attempt = _spend(user, provider, browser, state)
    try:
        if attempt.expires_at <= timezone.now():
            raise ConnectionFailed("attempt_expired")
        consent = _consent(attempt, provider, params)
        usable = _usable(consent)
        if len(usable) > 1:
            _offer(attempt, consent)
        else:
            _save(attempt, provider, consent, _checked(provider, consent, usable))
    except ConnectionFailed as failed:
        _fail(attempt, provider, failed)
        raise
    except Exception as error:
        log.exception("Connection attempt %s did not finish", attempt.pk)
        failed = ConnectionFailed(detail=type(error).__name__)
        _fail(attempt, provider, failed)
        raise failed from error
    return attempt


def candidates(attempt: ConnectionAttempt, search: str = "") -> list[Candidate]:
    """Return the accounts to choose from whose name holds ``search``; none once the choice is made or too late."""
    if attempt.status != Status.CHOOSING or attempt.expires_at <= timezone.now():
        return []
    profiles = Consent.from_json(attempt.candidates).profiles
    mine = ConnectedAccount.objects.filter(user=attempt.user_id, platform=attempt.platform)
    connected = set(
        mine.exclude(health=ConnectedAccount.Health.DISCONNECTED).values_list("account_id", flat=True)
    )
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
        if sought in f"{profile.username}\n{profile.display_name}\n{profile.account_id}".casefold()
    ]


def choose(user: Any, attempt: ConnectionAttempt, account_ids: Sequence[str]) -> list[ConnectedAccount]:
    """Connect the accounts chosen: all of them, or none and InvalidRequest says why."""
    found = access().attempts(user).select_related("account").filter(pk=attempt.pk).first()
    if found is None:
        raise InvalidRequest("attempt_not_found")
    if found.status != Status.CHOOSING:
        raise InvalidRequest("attempt_replayed")
    if found.expires_at <= timezone.now():
        raise InvalidRequest("attempt_expired")
    found.user = user
    provider, consent = registry.get(found.platform), Consent.from_json(found.candidates)
    chosen = _chosen(consent, account_ids)
    try:
        checked = _checked(provider, consent, chosen)
        with transaction.atomic():
            if not _move(found, Status.CHOOSING, Status.CONNECTED):
                raise ConnectionFailed("attempt_replayed")
            accounts = _save(found, provider, consent, checked)
    except ConnectionFailed as failed:
        params = {"platform": provider.name, **failed.params}
        raise InvalidRequest(failed.code, failed.detail, field="accounts", **params) from None
    attempt.refresh_from_db()
    return accounts


def purge() -> int:
    """End the round trips nobody came back from, wipe their secrets, and delete those ended long ago.

    Returns how many were ended. Any time is right; `services.publishing.tick` calls it.
    """
    now = timezone.now()
    left = ConnectionAttempt.objects.filter(status__in=OPEN, expires_at__lte=now).order_by("expires_at")
    ended = 0
    for attempt in left[:100]:
        code = "connection_interrupted" if attempt.status == Status.EXCHANGING else "attempt_expired"
        if _move(attempt, attempt.status, Status.FAILED):
            _end(attempt, Status.FAILED, code)
            ended += 1
    kept = now - timedelta(days=settings.CONNECTED_ACCOUNTS_ATTEMPT_KEEP_DAYS)
    ConnectionAttempt.objects.filter(ended_at__lt=kept).delete()
    return ended


def safe_next(url: str, fallback: str = "") -> str:
    """Return ``url`` if it is a path on this site, however a browser reads it; ``fallback`` if not."""
    plain = unquote(url)
    on_site = plain.startswith("/") and plain.isprintable() and "\\" not in plain and len(url) <= 2000
    return url if on_site and url_has_allowed_host_and_scheme(plain, allowed_hosts=None) else fallback


OPEN = (Status.STARTED, Status.EXCHANGING, Status.CHOOSING)


def _spend(user: Any, provider: Provider, browser: str, state: str) -> ConnectionAttempt:
    """Return the attempt this state belongs to, which nobody can use again from now on."""
    rows = ConnectionAttempt.objects.select_related("account")
    attempt = rows.filter(state_hash=_hash(state)).first()
    refusal = ""
    if attempt is None:
        refusal = "unknown_state"
    elif attempt.user_id != user.pk:
        refusal = "other_user"
    elif attempt.platform != provider.id:
        refusal = "other_platform"
    elif not constant_time_compare(attempt.browser_hash, _hash(browser)):
        refusal = "other_browser"
    if attempt is None or refusal:
        raise ConnectionFailed(refusal, platform=provider.name)
    if not _move(attempt, Status.STARTED, Status.EXCHANGING):
        raise ConnectionFailed("attempt_replayed", attempt=attempt, platform=provider.name)
    attempt.status, attempt.user = Status.EXCHANGING, user
    return attempt


def _consent(attempt: ConnectionAttempt, provider: Provider, params: Params) -> Consent:
    """Exchange the code and return what it gave, or raise ConnectionFailed if that is not what was asked for."""
    if "iss" in params and provider.issuer and _single(params, "iss") != provider.issuer:
        raise ConnectionFailed("issuer_mismatch")
    code = _code(params)
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
        given, wanted = _names(profiles), attempt.account
        profiles = tuple(profile for profile in profiles if profile.account_id == wanted.account_id)
        if not profiles:
            raise ConnectionFailed("wrong_account", accounts=given, wanted=wanted.username)
    return Consent(tokens=tokens, granted=granted, profiles=profiles)


def _usable(consent: Consent) -> list[Profile]:
    """Return the accounts that can be connected, or raise ConnectionFailed with the reason why there is none."""
    if not consent.profiles:
        raise ConnectionFailed("no_account")
    usable = [profile for profile in consent.profiles if not profile.unusable]
    if not usable:
        reasons = {profile.unusable for profile in consent.profiles}
        code = reasons.pop() if len(reasons) == 1 else "no_usable_account"
        raise ConnectionFailed(code, accounts=_names(consent.profiles))
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


def _checked(provider: Provider, consent: Consent, profiles: Iterable[Profile]) -> list[Profile]:
    try:
        return [consents.verified(provider, consent, profile) for profile in profiles]
    except ProviderError as error:
        raise consents.failure(error) from error


def _save(
    attempt: ConnectionAttempt, provider: Provider, consent: Consent, profiles: Iterable[Profile]
) -> list[ConnectedAccount]:
    with transaction.atomic():
        accounts = [consents.save(attempt, provider, consent, profile) for profile in profiles]
        attempt.connected = [str(account.pk) for account in accounts]
        _end(attempt, Status.CONNECTED)
    return accounts


def _offer(attempt: ConnectionAttempt, consent: Consent) -> None:
    attempt.status, attempt.verifier = Status.CHOOSING, ""
    attempt.candidates, attempt.expires_at = consent.to_json(), _soon()
    attempt.save(update_fields=("status", "verifier", "candidates", "expires_at", "declined_scopes"))


def _fail(attempt: ConnectionAttempt, provider: Provider, failed: ConnectionFailed) -> None:
    failed.attempt = attempt
    failed.params.setdefault("platform", provider.name)
    told = {"attempt": str(attempt.pk), "platform": attempt.platform, "detail": failed.detail}
    with transaction.atomic():
        _end(attempt, Status.FAILED, failed.code, failed.detail, failed.params)
        who = {"actor": attempt.user, "account": attempt.account}
        events.record("account.connection_failed", code=failed.code, data=told, **who)


def _end(
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


def _move(attempt: ConnectionAttempt, status: str, to: str) -> bool:
    return bool(ConnectionAttempt.objects.filter(pk=attempt.pk, status=status).update(status=to))


def _code(params: Params) -> str:
    """Return the authorization code, or raise ConnectionFailed with what the platform says instead."""
    error = _single(params, "error") or _single(params, "error_code")
    if error:
        words = (error, _single(params, "error_reason"), _single(params, "error_description"))
        code = "denied" if error in DENIED else "platform_error"
        raise ConnectionFailed(
            "platform_unavailable" if error in PLATFORM_DOWN else code, ": ".join(filter(None, words))
        )
    # Instagram's "#_" is no part of the code, but servers that rebuild a URL may hand it over.
    code = _single(params, "code", LONGEST_CODE).partition("#")[0]
    if not code:
        raise ConnectionFailed("callback_incomplete")
    return code


def _single(params: Params, key: str, longest: int = 1000) -> str:
    """Return the one value of this parameter, "" if it is missing, repeated, too long or not plain text."""
    found = params.getlist(key) if isinstance(params, QueryDict) else params.get(key, "")
    values = [found] if isinstance(found, str) else list(found)
    value = values[0] if len(values) == 1 else ""
    return value if len(value) <= longest and value.isprintable() else ""


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
    attempts = ConnectionAttempt.objects.filter(user=user, platform=platform)
    answered = attempts.filter(Q(status=Status.CONNECTED) | Q(code="scopes_declined"))
    last = answered.values_list("declined_scopes", flat=True).order_by("-created_at").first()
    return bool(last)


def _names(profiles: Iterable[Profile]) -> str:
    shown = [consents.name(profile) for profile in profiles]
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")


def _soon() -> datetime:
    return timezone.now() + timedelta(seconds=settings.CONNECTED_ACCOUNTS_ATTEMPT_SECONDS)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

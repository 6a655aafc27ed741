"""Connected accounts in JSON: list, read, pause, disconnect, reconnect, verify, refresh."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from django_connected_accounts.access import access
from django_connected_accounts.browser import browser_id, redirect_uri
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.services import accounts, budgets, connecting, health, tokens

from .envelope import Answer, explained, moment
from .paging import page
from .reading import boolean, query, read, text

PAUSED = ConnectedAccount.Health.PAUSED
SECRETS = ("access_token", "refresh_token", "extra_tokens")
"""Never read from the database where only facts are shown: a row whose secrets are unreadable lists too."""


def listing(request: HttpRequest) -> Answer:
    """Answer the accounts this user may see, newest first, by ``?platform``, ``?health``, ``?search``."""
    found = _accounts(request)
    if platform := query(request, "platform"):
        found = found.filter(platform=platform)
    if state := query(request, "health", ConnectedAccount.Health.values):
        found = found.filter(health=state)
    if search := query(request, "search").strip():
        found = found.filter(
            Q(username__icontains=search) | Q(display_name__icontains=search) | Q(account_id=search)
        )
    return page(request, found, account_row)


def detail(request: HttpRequest, account_id: UUID) -> Answer:
    """Answer one account."""
    return Answer(body=account_row(_one(_accounts(request), account_id)))


def change(request: HttpRequest, account_id: UUID) -> Answer:
    """Pause or resume an account: ``{"paused": true}``."""
    account = own(request, account_id)
    paused = read(request, {"paused": boolean}, required=["paused"])["paused"]
    if paused != (account.health == PAUSED):
        (accounts.pause if paused else accounts.resume)(account, by=request.user)
    return detail(request, account_id)


def disconnect(request: HttpRequest, account_id: UUID) -> Answer:
    """Wipe the account's tokens here at once, and have the platform end the grant."""
    accounts.disconnect(own(request, account_id), by=request.user)
    return Answer(status=204)


def reconnect(request: HttpRequest, account_id: UUID) -> Answer:
    """Begin a new round trip for this very account; answer where to send the person."""
    account = own(request, account_id)
    wanted = read(request, {"next": text})
    return round_trip(request, account.platform, wanted.get("next", ""), account)


def verify(request: HttpRequest, account_id: UUID) -> Answer:
    """Ask the platform how the account is; answer it as it is now."""
    account = own(request, account_id)
    read(request, {})
    accounts.verify(account, by=request.user)
    return detail(request, account_id)


def refresh(request: HttpRequest, account_id: UUID) -> Answer:
    """Replace the account's tokens before their time, where the platform can."""
    account = own(request, account_id)
    read(request, {})
    tokens.refresh(account, by=request.user)
    return detail(request, account_id)


def round_trip(
    request: HttpRequest, platform: str, next_url: str, account: ConnectedAccount | None = None
) -> Answer:
    """Begin a round trip bound to this user and browser; answer where to send the person, and its attempt."""
    begun = connecting.begin(
        request.user,
        platform,
        browser=browser_id(request),
        redirect_uri=redirect_uri(request, "connected_accounts_api:callback", platform),
        next_url=connecting.safe_next(next_url),
        account=account,
    )
    return Answer(body={"authorization_url": begun.authorization_url, "attempt": str(begun.attempt.pk)})


def own(request: HttpRequest, account_id: UUID) -> ConnectedAccount:
    """Return an account this user may act on, or raise InvalidRequest("not_found")."""
    return _one(access().accounts(request.user), account_id)


def account_row(account: ConnectedAccount) -> dict[str, Any]:
    """Return an account as JSON; none of its secrets."""
    return {
        **account_name(account),
        "display_name": account.display_name,
        "profile_picture_url": account.profile_picture_url,
        "account_type": account.account_type,
        "health": account.health,
        "reason": account_reason(account, account.health_code),
        "health_since": moment(account.health_since),
        "is_active": account.is_active,
        "is_verified": account.is_verified,
        "granted_scopes": account.granted_scopes,
        "permissions": account.permissions,
        "token_expires_at": moment(account.token_expires_at),
        "data_access_expires_at": moment(account.data_access_expires_at),
        "quota": _quota(account.quota),
        "hold": _hold(account),
        "waiting_posts": getattr(account, "waiting_posts", 0),
        "last_sync_at": moment(account.last_sync_at),
        "created_at": moment(account.created_at),
        "updated_at": moment(account.updated_at),
    }


def account_name(account: ConnectedAccount) -> dict[str, str]:
    """Return what tells an account from others."""
    return {
        "id": str(account.pk),
        "platform": account.platform,
        "account_id": account.account_id,
        "username": account.username,
    }


def account_reason(account: ConnectedAccount, code: str) -> dict[str, str] | None:
    """Return why it, or a post on it, is as it is, with what to do; None without a code."""
    return explained(code, health.naming(account)) if code else None


def _hold(account: ConnectedAccount) -> dict[str, Any] | None:
    """Return why, and until when, nothing is sent for this account; None while all goes out."""
    until = getattr(account, "hold_until", None)
    code = getattr(account, "hold_code", "")
    return {"until": moment(until), "reason": account_reason(account, code)} if until else None


def _quota(said: Mapping[str, Any]) -> dict[str, Any]:
    return {**said, "at": moment(datetime.fromisoformat(said["at"]))} if said else {}


def _accounts(request: HttpRequest) -> QuerySet[ConnectedAccount]:
    mine: QuerySet[ConnectedAccount] = access().accounts(request.user)
    return budgets.annotate(health.annotate(mine)).defer(*SECRETS)


def _one(rows: QuerySet[ConnectedAccount], account_id: UUID) -> ConnectedAccount:
    account = rows.filter(pk=account_id).first()
    if account is None:
        raise InvalidRequest("not_found")
    return account

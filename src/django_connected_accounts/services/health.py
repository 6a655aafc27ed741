"""How each account is: `change` is the one writer of `ConnectedAccount.health`, save for a new connection."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.providers.base import Provider

from . import events

Health = ConnectedAccount.Health

NEEDS_SOMEONE = frozenset(
    {Health.RECONNECT_NEEDED, Health.ACTION_NEEDED, Health.PERMISSION_MISSING, Health.UNDECRYPTABLE}
)
"""Healths that somebody is told of when they begin."""

FIELDS = ("health", "health_code", "health_detail", "health_since", "is_active")


def change(
    account: ConnectedAccount,
    health: str,
    code: str = "",
    detail: str = "",
    by: Any = None,
    *,
    only_from: Collection[str] = (),
    only_version: int | None = None,
    now: datetime | None = None,
) -> bool:
    """Write how this account is from now on, here and in the database. False: nothing changed.

    It stays as it is where it is so already, is disconnected, has none of the healths ``only_from`` names, or
    has other tokens than ``only_version``, those that the news is about.
    """
    now = now or timezone.now()
    rows = ConnectedAccount.objects.filter(pk=account.pk).exclude(health=Health.DISCONNECTED)
    rows = rows.exclude(health=health, health_code=code)
    if only_from:
        rows = rows.filter(health__in=only_from)
    if only_version is not None:
        rows = rows.filter(token_version=only_version)
    since = Case(When(health=health, then=F("health_since")), default=now)
    with transaction.atomic():
        changed = rows.update(
            health_since=since,
            health=health,
            health_code=code,
            health_detail=detail[:255],
            is_active=health in ConnectedAccount.USABLE,
            updated_at=now,
        )
        if changed:
            was = account.health
            account.refresh_from_db(fields=FIELDS)
            told = {"health": health, "was": was, "detail": detail[:255]}
            # Another reason for the same health is no new occurrence.
            notice = health if health in NEEDS_SOMEONE and account.health_since == now else ""
            events.record("account.health", code=code, actor=by, account=account, data=told, notice=notice)
    return bool(changed)


def begin(account: ConnectedAccount, health: str, code: str = "", detail: str = "") -> None:
    """Set how an account is at the start of a new connection, for the caller to save with its new tokens."""
    account.health, account.health_code, account.health_detail = health, code, detail[:255]
    account.health_since = timezone.now()
    account.is_active = health in ConnectedAccount.USABLE


def began(account: ConnectedAccount, *, by: Any = None) -> None:
    """Tell of a new connection that somebody must look after from the start, once it is saved."""
    if account.health in NEEDS_SOMEONE:
        told = {"health": account.health, "was": "", "detail": account.health_detail}
        code, notice = account.health_code, account.health
        events.record("account.health", code=code, actor=by, account=account, data=told, notice=notice)


class Named(Protocol):
    """An account, or what a platform says of one."""

    @property
    def account_id(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def display_name(self) -> str: ...


def handle(account: Named) -> str:
    """Return what an account is called there: what has a space in it is a name and no handle."""
    name = account.username
    if name:
        return name if " " in name else f"@{name}"
    return account.display_name or account.account_id


def naming(account: ConnectedAccount) -> dict[str, str]:
    """Return what fills the places in the texts of every code about this account."""
    return {"account": handle(account), "platform": registry.name(account.platform)}


def annotate(accounts: QuerySet[ConnectedAccount]) -> QuerySet[ConnectedAccount]:
    """Return the accounts with ``waiting_posts``: how many posts are still to go out on each."""
    waiting = Publication.objects.filter(account=OuterRef("pk"), status__in=Publication.OPEN)
    count = waiting.order_by().values("account").annotate(count=Count("pk")).values("count")
    return accounts.annotate(waiting_posts=Coalesce(Subquery(count, output_field=IntegerField()), 0))


def waiting_posts(account: ConnectedAccount) -> int:
    """Return how many posts are still to go out on this account."""
    return Publication.objects.filter(account=account, status__in=Publication.OPEN).count()


def permissions(provider: Provider, granted: Collection[str]) -> dict[str, bool]:
    """Return of each capability of this platform whether all its scopes are granted."""
    return {capability: set(scopes) <= set(granted) for capability, scopes in provider.scopes.items()}

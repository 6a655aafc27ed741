"""Choosing accounts, also among many: the chosen are always there, the others by search and page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from django_connected_accounts.access import access
from django_connected_accounts.models import ConnectedAccount, Post

from .page import SECRETS, uuids

LISTED = 20
"""How many accounts beside those chosen are listed at a time."""


@dataclass(frozen=True, slots=True)
class Picker:
    """Some accounts to choose from, the chosen first; ``find`` and ``page`` say which of the others."""

    accounts: list[ConnectedAccount]
    chosen: frozenset[UUID]
    find: str
    page: int
    has_more: bool

    @property
    def picked(self) -> list[ConnectedAccount]:
        """The accounts that are chosen."""
        return [account for account in self.accounts if account.pk in self.chosen]

    @property
    def is_part(self) -> bool:
        """Whether there are others than those listed."""
        return self.has_more or self.page > 1 or bool(self.find)


def picker(accounts: QuerySet[ConnectedAccount], chosen: Iterable[UUID], find: str, page: int) -> Picker:
    """Return what to list of these accounts."""
    ids = frozenset(chosen)
    ordered = accounts.order_by("platform", "username", "pk")
    picked = list(ordered.filter(pk__in=ids)) if ids else []
    others = ordered.exclude(pk__in=ids)
    for word in find.split():
        others = others.filter(
            Q(username__icontains=word) | Q(display_name__icontains=word) | Q(platform__icontains=word)
        )
    start = (page - 1) * LISTED
    listed = list(others[start : start + LISTED + 1])
    found = frozenset(account.pk for account in picked)
    return Picker([*picked, *listed[:LISTED]], found, find, page, len(listed) > LISTED)


def connected(request: HttpRequest) -> QuerySet[ConnectedAccount]:
    """Return the accounts this user may choose to publish with."""
    accounts = access().accounts(request.user).exclude(health=ConnectedAccount.Health.DISCONNECTED)
    return accounts.defer(*SECRETS)


def chosen_accounts(request: HttpRequest, post: Post | None = None) -> list[ConnectedAccount]:
    """Return the accounts a post is meant for: ``?account=``, else its own, else the only one there is."""
    mine = connected(request)
    if wanted := uuids(request.GET.getlist("account")):
        return list(mine.filter(pk__in=wanted))
    own = Q(posts=post) | Q(publications__post=post)
    if post and (meant := list(mine.filter(own).distinct())):
        return meant
    first_two = list(mine[:2])
    return first_two if len(first_two) == 1 else []

"""Access kept alive though nobody uses it: `refresh_due`, by any number of runners."""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectedAccountsError, UndecryptableToken
from django_connected_accounts.models import ConnectedAccount

from . import accounts, health, renewal, tokens
from .scheduling import wake

log = logging.getLogger("django_connected_accounts")

Health = ConnectedAccount.Health

KEPT_ALIVE = frozenset(
    {*ConnectedAccount.USABLE, Health.PAUSED, Health.PERMISSION_MISSING, Health.UNDECRYPTABLE}
)
"""How accounts are whose tokens are looked after unasked."""

REST = timedelta(days=1)
"""When to look again at accounts that are not."""

OTHER_WORK = 4.0
"""A runner leaves this many times as long to its other work as it took to look after tokens."""

_again_at = 0.0


def refresh_in_turn() -> None:
    """Do `refresh_due`, but leave this process most of its time for publishing: many may be due, or slow."""
    global _again_at
    began = time.monotonic()
    if began >= _again_at:
        refresh_due()
        ended = time.monotonic()
        _again_at = ended + OTHER_WORK * (ended - began)


def refresh_due(limit: int = 100, seconds: float = 5.0) -> int:
    """Look after the tokens whose time has come, for some seconds. Return how many accounts that were."""
    began, done = time.monotonic(), 0
    batch = list(due().select_related("user")[:limit])
    random.shuffle(batch)  # so that runners who look at once seldom reach for the same
    for account in batch:
        if time.monotonic() - began > seconds:
            break
        if not _claim(account):
            continue
        done += 1
        try:
            _look_after(account)
        except ConnectedAccountsError as error:
            log.info("Account %s was not refreshed: %s", account.pk, error.code)
        except Exception:
            log.exception("Account %s: the refresh broke", account.pk)
    return done


def due() -> QuerySet[ConnectedAccount]:
    """Return the accounts whose tokens are to be looked after, those that wait longest first."""
    return ConnectedAccount.objects.filter(refresh_at__lte=registry.now()).order_by("refresh_at")


def _claim(account: ConnectedAccount) -> bool:
    """Say whether this runner is the one to look after an account that is due.

    Whoever moves its time has it. Should that runner die, it comes up again when its lease has run out.
    """
    wanted = account.health in KEPT_ALIVE and getattr(account.user, "is_active", True)
    rest = timedelta(seconds=settings.CONNECTED_ACCOUNTS_LEASE_SECONDS) if wanted else REST
    mine = ConnectedAccount.objects.filter(pk=account.pk, refresh_at=account.refresh_at)
    return bool(mine.update(refresh_at=registry.now() + rest)) and wanted


def _reopen(account: ConnectedAccount) -> None:
    """Put an account back to how it was, now that its secrets can be read: the key is there again."""
    closed = account.events.filter(verb="account.health", data__health=Health.UNDECRYPTABLE)
    event = closed.order_by("-at").first()
    state, code = Health.ACTIVE, ""
    if event and event.data["was"] == Health.PAUSED:
        state, code = Health.PAUSED, "account_paused"
    elif account.permissions.get("publish") is False:
        state, code = Health.PERMISSION_MISSING, "permission_missing"
    if health.change(account, state, code, only_from={Health.UNDECRYPTABLE}) and account.is_active:
        wake(account)


def _look_after(account: ConnectedAccount) -> None:
    provider = registry.get(account.platform)
    now = provider.http.now()
    try:
        possible = provider.can_refresh(account.tokens, now=now)
    except UndecryptableToken as error:
        tokens.invalidate(account, error)
        return
    if account.health == Health.UNDECRYPTABLE:
        _reopen(account)
    elif possible:
        tokens.refresh(account)
        return
    tokens.fresh(account)  # finds out whether they have ended
    if account.data_access_expires_at and account.data_access_expires_at <= now:
        accounts.verify(account, by=None)  # as the platform has it, the owner may have prolonged it
    same = ConnectedAccount.objects.filter(pk=account.pk, token_version=account.token_version)
    same.update(refresh_at=renewal.planned(account, provider, now))

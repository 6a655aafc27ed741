"""When access is renewed unasked, by its platform's rule, and how long trouble with that is waited out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django_connected_accounts.exceptions import ProviderError, RateLimited, Unavailable
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.base import Provider

FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(hours=1)
LONGEST_WAIT = timedelta(days=2)
UNREADABLE = timedelta(minutes=15)
"""When to see whether tokens that can't be read can be: operators bring keys back."""

PLACES = 1_000_000


def planned(account: ConnectedAccount, provider: Provider, now: datetime) -> datetime | None:
    """Return when to look after these tokens: where they can be renewed in time, at the end where they can't.

    None where they have no end. What is ended by that of the access to data is looked after then. The same
    tokens always get the same time, and accounts of one moment get times all over the window of
    `Provider.renewal`.
    """
    moments = [_renewal(account, provider, now), account.data_access_expires_at]
    return min((moment for moment in moments if moment and moment > now), default=moments[0])


def _renewal(account: ConnectedAccount, provider: Provider, now: datetime) -> datetime | None:
    end, last, rule = account.token_expires_at, account.refresh_expires_at, provider.renewal
    if end is None or rule is None or (last is not None and last <= end):
        return end
    issued = account.token_issued_at or now
    first, latest = rule.window
    share = first + (latest - first) * _place(account)
    span = end - issued if end - issued > rule.short else rule.idle
    if last is not None:
        span = min(span, last - issued)
    moment = issued + span * share
    return moment if provider.can_refresh(account.tokens, now=moment) else end


def wait(account: ConnectedAccount, error: ProviderError, now: datetime) -> timedelta:
    """Return how long to leave the platform alone: what it asked for, or as long again as it has failed.

    While there is something to save, never more than half the time that is left.
    """
    failing = timedelta()
    if account.health == ConnectedAccount.Health.REFRESH_RETRYING and account.health_since:
        failing = now - account.health_since
    asked = error.retry_after if isinstance(error, (RateLimited, Unavailable)) else None
    asked_for = timedelta(seconds=min(asked or 0, LONGEST_WAIT.total_seconds()))
    longest = LONGEST_WAIT
    if account.token_expires_at and account.token_expires_at > now:
        longest = min(longest, (account.token_expires_at - now) / 2)
    return max(FIRST_RETRY, min(failing, LAST_RETRY), min(asked_for, longest))


def _place(account: ConnectedAccount) -> float:
    """Return where among all accounts this one is, from 0 to 1, evenly and always the same."""
    return account.pk.int % PLACES / PLACES

"""Telling the platforms of grants that have ended here, as often as it takes."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectedAccountsError, NotAuthorized, UndecryptableToken
from django_connected_accounts.models import ConnectedAccount, Revocation
from django_connected_accounts.providers.base import Provider

from . import events
from .frames import without_locals

log = logging.getLogger("django_connected_accounts")

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 12 * 60, 24 * 60))
"""How long after each failure the platform is told again; after the last the secrets are given up."""


@without_locals
def queue(account: ConnectedAccount, *, row: ConnectedAccount | None) -> None:
    """Keep the secrets of an account that ends, encrypted, until its platform was told.

    ``row`` is the account if it stays in the database, None if it goes. Call it in the transaction that wipes
    the account.
    """
    if not _can_be_told(account.platform):
        return
    revocation = Revocation(
        account=row,
        platform=account.platform,
        remote_account_id=account.account_id,
        platform_user_id=account.platform_user_id,
        name=str(account),
    )
    try:
        ended = account.tokens
    except UndecryptableToken as error:
        _tell_that_it_failed(revocation, error)
        return
    if ended.access_token or ended.refresh_token or ended.extra:
        revocation.secrets = {
            "access_token": ended.access_token,
            "refresh_token": ended.refresh_token,
            "extra": dict(ended.extra),
        }
        revocation.save(force_insert=True)


def revoke_due(limit: int = 10) -> int:
    """Tell the platforms of the grants whose time has come. Return how many those were."""
    done = 0
    for revocation in Revocation.objects.filter(run_at__lte=timezone.now()).order_by("run_at")[:limit]:
        # Whoever moves the time has it; should we die over it, it comes up again then.
        mine = Revocation.objects.filter(pk=revocation.pk, run_at=revocation.run_at)
        again = timezone.now() + WAITS[min(revocation.attempts, len(WAITS) - 1)]
        if mine.update(run_at=again, attempts=F("attempts") + 1):
            done += 1
            try:
                _revoke(revocation)
            except Exception:
                log.exception("Grant %s could not be ended; it is tried again", revocation.pk)
    return done


@receiver(pre_delete, sender=ConnectedAccount)
def _queue_deleted(instance: ConnectedAccount, **kwargs: Any) -> None:
    """However an account is deleted, by itself or with its user, its grant is ended at the platform too."""
    if instance.health != ConnectedAccount.Health.DISCONNECTED:
        queue(instance, row=None)


@without_locals
def _revoke(revocation: Revocation) -> None:
    try:
        if _is_alive(revocation):
            revocation.delete()
            return
        registry.get(revocation.platform).revoke(revocation.tokens)
    except NotAuthorized:
        pass  # it had ended before
    except (ConnectedAccountsError, ImproperlyConfigured) as error:
        if isinstance(error, UndecryptableToken) or revocation.attempts >= len(WAITS):
            with transaction.atomic():
                _tell_that_it_failed(revocation, error)
                revocation.delete()
        return
    with transaction.atomic():
        told = {"platform": revocation.platform, "name": revocation.name}
        events.record("account.revoked", account=revocation.account, data=told)
        revocation.delete()


def _is_alive(revocation: Revocation) -> bool:
    """Say whether an account lives on the same consent, maybe given anew: ending it would end that one.

    It may be another platform's: one app of Meta serves Instagram and Facebook.
    """
    alive = ConnectedAccount.objects.filter(platform__in=_platforms_of_the_app(revocation.platform))
    alive = alive.exclude(health=ConnectedAccount.Health.DISCONNECTED)
    if revocation.platform_user_id:
        return alive.filter(platform_user_id=revocation.platform_user_id).exists()
    return alive.filter(account_id=revocation.remote_account_id).exists()


def _platforms_of_the_app(platform: str) -> list[str]:
    """Return the platforms that share this one's app, which a person grants and removes as a whole."""
    app, token_url = registry.get(platform).app, registry.get(platform).token_url
    others = registry.all()
    return [o.id for o in others if (o.app.client_id, o.token_url) == (app.client_id, token_url)]


def _tell_that_it_failed(revocation: Revocation, error: Exception) -> None:
    told = {
        "platform": revocation.platform,
        "name": revocation.name,
        "cause": getattr(error, "code", "not_configured"),
        "detail": getattr(error, "detail", str(error)),
    }
    events.record(
        "account.revoke_failed",
        code="revoke_failed",
        account=revocation.account,
        notice="revoke_failed",
        data=told,
    )


def _can_be_told(platform: str) -> bool:
    try:
        return registry.class_of(platform).revoke is not Provider.revoke
    except ImproperlyConfigured:
        return False

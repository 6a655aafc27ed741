"""Throwing drafts away, and deleting on a platform what was published there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F

from django_connected_accounts import registry
from django_connected_accounts.exceptions import (
    ActionNeeded,
    ConnectedAccountsError,
    InvalidRequest,
    NotAuthorized,
)
from django_connected_accounts.models import ConnectedAccount, Post, Publication, Series
from django_connected_accounts.providers.base import Deletes

from . import drafting, events, leases, reviewing, states, tokens
from .frames import without_locals
from .links import remote_id_of

Status = Publication.Status


def delete(post: Post, *, by: Any) -> None:
    """Delete a draft and its files. Raise InvalidRequest for what was ever scheduled: that is kept."""
    reviewing.may_change(post, by)
    with transaction.atomic():
        reviewing.lock(post)
        if post.publications.exists():
            raise InvalidRequest("post_already_scheduled")
        if Series.objects.filter(post=post).exists():
            raise InvalidRequest("post_repeats")
        post.delete()


@without_locals
def take_down(publication: Publication, *, by: Any) -> None:
    """Delete on the platform what is live there, and send nothing more of it.

    It may be called again after any failure, and when it was done already. Raise InvalidRequest where it
    can't be, ProviderError where the platform refused or did not answer: then nothing has changed here.
    """
    reviewing.may_change(publication.post, by)
    account = publication.account
    with _held(publication):
        if publication.status == Status.DELETED:
            return
        provider = _deleting(publication)
        try:
            provider.delete(tokens.fresh(account), publication.remote_id)
        except (NotAuthorized, ActionNeeded) as error:
            tokens.invalidate(account, error)
            raise
        _deleted(publication, "replies_stay" if leaves(publication) else "", by)


def can_take_down(publication: Publication) -> bool:
    """Say whether `take_down` has a chance, as far as we know."""
    try:
        return bool(_deleting(publication))
    except ConnectedAccountsError:
        return False


def leaves(publication: Publication) -> bool:
    """Say whether something of it stays public when it is deleted: a thread is several posts on X."""
    provider = registry.get(publication.account.platform)
    if not isinstance(provider, Deletes):
        return False
    return provider.leaves(drafting.draft(publication.post, publication.account))


def _deleting(publication: Publication) -> Deletes:
    """Return who deletes this publication, or raise InvalidRequest where that can't be."""
    account = publication.account
    named: dict[str, Any] = {"account": str(account), "platform": registry.name(account.platform)}
    try:
        provider = registry.get(account.platform)
    except ImproperlyConfigured:
        raise InvalidRequest("not_configured", **named) from None
    if publication.status != Status.PUBLISHED:
        raise InvalidRequest("publication_not_live", **named)
    if not isinstance(provider, Deletes):
        raise InvalidRequest("platform_does_not_delete", **named)
    if account.health == ConnectedAccount.Health.DISCONNECTED:
        raise InvalidRequest("account_disconnected", **named)
    if account.permissions.get("delete") is False:
        raise InvalidRequest("delete_permission_missing", **named)
    if publication.remote_id == remote_id_of(publication.permalink):
        raise InvalidRequest("only_link_known", **named)
    return provider


@contextmanager
def _held(publication: Publication) -> Iterator[None]:
    """Keep runners and other people off a publication, which is read anew; raise where one is at it."""
    seconds, row = settings.CONNECTED_ACCOUNTS_LEASE_SECONDS, Publication.objects.filter(pk=publication.pk)
    with transaction.atomic():
        token = leases.acquire(publication, seconds)
        if not token:
            raise InvalidRequest("publication_busy", account=str(publication.account))
        due = row.values_list("run_at", flat=True).get()
        row.exclude(run_at=None).update(run_at=F("lease_until"))  # what is due would be taken, lease or no
    try:
        publication.refresh_from_db()
        yield
    finally:
        row.filter(lease_token=token).update(lease_token="", lease_until=None, run_at=due)
        publication.lease_token, publication.lease_until = "", None


def _deleted(publication: Publication, code: str, by: Any) -> None:
    """Write that it is gone, with nothing left to do, while the lease is still ours."""
    with transaction.atomic():
        ours = Publication.objects.filter(pk=publication.pk, lease_token=publication.lease_token)
        # Taken and given back in one write: the row's lock keeps everybody else off until the commit.
        if not ours.update(lease_token="", lease_until=None):
            raise InvalidRequest("publication_busy", account=str(publication.account))
        states.change(publication, Status.DELETED)
        publication.code, publication.detail, publication.remedy = code, "", ""
        publication.platform_code = publication.trace_id = publication.lease_token = ""
        publication.checkpoint = publication.run_at = publication.intent_at = publication.lease_until = None
        publication.repeatable = True
        publication.save()
        events.record(
            "publication.deleted",
            code=code,
            actor=by,
            account=publication.account,
            post=publication.post,
            publication=publication,
            data={"remote_id": publication.remote_id, "permalink": publication.permalink},
        )

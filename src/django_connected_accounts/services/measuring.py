"""Numbers of accounts and their posts, as their platforms give them: what they don't give is said, not zero.

Reading numbers never changes the health of an account: a platform may refuse them to whom it lets publish.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import OuterRef, Q, QuerySet, Subquery

from django_connected_accounts import registry
from django_connected_accounts.exceptions import (
    ConnectedAccountsError,
    InvalidRequest,
    PermissionMissing,
    RateLimited,
)
from django_connected_accounts.models import ConnectedAccount, Measurement, Publication
from django_connected_accounts.providers.base import Measures
from django_connected_accounts.providers.types import Connection, Reading

from . import health, tokens
from .frames import without_locals

log = logging.getLogger("django_connected_accounts")

MOST_POSTS = 50
"""The newest posts of an account whose numbers are read in one go."""
RETRY = timedelta(hours=1)
OTHER_WORK = 4.0
"""A runner leaves this many times as long to its other work as it took to read numbers."""

_again_at = 0.0


def can_measure(account: ConnectedAccount) -> bool:
    """Say whether the platform gives numbers of this account now, as far as we know."""
    if not account.is_active:
        return False
    try:
        provider = registry.get(account.platform)
    except (ConnectedAccountsError, ImproperlyConfigured):
        return False
    return isinstance(provider, Measures) and account.permissions.get("measure") is not False


@without_locals
def measure(account: ConnectedAccount) -> list[Measurement]:
    """Read the numbers of an account and of its newest posts now, and return them as they were stored.

    Raise InvalidRequest where there are none to be had, ProviderError where the platform gave not one.
    """
    provider, connection = _measuring(account)
    found = _stored(account, None, _read(provider, connection))
    for publication in _posts(account):
        try:
            found += _stored(account, publication, _read(provider, connection, publication.remote_id))
        except RateLimited:
            raise
        except ConnectedAccountsError as error:
            log.info("Publication %s was not measured: %s", publication.pk, error.code)
    return found


@without_locals
def measure_account(account: ConnectedAccount) -> list[Measurement]:
    """Do `measure` without the posts: few enough calls for somebody to wait for them."""
    provider, connection = _measuring(account)
    return _stored(account, None, _read(provider, connection))


@without_locals
def measure_publication(publication: Publication) -> list[Measurement]:
    """Read the numbers of one post on one account now; raises what `measure` does."""
    if publication.status != Publication.Status.PUBLISHED:
        raise InvalidRequest("publication_not_live")
    account = publication.account
    provider, connection = _measuring(account)
    return _stored(account, publication, _read(provider, connection, publication.remote_id))


def measure_in_turn() -> None:
    """Do `measure_due`, but leave this process most of its time for publishing."""
    global _again_at
    began = time.monotonic()
    if began >= _again_at and settings.CONNECTED_ACCOUNTS_MEASURE_SECONDS:
        measure_due()
        ended = time.monotonic()
        _again_at = ended + OTHER_WORK * (ended - began)


def measure_due(limit: int = 20, seconds: float = 5.0) -> int:
    """Read the numbers of accounts whose time has come, for some seconds. Return how many that were."""
    began, done = time.monotonic(), 0
    for account in due().select_related("user")[:limit]:
        if time.monotonic() - began > seconds:
            break
        if _claim(account):
            done += 1
            _measure_quietly(account)
    return done


def due() -> QuerySet[ConnectedAccount]:
    """Return the accounts whose numbers are to be read, those that wait longest first."""
    waiting = Q(measure_at=None) | Q(measure_at__lte=registry.now())
    return ConnectedAccount.objects.filter(waiting, is_active=True).order_by("measure_at", "pk")


def latest(account: ConnectedAccount) -> list[Measurement]:
    """Return the newest of each number about an account, by name."""
    about = Measurement.objects.filter(account=account, publication=None)
    return list(about.filter(pk=_newest(about)).order_by("name"))


def latest_of(publications: Iterable[Publication]) -> dict[UUID, list[Measurement]]:
    """Return by publication the newest of each of its numbers, by name."""
    about = Measurement.objects.filter(publication__in=publications)
    same = Measurement.objects.filter(account=OuterRef("account"), publication=OuterRef("publication"))
    found: dict[UUID, list[Measurement]] = {}
    for row in about.filter(pk=_newest(same)).order_by("name"):
        if row.publication_id:
            found.setdefault(row.publication_id, []).append(row)
    return found


def _newest(measurements: QuerySet[Measurement]) -> Subquery:
    return Subquery(measurements.filter(name=OuterRef("name")).order_by("-at", "-pk").values("pk")[:1])


def _claim(account: ConnectedAccount) -> bool:
    """Say whether this runner is the one to measure an account that is due: whoever moves its time is.

    Unasked, only numbers are read whose permission is known to be there.
    """
    following = registry.now() + timedelta(seconds=settings.CONNECTED_ACCOUNTS_MEASURE_SECONDS)
    mine = ConnectedAccount.objects.filter(pk=account.pk, measure_at=account.measure_at)
    granted = account.permissions.get("measure") is True and can_measure(account)
    return bool(mine.update(measure_at=following)) and granted


def _measure_quietly(account: ConnectedAccount) -> None:
    try:
        measure(account)
    except ConnectedAccountsError as error:
        log.info("Account %s was not measured: %s", account.pk, error.code)
        wait = timedelta(seconds=getattr(error, "retry_after", None) or 0)
        later = registry.now() + max(RETRY, wait)
        ConnectedAccount.objects.filter(pk=account.pk).update(measure_at=later)
    except Exception:
        log.exception("Account %s: measuring broke", account.pk)


def _posts(account: ConnectedAccount) -> Iterable[Publication]:
    since = registry.now() - timedelta(days=settings.CONNECTED_ACCOUNTS_MEASURE_POST_DAYS)
    live = account.publications.filter(status=Publication.Status.PUBLISHED, published_at__gte=since)
    return live.defer("checkpoint").order_by("-published_at")[:MOST_POSTS]


def _measuring(account: ConnectedAccount) -> tuple[Measures, Connection]:
    provider = registry.get(account.platform)
    if not isinstance(provider, Measures):
        raise InvalidRequest("platform_does_not_measure", platform=registry.name(account.platform))
    if account.permissions.get("measure") is False:
        raise InvalidRequest("measure_permission_missing", account=health.handle(account))
    return provider, tokens.fresh(account)


def _read(provider: Measures, connection: Connection, remote_id: str = "") -> list[Reading]:
    """Return what the platform says; a permission that is missing is one to read, not to publish."""
    try:
        return provider.measure(connection, remote_id)
    except PermissionMissing as error:
        if error.code == PermissionMissing.default_code:
            error.code = "measure_permission_missing"
        raise


def _stored(
    account: ConnectedAccount, publication: Publication | None, readings: Sequence[Reading]
) -> list[Measurement]:
    """Keep these readings and return them; what is known of that time already is not kept twice."""
    before = Measurement.objects.filter(
        account=account, publication=publication, at__in={reading.at for reading in readings}
    )
    known = {(row.name, row.at, row.value): row for row in before}
    found = [
        known.get((r.name, r.at, r.value))
        or Measurement(account=account, publication=publication, name=r.name, value=r.value, at=r.at)
        for r in readings
    ]
    Measurement.objects.bulk_create(row for row in found if row.pk is None)
    return found

"""The engine: `tick` takes one step with every publication that is due, and writes what became of it.

The row is the queue. A step is: take the lease, re-read, write the intent, let the provider take one step,
store one outcome. A runner that dies leaves an expired lease; if its step must not be repeated, the next
runner asks `Publishes.find` before anything else. `services.outcomes` writes what came of it,
`services.scheduling` what people decide.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as AnyDatabaseError
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.exceptions import (
    ConnectedAccountsError,
    InvalidRequest,
    OutcomeUnknown,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.models import Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.http import send_before
from django_connected_accounts.providers.types import Connection, Draft

from . import (
    attempts,
    composing,
    events,
    foresight,
    keeping,
    mailing,
    measuring,
    outcomes,
    recurring,
    reviewing,
    revoking,
    telling,
    tokens,
)
from .frames import without_locals
from .scheduling import publish, schedule, wake

__all__ = ["claim", "publish", "run", "schedule", "take", "tick", "wake"]

log = logging.getLogger("django_connected_accounts")

Status = Publication.Status


def tick(limit: int | None = None) -> int:
    """Take one step with everything that is due, until nothing is. Return how many steps were taken."""
    events.dispatch()
    keeping.refresh_in_turn()
    measuring.measure_in_turn()
    attempts.purge()
    recurring.make_due()
    taken = 0
    while limit is None or taken < limit:
        batch = settings.CONNECTED_ACCOUNTS_BATCH_SIZE
        claimed, lease = claim(batch if limit is None else min(batch, limit - taken))
        if not claimed:
            break
        for publication_id in claimed:
            take(publication_id, lease)
        taken += len(claimed)
    foresight.look_now_and_then()
    revoking.revoke_due()
    mailing.send_due()
    telling.go_on()
    return taken


def run(publication_id: uuid.UUID | str) -> datetime | None:
    """Take one step with this publication if it is due and nobody else does.

    Return when it is to be looked at next; None once nothing remains to be done, or it was deleted.
    """
    claimed, lease = claim(1, Publication.objects.filter(pk=publication_id))
    for claimed_id in claimed:
        take(claimed_id, lease)
    return Publication.objects.filter(pk=publication_id).values_list("run_at", flat=True).first()


def claim(limit: int, among: QuerySet[Publication] | None = None) -> tuple[list[uuid.UUID], str]:
    """Lease up to ``limit`` publications that are due. Return their ids and the lease's token."""
    lease = uuid.uuid4().hex
    until = DatabaseNow() + timedelta(seconds=settings.CONNECTED_ACCOUNTS_LEASE_SECONDS)
    # run_at moves to the lease's end: a runner that dies makes its rows due again by doing nothing.
    mark = {"lease_token": lease, "lease_until": until, "run_at": until}
    due = (Publication.objects.all() if among is None else among).filter(run_at__lte=DatabaseNow())
    first = due.order_by("run_at").values_list("pk", flat=True)
    if database.features.has_select_for_update_skip_locked:
        with transaction.atomic():
            claimed = list(first.select_for_update(skip_locked=True)[:limit])
            Publication.objects.filter(pk__in=claimed).update(**mark)
    else:
        claimed = [pk for pk in first[:limit] if due.filter(pk=pk).update(**mark)]
    return claimed, lease


def take(publication_id: uuid.UUID, lease: str) -> None:
    """Take one step with a leased publication. What goes wrong with us is logged, and looked after later."""
    try:
        if publication := _leased(publication_id, lease):
            _run(publication)
    except AnyDatabaseError:
        # Nothing can be written now; the lease runs out, and the next runner sees what was begun.
        log.exception("Publication %s: the outcome of the step could not be stored", publication_id)
    except Exception as error:
        log.exception("Publication %s: the step failed", publication_id)
        if publication := _leased(publication_id, lease):
            outcomes.fail_inside(publication, error)


def _leased(publication_id: uuid.UUID, lease: str) -> Publication | None:
    rows = Publication.objects.select_related("account__user", "post")
    publication = rows.filter(pk=publication_id, lease_token=lease).first()
    if publication:
        publication.taken_at = time.monotonic()
    return publication


@without_locals
def _run(publication: Publication) -> None:
    live = publication.status == Status.PUBLISHED
    # Of a live post only what follows it may be due: without a checkpoint it would begin from the start.
    if (publication.checkpoint is None) if live else publication.status not in Publication.OPEN:
        outcomes.store(publication, wait=None, keep_intent=True)
        return
    if not live and not publication.in_doubt:
        if obstacle := _obstacle(publication):
            outcomes.stop(publication, *obstacle)
            return
        if publication.content_hash != publication.post.approved_hash:
            outcomes.restart(publication)
            return
    try:
        provider = registry.get(publication.account.platform)
        if not isinstance(provider, Publishes):
            raise InvalidRequest("platform_does_not_publish", platform=provider.name)
        connection = tokens.fresh(publication.account)
        draft = composing.draft(publication.post, publication.account, public=True)
    except (ConnectedAccountsError, ImproperlyConfigured) as error:
        if publication.in_doubt:
            outcomes.doubt(publication, error)
        else:
            outcomes.apply(publication, error)
        return
    if publication.in_doubt:
        _look(publication, provider, connection, draft)
    elif _begin(publication):
        _act(publication, provider, connection, draft)


def _obstacle(publication: Publication) -> tuple[Status, str] | None:
    """Return why nothing may be sent now, as the status and code to stop with."""
    post, account = publication.post, publication.account
    if timezone.now() > publication.deadline_at:
        return Status.MISSED, publication.code or "too_late"
    if not account.is_active:
        return Status.HELD, f"account_{account.health}"
    if not getattr(account.user, "is_active", True):
        return Status.HELD, "account_owner_inactive"
    if account.permissions.get("publish") is False:
        return Status.HELD, "account_permission_missing"
    if not reviewing.is_approved(post):
        return Status.HELD, "not_approved"
    if publication.step == 0:
        for problem in composing.problems(post, [account])[account.pk]:
            if problem.severity == "error":
                return Status.FAILED, problem.code
    return None


def _begin(publication: Publication) -> bool:
    """Write the intent and renew the lease. Return whether the lease was still ours."""
    until = DatabaseNow() + timedelta(seconds=settings.CONNECTED_ACCOUNTS_LEASE_SECONDS)
    status, begun = publication.status, timezone.now()
    if status in (Status.SCHEDULED, Status.HELD):
        status = Status.SENDING
    ours = Publication.objects.filter(pk=publication.pk, lease_token=publication.lease_token)
    if publication.started_at is None or publication.started_at < publication.due_at:
        publication.started_at = begun
    started = publication.started_at
    kept = ours.update(status=status, intent_at=begun, started_at=started, lease_until=until, run_at=until)
    publication.status, publication.intent_at = status, begun
    return bool(kept)


def _act(publication: Publication, provider: Publishes, connection: Connection, draft: Draft) -> None:
    lease_ends = timezone.now() + timedelta(seconds=settings.CONNECTED_ACCOUNTS_LEASE_SECONDS)
    try:
        with send_before(lambda: lease_ends):
            outcome = provider.publish(connection, draft, publication.checkpoint)
    except OutcomeUnknown as error:
        outcomes.doubt(publication, error)
    except ProviderError as error:
        if publication.repeatable or error.certain or isinstance(error, Unavailable):
            outcomes.apply(publication, error)
        else:
            # Even a refusal may come after the fact: it is believed only when the platform shows nothing.
            _look(publication, provider, connection, draft, error)
    else:
        outcomes.finish(publication, outcome)


def _look(
    publication: Publication,
    provider: Publishes,
    connection: Connection,
    draft: Draft,
    refusal: ProviderError | None = None,
) -> None:
    """Settle a step in doubt by what the platform shows."""
    assert publication.intent_at is not None  # noqa: S101
    refusal = refusal or outcomes.remembered(publication)
    try:
        found = provider.find(connection, draft, publication.checkpoint or {}, publication.intent_at)
    except ProviderError as error:
        if error.certain:
            outcomes.apply(publication, error)
        else:
            outcomes.doubt(publication, error, refusal)
    else:
        if found:
            outcomes.finish(publication, found)
        else:
            outcomes.apply(publication, refusal or Unavailable("not_taken"))

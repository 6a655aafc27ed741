"""One step of one publication: re-read, write the intent, let the provider act, store one outcome.

A runner that dies leaves an expired lease; if its step must not be repeated, the next runner asks
`Publishes.find` before anything else. `outcomes` says what follows from what came of a step, and `rows`
writes it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import Error as AnyDatabaseError
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
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.http import send_before, usage_seen
from django_connected_accounts.providers.types import Connection, Draft, Published

from . import budgets, compiled, composing, evidence, heartbeat, media, outcomes, reviewing, rows, tokens
from .compiled import slot
from .frames import without_locals

log = logging.getLogger("django_connected_accounts")

Status = Publication.Status

CHANGES = 3
"""How often in a row a step is prepared anew because what it relies on was changed meanwhile."""

More = Callable[[int], bool]
"""Whether another step may follow at once, so many having been taken."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A publication whose next step can be taken, and all that this needs."""

    publication: Publication
    provider: Publishes
    connection: Connection
    draft: Draft


def one(taken: int) -> bool:
    """Allow a single step."""
    return False


def leased(ids: Iterable[UUID], lease: str) -> list[Publication]:
    """Return the publications of this lease with all that a step needs, in this order."""
    open_ids, wanted = compiled.slots(Publication, "id", list(ids))
    values = {**wanted, "lease_token": lease}
    found = compiled.rows(("leased", len(wanted)), partial(_with_all, open_ids), values)
    by_id = {row.pk: row for row in found}
    for publication in found:
        publication.taken_at = time.monotonic()
    rows.read(found)
    media.fetch(publication.post for publication in found)
    return [by_id[pk] for pk in wanted.values() if pk in by_id]


def _with_all(ids: list[Any]) -> QuerySet[Publication]:
    """Return these publications of a lease, with all that a step needs."""
    found = Publication.objects.filter(pk__in=ids, lease_token=slot(Publication, "lease_token"))
    return found.select_related("account__user", "post")


def take(publication: Publication, more: More = one) -> int:
    """Take one step with a leased publication, and those that follow at once while ``more`` allows.

    Return how many were taken. What goes wrong with us is logged, and looked after later.
    """
    try:
        return _visit(publication, more)
    except AnyDatabaseError:
        # Nothing can be written now; the lease runs out, and the next runner sees what was begun.
        log.exception("Publication %s: the outcome of the step could not be stored", publication.pk)
        rows.drop_connection()
    except Exception as error:
        log.exception("Publication %s: the step failed", publication.pk)
        for row in leased([publication.pk], publication.lease_token):
            outcomes.fail_inside(row, error)
    finally:
        heartbeat.let_go(publication)
    return 1


@without_locals
def _visit(publication: Publication, more: More = one) -> int:
    taken, ready = 1, _begun(publication)
    while ready and _act(ready, partial(more, taken)):
        ready.publication.taken_at = time.monotonic()
        taken += 1
    return taken


def _begun(publication: Publication) -> Ready | None:
    """Return the publication once its next step has begun, None where there is nothing to begin."""
    for _ in range(CHANGES):
        ready = _ready(publication)
        if ready is None:
            return None
        if publication.in_doubt:
            _look(ready)
            return None
        if rows.begin(publication):
            return ready
        # Not ours any more, or something was changed since it was read: see what.
        found = leased([publication.pk], publication.lease_token)
        if not found:
            return None
        publication = found[0]
    rows.postpone(publication, timezone.now())
    return None


def _ready(publication: Publication) -> Ready | None:
    """Return what the step needs, or settle what stands in its way and return None."""
    live, account = publication.status == Status.PUBLISHED, publication.account
    # Of a live post only what follows it may be due: without a checkpoint it would begin from the start.
    if (publication.checkpoint is None) if live else publication.status not in Publication.OPEN:
        rows.store(publication, wait=None, keep_intent=True)
        return None
    if not live and not publication.in_doubt:
        if obstacle := _obstacle(publication):
            outcomes.stop(publication, *obstacle)
            return None
        if publication.content_hash != publication.post.approved_hash:
            outcomes.restart(publication)
            return None
    try:
        provider = registry.get(account.platform)
        if not isinstance(provider, Publishes):
            raise InvalidRequest("platform_does_not_publish", platform=provider.name)
        if publication.step == 0 and publication.near_cap and not publication.in_doubt:
            budgets.refuse_over_cap(account)
        connection = tokens.fresh(account, reread=False)
        draft = composing.draft(publication.post, account, public=True)
    except (ConnectedAccountsError, ImproperlyConfigured) as error:
        if publication.in_doubt:
            outcomes.doubt(publication, error)
        else:
            outcomes.apply(publication, error)
        return None
    return Ready(publication, provider, connection, draft)


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


def _act(ready: Ready, more: Callable[[], bool]) -> bool:
    """Let the provider take the step, and store what came of it. Return whether the next one has begun."""
    publication = ready.publication
    with usage_seen() as seen:
        try:
            with send_before(partial(heartbeat.end, publication)):
                outcome = ready.provider.publish(ready.connection, ready.draft, publication.checkpoint)
        except OutcomeUnknown as error:
            outcomes.doubt(publication, error)
        except ProviderError as error:
            if publication.repeatable or error.certain or isinstance(error, Unavailable):
                outcomes.apply(publication, error)
            else:
                # Even a refusal may come after the fact: it is believed only when the platform shows nothing.
                _look(ready, error)
        else:
            go_on = more() and not budgets.spent(seen)
            if isinstance(outcome, Published) and outcome.existing:
                evidence.adopt(publication, outcome)
            elif outcomes.finish(publication, outcome, go_on=go_on):
                return True
    budgets.note(publication.account, seen)
    return False


def _look(ready: Ready, refusal: ProviderError | None = None) -> None:
    """Settle a step in doubt by what the platform shows."""
    publication = ready.publication
    assert publication.intent_at is not None  # noqa: S101
    refusal = refusal or outcomes.remembered(publication)
    since, checkpoint = publication.intent_at, publication.checkpoint or {}
    with usage_seen() as seen:
        try:
            found = ready.provider.find(ready.connection, ready.draft, checkpoint, since)
        except ProviderError as error:
            if error.certain:
                outcomes.apply(publication, error)
            else:
                outcomes.doubt(publication, error, refusal)
        else:
            if found:
                evidence.adopt(publication, found, refusal)
            else:
                outcomes.apply(publication, refusal or Unavailable("not_taken"))
    budgets.note(publication.account, seen)

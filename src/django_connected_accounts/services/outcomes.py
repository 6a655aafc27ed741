"""What became of a step, written once and under its lease: the one writer of publications under way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from django_connected_accounts import exceptions
from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import (
    ActionNeeded,
    ConnectedAccountsError,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
    UndecryptableToken,
)
from django_connected_accounts.models import ConnectedAccount, Hold, Publication
from django_connected_accounts.providers.types import HandedOver, Pending, Published
from django_connected_accounts.providers.usage import LONGEST_WAIT as LONGEST_BUDGET

from . import budgets, rows, states, timeline, tokens
from .links import web_link

log = logging.getLogger("django_connected_accounts")

Status = Publication.Status
FIRST_WAIT, LONGEST_WAIT = 15.0, 30 * 60.0
LONGEST_PROCESSING = timedelta(days=1)
"""How long what a platform has accepted is followed, before a person is asked to look."""

HELD_BACK = "news"
"""In the note of a step: what it would be told as, if its link were not to be known in a moment."""

SAID_BY_PUBLISHED = ("", "linked", "warning")
NEEDS_SOMEONE = (Status.FAILED, Status.UNKNOWN, Status.MISSED, Status.HANDED_OVER)
OWNER_MUST_ACT = (NotAuthorized, ActionNeeded, PermissionMissing, UndecryptableToken)


def finish(
    publication: Publication, outcome: Published | Pending | HandedOver, *, go_on: bool = False
) -> bool:
    """The step is done: go on, wait, be published, or be left to its owner on the platform.

    True: the lease was kept, as ``go_on`` allows, and the next step's intent is written.
    """
    if isinstance(outcome, HandedOver):
        publication.remote_id = outcome.remote_id
        stop(publication, Status.HANDED_OVER, "handed_over")
        return False
    was = publication.status
    following = outcome if isinstance(outcome, Pending) else outcome.follow_up
    publication.checkpoint = dict(following.checkpoint) if following else None
    accepted = bool(following and following.accepted)  # in doubt until it is live: `find` follows it
    publication.repeatable = following.repeatable and not accepted if following else True
    publication.step += 1
    publication.attempts, publication.remedy, publication.detail = 0, "", ""
    publication.platform_code, publication.trace_id = "", ""
    if accepted and publication.intent_at and timezone.now() > publication.intent_at + LONGEST_PROCESSING:
        publication.code = "still_processing"
        states.change(publication, Status.UNKNOWN)
        return _store(publication, "unknown", wait=None, keep_intent=True)
    if isinstance(outcome, Published):
        states.change(publication, Status.PUBLISHED)
        link = web_link(outcome.permalink)
        linked = link and not publication.permalink
        publication.remote_id = outcome.remote_id
        publication.permalink = link or publication.permalink
        publication.published_at = publication.published_at or outcome.published_at or timezone.now()
        publication.code = outcome.warning
        later = "warning" if outcome.warning else "linked" if linked else ""
        news = later if was == Status.PUBLISHED else "published"
    else:
        if was != Status.PUBLISHED:
            states.change(publication, Status.WAITING if outcome.waiting else Status.SENDING)
        publication.code, news = "", ""
    wait = following.retry_after if following else None
    go_on = go_on and wait == 0 and not accepted
    step = {"note": outcome.note}
    if news == "published" and go_on and publication.repeatable and not publication.code:
        step[HELD_BACK], news = news, ""
    looked = isinstance(outcome, Pending) and outcome.waiting and was == publication.status
    if not news and not looked:
        timeline.note(publication, {**step, **timeline.facts(publication)})
    return _store(publication, news, wait=wait, keep_intent=accepted, go_on=go_on, note=outcome.note)


def doubt(publication: Publication, error: Exception, refusal: ProviderError | None = None) -> None:
    """Whether the step took effect is open: look again later, and in the end leave it to a person.

    ``refusal`` is what the platform answered to the step itself, ``error`` why looking did not settle it.
    """
    assert publication.intent_at is not None  # noqa: S101
    publication.repeatable = False
    publication.remedy = type(refusal).__name__ if refusal else ""
    _blame(publication, refusal or error)
    patience = timedelta(seconds=settings.CONNECTED_ACCOUNTS_LATE_SECONDS)
    if timezone.now() < publication.intent_at + patience:
        publication.attempts += 1
        wait = max(settings.CONNECTED_ACCOUNTS_FIND_MARGIN_SECONDS, _backoff(publication))
        news = "retrying" if publication.attempts == 1 else "attempt"
        _store(publication, news, wait=wait, keep_intent=True)
    elif publication.status == Status.PUBLISHED:
        _leave_follow_up(publication)
    else:
        states.change(publication, Status.UNKNOWN)
        _store(publication, "unknown", wait=None, keep_intent=True)


def apply(publication: Publication, error: Exception) -> None:
    """Do what this error asks for; the step surely did not take effect."""
    _blame(publication, error)
    if isinstance(error, RateLimited):
        _hold(publication, error, error.scope, min(error.retry_after, LONGEST_BUDGET))
    elif isinstance(error, OperatorNeeded):
        _hold(publication, error, "app", budgets.OPERATOR_WAIT)
    elif isinstance(error, Unavailable):
        _again(publication, error.retry_after)
    elif isinstance(error, ImproperlyConfigured):
        _again(publication, LONGEST_WAIT)
    elif isinstance(error, NotAuthorized) and publication.attempts == 0 and _refreshed(publication.account):
        _again(publication, 0.0)
    elif isinstance(error, OWNER_MUST_ACT):
        tokens.invalidate(publication.account, error)
        stop(publication, Status.HELD, publication.code)
    else:
        stop(publication, Status.FAILED, publication.code)


def fail_inside(publication: Publication, error: Exception) -> None:
    """The error is our own: repeat what may be repeated, look after the rest."""
    if publication.in_doubt:
        doubt(publication, OutcomeUnknown("internal_error", type(error).__name__))
    else:
        apply(publication, Unavailable("internal_error", type(error).__name__))


def stop(publication: Publication, status: Status, code: str, *, wait: float = LONGEST_WAIT) -> None:
    """Send no more: for now (held) or for good. What is published stays so, the code being a warning."""
    called = "attempt" if publication.intent_at else ""
    news = called if publication.status == status else status.value
    publication.code, publication.remedy = code, ""
    if publication.status == Status.PUBLISHED:
        _leave_follow_up(publication)
        return
    states.change(publication, status)
    if status == Status.HELD:
        if publication.post.late_seconds is None:  # else the post says itself until when
            hold = timedelta(seconds=settings.CONNECTED_ACCOUNTS_HOLD_SECONDS)
            publication.deadline_at = max(publication.deadline_at, publication.due_at + hold)
        publication.turn_at = None
        _store(publication, news, wait=wait)
    else:
        _store(publication, news, wait=None)


def restart(publication: Publication) -> None:
    """Begin anew with what is approved now; what the platform prepared of the old content expires there."""
    publication.content_hash = publication.post.approved_hash
    publication.checkpoint, publication.repeatable, publication.step = None, True, 0
    _store(publication, wait=0.0)


def remembered(publication: Publication) -> ProviderError | None:
    """Return the refusal with which a step in doubt was answered, None where no answer came."""
    if not publication.remedy:
        return None
    refusal: type[ProviderError] = getattr(exceptions, publication.remedy)
    known: dict[str, Any] = {"platform_code": publication.platform_code}
    if refusal is RateLimited:  # for how long is not known any more
        known["retry_after"] = LONGEST_WAIT
    return refusal(publication.code, publication.detail, **known)


def meet(publication: Publication, hold: Hold) -> None:
    """Let it wait until this hold ends: no call was made, and no attempt is counted."""
    wait = budgets.wait(hold)
    if publication.in_doubt or publication.status not in Publication.OPEN:
        rows.postpone(publication, timezone.now() + timedelta(seconds=wait))
        return
    publication.detail = hold.detail
    stop(publication, Status.HELD, hold.code, wait=wait)


def _store(
    publication: Publication,
    news: str = "",
    *,
    wait: float | None,
    keep_intent: bool = False,
    go_on: bool = False,
    note: str = "",
) -> bool:
    about = []
    held_back = next((step for step in publication.steps if HELD_BACK in step), None)
    if held_back and news in SAID_BY_PUBLISHED and (news or not go_on):
        news = held_back[HELD_BACK]
    elif held_back and news:
        publication.steps = [step for step in publication.steps if step is not held_back]
        facts = {name: fact for name, fact in held_back.items() if name not in ("at", HELD_BACK)}
        about.append(_event(publication, held_back[HELD_BACK], facts, code=""))
    if news:
        facts = {"note": note, **timeline.facts(publication)}
        about.append(_event(publication, news, facts, code=publication.code))
    return rows.store(publication, about, wait=wait, keep_intent=keep_intent, go_on=go_on)


def _event(publication: Publication, news: str, facts: Mapping[str, Any], *, code: str) -> dict[str, Any]:
    """Return what is told, which takes along the steps since the last event."""
    data = {name: fact for name, fact in facts.items() if fact or name == "step"}
    if publication.steps:
        data["steps"], publication.steps = publication.steps, []
    if news in ("published", *SAID_BY_PUBLISHED):
        data |= {"remote_id": publication.remote_id, "permalink": publication.permalink}
    return {
        "verb": f"publication.{news}",
        "code": code,
        "account": publication.account,
        "post": publication.post,
        "publication": publication,
        "data": data,
        "notice": _notice(publication, news, code),
    }


def _notice(publication: Publication, news: str, code: str) -> str:
    """Return the status if somebody is to be told of it; what holds up an account is told by the account."""
    if news in NEEDS_SOMEONE:
        return publication.status
    if code.startswith("account_") or not publication.account.is_active:
        return ""
    who = explain(code).who if code else "nobody"
    if news == "held" and who == "operator":
        return ""  # What holds up the whole app is told once: see `budgets`.
    acts = who != "nobody"
    return publication.status if acts and news in ("held", "published", "warning") else ""


def _hold(publication: Publication, error: ProviderError, scope: budgets.Scope, wait: float) -> None:
    """Nobody's post is at fault: this one waits, and so does what shares the budget."""
    budgets.place(publication.account, scope, error.code, wait, detail=error.detail)
    if publication.status == Status.PUBLISHED:
        _go_on_later(publication, wait)
    else:
        stop(publication, Status.HELD, error.code, wait=wait)


def _again(publication: Publication, retry_after: float | None) -> None:
    if publication.status == Status.PUBLISHED and timezone.now() > publication.deadline_at:
        _leave_follow_up(publication)
        return
    publication.remedy = ""
    publication.attempts += 1
    wait = _backoff(publication) if retry_after is None else retry_after
    _store(publication, "retrying" if publication.attempts == 1 else "attempt", wait=wait)


def _go_on_later(publication: Publication, wait: float) -> None:
    """What follows a live post (the rest of a thread) waits as long as a post would, to be sent."""
    hold = timedelta(seconds=settings.CONNECTED_ACCOUNTS_HOLD_SECONDS)
    if timezone.now() + timedelta(seconds=wait) > max(publication.deadline_at, publication.due_at + hold):
        _leave_follow_up(publication)
    else:
        publication.remedy = ""
        _store(publication, "attempt", wait=wait)


def _leave_follow_up(publication: Publication) -> None:
    publication.checkpoint, publication.repeatable = None, True
    _store(publication, "warning", wait=None)


def _blame(publication: Publication, error: Exception) -> None:
    publication.code = error.code if isinstance(error, ConnectedAccountsError) else "platform_not_configured"
    publication.detail = (error.detail if isinstance(error, ConnectedAccountsError) else str(error))[:255]
    publication.platform_code = getattr(error, "platform_code", "")[:64]
    publication.trace_id = getattr(error, "trace_id", "")[:128]


def _refreshed(account: ConnectedAccount) -> bool:
    try:
        tokens.refresh(account)
    except ConnectedAccountsError:
        return False
    return True


def _backoff(publication: Publication) -> float:
    return min(FIRST_WAIT * 2.0 ** min(publication.attempts - 1, 16), LONGEST_WAIT)

"""How the work goes: what waits to be published, and how the accounts are."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count, F

from django_connected_accounts import registry
from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import ConnectedAccountsError, Unavailable
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.services import accounts as verbs
from django_connected_accounts.services import foresight, health, keeping, status

from .finding import SETTINGS, START, Finding, Level

log = logging.getLogger("django_connected_accounts")

Health = ConnectedAccount.Health
Status = Publication.Status

LATE = timedelta(minutes=10)
"""What has been due for so long would have been done if anybody were at work."""

SHOWN = 20
SILENT_TIMES = 3
"""After so many calls without an answer a platform is not asked again."""


def queue() -> Iterator[Finding]:
    """What is to be published, and whether anybody publishes it."""
    found = status.read()
    later = Publication.objects.filter(run_at__gt=found.at).count()
    late = Publication.objects.filter(run_at__lte=found.at - LATE).count()
    failed = Publication.objects.filter(status=Status.FAILED, updated_at__gte=found.at - status.DAY).count()
    yield Finding("good", f"Publications due: {found.due}, later: {later}.")
    if late:
        text = f"Late, as nobody has looked at them for 10 minutes: {late}."
        yield Finding("warning", text, START)
    if found.unknown:
        text = f"Live or not, the platform could not tell: {found.unknown}."
        yield Finding("warning", text, "Look at each account, then say on the post's page what is there.")
    if failed:
        yield Finding("note", f"Failed in the last day: {failed}.", "Each post's page says why.")
    for held in found.held:
        meaning = explain(held.code, _anyone(held.platform))
        resumes = f" The first goes on at {held.resumes_at:%Y-%m-%d %H:%M}Z." if held.resumes_at else ""
        yield Finding("note", f"On hold: {held.count}. {meaning.cause}{resumes}", str(meaning.action))
    if found.events_untold:
        text = f"Events the project's receivers were not told of: {found.events_untold}."
        yield Finding("warning", text, "Start connected_accounts_worker: it tells what was left.")
    hooks = found.webhooks
    if hooks.given_up_24h or hooks.stopped:
        text = f"Webhooks given up in the last day: {hooks.given_up_24h}; endpoints stopped: {hooks.stopped}."
        yield Finding("warning", text, "See connected_accounts_webhooks.")


def accounts() -> Iterator[Finding]:
    """How the accounts are by what is known, and whose access ends before their posts are out."""
    groups = ConnectedAccount.objects.values_list("health", "health_code", "platform")
    for state, code, platform, count in groups.annotate(Count("pk")).order_by("health", "health_code"):
        group = f"{registry.name(platform)}, {str(Health(state).label).lower()}: {count}."
        if code:
            meaning = explain(code, _anyone(platform))
            yield Finding(_level(state), f"{group} {meaning.cause}", str(meaning.action))
        else:
            yield Finding("good", group)
    for account in foresight.at_risk()[:SHOWN]:
        ends: Any = account.ends_at  # type: ignore[attr-defined]
        posts: Any = account.posts_after  # type: ignore[attr-defined]
        text = f"{account}: access ends on {ends:%Y-%m-%d}. Posts scheduled after that: {posts}."
        yield Finding("warning", text, "Have its owner reconnect it before.")
    if overdue := keeping.due().filter(refresh_at__lt=registry.now() - LATE).count():
        text = f"Accounts whose tokens should have been renewed by now: {overdue}."
        yield Finding("warning", text, START)


def to_ask(limit: int, only: UUID | None) -> list[ConnectedAccount]:
    """Return the accounts to `ask` about, those not asked about for longest first."""
    rows = ConnectedAccount.objects.exclude(health=Health.DISCONNECTED)
    if only:
        rows = rows.filter(pk=only)
    return list(rows.order_by(F("last_sync_at").asc(nulls_first=True), "pk")[:limit])


def ask(account: ConnectedAccount, silent: Counter[str]) -> Finding:
    """Ask the platform how this account is; ``silent`` counts the calls of each that got no answer."""
    said = health.naming(account)
    name = f"{said['account']} ({account.platform}, {account.pk})"
    if silent[account.platform] >= SILENT_TIMES:
        return Finding("note", f"{name}: not asked, as {said['platform']} does not answer.")
    try:
        verbs.verify(account, by=None)
    except ConnectedAccountsError as error:
        silent[account.platform] += isinstance(error, Unavailable)
        meaning = explain(error.code, {**said, **error.params})
        return Finding("warning", f"{name}: {meaning.cause}", str(meaning.action))
    except ImproperlyConfigured as error:
        return Finding("error", f"{name}: {error}", SETTINGS)
    except Exception as error:
        log.exception("Account %s could not be asked about", account.pk)
        return Finding("error", f"{name}: {type(error).__name__} on our side.", "See the log.")
    if account.health == Health.ACTIVE:
        return Finding("good", f"{name}: works.")
    meaning = explain(account.health_code, said)
    return Finding(_level(account.health), f"{name}: {meaning.cause}", str(meaning.action))


def _level(state: str) -> Level:
    return "warning" if state in health.NEEDS_SOMEONE else "note"


def _anyone(platform: str) -> dict[str, str]:
    """Return what fills the places in a text about no account in particular."""
    return {"account": "the account", "platform": registry.name(platform)}

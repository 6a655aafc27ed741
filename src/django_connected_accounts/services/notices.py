"""What needs somebody: events that began a state which lasts, until it is over or a person took note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.codes import Meaning, explain
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Event, Publication, WebhookEndpoint

from . import budgets, foresight, health, status

Health = ConnectedAccount.Health
Status = Publication.Status

OTHERS = ("app_refused", "expiring", "queue_still", "revoke_failed", "version_ending", "webhook_stopped")
"""What a notice may be of beside the health of an account and the status of a publication."""

SECRETS = (
    "account__access_token",
    "account__refresh_token",
    "account__extra_tokens",
    "publication__checkpoint",
)


@dataclass(frozen=True)
class Notice:
    """An event that somebody is to be told of, with the words of pages, API and e-mails."""

    event: Event

    @property
    def code(self) -> str:
        """Why it is so now, as its account or post says too."""
        if self.event.publication:
            return self.event.publication.code or self.event.code
        if self.event.notice in Health.values and self.event.account:
            return self.event.account.health_code or self.event.code
        return self.event.code

    @cached_property
    def params(self) -> Mapping[str, Any]:
        """What fills the places in the texts of `code`."""
        account, data = self.event.account, self.event.data
        naming = (
            health.naming(account)
            if account
            else {"account": data.get("name", ""), "platform": registry.name(data.get("platform", ""))}
        )
        ends = {"ends": day(data["ends_at"])} if "ends_at" in data else {}
        return {**data, **naming, **ends}

    @property
    def reason(self) -> Meaning:
        """What happened, what to do, and who."""
        return explain(self.code, self.params)


def visible_to(user: Any) -> QuerySet[Event]:
    """Return what this user may see and nobody has dismissed, newest first; staff see the operators' too."""
    rules = access()
    theirs = Q(account__in=rules.accounts(user)) | Q(post__in=rules.posts(user))
    if getattr(user, "is_staff", False):
        theirs |= Q(account=None)
    return current().filter(theirs, dismissed_at=None).order_by("-at", "-id")


def current() -> QuerySet[Event]:
    """Return the events whose notice is still true: of several about one thing the last."""
    newer = Event.objects.filter(
        account=OuterRef("account"), notice=OuterRef("notice"), at__gt=OuterRef("at")
    )
    stopped = WebhookEndpoint.objects.exclude(stopped_at=None).order_by()
    still = (
        Q(publication__status=F("notice"))
        | Q(publication=None, account__health=F("notice"))
        | Q(Exists(foresight.at_risk().filter(pk=OuterRef("account"))), notice="expiring")
        | Q(notice="revoke_failed", account=None)
        | Q(notice="revoke_failed", account__health=Health.DISCONNECTED)
        | Q(notice="app_refused", key__in=budgets.notice_keys())
        | Q(notice="version_ending", key__in=foresight.ending_versions())
        | Q(Exists(status.stuck()), notice="queue_still", at__gte=timezone.now() - status.DAY)
        | Q(notice="webhook_stopped", key__in=stopped.values("stopped_key"))
    )
    return (
        Event.objects.filter(still)
        .exclude(notice="")
        .exclude(Exists(newer.filter(publication=OuterRef("publication"))))
        .exclude(Q(publication=None) & Exists(newer.filter(publication=None)))
        .select_related("account", "account__user", "post", "post__user", "publication")
        .defer(*SECRETS)
    )


def dismiss(user: Any, notice_id: Any) -> None:
    """Take a notice out of the list, for everybody who shares it. Raise InvalidRequest("not_found")."""
    if not visible_to(user).filter(pk=notice_id).exists():
        raise InvalidRequest("not_found")
    Event.objects.filter(pk=notice_id).update(dismissed_at=timezone.now())


def day(moment: str | date) -> str:
    """Return the day of a time, also as it comes from an event's data, as readers write it."""
    if isinstance(moment, str):
        moment = (parse_date(moment) if len(moment) == 10 else parse_datetime(moment)) or date.max
    return date_format(timezone.localtime(moment) if isinstance(moment, datetime) else moment, "DATE_FORMAT")

"""The queue: what is to go out, by day, and what to think about before it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from django_connected_accounts.access import access
from django_connected_accounts.forms import QueueForm
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.providers.types import Problem
from django_connected_accounts.services import remarks

from .page import SECRETS, Page
from .series import repeating

Status = Publication.Status


@dataclass(frozen=True, slots=True)
class Entry:
    """A publication, and what to think about."""

    publication: Publication
    remarks: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Day:
    """What goes out on a day of the zone that is shown."""

    date: date
    entries: Sequence[Entry]


class Queue(Page):
    """What is to go out, by day in the viewer's zone."""

    template_name = "connected_accounts/queue.html"
    section = "queue"

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts = access().accounts(request.user).defer(*SECRETS)
        form = QueueForm(request.GET or None, accounts=accounts)
        said = form.cleaned_data if form.is_valid() else {}
        rows = self.publications(said.get("account"), said.get("status", ""))
        page = Paginator(rows, settings.CONNECTED_ACCOUNTS_PAGE_SIZE).get_page(request.GET.get("page"))
        zone = said.get("zone") or timezone.get_current_timezone_name()
        filtered = bool(said.get("account") or said.get("status"))
        days = _days(list(page.object_list), ZoneInfo(zone))
        shown = [] if filtered else repeating(request.user)
        return self.show(page_obj=page, days=days, form=form, filtered=filtered, zone=zone, repeating=shown)

    def publications(self, account: ConnectedAccount | None, status: str) -> QuerySet[Publication]:
        deferred = ("checkpoint", *(f"account__{secret}" for secret in SECRETS))
        rows = Publication.objects.filter(post__in=access().posts(self.request.user))
        rows = rows.filter(status=status) if status else rows.filter(status__in=Publication.OPEN)
        rows = rows.filter(account=account) if account else rows
        rows = rows.select_related("account", "post__series").defer(*deferred)
        return rows.prefetch_related("post__media").order_by("due_at", "pk")


def _days(publications: Sequence[Publication], zone: ZoneInfo) -> list[Day]:
    found = remarks.of(publications)
    entries = [Entry(row, found.get(row.pk, ())) for row in publications]
    by_day = groupby(entries, lambda entry: entry.publication.due_at.astimezone(zone).date())
    return [Day(date, list(group)) for date, group in by_day]

"""What is to go out, and when, in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import is_naive

from django_connected_accounts.access import access
from django_connected_accounts.models import Publication
from django_connected_accounts.services import remarks

from .accounts import SECRETS
from .envelope import Answer, by_field
from .paging import together
from .publications import publication_row
from .reading import Kind, check, instant, query, uuid


def listing(request: HttpRequest) -> Answer:
    """Answer what is not finished, the next first; ``?account``, ``?status``, ``?after``, ``?before``.

    Each row has its ``remarks``.
    """
    deferred = ("checkpoint", *(f"account__{name}" for name in SECRETS))
    rows = Publication.objects.filter(post__in=access().posts(request.user))
    rows = rows.select_related("post", "account").defer(*deferred).order_by("due_at", "pk")
    status = query(request, "status", Publication.Status.values)
    rows = rows.filter(status=status) if status else rows.filter(status__in=Publication.OPEN)
    said = check({name: request.GET[name] for name in FILTERS if name in request.GET}, FILTERS)
    lookups = {"account": "account", "after": "due_at__gte", "before": "due_at__lt"}
    return together(request, rows.filter(**{lookups[name]: said[name] for name in said}), _rows)


def _aware(value: Any) -> datetime:
    at = instant(value)
    if is_naive(at):
        raise ValueError("ISO 8601 date and time with an offset")
    return at


FILTERS: Mapping[str, Kind] = {"account": uuid, "after": _aware, "before": _aware}


def _rows(publications: Sequence[Publication]) -> list[dict[str, Any]]:
    found = remarks.of(publications)
    return [{**publication_row(row), "remarks": by_field(found.get(row.pk, ()))} for row in publications]

"""Numbers of accounts and posts in JSON: what was read, newest first, and reading them now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from django_connected_accounts.models import Measurement
from django_connected_accounts.services import measuring

from .accounts import own
from .envelope import Answer, moment
from .paging import page
from .publications import own as own_publication
from .reading import query, read


def of_account(request: HttpRequest, account_id: UUID) -> Answer:
    """Answer the numbers of an account, but not of its posts, by ``?name``."""
    return _page(request, own(request, account_id).measurements.filter(publication=None))


def measure_account(request: HttpRequest, account_id: UUID) -> Answer:
    """Read the numbers of an account now, and answer them."""
    account = own(request, account_id)
    read(request, {})
    return _read(measuring.measure_account(account))


def of_publication(request: HttpRequest, publication_id: UUID) -> Answer:
    """Answer the numbers of a post on one account, by ``?name``."""
    return _page(request, own_publication(request, publication_id).measurements.all())


def measure_publication(request: HttpRequest, publication_id: UUID) -> Answer:
    """Read the numbers of a post on one account now, and answer them."""
    publication = own_publication(request, publication_id)
    read(request, {})
    return _read(measuring.measure_publication(publication))


def _page(request: HttpRequest, rows: QuerySet[Measurement]) -> Answer:
    if name := query(request, "name"):
        rows = rows.filter(name=name)
    return page(request, rows.order_by("-at", "-pk"), _row)


def _read(found: list[Measurement]) -> Answer:
    return Answer(body={"results": [_row(row) for row in found]})


def _row(row: Measurement) -> dict[str, Any]:
    """Return a number as JSON; null where the platform had none to give."""
    return {"name": row.name, "value": row.value, "at": moment(row.at)}

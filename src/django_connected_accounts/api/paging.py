"""One page of a list, with its way to the others. Costs two queries at any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from django_connected_accounts.exceptions import InvalidRequest

from .envelope import Answer

T = TypeVar("T", bound=Model)


def page(request: HttpRequest, rows: QuerySet[T], shape: Callable[[T], dict[str, Any]]) -> Answer:
    """Return the page ``?page`` and ``?page_size`` ask for; one past the last is empty, not an error."""
    return together(request, rows, lambda found: [shape(row) for row in found])


def together(
    request: HttpRequest, rows: QuerySet[T], shape: Callable[[Sequence[T]], list[dict[str, Any]]]
) -> Answer:
    """Do as `page` where all rows of a page are shaped together."""
    biggest: int = settings.CONNECTED_ACCOUNTS_API_MAX_PAGE_SIZE
    number = _number(request, "page", default=1, most=None)
    usual = min(settings.CONNECTED_ACCOUNTS_PAGE_SIZE, biggest)
    size = _number(request, "page_size", default=usual, most=biggest)
    count = rows.count()
    pages = max(1, -(-count // size))
    found = rows[(number - 1) * size : number * size] if number <= pages and count else ()
    return Answer(
        body={
            "count": count,
            "page": number,
            "pages": pages,
            "page_size": size,
            "next": _link(request, number + 1) if number < pages else None,
            "previous": _link(request, min(number - 1, pages)) if number > 1 else None,
            "results": shape(list(found)),
        }
    )


def _number(request: HttpRequest, name: str, *, default: int, most: int | None) -> int:
    given = request.GET.get(name)
    if given is None:
        return default
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= 9 else 0
    if number < 1 or (most is not None and number > most):
        raise InvalidRequest("invalid_page", field=name, most=most or 999_999_999)
    return number


def _link(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"{request.path}?{query.urlencode()}"

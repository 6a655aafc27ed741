"""Numbers by the Graph API: whatever is not given, for whatever reason, never spoils the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, PermissionMissing, ProviderError
from django_connected_accounts.providers.types import Reading

Ask = Callable[[Sequence[str]], list[Reading]]

Errors = tuple[type[ProviderError], ...]

REFUSED: Errors = (ContentRejected, PermissionMissing)


def each(
    names: Sequence[str],
    ask: Ask,
    now: datetime,
    *,
    refused: Errors = REFUSED,
    splits: Errors = REFUSED,
) -> list[Reading]:
    """Return a reading for every name, None where there is none to be had.

    All are asked for at once; what is ``refused`` is left out, and where the refusal ``splits``, because a
    single one may be to blame, they are asked for by halves. Any other error is raised.
    """
    try:
        found = {reading.name: reading for reading in ask(names)}
    except refused as error:
        if len(names) > 1 and isinstance(error, splits):
            half = len(names) // 2
            halves = (names[:half], names[half:])
            again = partial(each, ask=ask, now=now, refused=refused, splits=splits)
            return [reading for part in halves for reading in again(part)]
        found = {}
    return [found.get(name) or Reading(name=name, value=None, at=now) for name in map(plain, names)]


def reading(row: Mapping[str, Any], now: datetime) -> Reading:
    """Return the newest value of a metric, or the one for the whole time; what is split by kind is summed up.

    A metric without any has None.
    """
    newest = row.get("total_value") or (row.get("values") or [{}])[-1]
    value, ended = newest.get("value"), newest.get("end_time")
    if links := row.get("link_total_values"):
        value = {str(link.get("link_url")): link.get("value") for link in links}
    if isinstance(value, dict):
        value = sum(part for part in value.values() if isinstance(part, int | float))
    at = datetime.strptime(ended, "%Y-%m-%dT%H:%M:%S%z") if ended else now
    return Reading(name=str(row.get("name", "")), value=value, at=at)


def plain(name: str) -> str:
    """Return the name of a field without what is asked of it."""
    return name.partition(".")[0]

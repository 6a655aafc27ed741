"""Numbers by the Graph API: whatever is not given, for whatever reason, never spoils the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, PermissionMissing, ProviderError
from django_connected_accounts.providers.types import Reading

Ask = Callable[[Sequence[str]], list[Reading]]

REFUSED: tuple[type[ProviderError], ...] = (ContentRejected, PermissionMissing)


def each(
    names: Sequence[str], ask: Ask, now: datetime, *, splits: tuple[type[ProviderError], ...] = REFUSED
) -> list[Reading]:
    """Return a reading for every name, None where there is none to be had.

    All are asked for at once; a refusal that ``splits``, which a single one may be to blame for, has them
    asked for by halves.
    """
    try:
        found = {reading.name: reading for reading in ask(names)}
    except REFUSED as error:
        if len(names) > 1 and isinstance(error, splits):
            half = len(names) // 2
            halves = (names[:half], names[half:])
            return [reading for part in halves for reading in each(part, ask, now, splits=splits)]
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

"""What rate-limit headers say: RFC 9110 section 10.2.3, and
https://developers.facebook.com/docs/graph-api/overview/rate-limiting."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from .types import Usage

_APP_HEADER = "X-App-Usage"
_BUSINESS_HEADER = "X-Business-Use-Case-Usage"
_PERCENTAGES = ("call_count", "total_time", "total_cputime")


def usage(headers: Mapping[str, str]) -> tuple[Usage, ...]:
    """Return what Meta's usage headers say, nothing for headers that are absent or unreadable."""
    found = []
    app = _object(headers.get(_APP_HEADER))
    if app:
        found.append(Usage(percent=_percent(app), scope="app"))
    accounts = list(_business_entries(_object(headers.get(_BUSINESS_HEADER))))
    if accounts:
        minutes = max(_number(entry.get("estimated_time_to_regain_access")) for entry in accounts)
        found.append(Usage(percent=max(map(_percent, accounts)), retry_after=minutes * 60, scope="account"))
    return tuple(found)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds a ``Retry-After`` header gives, as a number or as a date; None if there is none."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return max(0.0, (at - now).total_seconds())


def _business_entries(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entries in value.values():
        if isinstance(entries, list):
            yield from (entry for entry in entries if isinstance(entry, dict))


def _percent(entry: Mapping[str, Any]) -> float:
    return max(_number(entry.get(name)) for name in _PERCENTAGES)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return 0.0
    return max(0.0, float(value))


def _object(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}

"""What headers say of budgets: ``Retry-After`` (RFC 9110 section 10.2.3), Meta's usage
(https://developers.facebook.com/docs/graph-api/overview/rate-limiting) and X's limits
(https://docs.x.com/x-api/fundamentals/rate-limits)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, Literal

from .types import Usage

LONGEST_WAIT = 31 * 24 * 60 * 60.0
"""Seconds; no budget runs longer, so a header that says more is wrong."""

_APP_HEADER = "x-app-usage"
_BUSINESS_HEADER = "x-business-use-case-usage"
_PERCENTAGES = ("call_count", "total_time", "total_cputime")

_COUNTED: Mapping[str, Literal["app", "account"]] = {
    # Header names before "-limit", "-remaining" and "-reset", and whose budget they count.
    "x-rate-limit": "account",
    "x-user-limit-24hour": "account",
    "x-app-limit-24hour": "app",
}


def usage(headers: Mapping[str, str], *, now: datetime) -> tuple[Usage, ...]:
    """Return what the headers of an answer say of budgets, nothing where they are absent or unreadable."""
    found = []
    headers = {name.lower(): text for name, text in headers.items()}
    app = _object(headers.get(_APP_HEADER))
    if app:
        found.append(Usage(percent=_percent(app), scope="app"))
    accounts = list(_business_entries(_object(headers.get(_BUSINESS_HEADER))))
    if accounts:
        minutes = max(_number(entry.get("estimated_time_to_regain_access")) for entry in accounts)
        found.append(
            Usage(percent=max(map(_percent, accounts)), retry_after=_bounded(minutes * 60), scope="account")
        )
    found += filter(None, (_counted(headers, name, scope, now) for name, scope in _COUNTED.items()))
    return tuple(found)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds a ``Retry-After`` header gives, as a number or as a date; None if there is none."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return _bounded(float(text))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return _bounded((at - now).total_seconds())


def _counted(
    headers: Mapping[str, str], name: str, scope: Literal["app", "account"], now: datetime
) -> Usage | None:
    """Return what a budget of so many calls says that begins anew at a time in Unix seconds."""
    remaining = _integer(headers.get(f"{name}-remaining"))
    if remaining is None:
        return None
    limit, reset = (_integer(headers.get(f"{name}-{part}")) for part in ("limit", "reset"))
    spent = 100.0 * (limit - remaining) / limit if limit else 100.0 * (remaining == 0)
    return Usage(percent=max(0.0, spent), retry_after=_bounded((reset or 0) - now.timestamp()), scope=scope)


def _business_entries(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entries in value.values():
        if isinstance(entries, list):
            yield from (entry for entry in entries if isinstance(entry, dict))


def _percent(entry: Mapping[str, Any]) -> float:
    return max(_number(entry.get(name)) for name in _PERCENTAGES)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        number = float(value)
    except OverflowError:
        return 0.0
    return max(0.0, number) if isfinite(number) else 0.0


def _integer(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_WAIT)


def _object(text: str | None) -> Mapping[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}

"""The numbers of a Page and its posts, as far as they still exist.

https://developers.facebook.com/docs/graph-api/reference/insights
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, PermissionMissing
from django_connected_accounts.providers.types import Reading

from .client import FacebookAPIClient

PAGE_METRICS = (
    "page_media_view",
    "page_total_media_view_unique",
    "page_post_engagements",
    "page_follows",
    "page_daily_follows_unique",
)
POST_METRICS = (
    "post_media_view",
    "post_total_media_view_unique",
    "post_clicks",
    "post_reactions_by_type_total",
)
COUNTS = ("reactions.limit(0).summary(true)", "comments.limit(0).summary(true)")
REFUSED = (ContentRejected, PermissionMissing)

Ask = Callable[[Sequence[str]], list[Reading]]


def readings(client: FacebookAPIClient, remote_id: str, now: datetime) -> list[Reading]:
    """Return the numbers of the Page, or of one post or film; None for what the platform does not say."""

    def insights(names: Sequence[str]) -> list[Reading]:
        params = {} if remote_id else {"period": "day"}
        rows = client.get_insights(remote_id or client.page_id, metric=",".join(names), **params)
        return [_reading(row, now) for row in rows]

    def counts(names: Sequence[str]) -> list[Reading]:
        node = client.get_node(remote_id or client.page_id, fields=",".join(names))
        return [Reading(name=name, value=_count(node, name), at=now) for name in map(_plain, names)]

    if not remote_id:
        return _each(PAGE_METRICS, insights, now) + _each(("followers_count",), counts, now)
    if "_" in remote_id:  # a film's id has none
        return _each(POST_METRICS, insights, now) + _each((*COUNTS, "shares"), counts, now)
    try:
        found = [_reading(row, now) for row in client.get_insights(remote_id, edge="video_insights")]
    except REFUSED:
        found = []
    return found + _each(COUNTS, counts, now)


def _each(names: Sequence[str], ask: Ask, now: datetime) -> list[Reading]:
    """Return a reading for every name: all are asked for at once, or alone where one spoils the rest."""
    try:
        found = {reading.name: reading for reading in ask(names)}
    except REFUSED:
        if len(names) > 1:
            return [reading for name in names for reading in _each((name,), ask, now)]
        found = {}
    return [found.get(name) or Reading(name=name, value=None, at=now) for name in map(_plain, names)]


def _reading(row: Mapping[str, Any], now: datetime) -> Reading:
    """Return the newest value of a metric; what is split by kind is summed up."""
    newest = (row.get("values") or [{}])[-1]
    value, ended = newest.get("value"), newest.get("end_time")
    if isinstance(value, dict):
        value = sum(part for part in value.values() if isinstance(part, int | float))
    at = datetime.strptime(ended, "%Y-%m-%dT%H:%M:%S%z") if ended else now
    return Reading(name=str(row.get("name", "")), value=value, at=at)


def _count(node: Mapping[str, Any], name: str) -> float | None:
    """Return how many there are; shares are not told while there are none."""
    if name == "shares":
        return float((node.get(name) or {}).get("count", 0))
    value = node.get(name)
    return value.get("summary", {}).get("total_count") if isinstance(value, dict) else value


def _plain(name: str) -> str:
    return name.partition(".")[0]

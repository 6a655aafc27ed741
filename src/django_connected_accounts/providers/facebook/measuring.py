"""The numbers of a Page and its posts, as far as they still exist.

https://developers.facebook.com/docs/graph-api/reference/insights
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django_connected_accounts.providers.meta.insights import REFUSED, each, plain, reading
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


def readings(client: FacebookAPIClient, remote_id: str, now: datetime) -> list[Reading]:
    """Return the numbers of the Page, or of one post or film; None for what the platform does not say."""

    def insights(names: Sequence[str]) -> list[Reading]:
        params = {} if remote_id else {"period": "day"}
        rows = client.get_insights(remote_id or client.page_id, metric=",".join(names), **params)
        return [reading(row, now) for row in rows]

    def counts(names: Sequence[str]) -> list[Reading]:
        node = client.get_node(remote_id or client.page_id, fields=",".join(names))
        return [Reading(name=name, value=_count(node, name), at=now) for name in map(plain, names)]

    if not remote_id:
        return each(PAGE_METRICS, insights, now) + each(("followers_count",), counts, now)
    if "_" in remote_id:  # a film's id has none
        return each(POST_METRICS, insights, now) + each((*COUNTS, "shares"), counts, now)
    try:
        found = [reading(row, now) for row in client.get_insights(remote_id, edge="video_insights")]
    except REFUSED:
        found = []
    return found + each(COUNTS, counts, now)


def _count(node: Mapping[str, Any], name: str) -> float | None:
    """Return how many there are; shares are not told while there are none."""
    if name == "shares":
        return float((node.get(name) or {}).get("count", 0))
    value = node.get(name)
    return value.get("summary", {}).get("total_count") if isinstance(value, dict) else value

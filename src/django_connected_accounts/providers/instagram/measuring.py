"""The numbers of an account and its posts, as far as they still exist.

https://developers.facebook.com/docs/instagram-platform/insights
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django_connected_accounts.exceptions import ContentRejected
from django_connected_accounts.providers.meta.insights import each, reading
from django_connected_accounts.providers.types import Connection, Reading

from .client import InstagramAPIClient

ACCOUNT_METRICS = (
    "reach",
    "views",
    "accounts_engaged",
    "total_interactions",
    "likes",
    "comments",
    "shares",
    "saves",
    "replies",
    "reposts",
    "profile_views",
    "profile_links_taps",
    "website_clicks",
)
"""Of the last 24 hours."""

ACCOUNT_FIELDS = ("followers_count", "follows_count", "media_count")

_ALL = ("views", "reach", "shares", "reposts", "total_interactions")
_OPINIONS = ("likes", "comments", "saved")
MEDIA_METRICS: Mapping[str, tuple[str, ...]] = {
    "FEED": (*_ALL, *_OPINIONS, "follows", "profile_visits", "profile_activity"),
    "REELS": (
        *_ALL,
        *_OPINIONS,
        "ig_reels_avg_watch_time",
        "ig_reels_video_view_total_time",
        "reels_skip_rate",
    ),
    "STORY": (*_ALL, "replies", "follows", "navigation", "profile_visits", "profile_activity", "link_clicks"),
}
"""What there is of each kind of media; nothing else is answered for any of them."""

COUNTED = {"likes": "like_count", "comments": "comments_count"}
"""Metrics that the media itself tells as well, should there be no insights."""


def readings(
    client: InstagramAPIClient, connection: Connection, remote_id: str, now: datetime
) -> list[Reading]:
    """Return the numbers of the account, or of one media; None for what the platform does not say."""
    if remote_id:
        return _of_media(client, remote_id, now)

    def insights(names: Sequence[str]) -> list[Reading]:
        rows = client.get_insights(
            connection.account_id, metric=",".join(names), period="day", metric_type="total_value"
        )
        return [reading(row, now) for row in rows]

    user = client.get_user_info(connection.account_id, fields=",".join(("id", *ACCOUNT_FIELDS)))
    counts = [Reading(name=name, value=user.get(name), at=now) for name in ACCOUNT_FIELDS]
    return counts + each(ACCOUNT_METRICS, insights, now, splits=(ContentRejected,))


def _of_media(client: InstagramAPIClient, media_id: str, now: datetime) -> list[Reading]:
    def insights(names: Sequence[str]) -> list[Reading]:
        return [reading(row, now) for row in client.get_insights(media_id, metric=",".join(names))]

    media = client.get_media(media_id, fields="id,media_product_type,like_count,comments_count")
    names = MEDIA_METRICS.get(str(media.get("media_product_type")), _ALL)
    # "Too few viewers" is a refusal for want of permission, and of all metrics alike.
    found = each(names, insights, now, splits=(ContentRejected,))
    return [
        replace(one, value=media.get(COUNTED[one.name])) if one.value is None and one.name in COUNTED else one
        for one in found
    ]

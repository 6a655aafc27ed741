"""Instagram's insights of accounts and media, alike on graph.facebook.com and graph.instagram.com.

Follows the Instagram Platform contract of 2026-11-22, section 5, as far as `insights` does.
"""

from __future__ import annotations

from typing import Final

from .containers import authorise
from .errors import GraphError
from .insights import answer, daily, lifetime, names_in, total
from .instagram import PRODUCT, visible
from .meta import edges
from .routing import Answer, Call

ACCOUNT: Final[dict[str, int | None]] = {
    "reach": 420, "views": 1250, "accounts_engaged": 57, "total_interactions": 96, "likes": 71,
    "comments": 9, "shares": 6, "saves": 8, "replies": 2, "reposts": 1, "profile_links_taps": 3,
    "profile_views": 44, "website_clicks": 5, "follower_count": 4, "follows_and_unfollows": None,
}  # fmt: skip
"""Metric to its number; None where only a breakdown has any."""
SERIES: Final = frozenset({"reach", "follower_count"})
"""What is also given day by day, and without ``metric_type=total_value``."""
FEW_FOLLOWERS: Final = 100
"""Below it there is no ``follower_count``."""

_ALL: Final = {"views": 64, "reach": 51, "shares": 2, "reposts": 1, "total_interactions": 15}
_FEED: Final = {"likes": 9, "comments": 2, "saved": 1}
_PROFILE: Final = {"follows": 1, "profile_visits": 6, "profile_activity": 2}
MEDIA: Final[dict[str, dict[str, int]]] = {
    "FEED": {**_ALL, **_FEED, **_PROFILE},
    "REELS": {
        **_ALL,
        **_FEED,
        "ig_reels_avg_watch_time": 4100,
        "ig_reels_video_view_total_time": 262400,
        "reels_skip_rate": 21,
    },
    "STORY": {**_ALL, **_PROFILE, "replies": 3, "navigation": 12, "link_clicks": 4},
}
WITH_FACEBOOK: Final = {"total_likes": 11, "total_comments": 2, "total_views": 80}
"""What only graph.facebook.com knows."""


def of_account(call: Call, node: str) -> Answer:
    authorise(call, node, "measure")
    names = names_in(call, ACCOUNT)
    if not call.text("period"):
        raise GraphError(100, message="(#100) The parameter period is required")
    summed = call.text("metric_type") == "total_value"
    if not summed and not SERIES.issuperset(names):
        raise GraphError(100, message="(#100) The metrics should be specified with parameter metric_type")
    owner = call.world.account(node)
    few = owner is not None and owner.followers_count < FEW_FOLLOWERS
    given = {name: ACCOUNT[name] for name in names if not (few and name == "follower_count")}
    return answer(call, node, given, period=call.text("period"), shape=total if summed else daily)


def of_media(call: Call, node: str) -> Answer:
    media = visible(call, node, "measure")
    more = WITH_FACEBOOK if call.host == "graph.facebook.com" else {}
    known = {**MEDIA[PRODUCT[media.kind]], **more}
    given = {name: known[name] for name in names_in(call, known)}
    return answer(call, node, given, period="lifetime", shape=lifetime)


EDGES: Final = edges(
    (
        "GET", "instagram", "insights", of_account,
        "metric period metric_type since until breakdown timeframe",
    ),
    ("GET", "media", "insights", of_media, "metric period breakdown"),
)  # fmt: skip

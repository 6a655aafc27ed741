"""Instagram's insights of accounts and media, alike on graph.facebook.com and graph.instagram.com.

Follows the Instagram Platform contract of 2026-11-22, section 5. The numbers are invented and stay the same;
the days that ``since`` and ``until`` ask for, breakdowns and time frames change nothing.
"""

from __future__ import annotations

from typing import Any, Final

from .containers import authorise
from .errors import GraphError
from .instagram import PRODUCT, visible
from .meta import Edge, timestamp
from .records import DAY
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
    """The metrics asked for; a name that is none of them fails the whole call."""
    authorise(call, node, "measure")
    names = _names(call, ACCOUNT)
    if not call.text("period"):
        raise GraphError(100, message="(#100) The parameter period is required")
    total = call.text("metric_type") == "total_value"
    if not total and not SERIES.issuperset(names):
        raise GraphError(100, message="(#100) The metrics should be specified with parameter metric_type")
    owner = call.world.account(node)
    few = owner is not None and owner.followers_count < FEW_FOLLOWERS
    given = [name for name in names if not (few and name == "follower_count")]
    return {"data": [_row(call, node, name, ACCOUNT[name], total=total) for name in given]}


def of_media(call: Call, node: str) -> Answer:
    media = visible(call, node, "measure")
    more = WITH_FACEBOOK if call.host == "graph.facebook.com" else {}
    known = {**MEDIA[PRODUCT[media.kind]], **more}
    rows = []
    for name in _names(call, known):
        row = _described(node, name, "lifetime")
        rows.append({**row, "values": [{"value": known[name]}]})
    return {"data": rows}


def _names(call: Call, known: dict[str, Any]) -> list[str]:
    names = [name for name in call.text("metric").split(",") if name]
    for at, name in enumerate(names or [""]):
        if name not in known:
            choices = ", ".join(sorted(known))
            message = f"(#100) metric[{at}] must be one of the following values: {choices}"
            raise GraphError(100, message=message)
    return names


def _row(call: Call, node: str, name: str, value: int | None, *, total: bool) -> dict[str, Any]:
    row = _described(node, name, call.text("period"))
    if total:
        return row if value is None else {**row, "total_value": {"value": value}}
    ended = timestamp(call.world.now() // DAY * DAY)
    return {**row, "values": [{"value": value, "end_time": ended}]}


def _described(node: str, name: str, period: str) -> dict[str, Any]:
    title = name.replace("_", " ").capitalize()
    about = {"name": name, "period": period, "title": title, "description": ""}
    return {**about, "id": f"{node}/insights/{name}/{period}"}


EDGES: Final = (
    Edge(
        "GET",
        "instagram",
        "insights",
        of_account,
        frozenset({"metric", "period", "metric_type", "since", "until", "breakdown", "timeframe"}),
    ),
    Edge("GET", "media", "insights", of_media, frozenset({"metric", "period", "breakdown"})),
)

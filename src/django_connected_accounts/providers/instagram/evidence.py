"""Whether a call without an answer took effect, judged by what Instagram shows now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django_connected_accounts.providers.types import Connection, Draft

from .client import MEDIA_FIELDS, InstagramAPIClient
from .containers import caption

CLOCK_MARGIN = timedelta(seconds=60)
PRODUCT_TYPES = {"photo": "FEED", "carousel": "FEED", "reel": "REELS", "story": "STORY"}
MEDIA_TYPES = {
    "photo": ("IMAGE",),
    "carousel": ("CAROUSEL_ALBUM",),
    "reel": ("VIDEO",),
    "story": ("IMAGE", "VIDEO"),
}


def listed_media(
    client: InstagramAPIClient, connection: Connection, draft: Draft, since: datetime, *, proven: bool
) -> Mapping[str, Any] | None:
    """Return the media that is this draft, published at about ``since``, or None.

    Without a caption only type and time are left to compare: that convinces only if it is ``proven`` by other
    means that the draft was published.
    """
    if not proven and not caption(draft):
        return None
    earliest = since - CLOCK_MARGIN
    if draft.kind == "story":
        rows = client.list_stories(connection.account_id)
    else:
        fields = f"{MEDIA_FIELDS},children" if draft.kind == "carousel" else MEDIA_FIELDS
        rows = client.list_media(connection.account_id, since=int(earliest.timestamp()), fields=fields)
    candidates = [
        (abs(at - since), row) for row in rows if (at := time_of(row)) and at >= earliest and _is(row, draft)
    ]
    return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def comment_is_listed(
    client: InstagramAPIClient, connection: Connection, media_id: str, text: str, since: datetime
) -> bool:
    """Say whether this account has commented so since then."""
    return any(
        (at := time_of(comment)) is not None
        and at >= since - CLOCK_MARGIN
        and comment.get("username", connection.username) == connection.username
        and _words(comment.get("text")) == _words(text)
        for comment in client.list_comments(media_id)
    )


def time_of(row: Mapping[str, Any]) -> datetime | None:
    """Return the time of a media or comment, None if it has none that can be read."""
    try:
        return datetime.strptime(row["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
    except (KeyError, TypeError, ValueError):
        return None


def _is(media: Mapping[str, Any], draft: Draft) -> bool:
    children = media.get("children", {}).get("data")
    return (
        media.get("media_product_type") == PRODUCT_TYPES[draft.kind]
        and media.get("media_type") in MEDIA_TYPES[draft.kind]
        and _words(media.get("caption")) == _words(caption(draft))
        and (children is None or len(children) == len(draft.media))
    )


def _words(text: str | None) -> list[str]:
    """Return what the platform leaves of a text: it trims, and may fold white space."""
    return (text or "").split()

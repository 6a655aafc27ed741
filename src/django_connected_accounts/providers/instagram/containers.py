"""What is sent to make a container, by kind of post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django_connected_accounts.exceptions import ContentRejected
from django_connected_accounts.providers.types import Draft, Media, Option


def post(draft: Draft, options: Mapping[str, Option], children: Sequence[str] = ()) -> dict[str, Any]:
    """Return the parameters of the container that will be published."""
    params = {
        "caption": caption(draft) or None,
        **{
            name: _chosen(draft.options.get(name))
            for name, option in options.items()
            if draft.kind in option.kinds
        },
    }
    if draft.kind == "carousel":
        return {**params, "media_type": "CAROUSEL", "children": ",".join(children)}
    if not draft.media:
        raise ContentRejected("media_missing")
    media = draft.media[0]
    params |= {**_source(media), "user_tags": _tags(media)}
    if draft.kind == "photo":
        return {**params, "alt_text": media.alt_text or None}
    if draft.kind == "story":
        return {**params, "media_type": "STORIES"}
    return {**params, "media_type": "REELS", "cover_url": media.cover_url or None}


def item(media: Media) -> dict[str, Any]:
    """Return the parameters of one item of a carousel."""
    params: dict[str, Any] = {**_source(media), "is_carousel_item": True}
    if media.kind == "video":
        return {**params, "media_type": "VIDEO"}
    return {**params, "alt_text": media.alt_text or None, "user_tags": _tags(media)}


def caption(draft: Draft) -> str:
    """Return the text that goes out; a story shows none."""
    return "" if draft.kind == "story" else draft.text


def _source(media: Media) -> dict[str, str]:
    if not media.url:
        raise ContentRejected("media_missing")
    return {"image_url" if media.kind == "image" else "video_url": media.url}


def _tags(media: Media) -> list[dict[str, Any]] | None:
    names = ("username", "x", "y") if media.kind == "image" else ("username",)
    tags = [{name: tag[name] for name in names if tag.get(name) is not None} for tag in media.user_tags]
    return tags or None


def _chosen(value: Any) -> Any:
    return None if value in ("", [], ()) else value

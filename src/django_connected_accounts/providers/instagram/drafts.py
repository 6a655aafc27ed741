"""One draft on Instagram: its containers, and whether a call without an answer took effect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, ProviderError, Unavailable
from django_connected_accounts.providers.meta import meaning_of_subcode
from django_connected_accounts.providers.meta.steps import Containers
from django_connected_accounts.providers.types import Draft, Media, Option

from .client import MEDIA_FIELDS, InstagramAPIClient

PRODUCT_TYPES = {"photo": "FEED", "carousel": "FEED", "reel": "REELS", "story": "STORY"}
MEDIA_TYPES = {
    "photo": ("IMAGE",),
    "carousel": ("CAROUSEL_ALBUM",),
    "reel": ("VIDEO",),
    "story": ("IMAGE", "VIDEO"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstagramContainers(Containers):
    client: InstagramAPIClient
    options: Mapping[str, Option]

    @property
    def shown_text(self) -> str:
        return _caption(self.draft)

    def create_item(self, media: Media) -> str:
        return self._create(_item(media))

    def create(self, children: Sequence[str]) -> str:
        return self._create(_post(self.draft, self.options, children))

    def status(self, container: str) -> str | ProviderError:
        answer = self.client.get_container_status(container)
        status = str(answer.get("status_code", ""))
        if status == "EXPIRED":
            return Unavailable("container_gone", provider=self.provider)
        if status != "ERROR":
            return status
        subcode = re.search(r"\b22070\d\d\b", str(answer.get("status", "")))
        meaning = meaning_of_subcode(int(subcode[0])) if subcode else None
        platform_code = subcode[0] if subcode else "ERROR"
        if meaning is None:
            return ContentRejected(
                "media_processing_failed", provider=self.provider, platform_code=platform_code
            )
        return meaning.error(meaning.code, provider=self.provider, platform_code=platform_code)

    def publish(self, container: str) -> str:
        return self.client.publish_media(self.connection.account_id, container)

    def media(self, media_id: str) -> Mapping[str, Any]:
        return self.client.get_media(media_id)

    def published(self, since: int) -> Iterable[Mapping[str, Any]]:
        account_id = self.connection.account_id
        if self.draft.kind == "story":
            rows = self.client.list_stories(account_id)
        else:
            fields = f"{MEDIA_FIELDS},children" if self.draft.kind == "carousel" else MEDIA_FIELDS
            rows = self.client.list_media(account_id, since=since, fields=fields)
        return (row for row in rows if _is_like(row, self.draft))

    def comment(self, media_id: str) -> None:
        self.client.create_comment(media_id, self.draft.first_comment)

    def comments(self, media_id: str) -> Iterable[Mapping[str, Any]]:
        mine = self.connection.username
        return (row for row in self.client.list_comments(media_id) if row.get("username", mine) == mine)

    def _create(self, params: Mapping[str, Any]) -> str:
        return self.client.create_media_container(self.connection.account_id, **params)


def _is_like(media: Mapping[str, Any], draft: Draft) -> bool:
    children = media.get("children", {}).get("data")
    return (
        media.get("media_product_type") == PRODUCT_TYPES[draft.kind]
        and media.get("media_type") in MEDIA_TYPES[draft.kind]
        and (children is None or len(children) == len(draft.media))
    )


def _post(draft: Draft, options: Mapping[str, Option], children: Sequence[str] = ()) -> dict[str, Any]:
    """Return the parameters of the container that will be published."""
    params = {
        "caption": _caption(draft) or None,
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


def _item(media: Media) -> dict[str, Any]:
    """Return the parameters of one item of a carousel."""
    params: dict[str, Any] = {**_source(media), "is_carousel_item": True}
    if media.kind == "video":
        return {**params, "media_type": "VIDEO"}
    return {**params, "alt_text": media.alt_text or None, "user_tags": _tags(media)}


def _caption(draft: Draft) -> str:
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

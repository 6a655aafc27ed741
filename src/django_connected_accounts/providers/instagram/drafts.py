"""One draft on Instagram: its containers, and whether a call without an answer took effect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, ProviderError
from django_connected_accounts.providers.meta import meaning_of_subcode
from django_connected_accounts.providers.meta.steps import Containers, source
from django_connected_accounts.providers.preflight import chosen
from django_connected_accounts.providers.types import Draft, Media, Option

from .client import MEDIA_FIELDS, InstagramAPIClient

SUBCODE = re.compile(r"\b22070\d\d\b")
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

    def state(self, container: str) -> tuple[str, str]:
        answer = self.client.get_container_status(container)
        return str(answer["status_code"]), str(answer.get("status", ""))

    def failure(self, why: str) -> ProviderError:
        subcode = SUBCODE.search(why)
        platform_code = subcode[0] if subcode else "ERROR"
        meaning = meaning_of_subcode(int(platform_code)) if subcode else None
        error, code = meaning[:2] if meaning else (ContentRejected, "media_processing_failed")
        return error(code, provider=self.provider, platform_code=platform_code)

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
    params: dict[str, Any] = {"caption": _caption(draft) or None, **chosen(draft, options)}
    if draft.kind == "carousel":
        return {**params, "media_type": "CAROUSEL", "children": ",".join(children)}
    if not draft.media:
        raise ContentRejected("media_missing")
    media = draft.media[0]
    params |= {**source(media), "user_tags": _tags(media)}
    if draft.kind == "photo":
        return {**params, "alt_text": media.alt_text or None}
    if draft.kind == "story":
        return {**params, "media_type": "STORIES"}
    return {**params, "media_type": "REELS", "cover_url": media.cover_url or None}


def _item(media: Media) -> dict[str, Any]:
    """Return the parameters of one item of a carousel."""
    params: dict[str, Any] = {**source(media), "is_carousel_item": True}
    if media.kind == "video":
        return {**params, "media_type": "VIDEO"}
    return {**params, "alt_text": media.alt_text or None, "user_tags": _tags(media)}


def _caption(draft: Draft) -> str:
    """Return the text that goes out; a story shows none."""
    return "" if draft.kind == "story" else draft.text


def _tags(media: Media) -> list[dict[str, Any]] | None:
    names = ("username", "x", "y") if media.kind == "image" else ("username",)
    tags = [{name: tag[name] for name in names if tag.get(name) is not None} for tag in media.user_tags]
    return tags or None

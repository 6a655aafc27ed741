"""One draft on Instagram: its containers, and whether a call without an answer took effect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, ProviderError, Unavailable
from django_connected_accounts.providers.meta import meaning_of_subcode
from django_connected_accounts.providers.meta.steps import time_of, words
from django_connected_accounts.providers.types import Connection, Draft, Media, Option

from . import containers
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


@dataclass(frozen=True, slots=True, kw_only=True)
class InstagramContainers:
    """See `meta.steps.Containers`."""

    provider: str
    client: InstagramAPIClient
    connection: Connection
    draft: Draft
    options: Mapping[str, Option]

    def create_item(self, media: Media) -> str:
        return self._create(containers.item(media))

    def create(self, children: Sequence[str]) -> str:
        return self._create(containers.post(self.draft, self.options, children))

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

    def listed(self, since: datetime, *, proven: bool) -> Mapping[str, Any] | None:
        """Without a caption only type and time are left to compare, which proves nothing."""
        if not proven and not caption(self.draft):
            return None
        earliest, account_id = since - CLOCK_MARGIN, self.connection.account_id
        if self.draft.kind == "story":
            rows = self.client.list_stories(account_id)
        else:
            fields = f"{MEDIA_FIELDS},children" if self.draft.kind == "carousel" else MEDIA_FIELDS
            rows = self.client.list_media(account_id, since=int(earliest.timestamp()), fields=fields)
        candidates = [
            (abs(at - since), row)
            for row in rows
            if (at := time_of(row)) and at >= earliest and _is(row, self.draft)
        ]
        return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None

    def comment(self, media_id: str) -> None:
        self.client.create_comment(media_id, self.draft.first_comment)

    def comment_is_listed(self, media_id: str, since: datetime) -> bool:
        return any(
            (at := time_of(comment)) is not None
            and at >= since - CLOCK_MARGIN
            and comment.get("username", self.connection.username) == self.connection.username
            and words(comment.get("text")) == words(self.draft.first_comment)
            for comment in self.client.list_comments(media_id)
        )

    def _create(self, params: Mapping[str, Any]) -> str:
        return self.client.create_media_container(self.connection.account_id, **params)


def _is(media: Mapping[str, Any], draft: Draft) -> bool:
    children = media.get("children", {}).get("data")
    return (
        media.get("media_product_type") == PRODUCT_TYPES[draft.kind]
        and media.get("media_type") in MEDIA_TYPES[draft.kind]
        and words(media.get("caption")) == words(caption(draft))
        and (children is None or len(children) == len(draft.media))
    )

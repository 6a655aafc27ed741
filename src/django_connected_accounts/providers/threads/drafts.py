"""One draft on Threads: its containers, and what is listed of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, ProviderError, RateLimited, Unavailable
from django_connected_accounts.providers.meta import Graph
from django_connected_accounts.providers.meta.steps import Containers, source
from django_connected_accounts.providers.preflight import chosen
from django_connected_accounts.providers.types import Media

from .rules import OPTIONS

QUOTA_WAIT = 3600.0
MEDIA_FIELDS = "id,text,timestamp,permalink,media_type,username"
READ = {"text": "TEXT_POST", "photo": "IMAGE", "video": "VIDEO", "carousel": "CAROUSEL_ALBUM"}
"""``media_type`` has other values when it is read than when it is written."""

PASSING = frozenset(
    {"FAILED_DOWNLOADING_VIDEO", "FAILED_PROCESSING_AUDIO", "FAILED_PROCESSING_VIDEO", "UNKNOWN"}
)
"""What ``error_message`` of a container says of failures that may pass; repeating helps no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsContainers(Containers):
    graph: Graph

    def create_item(self, media: Media) -> str:
        return self._create(is_carousel_item=True, **_described(media))

    def create(self, children: Sequence[str]) -> str:
        params: dict[str, Any] = {"media_type": "TEXT"}
        if self.draft.kind == "carousel":
            params = {"media_type": "CAROUSEL", "children": ",".join(children)}
        elif self.draft.media:
            params = _described(self.draft.media[0])
        return self._create(text=self.draft.text or None, **params, **chosen(self.draft, OPTIONS))

    def state(self, container: str) -> tuple[str, str]:
        answer = self.graph.get(container, needs="status", fields="status,error_message")
        return str(answer["status"]), str(answer.get("error_message", ""))

    def failure(self, why: str) -> ProviderError:
        code = "media_unreachable" if why == "FAILED_DOWNLOADING_VIDEO" else "media_processing_failed"
        kind = Unavailable if why in PASSING else ContentRejected
        return kind(code, provider=self.provider, platform_code=why)

    def publish(self, container: str) -> str:
        path = f"{self.connection.account_id}/threads_publish"
        try:
            return self.graph.create(path, repeatable=False, creation_id=container)
        except ContentRejected as refusal:
            # What is answered when the day's posts are spent is not documented.
            if refusal.code == "request_refused" and self._is_spent():
                raise RateLimited(
                    "publishing_quota_reached",
                    retry_after=QUOTA_WAIT,
                    scope="account",
                    provider=self.provider,
                    platform_code=refusal.platform_code,
                ) from None
            raise

    def _is_spent(self) -> bool:
        """Say whether this account may publish no more today, as far as the platform tells."""
        kind = "reply_" if self.draft.options.get("reply_to_id") else ""
        usage, config = f"{kind}quota_usage", f"{kind}config"
        path = f"{self.connection.account_id}/threads_publishing_limit"
        try:
            limit = self.graph.get(path, needs=usage, fields=f"{usage},{config}")
        except ProviderError:
            return False
        return bool(limit[usage] >= limit.get(config, {}).get("quota_total", float("inf")))

    def media(self, media_id: str) -> Mapping[str, Any]:
        return self.graph.get(media_id, needs="id", fields=MEDIA_FIELDS)

    def published(self, since: int) -> Iterable[Mapping[str, Any]]:
        rows = self.graph.rows("me/threads", since=since, fields=MEDIA_FIELDS, limit=100)
        return (row for row in rows if row.get("media_type") == READ[self.draft.kind])

    def _create(self, **params: Any) -> str:
        return self.graph.create(f"{self.connection.account_id}/threads", repeatable=True, **params)


def _described(media: Media) -> dict[str, Any]:
    media_type = "IMAGE" if media.kind == "image" else "VIDEO"
    return {"media_type": media_type, "alt_text": media.alt_text or None, **source(media)}

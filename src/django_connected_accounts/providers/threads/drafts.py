"""One draft on Threads: its containers, and what is listed of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, ProviderError, Unavailable
from django_connected_accounts.providers.meta import Graph
from django_connected_accounts.providers.meta.steps import time_of, words
from django_connected_accounts.providers.types import Connection, Draft, Media

CLOCK_MARGIN = timedelta(seconds=60)
MEDIA_FIELDS = "id,text,timestamp,permalink,media_type,username"
READ = {"text": "TEXT_POST", "photo": "IMAGE", "video": "VIDEO", "carousel": "CAROUSEL_ALBUM"}
"""``media_type`` has other values when it is read than when it is written."""

FAILURES: Mapping[str, type[ProviderError]] = {
    # What ``error_message`` of a failed container says; whatever else it says can't be helped by repeating.
    "FAILED_DOWNLOADING_VIDEO": Unavailable,
    "FAILED_PROCESSING_AUDIO": Unavailable,
    "FAILED_PROCESSING_VIDEO": Unavailable,
    "UNKNOWN": Unavailable,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsContainers:
    """See `meta.steps.Containers`."""

    provider: str
    graph: Graph
    connection: Connection
    draft: Draft

    def create_item(self, media: Media) -> str:
        return self._create(is_carousel_item=True, **_source(media))

    def create(self, children: Sequence[str]) -> str:
        options = {name: value for name, value in self.draft.options.items() if value not in ("", [], {})}
        if self.draft.kind == "carousel":
            return self._create(
                media_type="CAROUSEL", children=",".join(children), text=self.draft.text or None, **options
            )
        source = _source(self.draft.media[0]) if self.draft.media else {"media_type": "TEXT"}
        return self._create(text=self.draft.text or None, **source, **options)

    def status(self, container: str) -> str | ProviderError:
        answer = self._get(container, needs="status", fields="status,error_message")
        status = str(answer["status"])
        if status == "EXPIRED":
            return Unavailable("container_gone", provider=self.provider)
        if status != "ERROR":
            return status
        why = str(answer.get("error_message", ""))
        failure = FAILURES.get(why, ContentRejected)
        code = "media_unreachable" if why == "FAILED_DOWNLOADING_VIDEO" else "media_processing_failed"
        return failure(code, provider=self.provider, platform_code=why)

    def publish(self, container: str) -> str:
        path = f"{self.connection.account_id}/threads_publish"
        return str(self._post(path, repeatable=False, creation_id=container)["id"])

    def media(self, media_id: str) -> Mapping[str, Any]:
        return self._get(media_id, needs="id", fields=MEDIA_FIELDS)

    def listed(self, since: datetime, *, proven: bool) -> Mapping[str, Any] | None:
        if not proven and not self.draft.text:
            return None
        earliest = since - CLOCK_MARGIN
        rows = self._get(
            "me/threads", needs="data", since=int(earliest.timestamp()), fields=MEDIA_FIELDS, limit=100
        )["data"]
        candidates = [
            (abs(at - since), row)
            for row in rows
            if (at := time_of(row))
            and at >= earliest
            and row.get("media_type") == READ[self.draft.kind]
            and words(row.get("text")) == words(self.draft.text)
        ]
        return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None

    def comment(self, media_id: str) -> None:
        raise ContentRejected("comment_not_available", provider=self.provider)

    def comment_is_listed(self, media_id: str, since: datetime) -> bool:
        return False

    def _create(self, **params: Any) -> str:
        return str(self._post(f"{self.connection.account_id}/threads", repeatable=True, **params)["id"])

    def _post(self, path: str, *, repeatable: bool, **params: Any) -> dict[str, Any]:
        token = self.connection.tokens.access_token
        return self.graph.post(path, needs="id", token=token, repeatable=repeatable, **params)

    def _get(self, path: str, *, needs: str, **params: Any) -> dict[str, Any]:
        return self.graph.get(path, needs=needs, token=self.connection.tokens.access_token, **params)


def _source(media: Media) -> dict[str, Any]:
    if not media.url:
        raise ContentRejected("media_missing")
    image = media.kind == "image"
    return {
        "media_type": "IMAGE" if image else "VIDEO",
        "image_url" if image else "video_url": media.url,
        "alt_text": media.alt_text or None,
    }

"""What Facebook shows of a film, a post or a comment, and whether that is ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_connected_accounts.exceptions import Unavailable
from django_connected_accounts.providers.meta.live import CLOCK_MARGIN, nearest, words

from .client import FacebookAPIClient


@dataclass(frozen=True, slots=True)
class Film:
    """A video node. The platform leaves out phases, and writes both "complete" and "completed"."""

    node: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.node["id"])

    @property
    def post_id(self) -> str:
        return str(self.node.get("post_id") or "")

    @property
    def permalink(self) -> str:
        return str(self.node.get("permalink_url") or "")

    @property
    def received(self) -> int:
        """How many bytes the platform has."""
        return int(self._phase("uploading").get("bytes_transfered") or 0)

    @property
    def is_uploaded(self) -> bool:
        whole = self._phase("uploading").get("status") in ("complete", "completed")
        return whole or self._status in ("upload_complete", "ready")

    @property
    def is_live(self) -> bool:
        if publishing := self._phase("publishing"):
            return bool(publishing.get("publish_status") == "published")
        return self._status == "ready" and self.node.get("published") is True

    @property
    def was_accepted(self) -> bool:
        """Whether it surely was published, or will be, or can't be."""
        return self.has_failed or self._phase("publishing").get("status") not in (None, "not_started")

    @property
    def has_failed(self) -> bool:
        phases = (self._phase(name) for name in ("uploading", "processing", "publishing"))
        failed = self._status in ("error", "upload_failed", "expired")
        return failed or any(phase.get("status") == "error" for phase in phases)

    @property
    def says_nothing(self) -> bool:
        """Whether it is at work and does not say at what."""
        return not self._phase("publishing") and self._status in ("processing", "ready")

    @property
    def _status(self) -> str:
        return str((self.node.get("status") or {}).get("video_status", ""))

    def _phase(self, name: str) -> Mapping[str, Any]:
        phase: Mapping[str, Any] = (self.node.get("status") or {}).get(f"{name}_phase") or {}
        return phase


def post_of(client: FacebookAPIClient, photo: str) -> str:
    """Return the post that a staged picture was published in, "" if there is none to be seen."""
    try:
        return str(client.get_photo(photo).get("page_story_id") or "")
    except Unavailable as error:
        if error.code != "object_not_visible":
            raise
        return ""


def listed_post(
    client: FacebookAPIClient, text: str, photos: Collection[str], ready: datetime, *, app_id: str
) -> Mapping[str, Any] | None:
    """Return the Page's post that has these pictures or else this text, from ``ready`` on and by this app."""
    wanted, our_words = set(photos), words(text)

    def is_ours(row: Mapping[str, Any]) -> bool:
        app = row.get("application")
        if app and str(app.get("id")) != app_id:
            return False
        if photos:
            return bool(wanted & _ids(row.get("attachments")))
        # a link without a word is ours only if the app is
        return words(row.get("message")) == our_words and bool(our_words or app)

    rows = client.list_posts(int((ready - CLOCK_MARGIN).timestamp()))
    return nearest(filter(is_ours, rows), ready)


def listed_story(client: FacebookAPIClient, *ids: str | None) -> Mapping[str, Any] | None:
    """Return the story of the Page that has one of these ids, be it its own or that of its media."""
    known = {each for each in ids if each}
    rows = client.list_stories()
    return next((row for row in rows if known & {row.get("media_id"), row.get("post_id")}), None)


def offsets(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return from where to where a film is wanted next."""
    return {"start": int(answer["start_offset"]), "end": int(answer["end_offset"])}


def _ids(value: Any) -> set[str]:
    """Return every id that is named in what a post has attached."""
    if isinstance(value, list):
        return set().union(*map(_ids, value))
    if not isinstance(value, dict):
        return set()
    own = {str(value["id"])} if "id" in value else set()
    return own.union(*map(_ids, value.values()))

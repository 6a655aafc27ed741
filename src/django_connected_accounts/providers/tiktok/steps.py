"""One step of one post on TikTok: ask the creator's choices, begin, send the bytes, follow it to its end.

The ``publish_id`` that beginning gives is the handle: a film's pieces may be sent again without a second
post. Only photos, and films that TikTok fetches itself, are under way as soon as they have begun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from django_connected_accounts.exceptions import (
    ContentRejected,
    OutcomeUnknown,
    PermissionMissing,
    Unavailable,
)
from django_connected_accounts.providers.stages import RESTARTS, Staged
from django_connected_accounts.providers.types import Connection, Draft, HandedOver, Pending, Published

from .client import TikTokAPIClient
from .rules import FAILURES, UNKNOWN_FAILURE

PIECE = 10_000_000
"""Bytes; the last piece carries what is left over, up to twice as many."""
WAITS = (5.0, 10.0, 20.0, 30.0, *[60.0] * 10)
WAIT_LATE = 300.0
ID_WAITS = (30.0, 60.0, 300.0, 1800.0, 3600.0)
"""When it is asked again for the id of a post, which comes after moderation."""
INTERACTIONS = ("comment", "duet", "stitch")
"""What creators may close for all their posts, and authors for one; of photos only the first."""
CLOCK_MARGIN = timedelta(seconds=60)
UPLOAD_WINDOW = timedelta(minutes=65)
"""For how long after beginning bytes are taken, and some minutes for clocks that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Staged):
    """What is known when a step begins. The checkpoint's ``stage`` names the one to take."""

    client: TikTokAPIClient
    connection: Connection
    draft: Draft
    checkpoint: Mapping[str, Any]
    now: datetime
    provider: str = "tiktok"
    pull: bool
    """Whether TikTok fetches the media itself."""

    def take(self) -> Published | Pending | HandedOver:
        """Take the step and return where it led."""
        stages: Mapping[str, Callable[[], Published | Pending | HandedOver]] = {
            "check": self._check,
            "init": self._init,
            "upload": self._upload,
            "status": self._status,
            "post_id": self._post_id,
        }
        return stages[self.checkpoint.get("stage", "check")]()

    def find(self, since: datetime) -> Published | Pending | HandedOver | None:
        """Return what beginning at ``since`` made public. What is not listed may be there all the same."""
        if self.checkpoint.get("stage") == "status":
            return self._status()
        if self.checkpoint.get("stage") == "upload":
            return self._sent()
        text = self.draft.text
        if text and self._direct:
            try:
                listed = self.client.list_videos()
            except PermissionMissing:
                listed = []
            for video in listed:
                told = str(video.get("video_description") or video.get("title") or "")
                made = datetime.fromtimestamp(float(video.get("create_time", 0)), tz=timezone.utc)
                if told and text.startswith(told) and made >= since - CLOCK_MARGIN:
                    return Published(
                        remote_id=str(video["id"]), permalink=video.get("share_url", ""), published_at=made
                    )
        raise OutcomeUnknown("outcome_unknown", "no public post like it", provider=self.provider)

    # Beginning

    def _check(self) -> Pending:
        """See that the creator may post, and may still choose what was chosen."""
        if not self._direct:
            return self._to("init", repeatable=not self.pull)
        info = self.client.get_creator_info()
        if self.draft.options.get("privacy_level") not in info.get("privacy_level_options", ()):
            raise ContentRejected("privacy_not_offered", provider=self.provider)
        most = info.get("max_video_post_duration_sec")
        length = self.draft.media[0].duration
        if self.draft.kind == "video" and most and length and length > most:
            params = {"seconds": round(length, 1), "max": most}
            raise ContentRejected("media_too_long", provider=self.provider, **params)
        closed = [name for name in INTERACTIONS if info.get(f"{name}_disabled")]
        return self._to("init", repeatable=not self.pull, closed=closed)

    def _init(self) -> Pending:
        path = "content" if self.draft.kind != "video" else "video" if self._direct else "inbox/video"
        answer = self.client.init(path, self._body(), repeatable=not self.pull)
        began: dict[str, Any] = {"publish_id": str(answer["publish_id"]), "polls": 0, "offset": 0}
        began["began_at"] = self.now.isoformat()
        note = f"publish_id {began['publish_id']}"
        if self.pull:
            return self._accepted(note=note, **began)
        if not answer.get("upload_url"):
            raise Unavailable("platform_unavailable", "no upload_url in the answer", provider=self.provider)
        return self._piece(upload_url=answer["upload_url"], note=note, **began)

    def _body(self) -> dict[str, Any]:
        if self.draft.kind == "video":
            body: dict[str, Any] = {"source_info": self._source()}
            return {**body, "post_info": self._post_info()} if self._direct else body
        return {
            "media_type": "PHOTO",
            "post_mode": self.draft.options["post_mode"],
            "post_info": self._post_info(),
            "source_info": {
                "source": "PULL_FROM_URL",
                "photo_cover_index": self.draft.options.get("photo_cover_index", 0),
                "photo_images": [media.url for media in self.draft.media],
            },
        }

    def _source(self) -> dict[str, Any]:
        (film,) = self.draft.media
        if self.pull:
            return {"source": "PULL_FROM_URL", "video_url": film.url}
        return {
            "source": "FILE_UPLOAD",
            "video_size": film.size,
            "chunk_size": min(film.size, PIECE),
            "total_chunk_count": max(1, film.size // PIECE),
        }

    def _post_info(self) -> dict[str, Any]:
        options, film = self.draft.options, self.draft.kind == "video"
        names = ("brand_content_toggle", "brand_organic_toggle", "is_aigc", "video_cover_timestamp_ms")
        info = {
            name: options[name] for name in (*names, "auto_add_music") if options.get(name) not in (None, "")
        }
        # What is not allowed is refused: nothing is switched on for the author, nor against the creator.
        closed = self.checkpoint.get("closed", ())
        for name in INTERACTIONS if film else INTERACTIONS[:1]:
            info[f"disable_{name}"] = name in closed or not options.get(f"allow_{name}")
        if film:
            return {**info, "title": self.draft.text, "privacy_level": options["privacy_level"]}
        info |= {"title": options.get("title", ""), "description": self.draft.text}
        return {**info, "privacy_level": options["privacy_level"]} if self._direct else info

    @property
    def _direct(self) -> bool:
        return self.draft.options.get("post_mode") != "MEDIA_UPLOAD"

    # Sending bytes

    def _upload(self) -> Pending:
        """Send the next piece of the film."""
        (film,) = self.draft.media
        offset, url = self.checkpoint["offset"], self.checkpoint["upload_url"]
        last = self._is_last(offset)
        piece = film.read(offset, film.size - offset if last else PIECE)
        status, stored = self.client.upload(
            url, piece, offset=offset, size=film.size, mime=film.mime, repeatable=not last
        )
        if status in (400, 403, 404):
            # It has expired, or is complete: what became of it says which.
            return self._accepted(lost=True)
        if status == 201 or stored >= film.size:
            return self._accepted(note="all bytes are sent")
        return self._piece(offset=stored)

    def _piece(self, *, offset: int, note: str = "", **changes: Any) -> Pending:
        """Return that the piece from ``offset`` on is next. Once the last is there it appears by itself."""
        return self._to("upload", repeatable=not self._is_last(offset), note=note, offset=offset, **changes)

    def _is_last(self, offset: int) -> bool:
        return self.draft.media[0].size - offset < 2 * PIECE

    def _sent(self) -> Published | Pending | HandedOver | None:
        """Return what became of the film whose last piece was sent, None if TikTok has not got it."""
        answer = self.client.get_status(self.checkpoint["publish_id"])
        stored = answer.get("uploaded_bytes")
        missing = isinstance(stored, int) and stored < self.draft.media[0].size
        return None if answer["status"] == "PROCESSING_UPLOAD" and missing else self._became(answer)

    # Following it to its end

    def _status(self) -> Published | Pending | HandedOver:
        return self._became(self.client.get_status(self.checkpoint["publish_id"]))

    def _became(self, answer: Mapping[str, Any]) -> Published | Pending | HandedOver:
        publish_id, status = self.checkpoint["publish_id"], answer["status"]
        if status == "PUBLISH_COMPLETE":
            return self._published(answer)
        if status == "SEND_TO_USER_INBOX":
            return HandedOver(remote_id=publish_id, note=f"publish_id {publish_id}")
        if status == "FAILED":
            return self._failed(str(answer.get("fail_reason", "")))
        if status == "PROCESSING_UPLOAD" and self._is_dead(answer):
            return self._failed("upload_expired")
        polls = self.checkpoint.get("polls", 0)
        after = WAITS[polls] if polls < len(WAITS) else WAIT_LATE
        return self._accepted(after=after, polls=polls + 1)

    def _is_dead(self, answer: Mapping[str, Any]) -> bool:
        """Say whether bytes are missing that can't be sent any more, so that it will never be a post."""
        stored = answer.get("uploaded_bytes")
        closed = self.now - datetime.fromisoformat(self.checkpoint["began_at"]) > UPLOAD_WINDOW
        missing = isinstance(stored, int) and stored < self.draft.media[0].size
        return bool(self.checkpoint.get("lost")) and closed and missing

    def _published(self, answer: Mapping[str, Any]) -> Published:
        ids = answer.get("publicaly_available_post_id") or ()
        publish_id = self.checkpoint["publish_id"]
        if ids:
            section = "video" if self.draft.kind == "video" else "photo"
            page = f"https://www.tiktok.com/@{self.connection.username}/{section}/{ids[0]}"
            link = self.client.http.browser_url(page)
            return Published(
                remote_id=str(ids[0]),
                permalink=link if self.connection.username else "",
                published_at=self.now,
                warning="" if self.connection.username else "permalink_unknown",
                note=f"post {ids[0]}",
            )
        asked = self.checkpoint.get("asked", 0)
        if self.draft.options.get("privacy_level") == "SELF_ONLY":
            return Published(remote_id=publish_id, published_at=self.now)
        if asked == len(ID_WAITS):
            return Published(remote_id=publish_id, warning="permalink_unknown")
        later = self._to("post_id", after=ID_WAITS[asked], asked=asked + 1)
        return Published(remote_id=publish_id, published_at=self.now, follow_up=later)

    def _post_id(self) -> Published:
        return self._published(self.client.get_status(self.checkpoint["publish_id"]))

    # Where to go next

    def _accepted(self, *, after: float = WAITS[0], note: str = "", **changes: Any) -> Pending:
        """All is TikTok's now: it may appear by itself."""
        return self._to(
            "status", after=after, waiting=True, accepted=True, note=note, **{"polls": 0, **changes}
        )

    def _failed(self, reason: str) -> Pending:
        """Nothing was posted: begin anew, a bounded number of times, unless the post itself is at fault.

        What stands in the way of all posts of this creator is said by the first call of the new beginning.
        """
        restarts = self.checkpoint.get("restarts", 0)
        failure = FAILURES.get(reason, UNKNOWN_FAILURE)
        if not failure.again or restarts == RESTARTS:
            raise ContentRejected(failure.code, provider=self.provider, platform_code=reason, certain=True)
        anew = {"stage": "check", "restarts": restarts + 1}
        return Pending(checkpoint=anew, retry_after=WAITS[1], note=f"failed: {reason}")

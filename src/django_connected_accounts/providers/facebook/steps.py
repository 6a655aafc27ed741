"""One step of one post: bring the media there unseen, publish, look at what came of it.

Everything but a text has an id before the call that must not be repeated: a staged picture or an upload. So
what became of that call can be asked for by name. A film that was accepted may still be refused while it is
processed; `find` follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, OutcomeUnknown, Unavailable
from django_connected_accounts.providers.meta.live import LiveStep, link_of, time_of
from django_connected_accounts.providers.preflight import chosen
from django_connected_accounts.providers.types import Pending, Published

from .client import PIECE, FacebookAPIClient
from .evidence import Film, listed_post, listed_story, offsets, post_of
from .rules import OPTIONS

EDGES = {"video": "videos", "reel": "video_reels", "story": "video_stories"}
POLL_WAITS = (5.0, 10.0, 20.0, 30.0, *[60.0] * 10, 300.0)
MOST_POLLS = 48
"""How often it is looked whether a film is live, for some three hours."""
STAGED = timedelta(hours=20)
"""How old what was staged may be; after a day the platform throws it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(LiveStep):
    """Only the stages ``publish`` and ``comment`` make a call that must not be repeated, and no other."""

    app_id: str
    client: FacebookAPIClient

    site = "https://www.facebook.com"
    settled = timedelta(minutes=2)

    def take(self) -> Published | Pending:
        stages: Mapping[str, Callable[[], Published | Pending]] = {
            "text": self._ready,
            "photos": self._photos,
            "start": self._start,
            "transfer": self._transfer,
            "upload": self._upload,
            "publish": self._publish,
            "permalink": self._permalink,
            "comment": self._comment,
        }
        return stages[self.checkpoint.get("stage") or self._first]()

    def find(self, since: datetime) -> Published | Pending | None:
        stage = self.checkpoint.get("stage")
        if stage == "comment":
            return self._found_comment(since)
        if stage == "confirm":
            return self._confirm()
        if stage != "publish":
            return None
        found = self._found_film() if self._is_film else self._found_post()
        if found or self.now - since >= self.settled:
            return found
        raise OutcomeUnknown("outcome_unknown", "nothing to be seen yet", provider=self.provider)

    @property
    def _is_film(self) -> bool:
        return any(media.kind == "video" for media in self.draft.media)

    @property
    def _first(self) -> str:
        return "start" if self._is_film else "photos" if self.draft.media else "text"

    # What nobody sees yet

    def _ready(self, *, note: str = "", **known: Any) -> Pending:
        """Publish next. What is found later must not be older than this moment."""
        return self._to("publish", ready_at=self.now.isoformat(), repeatable=False, note=note, **known)

    def _photos(self) -> Pending:
        photos: list[str] = list(self.checkpoint.get("photos", ()))
        photo = self.client.stage_photo(self.draft.media[len(photos)])
        photos, note = [*photos, photo], f"picture {photo}"
        if len(photos) == len(self.draft.media):
            return self._ready(photos=photos, note=note)
        return self._to("photos", photos=photos, note=note)

    def _start(self) -> Pending:
        kind, media = self.draft.kind, self.draft.media[0]
        params = {"file_size": media.size} if kind == "video" else {}
        answer = self.client.start_video(EDGES[kind], **params)
        known: dict[str, Any] = {"video": str(answer["video_id"]), "note": f"film {answer['video_id']}"}
        if kind == "video":
            session = str(answer["upload_session_id"])
            return self._to("transfer", session=session, **offsets(answer), **known)
        return self._to("upload", url=answer["upload_url"], **known)

    def _transfer(self) -> Pending:
        """Send the piece that is wanted; once none is, publish next."""
        start, end = self.checkpoint["start"], self.checkpoint["end"]
        if start == end:
            return self._ready()
        piece = self.draft.media[0].read(start, min(end - start, PIECE))
        try:
            wanted = self.client.transfer_piece(self.checkpoint["session"], start, piece)
        except Unavailable as error:
            if "start_offset" not in error.params:
                raise
            wanted = error.params
        return self._to("transfer", **offsets(wanted))

    def _upload(self) -> Pending:
        """Send what the platform lacks of the film; once nothing is, publish next."""
        film, media = Film(self.client.get_video(self.checkpoint["video"])), self.draft.media[0]
        if film.has_failed:
            raise ContentRejected("media_processing_failed", provider=self.provider)
        if film.is_uploaded:
            return self._ready()
        if film.received >= media.size:
            return self._poll()
        self.client.upload_rest(self.checkpoint["url"], media, film.received)
        return self._to("upload", polls=0, note=f"{media.size - film.received} bytes")

    # What must not be repeated

    def _publish(self) -> Published | Pending:
        if self.now - datetime.fromisoformat(self.checkpoint["ready_at"]) > STAGED:
            return self._to(self._first, photos=[])
        if self._is_film:
            return self._finish()
        try:
            return self._new(self._post())
        except ContentRejected as refusal:
            # The attempt before may have published it, though nothing was to be seen for minutes.
            if refusal.code == "duplicate_post" and (earlier := self._found_post()):
                return replace(earlier, existing=True)
            raise

    def _post(self) -> str:
        """Publish a text or what was staged, and return the post's id."""
        photos = self.checkpoint.get("photos", ())
        if self.draft.kind == "story":
            return str(self.client.create_photo_story(photos[0]).get("post_id") or photos[0])
        attached = [{"media_fbid": photo} for photo in photos]
        text = self.draft.text or None
        return self.client.create_post(
            message=text, attached_media=attached or None, **chosen(self.draft, OPTIONS)
        )

    def _finish(self) -> Pending:
        kind, video = self.draft.kind, self.checkpoint["video"]
        params: dict[str, Any] = {"video_id": video}
        if kind == "video":
            params = {"upload_session_id": self.checkpoint["session"]}
        if kind == "reel":
            params["video_state"] = "PUBLISHED"
        if kind != "story":
            params |= {"description": self.draft.text or None, **chosen(self.draft, OPTIONS)}
        answer = self.client.finish_video(EDGES[kind], **params)
        # That it was accepted is not that it is live: it may still be refused while it is processed.
        return self._accepted(post=str(answer.get("post_id") or ""), note="accepted")

    def _accepted(self, **known: Any) -> Pending:
        return self._to("confirm", polls=0, after=POLL_WAITS[0], waiting=True, accepted=True, **known)

    # After publishing

    def _confirm(self) -> Published | Pending:
        """Look whether a film that was accepted is live by now."""
        film = Film(self.client.get_video(self.checkpoint["video"]))
        if film.has_failed:
            raise ContentRejected("media_processing_failed", provider=self.provider, certain=True)
        if film.is_live:
            return self._film(film)
        if self.checkpoint["polls"] == MOST_POLLS:
            raise OutcomeUnknown("outcome_unknown", "it is processed without an end", provider=self.provider)
        return self._poll()

    def _film(self, film: Film) -> Published:
        if self.draft.kind == "story":
            return self._new(self.checkpoint.get("post") or film.post_id or film.id)
        path = "reel/" if self.draft.kind == "reel" else ""
        return self._described(film.id, film.permalink or f"/{path}{film.id}", self.now)

    def _shown(self, remote_id: str) -> Mapping[str, Any] | None:
        return self._listed_story() if self.draft.kind == "story" else self.client.get_post(remote_id)

    def _guessed_link(self, remote_id: str) -> str:
        return "" if self.draft.kind == "story" else f"/{remote_id}"

    def _write_comment(self) -> None:
        self.client.create_comment(self.checkpoint["remote_id"], self.draft.first_comment)

    def _comments(self) -> Iterable[Mapping[str, Any]]:
        page = self.client.page_id
        rows = self.client.list_comments(self.checkpoint["remote_id"])
        return (row for row in rows if (row.get("from") or {}).get("id", page) == page)

    # Looking for what became of it

    def _found_film(self) -> Published | Pending | None:
        film = Film(self.client.get_video(self.checkpoint["video"]))
        if film.is_live:
            return self._film(film)
        if film.was_accepted:
            return self._accepted()
        if film.says_nothing:
            raise OutcomeUnknown("outcome_unknown", "the film is processed", provider=self.provider)
        return None

    def _found_post(self) -> Published | None:
        photos = self.checkpoint.get("photos", [])
        if self.draft.kind == "story":
            story = self._listed_story()
            return self._new(str(story.get("post_id") or photos[0])) if story else None
        if photos and (post_id := post_of(self.client, photos[0])):
            return self._new(post_id)
        ready = datetime.fromisoformat(self.checkpoint["ready_at"])
        row = listed_post(self.client, self.draft.text, photos, ready, app_id=self.app_id)
        return self._described(str(row["id"]), link_of(row), time_of(row)) if row else None

    def _listed_story(self) -> Mapping[str, Any] | None:
        media = self.checkpoint.get("video") or self.checkpoint["photos"][0]
        return listed_story(self.client, media, self.checkpoint.get("remote_id"), self.checkpoint.get("post"))

    # Where to go next

    def _poll(self) -> Pending:
        stage, polls = self.checkpoint["stage"], self.checkpoint.get("polls", 0)
        after = POLL_WAITS[min(polls, len(POLL_WAITS) - 1)]
        return self._to(stage, polls=polls + 1, after=after, waiting=True, accepted=stage == "confirm")

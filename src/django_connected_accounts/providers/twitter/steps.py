"""One step of one post: upload its media piece by piece, publish it, and go on with its thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    PermissionMissing,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.stages import Staged
from django_connected_accounts.providers.types import Connection, Draft, Media, Pending, Published

from . import counting, evidence
from .client import TwitterAPIClient
from .rules import CATEGORIES, LIMITS, limits_for, texts

SEGMENT = int(LIMITS["segment_bytes"].value)
POLL_WAIT = 5.0
EXPIRY_MARGIN = timedelta(minutes=15)

SETTLED = timedelta(seconds=90)
"""How long after an attempt a timeline that does not show it proves that it failed: replicas may lag."""

PLAIN_OPTIONS = ("reply_settings", "made_with_ai", "paid_partnership", "quote_tweet_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Staged):
    """What is known when a step begins: ``stage`` is "upload" or "publish".

    The checkpoint has the ``uploads`` so far, since when the next text was ``ready`` to go out, and the
    ``ids`` of those that are live. Only "publish" makes a call that must not be repeated, and it makes no
    other.
    """

    client: TwitterAPIClient
    connection: Connection
    draft: Draft
    checkpoint: Mapping[str, Any]
    now: datetime
    provider: str = "twitter"

    def take(self) -> Published | Pending:
        """Take the step and return where it led."""
        for position, media in enumerate(self.draft.media):
            upload = self._upload(position)
            if not self._ids and not (upload.get("ready") and self._lasts(upload)):
                return self._go_on_uploading(position, media, upload if not upload.get("ready") else {})
        return self._publish() if self._is_ready else self._to_next(self._ids)

    def find(self, since: datetime) -> Published | None:
        """Return what the step begun at ``since`` published, None if surely nothing."""
        if not self._is_ready:
            return None  # nothing but uploads, which nobody sees
        first = not self._ids
        wanted = evidence.Wanted(
            text=self._texts[len(self._ids)][1],
            media_keys=[u.get("key", "") for u in self.checkpoint.get("uploads", ()) if first],
            quoted=str(self.draft.options.get("quote_tweet_id") or "") if first else "",
            # An earlier attempt may have been taken for failed too soon.
            since=min(since, datetime.fromisoformat(self.checkpoint["ready"])),
            known=self._ids,
        )
        found = evidence.listed_tweet(self.client, self.connection.account_id, wanted)
        if found:
            return self._live(str(found["id"]), at=evidence.time_of(found))
        self._see_that_it_is_settled("post", since, SETTLED)
        return None

    @property
    def _is_ready(self) -> bool:
        return self.checkpoint.get("stage") == "publish"

    def _to_next(self, ids: Sequence[str]) -> Pending:
        """Return that a text goes out next: the one after those that are live."""
        return self._to("publish", ids=[*ids], ready=self.now.isoformat(), repeatable=False)

    @property
    def _ids(self) -> list[str]:
        return list(self.checkpoint.get("ids", ()))

    @property
    def _texts(self) -> list[tuple[str, str]]:
        return list(texts(self.draft))

    # Media

    def _upload(self, position: int) -> Mapping[str, Any]:
        uploads = self.checkpoint.get("uploads", ())
        return uploads[position] if position < len(uploads) else {}

    def _lasts(self, upload: Mapping[str, Any]) -> bool:
        return datetime.fromisoformat(upload["until"]) > self.now + EXPIRY_MARGIN

    def _go_on_uploading(self, position: int, media: Media, upload: Mapping[str, Any]) -> Pending:
        """Take the next of an upload's steps; what X no longer knows of is begun again."""
        try:
            if "id" not in upload:
                return self._initialize(position, media)
            if upload["sent"] < media.size:
                return self._append(position, media, upload)
            if "until" not in upload:
                return self._look_at(position, media, upload, self.client.finalize_upload(upload["id"]))
            return self._look_at(position, media, upload, self.client.get_upload_status(upload["id"]))
        except Unavailable as error:
            if error.code != "container_gone":
                raise
            return self._again(error, position)

    def _initialize(self, position: int, media: Media) -> Pending:
        made = self.client.initialize_upload(media.mime, media.size, CATEGORIES[media.mime])
        fresh = {"id": str(made["id"]), "key": str(made.get("media_key", "")), "sent": 0}
        return self._with(position, fresh, note=f"upload {fresh['id']}")

    def _append(self, position: int, media: Media, upload: Mapping[str, Any]) -> Pending:
        sent: int = upload["sent"]
        piece = media.read(sent, SEGMENT)
        if not piece:
            raise ContentRejected("media_missing", "the file ends early", provider=self.provider)
        self.client.append_upload(upload["id"], sent // SEGMENT, piece)
        return self._with(position, {**upload, "sent": sent + len(piece)})

    def _look_at(
        self, position: int, media: Media, upload: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> Pending:
        """Wait while X works on the media; when it is ready, describe it."""
        work = answer.get("processing_info") or {}
        until = upload.get("until") or self._ends(answer)
        upload = {**upload, "until": until}
        if work.get("state") == "failed":
            reason = work.get("error") or {}
            code = f"{reason.get('code', '')}/{reason.get('name', '')}"
            raise ContentRejected("media_processing_failed", provider=self.provider, platform_code=code)
        if work and work.get("state") != "succeeded":
            after = float(work.get("check_after_secs") or POLL_WAIT)
            return self._with(position, upload, after=after, waiting=True)
        if media.alt_text and media.kind == "image":
            self.client.set_alt_text(upload["id"], media.alt_text)
        return self._with(position, {**upload, "ready": True})

    def _ends(self, answer: Mapping[str, Any]) -> str:
        return (self.now + timedelta(seconds=int(answer.get("expires_after_secs") or 86400))).isoformat()

    def _with(self, position: int, upload: Mapping[str, Any], **how: Any) -> Pending:
        uploads = list(self.checkpoint.get("uploads", ()))
        uploads[position : position + 1] = [dict(upload)]
        return self._to("upload", uploads=uploads, **how)

    def _again(self, error: ProviderError, position: int | None = None) -> Pending:
        """Upload one media anew, or all of them, a bounded number of times."""
        kept = [] if position is None else list(self.checkpoint.get("uploads", ()))
        if position is not None:
            kept[position : position + 1] = [{}]
        return self._to("upload", uploads=kept, restarts=self._new_beginning(error), after=POLL_WAIT)

    # What must not be repeated

    def _publish(self) -> Published | Pending:
        number = len(self._ids)
        field, text = self._texts[number]
        try:
            return self._live(self.client.create_tweet(self._body(number, text)), at=self.now)
        except Unavailable as error:
            if error.code != "media_not_ready" or number:
                raise
            return self._again(error)
        except (ActionNeeded, ContentRejected, PermissionMissing) as error:
            if number:
                warning = "first_comment_failed" if field == "first_comment" else "thread_incomplete"
                return self._published(note=error.code, warning=warning)
            if error.code == "text_too_long":
                most = int(limits_for(self.draft)["text_length"].value)
                error.params.update(length=counting.length(text), max=most)
            raise

    def _body(self, number: int, text: str) -> dict[str, Any]:
        body: dict[str, Any] = {"text": text} if text else {}
        options = self.draft.options
        before = self._ids[-1] if number else options.get("in_reply_to_tweet_id")
        if before:
            body["reply"] = {"in_reply_to_tweet_id": before}
        if number:
            return body
        body |= {name: options[name] for name in PLAIN_OPTIONS if options.get(name)}
        if ids := [upload["id"] for upload in self.checkpoint.get("uploads", ())]:
            body["media"] = {"media_ids": ids}
        if options.get("poll_options"):
            minutes = options.get("poll_duration_minutes") or 24 * 60
            body["poll"] = {"options": list(options["poll_options"]), "duration_minutes": minutes}
        return body

    def _live(self, tweet_id: str, *, at: datetime | None) -> Published:
        """Return that a text is live, the next of the thread still to come."""
        ids = [*self._ids, tweet_id]
        following = self._to_next(ids) if len(ids) < len(self._texts) else None
        return self._published(ids[0], following, at=at, note=f"post {tweet_id}")

    def _published(
        self,
        tweet_id: str = "",
        following: Pending | None = None,
        *,
        at: datetime | None = None,
        note: str = "",
        warning: str = "",
    ) -> Published:
        first = tweet_id or self._ids[0]
        name = self.connection.username or "i/web"
        return Published(
            remote_id=first,
            permalink=self.client.http.browser_url(f"https://x.com/{name}/status/{first}"),
            published_at=None if self._ids else at,
            follow_up=following,
            warning=warning,
            note=note,
        )

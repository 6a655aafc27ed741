"""One step of one post on LinkedIn: send what it shows, post it, comment, and look for what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from django_connected_accounts.exceptions import (
    ContentRejected,
    NotAuthorized,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.stages import Staged
from django_connected_accounts.providers.types import Body, Connection, Draft, Pending, Published

from . import littletext
from .client import POST_URN, LinkedInAPIClient

RESOURCES = {"image": "images", "video": "videos", "document": "documents"}
POLL_WAITS = (5.0, 10.0, 20.0, 30.0, *[60.0] * 10)
POLL_WAIT_LATE = 300.0
UNREADABLE_WAIT = 20.0
"""How long a picture is given where we may not ask whether it is ready."""
CLOCK_MARGIN = timedelta(seconds=60)
SETTLED = timedelta(seconds=60)
"""How long after the attempt a Page that does not show it proves that it is not there."""
ORGANIZATION = "urn:li:organization:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Staged):
    """What is known when a step begins. The checkpoint's ``stage`` names the one to take.

    Only "post", "resend" and "comment" make a call that must not be repeated, and they make no other.
    """

    client: LinkedInAPIClient
    connection: Connection
    draft: Draft
    checkpoint: Mapping[str, Any]
    now: datetime
    provider: str = "linkedin"
    window: timedelta
    """For how long LinkedIn answers the same text again with the post it already has."""

    def take(self) -> Published | Pending:
        """Take the step and return where it led."""
        stages: Mapping[str, Callable[[], Published | Pending]] = {
            "media": self._media,
            "part": self._part,
            "ready": self._ready,
            "post": self._post,
            "resend": self._resend,
            "comment": self._comment,
        }
        return stages[self.checkpoint.get("stage", "media")]()

    # Sending what it shows

    def _media(self) -> Pending:
        """Send the next picture or document, or begin with a film."""
        urns: list[str] = list(self.checkpoint.get("urns", ()))
        if len(urns) == len(self.draft.media):
            return self._to("ready") if urns else self._to("post", repeatable=False)
        media = self.draft.media[len(urns)]
        resource = RESOURCES[media.kind]
        request: dict[str, Any] = {"owner": self.connection.account_id}
        if media.kind == "video":
            request |= {"fileSizeBytes": media.size, "uploadCaptions": False, "uploadThumbnail": False}
        value = self.client.initialize_upload(resource, request)
        urn = str(value[media.kind])
        if media.kind == "video":
            parts = [[p["uploadUrl"], p["firstByte"], p["lastByte"]] for p in value["uploadInstructions"]]
            known = {"urns": [urn], "parts": parts, "etags": [], "upload_token": value.get("uploadToken", "")}
            return self._to("part", note=urn, **known)
        self.client.put(value["uploadUrl"], Body(media), part=False)
        return self._to("media", urns=[*urns, urn], note=urn)

    def _part(self) -> Pending:
        """Send the next part of a film; after the last, say that it is whole."""
        etags, parts = list(self.checkpoint["etags"]), self.checkpoint["parts"]
        try:
            if len(etags) == len(parts):
                (video,) = self.checkpoint["urns"]
                self.client.finalize_video(video, self.checkpoint["upload_token"], etags)
                known: dict[str, Any] = {"parts": [], "etags": [], "note": "all parts sent"}
                return self._to("ready", after=POLL_WAITS[0], waiting=True, **known)
            url, first, last = parts[len(etags)]
            piece = self.draft.media[0].read(first, last - first + 1)
            return self._to("part", etags=[*etags, self.client.put(url, piece, part=True)])
        except Unavailable as error:
            if error.code != "container_gone":
                raise
            anew = {"stage": "media", "restarts": self._new_beginning(error)}
            return Pending(checkpoint=anew, retry_after=POLL_WAITS[0])

    def _ready(self) -> Pending:
        """Wait until everything is processed, as far as we may ask."""
        done, polls = self.checkpoint.get("done", 0), self.checkpoint.get("polls", 0)
        urn, kind = self.checkpoint["urns"][done], self.draft.media[done].kind
        try:
            answer = self.client.get_media(RESOURCES[kind], urn)
        except PermissionMissing:
            # Members may not look at their pictures: a short grace must do.
            return self._to("post", after=UNREADABLE_WAIT, waiting=True, repeatable=False)
        if answer["status"] == "PROCESSING_FAILED":
            reason = str(answer.get("processingFailureReason", ""))
            raise ContentRejected("media_processing_failed", platform_code=reason, provider=self.provider)
        if answer["status"] != "AVAILABLE":
            after = POLL_WAITS[polls] if polls < len(POLL_WAITS) else POLL_WAIT_LATE
            return self._to("ready", after=after, waiting=True, polls=polls + 1)
        if done + 1 < len(self.draft.media):
            return self._to("ready", done=done + 1, polls=0)
        return self._to("post", repeatable=False)

    # What must not be repeated

    def _post(self) -> Published | Pending:
        try:
            return self._live(self.client.create_post(self._body()))
        except Unavailable as error:
            if error.code == "media_not_ready":
                return self._to("ready", after=error.retry_after or 120.0, waiting=True, done=0, polls=0)
            raise

    def _resend(self) -> Published:
        """Send the same once more within the time in which LinkedIn answers with the post it already has."""
        try:
            return self._live(self.client.create_post(self._body()))
        except ContentRejected as error:
            if error.code == "duplicate_post" and POST_URN.fullmatch(error.detail):
                return replace(self._live(error.detail), existing=True)
            raise OutcomeUnknown(detail=error.detail, provider=self.provider) from None
        except ProviderError as error:
            raise OutcomeUnknown(detail=error.code, provider=self.provider) from None

    def _comment(self) -> Published:
        urn = self.checkpoint["post"]
        body = {
            "actor": self.connection.account_id,
            "object": urn,
            # Comments are no little text: an escape would be shown.
            "message": {"text": self.draft.first_comment},
        }
        try:
            self.client.create_comment(urn, body)
        except (ContentRejected, NotAuthorized, PermissionMissing):
            return Published(remote_id=urn, permalink=self._link(urn), warning="first_comment_failed")
        return Published(remote_id=urn, permalink=self._link(urn))

    def _live(self, urn: str) -> Published:
        comment = self._to("comment", repeatable=False, post=urn) if self.draft.first_comment else None
        return Published(
            remote_id=urn, permalink=self._link(urn), published_at=self.now, follow_up=comment, note=urn
        )

    def _body(self) -> dict[str, Any]:
        options = self.draft.options
        visibility = options.get("visibility") or "PUBLIC"
        if visibility == "CONNECTIONS" and self.connection.account_id.startswith(ORGANIZATION):
            refused: dict[str, Any] = {"option": "visibility", "post": self.draft.kind}
            raise ContentRejected("option_not_available", provider=self.provider, **refused)
        body: dict[str, Any] = {
            "author": self.connection.account_id,
            "commentary": littletext.escape(self.draft.text),
            "visibility": visibility,
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": bool(options.get("is_reshare_disabled")),
        }
        content = self._content()
        return {**body, "content": content} if content else body

    def _content(self) -> dict[str, Any]:
        options, urns = self.draft.options, self.checkpoint.get("urns", ())
        if self.draft.kind == "carousel":
            images = [
                {"id": urn, **({"altText": media.alt_text} if media.alt_text else {})}
                for urn, media in zip(urns, self.draft.media, strict=True)
            ]
            return {"multiImage": {"images": images}}
        if urns:
            media = self.draft.media[0]
            title = options.get("title") or (media.name if media.kind == "document" else "")
            facts = {"altText": media.alt_text if media.kind == "image" else "", "title": title}
            return {"media": {"id": urns[0], **{name: text for name, text in facts.items() if text}}}
        if article := options.get("article"):
            return {
                "article": {
                    name: article[name] for name in ("source", "title", "description") if article.get(name)
                }
            }
        if poll := options.get("poll"):
            return {
                "poll": {
                    "question": poll["question"],
                    "options": [{"text": text} for text in poll["options"]],
                    "settings": {"duration": poll.get("duration", "THREE_DAYS")},
                }
            }
        return {}

    # Looking for what became of it

    def find(self, since: datetime) -> Published | Pending | None:
        """Return what the step begun at ``since`` published, None if surely nothing.

        What a member posted can't be read. For a text the platform's own refusal of duplicates settles it.
        """
        if "post" in self.checkpoint:
            return self._found_comment(since)
        try:
            listed = self.client.list_posts(self.connection.account_id)
        except (PermissionMissing, NotAuthorized):
            if self._is_answered_by_its_twin(since):
                return self._to("resend", repeatable=False)
            raise OutcomeUnknown(detail="posts can't be read", provider=self.provider) from None
        for post in listed:
            if self._is(post, since):
                return self._live(str(post["id"]))
        self._see_that_it_is_settled("post", since, SETTLED)
        return None

    def _found_comment(self, since: datetime) -> Published | None:
        urn = self.checkpoint["post"]
        try:
            listed = self.client.list_comments(urn)
        except (PermissionMissing, NotAuthorized):
            raise OutcomeUnknown(detail="comments can't be read", provider=self.provider) from None
        for comment in listed:
            text = (comment.get("message") or {}).get("text", "")
            mine = comment.get("actor") == self.connection.account_id
            if mine and text.split() == self.draft.first_comment.split():
                return Published(remote_id=urn, permalink=self._link(urn))
        self._see_that_it_is_settled("comment", since, SETTLED)
        return None

    def _is_answered_by_its_twin(self, since: datetime) -> bool:
        # Whether posts with media take part in it is not known.
        first = self.checkpoint.get("stage") == "post" and not self.draft.media
        return first and self.now - since < self.window - CLOCK_MARGIN

    def _is(self, post: Mapping[str, Any], since: datetime) -> bool:
        try:
            made = datetime.fromtimestamp(float(post["createdAt"]) / 1000, tz=timezone.utc)
        except (KeyError, TypeError, ValueError):
            return False
        if made < since - CLOCK_MARGIN:
            return False
        same = littletext.normal(str(post.get("commentary", ""))) == littletext.normal(
            littletext.escape(self.draft.text)
        )
        return same and _media_of(post) == list(self.checkpoint.get("urns", ()))

    def _link(self, urn: str) -> str:
        return self.client.http.browser_url(f"https://www.linkedin.com/feed/update/{urn}/")


def _media_of(post: Mapping[str, Any]) -> list[str]:
    content = post.get("content") or {}
    if images := (content.get("multiImage") or {}).get("images"):
        return [str(image.get("id")) for image in images]
    one = (content.get("media") or {}).get("id")
    return [str(one)] if one else []

"""Publishing from containers, as Instagram and Threads do it: one step of one post.

Make a container, wait until it is ready, publish it, look at what came of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django_connected_accounts.exceptions import (
    ContentRejected,
    OutcomeUnknown,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.types import Connection, Draft, Media, Pending, Published

from .live import CLOCK_MARGIN, LiveStep, link_of, nearest, time_of, words

POLL_WAITS = (3.0, 5.0, 10.0, 20.0, 30.0, *[60.0] * 9)
POLL_WAIT_LATE = 300.0

PASSING = ("media_unreachable", "media_processing_failed", "media_not_ready", "container_gone")
RESTARTS = 2
"""How often a container that failed for a passing reason is made anew."""
PUBLISH_RETRIES = 5
"""How often a ready container is offered again after a clear "not yet"."""

SETTLED = {"FINISHED": timedelta(seconds=30), "IN_PROGRESS": timedelta(minutes=5)}
"""How long after the attempt a container still in this status proves that it was not published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers(ABC):
    """One draft on one account, as the platform's API has it."""

    provider: str
    connection: Connection
    draft: Draft

    @property
    def shown_text(self) -> str:
        """The words that are published with it."""
        return self.draft.text

    @abstractmethod
    def create_item(self, media: Media) -> str:
        """Return the id of a new container for one item of a carousel."""

    @abstractmethod
    def create(self, children: Sequence[str]) -> str:
        """Return the id of a new container that can be published."""

    @abstractmethod
    def state(self, container: str) -> tuple[str, str]:
        """Return what the platform calls the state of a container, and what it says of a failure."""

    @abstractmethod
    def failure(self, why: str) -> ProviderError:
        """Return what a container failed of."""

    def status(self, container: str) -> str | ProviderError:
        """Return what a container is: IN_PROGRESS, FINISHED, PUBLISHED, or why it failed or has expired."""
        status, why = self.state(container)
        if status == "EXPIRED":
            return Unavailable("container_gone", provider=self.provider)
        return self.failure(why) if status == "ERROR" else status

    @abstractmethod
    def publish(self, container: str) -> str:
        """Publish a finished container and return the media's id. Never to be repeated blindly."""

    @abstractmethod
    def media(self, media_id: str) -> Mapping[str, Any]:
        """Return ``permalink`` and ``timestamp`` of what was published."""

    @abstractmethod
    def published(self, since: int) -> Iterable[Mapping[str, Any]]:
        """Return what this account has published since this Unix time and is of this draft's kind."""

    def listed(self, since: datetime, *, proven: bool) -> Mapping[str, Any] | None:
        """Return the media that is this draft, published at about ``since``, or None.

        Without words too little is left to compare: that convinces only if it is ``proven`` by other means
        that the draft was published.
        """
        if not proven and not self.shown_text:
            return None
        wanted, rows = words(self.shown_text), self.published(int((since - CLOCK_MARGIN).timestamp()))
        return nearest((row for row in rows if words(row.get("caption") or row.get("text")) == wanted), since)

    def comment(self, media_id: str) -> None:
        """Write the first comment. Never to be repeated blindly."""
        raise ContentRejected("comment_not_available", provider=self.provider)

    def comments(self, media_id: str) -> Iterable[Mapping[str, Any]]:
        """Return what this account has commented."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(LiveStep):
    """Only the stages ``publish`` and ``comment`` make a call that must not be repeated, and no other."""

    containers: Containers

    settled = SETTLED["FINISHED"]

    def take(self) -> Published | Pending:
        first = "children" if self.draft.kind == "carousel" else "container"
        stages: Mapping[str, Callable[[], Published | Pending]] = {
            "children": self._children,
            "container": self._container,
            "wait": self._wait,
            "publish": self._publish,
            "permalink": self._permalink,
            "comment": self._comment,
        }
        return stages[self.checkpoint.get("stage", first)]()

    def find(self, since: datetime) -> Published | None:
        if "remote_id" in self.checkpoint:
            return self._found_comment(since)
        return self._found_media(since) if self.checkpoint.get("container") else None

    # Containers

    def _children(self) -> Pending:
        """Make the next missing child of a carousel; once all are there, look at the first unready."""
        children: list[str] = list(self.checkpoint.get("children", ()))
        ready: int = self.checkpoint.get("ready", 0)
        missing = children.index("") if "" in children else len(children)
        if missing < len(self.draft.media):
            try:
                container = self.containers.create_item(self.draft.media[missing])
            except Unavailable as error:
                return self._again(error)
            children[missing:] = [container, *children[missing + 1 :]]
            return self._to("children", children=children, polls=0, note=f"item container {container}")
        if ready == len(children):
            return self._to("container")
        status = self._state(children[ready])
        if status == "FINISHED":
            return self._to("children", ready=ready + 1, polls=0)
        if isinstance(status, ProviderError):
            return self._again(status, children=[*children[:ready], "", *children[ready + 1 :]])
        return self._poll()

    def _container(self) -> Pending:
        """Make the container that will be published."""
        try:
            container = self.containers.create(self.checkpoint.get("children", ()))
        except Unavailable as error:
            if error.code == "container_gone":  # a child's
                return self._again(error, **self._from_the_start())
            return self._again(error)
        note = f"container {container}"
        return self._to("wait", container=container, polls=0, after=POLL_WAITS[0], waiting=True, note=note)

    def _wait(self) -> Pending:
        """Look at the container, and publish it next if it is ready."""
        status = self._state(self.checkpoint["container"])
        if status == "FINISHED":
            began = self.checkpoint.get("ready_at") or self.now.isoformat()
            note = f"container {self.checkpoint['container']} is ready"
            return self._to("publish", ready_at=began, repeatable=False, note=note)
        if status == "PUBLISHED":
            raise OutcomeUnknown("outcome_unknown", "the container is published", provider=self.provider)
        if isinstance(status, ProviderError):
            return self._again(status, **self._from_the_start())
        return self._poll()

    def _state(self, container: str) -> str | ProviderError:
        """Return a container's status, or for one that has failed or is gone, why."""
        try:
            return self.containers.status(container)
        except Unavailable as error:
            if error.code == "container_gone":
                return error
            raise

    # What must not be repeated

    def _publish(self) -> Published | Pending:
        try:
            media_id = self.containers.publish(self.checkpoint["container"])
        except Unavailable as error:
            if error.code not in ("media_not_ready", "container_gone"):
                raise
            retries = self.checkpoint.get("publish_retries", 0)
            if retries == PUBLISH_RETRIES:
                return self._again(error, **self._from_the_start())
            return self._to("wait", publish_retries=retries + 1, after=error.retry_after or POLL_WAITS[0])
        return self._new(media_id)

    def _shown(self, remote_id: str) -> Mapping[str, Any]:
        return self.containers.media(remote_id)

    def _write_comment(self) -> None:
        self.containers.comment(self.checkpoint["remote_id"])

    def _comments(self) -> Iterable[Mapping[str, Any]]:
        return self.containers.comments(self.checkpoint["remote_id"])

    # Looking for what became of it

    def _found_media(self, since: datetime) -> Published | None:
        if self.checkpoint["stage"] == "wait" and self.checkpoint.get("ready_at"):
            # An earlier step published it after all.
            since = datetime.fromisoformat(self.checkpoint["ready_at"])
        try:
            status = self.containers.status(self.checkpoint["container"])
        except Unavailable:
            status = "UNREADABLE"
        if isinstance(status, ProviderError):
            return None  # the container has failed or expired, so it was never published
        media = self.containers.listed(since, proven=status == "PUBLISHED")
        if media and status not in SETTLED:
            return self._described(str(media["id"]), link_of(media), time_of(media))
        if media is None and status in SETTLED and self.now - since >= SETTLED[status]:
            return None
        # Unpublished beside a media like it: the status is late, or another post has the same words.
        evidence = f"container {status}, {'a' if media else 'no'} media like it"
        raise OutcomeUnknown("outcome_unknown", evidence, provider=self.provider)

    # Where to go next

    def _poll(self) -> Pending:
        polls = self.checkpoint.get("polls", 0)
        after = POLL_WAITS[polls] if polls < len(POLL_WAITS) else POLL_WAIT_LATE
        return Pending(checkpoint={**self.checkpoint, "polls": polls + 1}, retry_after=after, waiting=True)

    def _again(self, error: ProviderError, **changes: Any) -> Pending:
        """Make what failed anew, a bounded number of times and only if it may pass next time."""
        if not isinstance(error, Unavailable) or error.code not in PASSING:
            raise error
        restarts = self.checkpoint.get("restarts", 0)
        if restarts == RESTARTS:
            raise ContentRejected(
                error.code, provider=self.provider, platform_code=error.platform_code, trace_id=error.trace_id
            ) from None
        checkpoint = {**self.checkpoint, **changes, "restarts": restarts + 1}
        return Pending(checkpoint=checkpoint, retry_after=error.retry_after or POLL_WAITS[1])

    def _from_the_start(self) -> dict[str, Any]:
        counters = {"ready": 0, "polls": 0, "publish_retries": 0}
        stage = "children" if self.draft.kind == "carousel" else "container"
        return {"stage": stage, "container": None, "children": [], "ready_at": None, **counters}


def source(media: Media) -> dict[str, str]:
    """Return where the platform fetches a picture or film, by the name of the parameter."""
    if not media.url:
        raise ContentRejected("media_missing")
    return {"image_url" if media.kind == "image" else "video_url": media.url}

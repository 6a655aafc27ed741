"""What a post does once it is live, and how it is known again among others of its account."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    NotAuthorized,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
)
from django_connected_accounts.providers.stages import Staged
from django_connected_accounts.providers.types import Draft, Pending, Published

PERMALINK_WAITS = (5.0, 30.0)
CLOCK_MARGIN = timedelta(seconds=60)
"""By how much the platform's clock may be behind ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStep(Staged, ABC):
    """What is known when a step begins, and the stages ``permalink`` and ``comment`` of what is live."""

    provider: str
    draft: Draft
    checkpoint: Mapping[str, Any]
    now: datetime

    site: ClassVar[str] = ""
    """What goes before a link that the platform gives without its host."""

    settled: ClassVar[timedelta]
    """How long after the attempt the platform's silence proves that nothing was written."""

    @abstractmethod
    def take(self) -> Published | Pending:
        """Take the step that the checkpoint's ``stage`` names, and return where it led."""

    @abstractmethod
    def find(self, since: datetime) -> Published | Pending | None:
        """Return what the step begun at ``since`` published, None if surely nothing."""

    @abstractmethod
    def _shown(self, remote_id: str) -> Mapping[str, Any] | None:
        """Return the post as the platform describes it; a story that is not listed yet is None."""

    @abstractmethod
    def _write_comment(self) -> None: ...

    @abstractmethod
    def _comments(self) -> Iterable[Mapping[str, Any]]:
        """Return the account's own comments on the post."""

    def _guessed_link(self, remote_id: str) -> str:
        """Return where a post surely is that the platform does not describe."""
        return ""

    def _new(self, remote_id: str) -> Published:
        """Return what was published just now.

        Nothing more is asked in that step: the id must be stored before anything else can fail.
        """
        following = self._to("permalink", remote_id=remote_id)
        note = f"post {remote_id}"
        return Published(remote_id=remote_id, published_at=self.now, follow_up=following, note=note)

    def _permalink(self) -> Published:
        """Read how the post can be seen. It is live whether this succeeds or not."""
        remote_id, tries = self.checkpoint["remote_id"], self.checkpoint.get("tries", 0)
        try:
            shown = self._shown(remote_id)
        except ProviderError:
            shown = None
        if shown is not None:
            return self._described(remote_id, link_of(shown), time_of(shown))
        if tries < len(PERMALINK_WAITS):
            later = self._to("permalink", tries=tries + 1, after=PERMALINK_WAITS[tries])
            return Published(remote_id=remote_id, follow_up=later)
        return self._described(remote_id, self._guessed_link(remote_id), None)

    def _described(self, remote_id: str, permalink: str, published_at: datetime | None) -> Published:
        """Return a live post as the platform describes it, the first comment still to come."""
        link = f"{self.site}{permalink}" if permalink.startswith("/") else permalink
        known: dict[str, Any] = {"remote_id": remote_id, "permalink": link}
        comment = bool(self.draft.first_comment) and self.draft.kind != "story"
        return Published(
            **known,
            published_at=published_at,
            follow_up=self._to("comment", repeatable=False, **known) if comment else None,
            warning="" if link else "permalink_unknown",
        )

    def _comment(self) -> Published:
        try:
            self._write_comment()
        except (ActionNeeded, ContentRejected, NotAuthorized, PermissionMissing):
            return self._commented(warning="first_comment_failed")
        return self._commented()

    def _found_comment(self, since: datetime) -> Published | None:
        """Return the post if its first comment was written since then, None if surely not."""
        wanted = words(self.draft.first_comment)
        for row in self._comments():
            at = time_of(row)
            if at and at >= since - CLOCK_MARGIN and words(row.get("text") or row.get("message")) == wanted:
                return self._commented()
        if self.now - since >= self.settled:
            return None
        raise OutcomeUnknown("outcome_unknown", "no such comment yet", provider=self.provider)

    def _commented(self, *, warning: str = "") -> Published:
        permalink = self.checkpoint.get("permalink", "")
        return Published(remote_id=self.checkpoint["remote_id"], permalink=permalink, warning=warning)


def nearest(rows: Iterable[Mapping[str, Any]], moment: datetime) -> Mapping[str, Any] | None:
    """Return what was published nearest to a moment, and not before it."""
    timed = [(at, row) for row in rows if (at := time_of(row)) and at >= moment - CLOCK_MARGIN]
    return min(timed, key=lambda each: abs(each[0] - moment))[1] if timed else None


def link_of(row: Mapping[str, Any]) -> str:
    return str(row.get("permalink") or row.get("permalink_url") or row.get("url") or "")


def time_of(row: Mapping[str, Any]) -> datetime | None:
    """Return the time of a post or comment, None if it has none that can be read."""
    try:
        return datetime.strptime(row.get("timestamp") or row["created_time"], "%Y-%m-%dT%H:%M:%S%z")
    except (KeyError, TypeError, ValueError):
        return None


def words(text: str | None) -> list[str]:
    """Return what the platforms leave of a text: they trim, and may fold white space."""
    return (text or "").split()

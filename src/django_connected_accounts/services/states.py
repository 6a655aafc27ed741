"""Which status of a publication may follow which. Every change of it goes through `change`."""

from __future__ import annotations

from collections.abc import Mapping

from django_connected_accounts.models import Publication

Status = Publication.Status

UNDER_WAY = frozenset(
    {
        Status.PUBLISHED,
        Status.HANDED_OVER,
        Status.HELD,
        Status.FAILED,
        Status.MISSED,
        Status.UNKNOWN,
        Status.CANCELLED,
        Status.SCHEDULED,
    }
)
LEGAL: Mapping[str, frozenset[str]] = {
    Status.SCHEDULED: frozenset(
        {Status.SENDING, Status.HELD, Status.FAILED, Status.MISSED, Status.CANCELLED}
    ),
    Status.SENDING: UNDER_WAY | {Status.WAITING},
    Status.WAITING: UNDER_WAY | {Status.SENDING},
    Status.HELD: frozenset(
        {Status.SENDING, Status.SCHEDULED, Status.FAILED, Status.MISSED, Status.CANCELLED}
    ),
    # Only a person, or the platform's own word, decides what may be live already.
    Status.UNKNOWN: frozenset({Status.SENDING, Status.PUBLISHED, Status.SCHEDULED}),
    Status.HANDED_OVER: frozenset({Status.PUBLISHED, Status.SCHEDULED}),
    Status.FAILED: frozenset({Status.SCHEDULED}),
    Status.MISSED: frozenset({Status.SCHEDULED}),
    Status.CANCELLED: frozenset({Status.SCHEDULED}),
    # What is live stays so until it is deleted there; publishing it again takes another post.
    Status.PUBLISHED: frozenset({Status.DELETED}),
    Status.DELETED: frozenset(),
}
"""Status to those that may come next; each may stay as it is."""


class IllegalTransition(RuntimeError):
    """Our own mistake: this status never follows that one."""


def change(publication: Publication, status: str) -> None:
    """Set the status, for the caller to save, or raise IllegalTransition."""
    if status != publication.status and status not in LEGAL[publication.status]:
        raise IllegalTransition(f"{publication.status} is never followed by {status}")
    publication.status = status

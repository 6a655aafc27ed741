"""What became of a post on all its accounts together, and trying again what failed of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post, Publication
from django_connected_accounts.providers.types import Problem

from . import reviewing, scheduling

Status = Publication.Status

PARTLY_PUBLISHED = "partly_published"
WORST_FIRST = (
    Status.UNKNOWN,
    Status.FAILED,
    Status.MISSED,
    Status.HANDED_OVER,
    Status.HELD,
    Status.WAITING,
    Status.SENDING,
    Status.SCHEDULED,
    Status.PUBLISHED,
    Status.DELETED,
    Status.CANCELLED,
)
NOT_OUT = (Status.FAILED, Status.MISSED, Status.HANDED_OVER)
"""It ended, and is not public."""
FAILED = (Status.FAILED, Status.MISSED)


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a post on all its accounts, those where it was cancelled or deleted left out.

    ``status`` is "partly_published" where it is live on some and ended otherwise on others, else that of the
    publication that needs someone most; "" while it was never scheduled.
    """

    status: str
    published: int
    total: int
    counts: Mapping[str, int]


def summary(post: Post) -> Summary:
    """Return how a post stands. Prefetch its publications for many."""
    counts = Counter(Status(publication.status) for publication in post.publications.all())
    worst = next((status for status in WORST_FIRST if counts[status]), "")
    published = counts[Status.PUBLISHED]
    total = counts.total() - counts[Status.CANCELLED] - counts[Status.DELETED]
    status = PARTLY_PUBLISHED if published and worst in NOT_OUT else str(worst)
    told = {str(name): counts[name] for name in WORST_FIRST if counts[name]}
    return Summary(status, published, total, told)


def code_of(publication: Publication) -> str:
    """Return why it is as it is. While a refusal is looked into nobody is to act on it: it may be live."""
    code = publication.code
    under_way = code and publication.status in Publication.UNDER_WAY
    return "outcome_unknown" if under_way and explain(code).who != "nobody" else code


def retry_failed(post: Post, *, by: Any) -> dict[Publication, InvalidRequest | None]:
    """Try again now, wherever this post failed or was missed; what is live or under way is left alone.

    Return those publications, each with what refused it, None where it goes on. Raise InvalidRequest where
    nothing does: ``nothing_to_retry``, or all the refusals.
    """
    reviewing.may_change(post, by)
    failed = post.publications.filter(status__in=FAILED).select_related("account", "post")
    tried: dict[Publication, InvalidRequest | None] = {}
    for publication in failed:
        try:
            scheduling.retry(publication, by=by)
        except InvalidRequest as error:
            tried[publication] = error
        else:
            tried[publication] = None
    if not tried:
        raise InvalidRequest("nothing_to_retry")
    if all(tried.values()):
        found = [problem for error in tried.values() if error for problem in _reasons(error)]
        raise InvalidRequest(problems=[p for n, p in enumerate(found) if p not in found[:n]])
    return tried


def _reasons(error: InvalidRequest) -> Sequence[Problem]:
    return error.problems or [Problem(code=error.code, field=error.field, params=error.params)]

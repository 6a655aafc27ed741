"""Pictures made fit for the platforms that would refuse them; the others get what the author gave.

What is made is kept: it follows from the original and from what the author chose to have done with it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator

from django.db import IntegrityError

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia, Rendition
from django_connected_accounts.providers.base import Publishes

from . import overriding, storing
from .drafting import draft
from .options import publishing
from .rendering import Fit, Frame, render

log = logging.getLogger("django_connected_accounts")

FACTS = ("kind", "mime", "size", "width", "height", "colour", "sha256")


def make(post: Post, accounts: Iterable[ConnectedAccount]) -> None:
    """Make what these accounts' platforms need of this post and is not there yet, outside of transactions.

    Where that fails the picture stays as it is, and its problem with it.
    """
    if not any(row.fit for row in post.media.all()):
        return
    accounts = list(accounts)
    platforms = {account.platform for account in accounts}
    for account in accounts:
        publishes = publishing(account.platform)
        if publishes is None:
            continue
        for row, kind in _unfit(post, account, publishes, platforms):
            _render(row, account.platform, kind, publishes)


def _unfit(
    post: Post, account: ConnectedAccount, publishes: Publishes, platforms: set[str]
) -> Iterator[tuple[PostMedia, str]]:
    """Yield the pictures that would be refused, or are advised against, and that may be changed."""
    sent = draft(post, account, platforms=platforms)
    problems = publishes.problems(sent)
    for position, row in enumerate(overriding.merged(post, account).media):
        fixes = {fix for problem in problems if problem.field == f"media.{position}" for fix in problem.fix}
        if row.fit in fixes or (row.fit and "convert" in fixes):
            yield row, sent.kind


def _render(row: PostMedia, platform: str, kind: str, publishes: Publishes) -> None:
    frame = Frame.common([publishes.limits], kind)
    fit = row.fit or Fit.CONVERT
    try:
        with row.file.open("rb") as original:
            content, facts = render(original, fit, frame)
        made = Rendition(media=row, platform=platform, post_kind=kind)
        for name in FACTS:
            setattr(made, name, getattr(facts, name))
        with storing.all_or_nothing():
            for before in Rendition.objects.filter(media=row, platform=platform, post_kind=kind):
                before.delete()
            storing.write(made.file, f"{uuid.uuid4().hex}.{facts.extension}", content)
            made.save(force_insert=True)
    except InvalidRequest as error:
        log.info("Media %s could not be made fit for %s: %s", row.pk, platform, error.code)
    except IntegrityError:
        # Somebody else was faster, or took the picture away.
        log.info("Media %s was changed while it was made fit for %s", row.pk, platform)
    # What was read of it before is not so any more.
    getattr(row, "_prefetched_objects_cache", {}).pop("renditions", None)

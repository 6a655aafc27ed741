"""Writing posts: what authors give is read, checked and stored, all of it or nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, cast

from django.core.exceptions import ImproperlyConfigured
from django.db.models import prefetch_related_objects

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia, Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Draft, Kind, Media, MediaKind, Problem

from . import attaching, events, reviewing, storing
from .attaching import NewMedia, refuse_too_many, storable
from .media import sent_file
from .rendering import Frame
from .serving import public_url

__all__ = ["NewMedia", "compose", "draft", "edit", "problems", "refuse_too_many"]

Status = Publication.Status

DEEPEST = 16
"""Levels of lists and objects in options: no platform has as many, and databases take only so many."""
EDITABLE = (Status.SCHEDULED, Status.HELD, Status.FAILED, Status.MISSED, Status.CANCELLED)
"""Nothing of it is public, and nothing is under way."""


def compose(
    user: Any,
    *,
    kind: str = "",
    text: str = "",
    media: Sequence[NewMedia] = (),
    accounts: Iterable[ConnectedAccount | uuid.UUID | str] = (),
    options: Mapping[str, Any] | None = None,
    first_comment: str = "",
) -> Post:
    """Return a new post of this user, or raise InvalidRequest and keep nothing.

    What a platform would refuse does not hinder saving: see `problems`. ``kind`` follows from the media
    where it is "". ``accounts`` are those it is meant for, whose platforms' limits a ``fit`` is made for.
    """
    chosen = _accounts(user, accounts)
    post = Post(user=user)
    _write(post, kind=kind, text=text, options=options or {}, first_comment=first_comment)
    with attaching.prepared(media, _frame(chosen, kind)) as ready:
        post.kind = post.kind or _inferred([item.facts.kind for item in ready])
        with storing.all_or_nothing():
            post.save(force_insert=True)
            post.accounts.set(chosen)
            attaching.attach(post, ready)
            events.record("post.created", actor=user, post=post, data={"kind": post.kind})
    return post


def edit(
    post: Post,
    *,
    by: Any,
    kind: str | None = None,
    text: str | None = None,
    media: Sequence[NewMedia] | None = None,
    accounts: Iterable[ConnectedAccount | uuid.UUID | str] | None = None,
    options: Mapping[str, Any] | None = None,
    first_comment: str | None = None,
) -> Post:
    """Change what is given and keep the rest; an approval of other content ends.

    Raise InvalidRequest where nothing may change: ``post_already_sent``, ``post_being_sent``.
    """
    reviewing.may_change(post, by)
    chosen = list(post.accounts.all()) if accounts is None else _accounts(by or post.user, accounts)
    changes = {"kind": kind, "text": text, "options": options, "first_comment": first_comment}
    changes = {name: value for name, value in changes.items() if value is not None}
    frame = _frame(chosen, kind or post.kind)
    with attaching.prepared(media or (), frame, post) as ready, storing.all_or_nothing():
        _refuse_sent(post)
        reviewing.lock(post)
        _write(post, **changes)
        if media is not None:
            attaching.attach(post, ready)
        post.kind = post.kind or _inferred(list(post.media.values_list("kind", flat=True)))
        post.save()
        if accounts is not None:
            post.accounts.set(chosen)
        reviewing.edited(post)
        events.record("post.edited", actor=by, post=post, data={"changed": sorted(changes)})
    return post


def draft(post: Post, account: ConnectedAccount, *, public: bool = False) -> Draft:
    """Return what would be sent from this account, ``public``: with links by which platforms fetch media."""
    return Draft(
        kind=cast("Kind", post.kind),
        text=post.text,
        media=tuple(_media(row, public) for row in post.media.all()),
        options=post.options,
        first_comment=post.first_comment,
    )


def problems(post: Post, accounts: Iterable[ConnectedAccount]) -> dict[uuid.UUID, list[Problem]]:
    """Return by account what stands in the way of this post, or should be thought about."""
    prefetch_related_objects([post], "media")
    return {account.pk: list(_problems(post, account)) for account in accounts}


def _problems(post: Post, account: ConnectedAccount) -> Iterator[Problem]:
    if account.health not in ConnectedAccount.USABLE:
        # Not an error: a post may be scheduled, and waits until the account is well again.
        params = {"account": str(account), "health": account.get_health_display()}
        yield Problem(code="account_not_usable", field="accounts", severity="warning", params=params)
    try:
        provider = registry.get(account.platform)
    except (ConnectedAccountsError, ImproperlyConfigured):
        yield Problem(code="platform_not_configured", field="accounts", params={"platform": account.platform})
        return
    if post.first_comment and account.permissions.get("comment") is False:
        yield Problem(
            code="comment_permission_missing", field="first_comment", params={"account": str(account)}
        )
    if isinstance(provider, Publishes):
        for problem in provider.problems(draft(post, account)):
            yield replace(problem, params={"platform": provider.name, **problem.params})
    else:
        yield Problem(code="platform_does_not_publish", field="accounts", params={"platform": provider.name})


def _accounts(user: Any, accounts: Iterable[ConnectedAccount | uuid.UUID | str]) -> list[ConnectedAccount]:
    try:
        keys = list(dict.fromkeys(uuid.UUID(str(getattr(account, "pk", account))) for account in accounts))
    except ValueError as error:
        raise InvalidRequest("account_not_found", field="accounts") from error
    found = access().accounts(user).in_bulk(keys) if keys else {}
    if missing := [key for key in keys if key not in found]:
        raise InvalidRequest("account_not_found", field="accounts", account=str(missing[0]))
    return [found[key] for key in keys]


def _frame(accounts: Iterable[ConnectedAccount], kind: str) -> Frame:
    platforms = sorted({account.platform for account in accounts})
    providers = [registry.get(platform) for platform in platforms]
    return Frame.common([p.limits for p in providers if isinstance(p, Publishes)], kind)


def _write(post: Post, **content: Any) -> None:
    """Set these attributes, or raise InvalidRequest where they can't be stored."""
    if content.get("kind") and content["kind"] not in Post.Kind.values:
        raise InvalidRequest("kind_unknown", field="kind", kind=content["kind"])
    for name, value in content.items():
        try:
            json.dumps(value, allow_nan=False)
            texts = list(_texts(value))
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidRequest("options_invalid", field=name) from error
        for text in texts:
            storable(text, name)
        setattr(post, name, dict(value) if name == "options" else value)


def _texts(value: Any, deep: int = 0) -> Iterator[str]:
    """Yield every text of a value, or raise ValueError where it is too deep."""
    if deep > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for part in pair for text in _texts(part, deep + 1))
    elif isinstance(value, (list, tuple)):
        yield from (text for part in value for text in _texts(part, deep + 1))


def _inferred(kinds: Sequence[str]) -> str:
    if len(kinds) > 1:
        return Post.Kind.CAROUSEL
    return {"image": Post.Kind.PHOTO, "video": Post.Kind.REEL}[kinds[0]] if kinds else Post.Kind.TEXT


def _refuse_sent(post: Post) -> None:
    """Raise InvalidRequest if any publication went out or is under way; none can start before the commit."""
    rows = Publication.objects.filter(post=post)
    locked = list(rows.select_for_update().values_list("status", "intent_at"))
    if any(status not in EDITABLE for status, _ in locked):
        raise InvalidRequest("post_already_sent")
    if any(begun for _, begun in locked) or rows.filter(lease_until__gt=DatabaseNow()).exists():
        raise InvalidRequest("post_being_sent")


def _opened(row: PostMedia) -> BinaryIO:
    return cast("BinaryIO", sent_file(row).open("rb"))


def _media(row: PostMedia, public: bool) -> Media:
    return Media(
        kind=cast("MediaKind", row.kind),
        mime=row.mime,
        size=row.size,
        url=public_url(row) if public else "",
        open=partial(_opened, row),
        width=row.width,
        height=row.height,
        duration=row.duration,
        colour=row.colour,
        alt_text=row.alt_text,
        user_tags=row.user_tags,
        cover_url=public_url(row, "cover") if public and row.cover else "",
    )

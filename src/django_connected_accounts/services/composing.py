"""Writing posts: what authors give is read, checked and stored, all of it or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Prefetch, prefetch_related_objects

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Problem

from . import attaching, content, events, fitting, overriding, reviewing, storing
from .attaching import NewMedia, again, refuse_too_many
from .drafting import draft
from .media import fetch
from .overriding import Override, Overrides
from .rendering import Frame

__all__ = ["NewMedia", "again", "compose", "draft", "edit", "is_editable", "problems", "refuse_too_many"]

Status = Publication.Status

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
    overrides: Overrides | None = None,
) -> Post:
    """Return a new post of this user, or raise InvalidRequest and keep nothing.

    What a platform would refuse does not hinder saving: see `problems`. ``kind`` follows from the media
    where it is "". ``accounts`` are those it is meant for, whose platforms' limits a ``fit`` is made for;
    ``overrides`` say by account what differs there, by the names of these arguments.
    """
    chosen = _accounts(user, accounts)
    values = {"kind": kind, "text": text, "options": options or {}, "first_comment": first_comment}
    post = Post(user=user, **content.checked(values))
    given = overriding.read(overrides or {}, chosen)
    with ExitStack() as opened:
        ready = opened.enter_context(attaching.prepared(media, _frame(chosen, kind)))
        own = opened.enter_context(overriding.prepared(given, _frames(given, chosen, kind)))
        post.kind = post.kind or content.inferred([item.facts.kind for item in ready])
        with storing.all_or_nothing():
            post.save(force_insert=True)
            post.accounts.set(chosen)
            attaching.attach(post, ready, _media_of(own))
            overriding.write(post, own, chosen)
            post.save(update_fields=["overrides"])
            events.record("post.created", actor=user, post=post, data={"kind": post.kind})
    fitting.make(post, chosen)
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
    overrides: Overrides | None = None,
) -> Post:
    """Change what is given and keep the rest; an approval of other content ends.

    Of ``overrides`` each replaces that of its account, None or {} ends it. Raise InvalidRequest where nothing
    may change: ``post_already_sent``, ``post_being_sent``. What is not out on some accounts yet may still
    be overridden there.
    """
    reviewing.may_change(post, by)
    chosen = list(post.accounts.all()) if accounts is None else _accounts(by or post.user, accounts)
    changes = {"kind": kind, "text": text, "options": options, "first_comment": first_comment}
    changes = content.checked({name: value for name, value in changes.items() if value is not None})
    given = overriding.read(overrides or {}, chosen)
    shared = bool(changes) or media is not None or accounts is not None or overrides is None
    with ExitStack() as opened:
        frame = _frame(chosen, kind or post.kind)
        ready = opened.enter_context(attaching.prepared(media or (), frame, post))
        frames = _frames(given, chosen, kind or post.kind)
        own = opened.enter_context(overriding.prepared(given, frames, post))
        opened.enter_context(storing.all_or_nothing())
        _refuse_sent(post, None if shared else given)
        reviewing.lock(post)
        for name, value in changes.items():
            setattr(post, name, value)
        if media is not None or own or accounts is not None:
            keep = overriding.kept(post, own, chosen)
            attaching.attach(post, ready if media is not None else None, _media_of(own), keep)
        post.kind = post.kind or content.inferred([row.kind for row in post.shared_media])
        overriding.write(post, own, chosen)
        post.save()
        if accounts is not None:
            post.accounts.set(chosen)
        reviewing.edited(post)
        changed = sorted([*changes, *(["overrides"] if given else [])])
        events.record("post.edited", actor=by, post=post, data={"changed": changed})
    fitting.make(post, chosen)
    return post


def is_editable(post: Post) -> bool:
    """Say whether nothing of it is out or under way on any account."""
    return not post.publications.exclude(status__in=EDITABLE).exists()


def problems(post: Post, accounts: Iterable[ConnectedAccount]) -> dict[uuid.UUID, list[Problem]]:
    """Return by account what stands in the way of this post, or should be thought about."""
    fetch([post])
    if post.options:
        prefetch_related_objects([post], Prefetch("accounts", ConnectedAccount.objects.only("platform")))
    accounts = list(accounts)
    platforms = {account.platform for account in accounts}
    return {account.pk: list(_problems(post, account, platforms)) for account in accounts}


def _problems(post: Post, account: ConnectedAccount, platforms: Collection[str]) -> Iterator[Problem]:
    if account.health not in ConnectedAccount.USABLE:
        # Not an error: a post may be scheduled, and waits until the account is well again.
        params = {"account": str(account), "health": account.get_health_display()}
        yield Problem(code="account_not_usable", field="accounts", severity="warning", params=params)
    try:
        provider = registry.get(account.platform)
    except (ConnectedAccountsError, ImproperlyConfigured):
        yield Problem(code="platform_not_configured", field="accounts", params={"platform": account.platform})
        return
    if not isinstance(provider, Publishes):
        yield Problem(code="platform_does_not_publish", field="accounts", params={"platform": provider.name})
        return
    sent = draft(post, account, platforms=platforms)
    if sent.first_comment and account.permissions.get("comment") is False:
        yield Problem(
            code="comment_permission_missing", field="first_comment", params={"account": str(account)}
        )
    for problem in provider.problems(sent):
        yield replace(problem, params={"platform": provider.name, **problem.params})


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


def _frames(
    given: Mapping[str, Override], accounts: Iterable[ConnectedAccount], kind: str
) -> dict[str, Frame]:
    chosen = {str(account.pk): account for account in accounts}
    return {key: _frame([chosen[key]], own.get("kind") or kind) for key, own in given.items()}


def _media_of(own: Mapping[str, overriding.Ready]) -> list[attaching.Prepared]:
    return [item for ready in own.values() for item in ready.prepared]


def _refuse_sent(post: Post, accounts: Collection[str] | None) -> None:
    """Raise InvalidRequest if it is out, or under way, on any account, or on those with these ids.

    No other can start before the commit; what is under way elsewhere must not lose its approval midway.
    """
    rows = Publication.objects.filter(post=post)
    locked = list(rows.select_for_update().values_list("account", "status", "intent_at"))
    if any(s not in EDITABLE and (accounts is None or str(key) in accounts) for key, s, _ in locked):
        raise InvalidRequest("post_already_sent")
    under_way = [begun and status in Publication.OPEN for _, status, begun in locked]
    moving = [status in Publication.UNDER_WAY for _, status, _ in locked]
    if any(under_way) or any(moving) or rows.filter(lease_until__gt=DatabaseNow()).exists():
        raise InvalidRequest("post_being_sent")

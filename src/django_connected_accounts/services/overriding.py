"""What differs on single accounts: given per account, kept where it differs, merged for sending.

An override may have a ``kind``, a ``text``, a ``first_comment``, ``options`` (None takes a shared one away)
and ``media``. What it does not have, the account shares with the post.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.providers.types import Problem

from . import attaching, content
from .attaching import NewMedia, Prepared
from .rendering import Frame

Override = Mapping[str, Any]
Overrides = Mapping[Any, "Override | None"]
"""By account, or its id."""

TEXTS = ("kind", "text", "first_comment")
FIELDS = frozenset({*TEXTS, "options", "media"})


@dataclass(frozen=True, slots=True)
class Merged:
    """A post as it is for one account."""

    kind: str
    text: str
    first_comment: str
    options: dict[str, Any]
    media: list[PostMedia]


def merged(post: Post, account: ConnectedAccount) -> Merged:
    """Return the post with what differs on this account. Prefetch its media for many accounts."""
    own: Override = post.overrides.get(str(account.pk), {})
    media = _media(post, own)
    kind = own.get("kind") or post.kind
    if "media" in own and "kind" not in own and kind in content.INFERRED:
        kind = content.inferred([row.kind for row in media])
    options = {**post.options, **own.get("options", {})}
    return Merged(
        kind=kind,
        text=own.get("text", post.text),
        first_comment=own.get("first_comment", post.first_comment),
        options={name: value for name, value in options.items() if value is not None},
        media=media,
    )


def given(post: Post, account: str, changes: Mapping[str, NewMedia] | None = None) -> dict[str, Any]:
    """Return the override of an account as `composing.edit` takes it, with these media changed."""
    own = dict(post.overrides.get(account, {}))
    if "media" in own:
        rows = {str(row.pk): attaching.again(row) for row in _media(post, own)}
        own["media"] = [(changes or {}).get(key, rows[key]) for key in own["media"] if key in rows]
    return own


def canonical(post: Post) -> dict[str, Any]:
    """Return all overrides with their media as `facts`: the same for a copy of the post."""
    return {
        account: {**own, "media": [facts(row) for row in _media(post, own)]} if "media" in own else own
        for account, own in post.overrides.items()
    }


def facts(media: PostMedia) -> list[Any]:
    """Return what is sent of a media."""
    # A cover's stored name stands for its bytes: names are given once, and files are not rewritten.
    return [media.sha256, media.fit, media.alt_text, media.user_tags, media.cover.name or ""]


@dataclass(frozen=True, slots=True)
class Ready:
    """An override that was found good: plain values, and media to store or, by id, to share."""

    values: dict[str, Any]
    media: list[Prepared | str] | None

    @property
    def prepared(self) -> list[Prepared]:
        return [item for item in self.media or () if isinstance(item, Prepared)]


def read(overrides: Overrides, accounts: Iterable[ConnectedAccount]) -> dict[str, Override]:
    """Return what is given by account id, {} to share everything; refuse what is not for these accounts."""
    chosen = {str(account.pk) for account in accounts}
    given = {}
    for account, override in overrides.items():
        key = str(getattr(account, "pk", account)).lower()
        if key not in chosen:
            raise InvalidRequest("override_without_account", field=f"overrides.{key}", account=key)
        for name in override or {}:
            if name not in FIELDS:
                field = f"overrides.{key}.{name}"
                problem = Problem(code="unknown_field", field=field, params={"field": field})
                raise InvalidRequest(field=field, problems=[problem])
        given[key] = override or {}
    return given


@contextmanager
def prepared(
    given: Mapping[str, Override], frames: Mapping[str, Frame], post: Post | None = None
) -> Iterator[dict[str, Ready]]:
    """Give these overrides read and checked, their media made fit, or raise InvalidRequest."""
    with ExitStack() as opened:
        yield {key: _ready(key, own, frames[key], post, opened) for key, own in given.items()}


def kept(post: Post, ready: Mapping[str, Ready], accounts: Iterable[ConnectedAccount]) -> set[str]:
    """Return the ids of media that the overrides of these accounts need once these are written."""
    stay = {str(account.pk) for account in accounts} - ready.keys()
    ids = {media for key in stay for media in post.overrides.get(key, {}).get("media", ())}
    return ids | {item for own in ready.values() for item in own.media or () if isinstance(item, str)}


def write(post: Post, ready: Mapping[str, Ready], accounts: Iterable[ConnectedAccount]) -> None:
    """Set the overrides these accounts have now, but for what is the same; the caller saves the post."""
    rows = list(post.media.all())
    found = {**post.overrides, **{key: _stored(own) for key, own in ready.items()}}
    chosen = [str(account.pk) for account in accounts]
    differing = {key: _difference(post, rows, found[key]) for key in chosen if key in found}
    post.overrides = {key: own for key, own in differing.items() if own}


def _media(post: Post, own: Override) -> list[PostMedia]:
    if "media" not in own:
        return post.shared_media
    rows = {str(row.pk): row for row in post.media.all()}
    return [rows[key] for key in own["media"] if key in rows]


def _ready(key: str, own: Override, frame: Frame, post: Post | None, opened: ExitStack) -> Ready:
    where = f"overrides.{key}."
    values = content.checked({name: own[name] for name in own if name != "media"}, where)
    if own.get("media") is None:
        return Ready(values, None)
    given: Sequence[NewMedia] = own["media"]
    attaching.refuse_too_many(given)
    shared = {str(row.pk) for row in post.shared_media} if post else set()
    references = [_reference(new, shared) for new in given]
    new = [item for item, reference in zip(given, references, strict=True) if not reference]
    try:
        fit = iter(opened.enter_context(attaching.prepared(new, frame, post)))
    except InvalidRequest as error:
        raise _below(where, error, [n for n, reference in enumerate(references) if not reference]) from error
    return Ready(values, [reference or next(fit) for reference in references])


def _reference(new: NewMedia, shared: set[str]) -> str:
    """Return the id of a media of the post that is shown as it is there, "" for one of its own."""
    existing = str(getattr(new.existing, "pk", new.existing)).lower()
    return existing if existing in shared else ""


def _below(where: str, error: InvalidRequest, places: Sequence[int]) -> InvalidRequest:
    """Return the refusal of media with its fields as the author knows them."""

    def moved(problem: Problem) -> Problem:
        top, place, *rest = problem.field.split(".")
        field = ".".join([top, str(places[int(place)]), *rest])
        return Problem(code=problem.code, field=where + field, params=problem.params)

    problems = [moved(problem) for problem in error.problems]
    return InvalidRequest(field=problems[0].field, problems=problems)


def _stored(own: Ready) -> dict[str, Any]:
    if own.media is None:
        return own.values
    return {**own.values, "media": [i if isinstance(i, str) else str(i.row.pk) for i in own.media]}


def _difference(post: Post, rows: Sequence[PostMedia], own: Override) -> dict[str, Any]:
    """Return of an override what is not the post's anyway; media that are gone are left out."""
    found = {name: own[name] for name in TEXTS if name in own and own[name] != getattr(post, name)}
    if not found.get("kind", "chosen"):
        del found["kind"]
    options = {n: v for n, v in own.get("options", {}).items() if post.options.get(n) != v}
    if options:
        found["options"] = options
    if "media" in own:
        there = {str(row.pk) for row in rows}
        media = [key for key in own["media"] if key in there]
        if media != [str(row.pk) for row in rows if row.shared] and (media or not own["media"]):
            found["media"] = media
    return found


__all__ = [
    "Merged",
    "Override",
    "Overrides",
    "canonical",
    "facts",
    "given",
    "kept",
    "merged",
    "prepared",
    "read",
    "write",
]

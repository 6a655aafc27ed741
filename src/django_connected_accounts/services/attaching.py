"""Media on their way into a post: all are read and checked first, then all are stored."""

from __future__ import annotations

import math
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.db.models import F

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post, PostMedia
from django_connected_accounts.providers.types import Problem

from . import importing, storing
from .content import storable
from .media import Facts, probe
from .rendering import Fit, Frame, render

MOST_MEDIA = 50
"""More than any platform takes in one post."""
TAG_KEYS = {"username", "x", "y"}
FACTS = (
    "kind",
    "mime",
    "size",
    "width",
    "height",
    "duration",
    "colour",
    "codec",
    "frame_rate",
    "sha256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMedia:
    """A picture or film for a post: a ``file``, a ``url`` to import, or an ``existing`` media of this post.

    ``user_tags`` are ``{"username", "x", "y"}``; ``fit`` is one of `PostMedia.Fit`; ``cover`` is a still
    for a film (an existing media keeps its own where none is given).
    """

    file: IO[bytes] | None = None
    url: str = ""
    existing: PostMedia | uuid.UUID | str | None = None
    alt_text: str = ""
    user_tags: Sequence[Mapping[str, Any]] = ()
    fit: str = ""
    cover: IO[bytes] | None = None


def again(media: PostMedia, **changes: Any) -> NewMedia:
    """Return a media as it is in its post, but for these changes."""
    same = {"alt_text": media.alt_text, "user_tags": media.user_tags, "fit": media.fit}
    return NewMedia(existing=media, **{**same, **changes})


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A media that was found good: its row, its facts, and the contents to store."""

    row: PostMedia
    facts: Facts
    original: tuple[IO[bytes], Facts] | None = None
    cover: tuple[IO[bytes], Facts] | None = None
    drops_renditions: bool = False


@contextmanager
def prepared(media: Sequence[NewMedia], frame: Frame, post: Post | None = None) -> Iterator[list[Prepared]]:
    """Give these media read and checked, or raise InvalidRequest with all that is wrong.

    ``frame`` is what covers are made to fit in.
    """
    refuse_too_many(media)
    mine = {row.pk: row for row in PostMedia.objects.filter(post=post)} if post else {}
    ready, problems = [], []
    with ExitStack() as opened:
        for position, new in enumerate(media):
            try:
                ready.append(_prepare(new, mine, frame, opened))
            except InvalidRequest as error:
                field = ".".join(filter(None, ("media", str(position), error.field)))
                problems.append(Problem(code=error.code, field=field, params=error.params))
        if problems:
            raise InvalidRequest(field=problems[0].field, problems=problems)
        yield ready


def attach(
    post: Post, shared: Sequence[Prepared] | None, own: Sequence[Prepared] = (), kept: Collection[str] = ()
) -> None:
    """Make these the media of the post, within `storing.all_or_nothing`; what they replace is deleted.

    ``shared`` are for all accounts, None keeps those there are; ``own`` are for single ones, ``kept`` the ids
    of those that single ones have already.
    """
    before = {row.pk: row for row in PostMedia.objects.filter(post=post)}
    if shared is None:
        shared = [_untouched(row) for row in before.values() if row.shared]
    named = {item.row.pk for item in (*shared, *own)}
    stay = [row for row in before.values() if not row.shared and str(row.pk) in kept and row.pk not in named]
    items = [*shared, *own, *map(_untouched, stay)]
    if not {item.row.pk for item in items if item.original is None} <= before.keys():
        raise InvalidRequest("media_not_found", field="media")
    for key in before.keys() - {item.row.pk for item in items}:
        before[key].delete()
    # Out of the way first: no two rows may share a position at any moment.
    last = max((row.position for row in before.values()), default=0)
    PostMedia.objects.filter(post=post).update(position=F("position") + max(last + 1, len(items)))
    for position, item in enumerate(items):
        item.row.post, item.row.position, item.row.shared = post, position, position < len(shared)
        _store(item)


def refuse_too_many(media: Sequence[Any]) -> None:
    """Raise InvalidRequest for more than any post takes: ask it before fetching anything."""
    if len(media) > MOST_MEDIA:
        raise InvalidRequest("too_many_media", field="media", count=len(media), max=MOST_MEDIA)


def _prepare(new: NewMedia, mine: Mapping[uuid.UUID, PostMedia], frame: Frame, opened: ExitStack) -> Prepared:
    given = (new.file is not None, bool(new.url), new.existing is not None)
    if sum(given) != 1:
        raise InvalidRequest("media_ambiguous" if any(given) else "media_missing")
    if new.fit not in Fit.values:
        raise InvalidRequest("fit_unknown", field="fit", fit=new.fit)
    item = _kept(new, mine) if new.existing is not None else _arrived(new, opened)
    if new.fit and item.facts.kind != "image":
        raise InvalidRequest("fit_not_possible", field="fit")
    item.row.alt_text, item.row.user_tags = storable(new.alt_text, "alt_text"), _tags(new.user_tags)
    item.drops_renditions = new.fit != item.row.fit
    item.row.fit = new.fit
    if new.cover is not None:
        item.cover = _cover(new.cover, item.facts, frame)
    return item


def _arrived(new: NewMedia, opened: ExitStack) -> Prepared:
    file = new.file
    if file is None:
        file = importing.fetch(new.url)
        opened.callback(file.close)
    facts = probe(file)
    name = str(getattr(file, "name", None) or "").replace("\\", "/").rpartition("/")[2]
    row = PostMedia(original_name="".join(filter(str.isprintable, name))[-255:])
    return Prepared(row=row, facts=facts, original=(file, facts))


def _kept(new: NewMedia, mine: Mapping[uuid.UUID, PostMedia]) -> Prepared:
    try:
        row = mine[uuid.UUID(str(getattr(new.existing, "pk", new.existing)))]
    except (KeyError, ValueError) as error:
        raise InvalidRequest("media_not_found") from error
    return _untouched(row)


def _untouched(row: PostMedia) -> Prepared:
    return Prepared(row=row, facts=Facts(**{name: getattr(row, name) for name in FACTS}))


def _cover(file: IO[bytes], film: Facts, frame: Frame) -> tuple[IO[bytes], Facts]:
    """Return the still as a plain JPEG, the only thing covers may be."""
    if film.kind != "video":
        raise InvalidRequest("cover_not_available", field="cover")
    try:
        facts = probe(file)
        if facts.kind != "image":
            raise InvalidRequest("cover_not_a_picture")
        if (facts.mime, facts.colour) == ("image/jpeg", "RGB") and facts.size <= frame.max_bytes:
            return file, facts
        return render(file, Fit.CONVERT, Frame(max_bytes=frame.max_bytes))
    except InvalidRequest as error:
        error.field = "cover"
        raise


def _tags(tags: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    for tag in tags:
        known = isinstance(tag, Mapping) and set(tag) <= TAG_KEYS and isinstance(tag.get("username"), str)
        if not known or not all(_is_number(tag[axis]) for axis in "xy" if tag.get(axis) is not None):
            raise InvalidRequest("user_tags_invalid", field="user_tags")
        storable(tag["username"], "user_tags")
    return [dict(tag) for tag in tags]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _store(item: Prepared) -> None:
    row = item.row
    if item.drops_renditions and item.original is None:
        for rendition in row.renditions.all():
            rendition.delete()
    if item.cover:
        storing.discard(row.cover)
    for field, content in ((row.file, item.original), (row.cover, item.cover)):
        if content:
            # The name says nothing, is safe anywhere, and is never given twice.
            storing.write(field, f"{uuid.uuid4().hex}.{content[1].extension}", content[0])
    for name in FACTS:
        setattr(row, name, getattr(item.facts, name))
    row.save()

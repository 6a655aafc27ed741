"""What authors write, as a database can keep it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post

DEEPEST = 16
"""Levels of lists and objects in options: no platform has as many, and databases take only so many."""


def storable(text: str, field: str) -> str:
    """Return the text, or raise InvalidRequest where a database could not keep it."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequest("invalid_characters", field=field)
    return text


def checked(values: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Return attributes of a post, or raise InvalidRequest for the field, below ``where``, that won't do."""
    kind = values.get("kind")
    if kind and kind not in Post.Kind.values:
        raise InvalidRequest("kind_unknown", field=f"{where}kind", kind=kind)
    for name, value in values.items():
        try:
            json.dumps(value, allow_nan=False)
            texts = list(_texts(value))
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidRequest("options_invalid", field=where + name) from error
        for text in texts:
            storable(text, where + name)
    return {name: dict(value) if name == "options" else value for name, value in values.items()}


def inferred(kinds: Sequence[str]) -> str:
    """Return the kind of a post that has media of these kinds."""
    if len(kinds) > 1:
        return Post.Kind.CAROUSEL
    return KIND_OF_MEDIA[kinds[0]] if kinds else Post.Kind.TEXT


KIND_OF_MEDIA: Mapping[str, str] = {
    "image": Post.Kind.PHOTO,
    "video": Post.Kind.REEL,
    "document": Post.Kind.DOCUMENT,
}
INFERRED = frozenset({*KIND_OF_MEDIA.values(), Post.Kind.CAROUSEL, Post.Kind.TEXT})
"""Kinds that follow from the media; the others are chosen."""


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

"""What a platform would refuse, found from its limits before it is asked. None is a fact not checked.

The names of limits are conventions: ``text_length``, ``<media>_bytes``, ``<media>_width_min``,
``_width_max``, ``_height_max``, ``_ratio_min``, ``_ratio_max``, ``_seconds_min``, ``_seconds_max``,
``_frame_rate_min``, ``_frame_rate_max``, ``alt_text_length``, ``comment_length``, ``hashtags``, ``mentions``,
where ``<media>`` is the kind of media, or that of the post before it where it differs
("reel_video_seconds_max").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from .types import Draft, Limits, Media, MediaKind, Option, Problem

OPTION_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "list": (list, tuple),
    "texts": (list, tuple),
    "choice": (str,),
    "object": (dict, list),
}
HASHTAG = re.compile(r"(?<![\w&])[#\uff03]\w")
MENTION = re.compile(r"(?<![\w.])@\w")

SIDES = (
    # limit, the fact it is about, code of the problem, whether more is wrong (or less)
    ("width_min", "width", "media_small", False),
    ("width_max", "width", "media_too_wide", True),
    ("height_max", "height", "media_too_tall", True),
    ("seconds_min", "duration", "media_too_short", False),
    ("seconds_max", "duration", "media_too_long", True),
    ("frame_rate_min", "frame_rate", "media_frame_rate", False),
    ("frame_rate_max", "frame_rate", "media_frame_rate", True),
    ("bytes", "size", "media_too_large", True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one kind of post is made of: how many media, and the types of each kind of media."""

    items: tuple[int, int] = (0, 0)
    media: Mapping[MediaKind, tuple[str, ...]] = field(default_factory=dict)
    text: bool = False
    """Whether it is nothing without a text."""

    shows_text: bool = True
    comments: bool = False
    """Whether it can have a first comment."""

    alt_texts: tuple[MediaKind, ...] = ("image",)
    codecs: tuple[str, ...] = ()
    """How films may be encoded, by FFmpeg's names; none says that any way will do."""


def check(
    draft: Draft,
    *,
    rules: Mapping[str, Rule],
    limits: Limits,
    options: Mapping[str, Option],
    length: Callable[[str], int] = len,
) -> Iterator[Problem]:
    """Yield what stands in the way of this draft, the media's in their order, then text and options."""
    rule = rules.get(draft.kind)
    if rule is None:
        yield Problem(code="kind_unknown", field="kind", params={"kind": draft.kind})
        return
    least, most = rule.items
    if least and not draft.media:
        yield Problem(code="media_missing", field="media", params={"min": least})
    elif not least <= len(draft.media) <= most:
        params = {"count": len(draft.media), "min": least, "max": most}
        yield Problem(code="media_count", field="media", params=params)
    for position, media in enumerate(draft.media):
        yield from _media(draft.kind, rule, media, limits, f"media.{position}")
    yield from _text(draft, rule, limits, length)
    yield from _options(draft, options)


def _media(kind: str, rule: Rule, media: Media, limits: Limits, field: str) -> Iterator[Problem]:
    if media.kind not in rule.media:
        yield Problem(code="media_kind", field=field, params={"kind": media.kind, "post": kind})
        return
    fix = ("convert",) if media.kind == "image" else ()
    if media.mime not in rule.media[media.kind]:
        yield Problem(code="media_format", field=field, params={"mime": media.mime}, fix=fix)
    if media.codec and rule.codecs and media.codec not in rule.codecs:
        encoded = {"codec": media.codec, "codecs": ", ".join(rule.codecs)}
        yield Problem(code="media_codec", field=field, params=encoded)
    for name, fact, code, more in SIDES:
        limit = _limit(limits, kind, media.kind, name)
        value = getattr(media, fact)
        if fact == "frame_rate" and value is not None:
            value = round(value)  # telephones film at 60 frames a second, and mean 59.94 or 60.02
        if limit is not None and value is not None and (value > limit if more else value < limit):
            stem = name.removesuffix("_min").removesuffix("_max")
            params = {
                fact: round(value, 1),
                "seconds": round(value, 1),
                "min": _limit(limits, kind, media.kind, f"{stem}_min") or 0,
                "max": _limit(limits, kind, media.kind, f"{stem}_max") or limit,
            }
            yield Problem(code=code, field=field, params=params, fix=fix if fact == "size" else ())
    if media.width and media.height:
        yield from _ratio(kind, media, media.width / media.height, limits, field)
    most = _limit(limits, kind, media.kind, "alt_text_length") or _limit(limits, "", "", "alt_text_length")
    if most is not None and len(media.alt_text) > most:
        params = {"length": len(media.alt_text), "max": most}
        yield Problem(code="alt_text_too_long", field=f"{field}.alt_text", params=params)
    if media.alt_text and media.kind not in rule.alt_texts:
        yield Problem(code="alt_text_not_shown", field=f"{field}.alt_text", severity="warning")


def _ratio(kind: str, media: Media, ratio: float, limits: Limits, field: str) -> Iterator[Problem]:
    least = _limit(limits, kind, media.kind, "ratio_min")
    most = _limit(limits, kind, media.kind, "ratio_max")
    if ratio < (least or 0.0) or (most is not None and ratio > most):
        fix = ("crop", "pad") if media.kind == "image" else ()
        params = {"ratio": round(ratio, 3), "min": least or 0, "max": most or "∞"}
        yield Problem(code="aspect_ratio", field=field, params=params, fix=fix)


def _text(draft: Draft, rule: Rule, limits: Limits, length: Callable[[str], int]) -> Iterator[Problem]:
    if rule.text and not draft.text.strip():
        yield Problem(code="text_missing", field="text")
    if draft.text and not rule.shows_text:
        yield Problem(code="text_not_shown", field="text", severity="warning")
    most = _limit(limits, draft.kind, "", "text_length")
    if most is not None and rule.shows_text and length(draft.text) > most:
        yield Problem(code="text_too_long", field="text", params={"length": length(draft.text), "max": most})
    for name, pattern, code in (
        ("hashtags", HASHTAG, "too_many_hashtags"),
        ("mentions", MENTION, "too_many_mentions"),
    ):
        most, count = _limit(limits, "", "", name), len(pattern.findall(draft.text))
        if most is not None and count > most:
            yield Problem(code=code, field="text", params={"count": count, "max": most})
    if draft.first_comment and not rule.comments:
        yield Problem(code="comment_not_available", field="first_comment")
    most = _limit(limits, "", "", "comment_length")
    if most is not None and length(draft.first_comment) > most:
        params = {"length": length(draft.first_comment), "max": most}
        yield Problem(code="comment_too_long", field="first_comment", params=params)


def _options(draft: Draft, options: Mapping[str, Option]) -> Iterator[Problem]:
    for name, value in draft.options.items():
        field, option = f"options.{name}", options.get(name)
        params = {"option": name, "post": draft.kind}
        if option is None:
            yield Problem(code="option_unknown", field=field, params=params)
        elif value in (None, "", [], (), {}):
            continue
        elif draft.kind not in option.kinds:
            yield Problem(code="option_not_available", field=field, params=params)
        elif type(value) not in OPTION_TYPES[option.type] or (
            option.choices and not _chosen(value, option.choices)
        ):
            yield Problem(code="option_invalid", field=field, params=params)
    for name, option in options.items():
        if option.required and draft.kind in option.kinds and draft.options.get(name) in (None, ""):
            yield Problem(code="option_required", field=f"options.{name}", params={"option": name})


def _chosen(value: object, choices: Mapping[str, str]) -> bool:
    return all(one in choices for one in (value if isinstance(value, list | tuple) else [value]))


def _limit(limits: Limits, kind: str, media: str, name: str) -> float | None:
    for parts in ((kind, media, name), (media, name), (kind, name), (name,)):
        if limit := limits.get("_".join(part for part in parts if part)):
            return limit.value
    return None

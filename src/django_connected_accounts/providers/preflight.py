"""What a platform would refuse, found from its limits before it is asked. None is a fact not checked.

The names of limits are conventions: ``text_length``, ``<media>_bytes``, ``<media>_width_min``,
``_width_max``, ``_height_max``, ``_ratio_min``, ``_ratio_max``, ``_seconds_min``, ``_seconds_max``,
``_frame_rate_min``, ``_frame_rate_max``, ``alt_text_length``, ``comment_length``, ``hashtags``, ``mentions``,
where ``<media>`` is the kind of media, or that of the post before it where it differs
("reel_video_seconds_max"). ``_bytes_advised``, ``_width_advised``, ``_seconds_advised``,
``hashtags_advised`` and ``comment_length_advised`` are reasons to think twice; ``_ratio_advised`` takes the
place of a least and a greatest ratio.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .types import Draft, Limits, Media, MediaKind, Option, Problem, Severity

OPTION_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "list": (list, tuple),
    "texts": (list, tuple),
    "choice": (str,),
    "object": (dict, list),
}
NOTHING: tuple[Any, ...] = (None, "", [], (), {})
"""What an option is that was not chosen."""

HASHTAG = re.compile(r"(?<![\w&])[#\uff03]\w")
MENTION = re.compile(r"(?<![\w.])@\w")

SIDES: tuple[tuple[str, str, str, bool, Severity], ...] = (
    # limit, the fact it is about, code of the problem, whether more is wrong (or less), how bad it is
    ("width_min", "width", "media_small", False, "error"),
    ("width_advised", "width", "media_small", False, "warning"),
    ("width_max", "width", "media_too_wide", True, "error"),
    ("height_max", "height", "media_too_tall", True, "error"),
    ("seconds_min", "duration", "media_too_short", False, "error"),
    ("seconds_max", "duration", "media_too_long", True, "error"),
    ("seconds_advised", "duration", "media_too_long", True, "warning"),
    ("frame_rate_min", "frame_rate", "media_frame_rate", False, "error"),
    ("frame_rate_max", "frame_rate", "media_frame_rate", True, "error"),
    ("bytes", "size", "media_too_large", True, "error"),
    ("bytes_advised", "size", "media_large", True, "warning"),
)
COUNTED: tuple[tuple[str, re.Pattern[str], str, Severity], ...] = (
    # limit, what is counted, code of the problem, how bad it is
    ("hashtags", HASHTAG, "too_many_hashtags", "error"),
    ("hashtags_advised", HASHTAG, "many_hashtags", "warning"),
    ("mentions", MENTION, "too_many_mentions", "error"),
)
COMMENTS: tuple[tuple[str, str, Severity], ...] = (
    ("comment_length", "comment_too_long", "error"),
    ("comment_length_advised", "comment_long", "warning"),
)
RATIO_TOLERANCE = 0.02
"""By how much an advised ratio may be missed without anybody noticing."""


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
    for name, fact, code, more, severity in SIDES:
        value = getattr(media, fact)
        if value is None:
            continue
        limit = limit_of(limits, kind, media.kind, name)
        if fact == "frame_rate":
            value = round(value)  # telephones film at 60 frames a second, and mean 59.94 or 60.02
        if limit is not None and (value > limit if more else value < limit):
            stem = name.removesuffix("_min").removesuffix("_max")
            params = {
                fact: round(value, 1),
                "seconds": round(value, 1),
                "min": limit_of(limits, kind, media.kind, f"{stem}_min") or (0 if more else limit),
                "max": limit_of(limits, kind, media.kind, f"{stem}_max") or limit,
            }
            mended = fix if fact == "size" else ()
            yield Problem(code=code, field=field, severity=severity, params=params, fix=mended)
    if media.width and media.height:
        yield from _ratio(kind, media, media.width / media.height, limits, field)
    most = limit_of(limits, kind, media.kind, "alt_text_length") or limit_of(
        limits, "", "", "alt_text_length"
    )
    if most is not None and len(media.alt_text) > most:
        params = {"length": len(media.alt_text), "max": most}
        yield Problem(code="alt_text_too_long", field=f"{field}.alt_text", params=params)
    if media.alt_text and media.kind not in rule.alt_texts:
        yield Problem(code="alt_text_not_shown", field=f"{field}.alt_text", severity="warning")


def _ratio(kind: str, media: Media, ratio: float, limits: Limits, field: str) -> Iterator[Problem]:
    fix = ("crop", "pad") if media.kind == "image" else ()
    advised = limit_of(limits, kind, media.kind, "ratio_advised")
    if advised is not None:
        if abs(ratio - advised) > RATIO_TOLERANCE:
            params: Mapping[str, object] = {"ratio": round(ratio, 3)}
            yield Problem(
                code="aspect_ratio_advised", field=field, severity="warning", params=params, fix=fix
            )
        return
    least = limit_of(limits, kind, media.kind, "ratio_min")
    most = limit_of(limits, kind, media.kind, "ratio_max")
    if ratio < (least or 0.0) or (most is not None and ratio > most):
        params = {"ratio": round(ratio, 3), "min": least or 0, "max": most or "∞"}
        yield Problem(code="aspect_ratio", field=field, params=params, fix=fix)


def _text(draft: Draft, rule: Rule, limits: Limits, length: Callable[[str], int]) -> Iterator[Problem]:
    if rule.text and not draft.text.strip():
        yield Problem(code="text_missing", field="text")
    if draft.text and not rule.shows_text:
        yield Problem(code="text_not_shown", field="text", severity="warning")
    most = limit_of(limits, draft.kind, "", "text_length")
    if most is not None and rule.shows_text and length(draft.text) > most:
        yield Problem(code="text_too_long", field="text", params={"length": length(draft.text), "max": most})
    for name, pattern, code, severity in COUNTED:
        most = limit_of(limits, "", "", name)
        if most is not None and rule.shows_text and (count := len(pattern.findall(draft.text))) > most:
            params = {"count": count, "max": most}
            yield Problem(code=code, field="text", severity=severity, params=params)
    if draft.first_comment and not rule.comments:
        yield Problem(code="comment_not_available", field="first_comment")
    for name, code, severity in COMMENTS:
        most = limit_of(limits, "", "", name)
        if most is not None and rule.comments and length(draft.first_comment) > most:
            params = {"length": length(draft.first_comment), "max": most}
            yield Problem(code=code, field="first_comment", severity=severity, params=params)


def _options(draft: Draft, options: Mapping[str, Option]) -> Iterator[Problem]:
    for name, value in draft.options.items():
        field, option = f"options.{name}", options.get(name)
        params = {"option": name, "post": draft.kind}
        if option is None:
            yield Problem(code="option_unknown", field=field, params=params)
        elif value in NOTHING:
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


def chosen(draft: Draft, options: Mapping[str, Option]) -> dict[str, Any]:
    """Return the options that go out with this draft: what its kind has and the author chose."""
    return {
        name: value
        for name, value in draft.options.items()
        if name in options and draft.kind in options[name].kinds and value not in NOTHING
    }


def limit_of(limits: Limits, kind: str, media: str, name: str) -> float | None:
    """Return this limit of a kind of media in a kind of post, None where there is none."""
    for called in _names(kind, media, name):
        if limit := limits.get(called):
            return limit.value
    return None


@cache
def _names(kind: str, media: str, name: str) -> tuple[str, ...]:
    """Return what a limit may be called, the most special name first."""
    parts = ((kind, media, name), (media, name), (kind, name), (name,))
    return tuple(dict.fromkeys("_".join(filter(None, named)) for named in parts))

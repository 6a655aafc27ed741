"""What Instagram would refuse, said before it is asked. Facts that are None were not checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django_connected_accounts.providers.preflight import Rule
from django_connected_accounts.providers.types import Draft, Media, MediaKind, Option, Problem, Severity

from .limits import LIMITS

ITEMS: Mapping[str, tuple[int, int]] = {
    "photo": (1, 1),
    "carousel": (int(LIMITS["carousel_items_min"].value), int(LIMITS["carousel_items_max"].value)),
    "reel": (1, 1),
    "story": (1, 1),
}
MEDIA_KINDS: Mapping[str, tuple[MediaKind, ...]] = {
    "photo": ("image",),
    "carousel": ("image", "video"),
    "reel": ("video",),
    "story": ("image", "video"),
}
FORMATS: Mapping[MediaKind, tuple[str, ...]] = {
    "image": ("image/jpeg",),
    "video": ("video/mp4", "video/quicktime"),
}
CODECS = ("h264", "hevc")
RULES: Mapping[str, Rule] = {
    kind: Rule(items=ITEMS[kind], media={one: FORMATS[one] for one in kinds}, codecs=CODECS, comments=True)
    for kind, kinds in MEDIA_KINDS.items()
}
OPTION_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "list": (list, tuple),
}

_HASHTAG = re.compile(r"(?<![\w&])[#\uff03]\w")
_MENTION = re.compile(r"(?<![\w.])@\w")
_STORY_RATIO_TOLERANCE = 0.02


def problems(draft: Draft, options: Mapping[str, Option]) -> Iterator[Problem]:
    """Yield what stands in the way of this draft, the media's in their order, then text and options."""
    if draft.kind == "text":
        yield Problem(code="media_missing", field="media")
        return
    if draft.kind not in ITEMS:
        yield Problem(code="kind_unknown", field="kind", params={"kind": draft.kind})
        return
    yield from _count_problems(draft)
    for position, media in enumerate(draft.media):
        yield from _media_problems(draft.kind, media, f"media.{position}")
    yield from _text_problems(draft)
    yield from _option_problems(draft, options)


def length(text: str) -> int:
    """Return the UTF-16 units of a text, the larger of the two ways Instagram may count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _count_problems(draft: Draft) -> Iterator[Problem]:
    least, most = ITEMS[draft.kind]
    if not draft.media:
        yield Problem(code="media_missing", field="media", params={"min": least})
    elif not least <= len(draft.media) <= most:
        yield Problem(
            code="media_count", field="media", params={"count": len(draft.media), "min": least, "max": most}
        )


def _media_problems(kind: str, media: Media, field: str) -> Iterator[Problem]:
    if media.kind not in MEDIA_KINDS[kind]:
        yield Problem(code="media_kind", field=field, params={"kind": media.kind, "post": kind})
        return
    if media.mime not in FORMATS[media.kind]:
        fix = ("convert",) if media.kind == "image" else ()
        yield Problem(code="media_format", field=field, params={"mime": media.mime}, fix=fix)
    if media.url and not media.url.isascii():
        yield Problem(code="media_url", field=field)
    yield from (_image_problems if media.kind == "image" else _video_problems)(kind, media, field)
    yield from _tag_problems(kind, media, field)
    if len(media.alt_text) > _limit("alt_text_length"):
        yield Problem(
            code="alt_text_too_long",
            field=f"{field}.alt_text",
            params={"length": len(media.alt_text), "max": _limit("alt_text_length")},
        )
    if media.alt_text and (media.kind == "video" or kind == "story"):
        yield Problem(code="alt_text_not_shown", field=f"{field}.alt_text", severity="warning")
    if media.cover_url and kind != "reel":
        yield Problem(code="cover_not_available", field=f"{field}.cover", severity="warning")


def _image_problems(kind: str, media: Media, field: str) -> Iterator[Problem]:
    yield from _size_problem(media, "image_bytes", field, fix=("convert",))
    if media.colour and media.colour.lower() not in ("srgb", "rgb", "l", "gray", "grey"):
        yield Problem(
            code="media_colour",
            field=field,
            severity="warning",
            params={"colour": media.colour},
            fix=("convert",),
        )
    if media.width is not None and media.width < _limit("image_width_min"):
        params = {"width": media.width, "min": _limit("image_width_min")}
        yield Problem(code="media_small", field=field, severity="warning", params=params)
    ratio = _ratio(media)
    if ratio is None:
        return
    if kind != "story":
        yield from _ratio_problem(ratio, "image", field, fix=("crop", "pad"))
    elif abs(ratio - _limit("story_ratio_advised")) > _STORY_RATIO_TOLERANCE:
        yield Problem(
            code="aspect_ratio_advised",
            field=field,
            severity="warning",
            params={"ratio": round(ratio, 3)},
            fix=("crop", "pad"),
        )


def _video_problems(kind: str, media: Media, field: str) -> Iterator[Problem]:
    yield from _size_problem(media, f"{kind}_bytes", field)
    if media.width is not None and media.width > _limit("video_width_max"):
        params = {"width": media.width, "max": _limit("video_width_max")}
        yield Problem(code="media_too_wide", field=field, params=params)
    if media.codec and media.codec not in CODECS:
        encoded = {"codec": media.codec, "codecs": ", ".join(CODECS)}
        yield Problem(code="media_codec", field=field, params=encoded)
    if media.frame_rate is not None:
        least, most = _limit("video_frame_rate_min"), _limit("video_frame_rate_max")
        if not least <= round(media.frame_rate) <= most:
            params = {"frame_rate": round(media.frame_rate, 1), "min": least, "max": most}
            yield Problem(code="media_frame_rate", field=field, params=params)
    if media.duration is not None:
        least, most = _limit(f"{kind}_seconds_min"), _limit(f"{kind}_seconds_max")
        params = {"seconds": round(media.duration, 1), "min": least, "max": most}
        if media.duration < least:
            yield Problem(code="media_too_short", field=field, params=params)
        elif media.duration > most:
            severity: Severity = "warning" if kind == "carousel" else "error"
            yield Problem(code="media_too_long", field=field, severity=severity, params=params)
    ratio = _ratio(media)
    if ratio is not None:
        yield from _ratio_problem(ratio, kind, field)


def _size_problem(media: Media, limit: str, field: str, fix: tuple[str, ...] = ()) -> Iterator[Problem]:
    if media.size > _limit(limit):
        yield Problem(
            code="media_too_large", field=field, params={"size": media.size, "max": _limit(limit)}, fix=fix
        )


def _ratio_problem(ratio: float, limit: str, field: str, fix: tuple[str, ...] = ()) -> Iterator[Problem]:
    least, most = _limit(f"{limit}_ratio_min"), _limit(f"{limit}_ratio_max")
    if not least <= ratio <= most:
        yield Problem(
            code="aspect_ratio",
            field=field,
            params={"ratio": round(ratio, 3), "min": least, "max": most},
            fix=fix,
        )


def _tag_problems(kind: str, media: Media, field: str) -> Iterator[Problem]:
    field = f"{field}.user_tags"
    if media.user_tags and kind == "carousel" and media.kind == "video":
        yield Problem(code="user_tag_not_available", field=field)
    elif len(media.user_tags) > _limit("mentions"):
        params = {"count": len(media.user_tags), "max": _limit("mentions")}
        yield Problem(code="too_many_mentions", field=field, params=params)
    for tag in media.user_tags:
        if not _placed(tag, needed=media.kind == "image" and kind != "story"):
            yield Problem(code="user_tag_position", field=field, params={"username": tag.get("username", "")})


def _placed(tag: Mapping[str, Any], *, needed: bool) -> bool:
    position = [tag.get("x"), tag.get("y")]
    if position == [None, None]:
        return not needed
    return all(isinstance(number, int | float) and 0 <= number <= 1 for number in position)


def _text_problems(draft: Draft) -> Iterator[Problem]:
    if draft.kind == "story":
        if draft.text:
            yield Problem(code="caption_on_story", field="text", severity="warning")
        if draft.first_comment:
            yield Problem(code="comment_on_story", field="first_comment")
        return
    most = _limit("caption_length")
    if len(draft.text) > most:
        yield Problem(code="text_too_long", field="text", params={"length": len(draft.text), "max": most})
    elif length(draft.text) > most:
        params = {"length": length(draft.text), "max": most}
        yield Problem(code="text_near_limit", field="text", severity="warning", params=params)
    hashtags, mentions = len(_HASHTAG.findall(draft.text)), len(_MENTION.findall(draft.text))
    if hashtags > _limit("hashtags"):
        params = {"count": hashtags, "max": _limit("hashtags")}
        yield Problem(code="too_many_hashtags", field="text", params=params)
    elif hashtags > _limit("hashtags_advised"):
        params = {"count": hashtags, "max": _limit("hashtags_advised")}
        yield Problem(code="many_hashtags", field="text", severity="warning", params=params)
    if mentions > _limit("mentions"):
        params = {"count": mentions, "max": _limit("mentions")}
        yield Problem(code="too_many_mentions", field="text", params=params)
    if len(draft.first_comment) > _limit("comment_length"):
        params = {"length": len(draft.first_comment), "max": _limit("comment_length")}
        yield Problem(code="comment_long", field="first_comment", severity="warning", params=params)


def _option_problems(draft: Draft, options: Mapping[str, Option]) -> Iterator[Problem]:
    for name, value in draft.options.items():
        field, option = f"options.{name}", options.get(name)
        if option is None:
            yield Problem(code="option_unknown", field=field, params={"option": name})
        elif value in (None, "", [], ()):
            continue
        elif draft.kind not in option.kinds:
            yield Problem(
                code="option_not_available", field=field, params={"option": name, "post": draft.kind}
            )
        elif type(value) not in OPTION_TYPES[option.type]:
            yield Problem(code="option_invalid", field=field, params={"option": name})
        elif name == "collaborators" and len(value) > _limit("collaborators"):
            params = {"count": len(value), "max": _limit("collaborators")}
            yield Problem(code="too_many_collaborators", field=field, params=params)
        elif name == "thumb_offset" and not 0 <= value <= _film_milliseconds(draft):
            yield Problem(code="thumb_offset", field=field, params={"offset": value})


def _film_milliseconds(draft: Draft) -> float:
    duration = draft.media[0].duration if draft.media else None
    return float("inf") if duration is None else duration * 1000


def _ratio(media: Media) -> float | None:
    return media.width / media.height if media.width and media.height else None


def _limit(name: str) -> float:
    return LIMITS[name].value

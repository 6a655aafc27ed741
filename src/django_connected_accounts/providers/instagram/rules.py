"""What Instagram takes: limits with their sources, rules by kind of post, options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django_connected_accounts.providers.preflight import Rule, check
from django_connected_accounts.providers.types import Draft, Kind, Limit, Limits, Media, Option, Problem

_DOCS = "https://developers.facebook.com/docs/instagram-platform"


def _media(value: float, unit: str, note: str = "") -> Limit:
    source = f"{_DOCS}/instagram-graph-api/reference/ig-user/media"
    return Limit(value=value, unit=unit, source=source, date=date(2026, 3, 1), note=note)


def _guide(value: float, unit: str, note: str = "") -> Limit:
    return Limit(
        value=value, unit=unit, source=f"{_DOCS}/content-publishing", date=date(2025, 11, 12), note=note
    )


LIMITS: Limits = {
    "text_length": _media(
        2200, "characters", "the unit is undocumented: code points and UTF-16 units can differ"
    ),
    "text_fold": Limit(
        value=125,
        unit="characters",
        source="seen in the apps",
        date=date(2026, 3, 1),
        note="about there the rest is hidden behind “more”; nothing is refused",
    ),
    "hashtags": _media(30, "hashtags"),
    "hashtags_advised": Limit(
        value=5,
        unit="hashtags",
        source="press reports",
        date=date(2025, 12, 1),
        note="the app's own cap; whether the API enforces it is unknown",
    ),
    "mentions": _media(20, "mentions"),
    "alt_text_length": _media(1000, "characters"),
    "comment_length_advised": _media(300, "characters", "from older documentation"),
    "collaborators": _media(3, "accounts", "another page says 5"),
    "product_tags": _media(5, "tags"),
    "carousel_items_min": _guide(2, "items"),
    "carousel_items_max": _guide(10, "items", "the app allows 20, the API documents 10 everywhere"),
    "image_bytes": _media(8_000_000, "bytes", "8 MB or 8 MiB: the smaller is used"),
    "image_ratio_min": _media(0.8, "width/height", "4:5"),
    "image_ratio_max": _media(1.91, "width/height", "1.91:1"),
    "image_width_advised": _media(320, "pixels", "narrower is enlarged, not refused"),
    "image_width_shown": _media(1440, "pixels", "wider is reduced, not refused"),
    "story_image_ratio_advised": _media(0.5625, "width/height", "9:16, not enforced"),
    "video_width_max": _media(1920, "pixels"),
    "video_frame_rate_min": _media(23, "frames/second"),
    "video_frame_rate_max": _media(60, "frames/second"),
    "video_bitrate_max": _media(25_000_000, "bits/second"),
    "audio_sample_rate_max": _media(48_000, "hertz"),
    "audio_channels_max": _media(2, "channels"),
    "audio_bitrate": _media(128_000, "bits/second"),
    "reel_video_bytes": _media(300_000_000, "bytes", "older documentation says 1 GB"),
    "reel_video_seconds_min": _media(3, "seconds"),
    "reel_video_seconds_max": _media(900, "seconds"),
    "reel_video_ratio_min": _media(0.01, "width/height"),
    "reel_video_ratio_max": _media(10, "width/height", "9:16 is advised"),
    "cover_bytes": _media(8_000_000, "bytes"),
    "story_video_bytes": _media(100_000_000, "bytes"),
    "story_video_seconds_min": _media(3, "seconds"),
    "story_video_seconds_max": _media(60, "seconds"),
    "story_video_ratio_min": _media(0.1, "width/height"),
    "story_video_ratio_max": _media(10, "width/height"),
    "carousel_video_bytes": _media(100_000_000, "bytes", "inferred from the story's"),
    "carousel_video_seconds_min": _media(3, "seconds"),
    "carousel_video_seconds_advised": _media(60, "seconds", "from older documentation"),
    "carousel_video_ratio_min": _media(0.01, "width/height", "cropped to the first item"),
    "carousel_video_ratio_max": _media(10, "width/height", "cropped to the first item"),
    "posts_per_day": _guide(
        50, "posts", "used where the account's own quota can't be read; pages say 25, 50 and 100"
    ),
    "containers_per_day": _media(400, "containers"),
    "container_hours": _guide(24, "hours", "a container that was not published by then is gone"),
}

_IMAGES, _FILMS = ("image/jpeg",), ("video/mp4", "video/quicktime")
_CODECS = ("h264", "hevc")
RULES: Mapping[str, Rule] = {
    "photo": Rule(items=(1, 1), media={"image": _IMAGES}, comments=True),
    "carousel": Rule(items=(2, 10), media={"image": _IMAGES, "video": _FILMS}, codecs=_CODECS, comments=True),
    "reel": Rule(items=(1, 1), media={"video": _FILMS}, codecs=_CODECS, comments=True),
    "story": Rule(
        items=(1, 1),
        media={"image": _IMAGES, "video": _FILMS},
        codecs=_CODECS,
        shows_text=False,
        alt_texts=(),
    ),
}

_FEED: tuple[Kind, ...] = ("photo", "carousel", "reel")
OPTIONS: Mapping[str, Option] = {
    "is_ai_generated": Option(type="boolean", kinds=(*_FEED, "story"), help="Label as made with AI."),
    "share_to_feed": Option(type="boolean", kinds=("reel", "carousel"), help="Also show in the main feed."),
    "thumb_offset": Option(
        type="integer", kinds=("reel",), help="Millisecond of the film that becomes the cover."
    ),
    "audio_name": Option(type="text", kinds=("reel",), help="Name of the original sound."),
}
FACEBOOK_LOGIN_OPTIONS: Mapping[str, Option] = {
    "location_id": Option(type="text", kinds=_FEED, help="Id of a Facebook Page that has a location."),
    "collaborators": Option(
        type="list", kinds=_FEED, help="User names of up to 3 accounts invited as co-authors."
    ),
}


def problems(draft: Draft, options: Mapping[str, Option]) -> Iterator[Problem]:
    """Yield what stands in the way of this draft, and what to think about."""
    if draft.kind == "text":
        yield Problem(code="media_missing", field="media")
        return
    yield from check(draft, rules=RULES, limits=LIMITS, options=options)
    longest = LIMITS["text_length"].value
    if draft.kind != "story" and len(draft.text) <= longest < length(draft.text):
        params = {"length": length(draft.text), "max": longest}
        yield Problem(code="text_near_limit", field="text", severity="warning", params=params)
    for position, media in enumerate(draft.media):
        yield from _media_problems(draft.kind, media, f"media.{position}")
    yield from _option_problems(draft)


def length(text: str) -> int:
    """Return the UTF-16 units of a text, the larger of the two ways Instagram may count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _media_problems(kind: str, media: Media, field: str) -> Iterator[Problem]:
    if media.url and not media.url.isascii():
        yield Problem(code="media_url", field=field)
    if media.kind == "image" and media.colour.lower() not in ("", "srgb", "rgb", "l", "gray", "grey"):
        params = {"colour": media.colour}
        fix = ("convert",)
        yield Problem(code="media_colour", field=field, severity="warning", params=params, fix=fix)
    if media.cover_url and kind != "reel":
        yield Problem(code="cover_not_available", field=f"{field}.cover", severity="warning")
    yield from _tag_problems(kind, media, f"{field}.user_tags")


def _tag_problems(kind: str, media: Media, field: str) -> Iterator[Problem]:
    most = LIMITS["mentions"].value
    if media.user_tags and kind == "carousel" and media.kind == "video":
        yield Problem(code="user_tag_not_available", field=field)
    elif len(media.user_tags) > most:
        params = {"count": len(media.user_tags), "max": most}
        yield Problem(code="too_many_mentions", field=field, params=params)
    for tag in media.user_tags:
        if not _placed(tag, needed=media.kind == "image" and kind != "story"):
            yield Problem(code="user_tag_position", field=field, params={"username": tag.get("username", "")})


def _placed(tag: Mapping[str, Any], *, needed: bool) -> bool:
    position = [tag.get("x"), tag.get("y")]
    if position == [None, None]:
        return not needed
    return all(isinstance(number, int | float) and 0 <= number <= 1 for number in position)


def _option_problems(draft: Draft) -> Iterator[Problem]:
    invited, most = draft.options.get("collaborators"), LIMITS["collaborators"].value
    if isinstance(invited, list | tuple) and len(invited) > most:
        params = {"count": len(invited), "max": most}
        yield Problem(code="too_many_collaborators", field="options.collaborators", params=params)
    offset = draft.options.get("thumb_offset")
    seconds = draft.media[0].duration if draft.media else None
    if type(offset) is int and (offset < 0 or (seconds is not None and offset > seconds * 1000)):
        yield Problem(code="thumb_offset", field="options.thumb_offset", params={"offset": offset})

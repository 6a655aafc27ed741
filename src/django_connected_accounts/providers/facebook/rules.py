"""What Facebook Pages take: limits with their sources, rules by kind of post, options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import urlsplit

from django_connected_accounts.providers.preflight import Rule, check
from django_connected_accounts.providers.types import Draft, Kind, Limit, Limits, Media, Option, Problem

_DOCS = "https://developers.facebook.com/docs"
_REELS = f"{_DOCS}/video-api/guides/reels-publishing"
_STORIES = f"{_DOCS}/page-stories-api"
_ERRORS = f"{_DOCS}/video-api/reference/error-codes"
_PRACTICE = "what integrations enforce; no official page found"


def _limit(value: float, unit: str, source: str, read: date, note: str = "") -> Limit:
    return Limit(value=value, unit=unit, source=source, date=read, note=note)


_READ, _REELS_READ, _STORIES_READ = date(2026, 11, 22), date(2026, 7, 30), date(2026, 5, 1)

LIMITS: Limits = {
    "text_length": _limit(63_206, "characters", _PRACTICE, _READ),
    "background_length": _limit(130, "characters", _PRACTICE, _READ, "of a text on a coloured background"),
    "carousel_items_min": _limit(2, "pictures", _PRACTICE, _READ),
    "carousel_items_max": _limit(10, "pictures", _PRACTICE, _READ),
    "image_bytes": _limit(10_000_000, "bytes", _STORIES, _STORIES_READ, "older translations say 4 MB"),
    "image_bytes_advised": _limit(4_000_000, "bytes", _PRACTICE, _READ, "larger ones have been refused"),
    "video_bytes": _limit(10_000_000_000, "bytes", _PRACTICE, _READ, "an official page of 2020 says 2 GB"),
    "video_bytes_min": _limit(1024, "bytes", _ERRORS, date(2020, 10, 27)),
    "video_video_seconds_max": _limit(14_400, "seconds", _PRACTICE, _READ),
    "reel_video_seconds_min": _limit(3, "seconds", _REELS, _REELS_READ),
    "reel_video_seconds_max": _limit(90, "seconds", _REELS, _REELS_READ),
    "reel_film_width_min": _limit(540, "pixels", _REELS, _REELS_READ, "1080 is best"),
    "reel_film_height_min": _limit(960, "pixels", _REELS, _REELS_READ, "1920 is best"),
    "reel_video_frame_rate_min": _limit(24, "frames/second", _REELS, _REELS_READ),
    "reel_video_frame_rate_max": _limit(60, "frames/second", _REELS, _REELS_READ),
    "story_video_seconds_min": _limit(3, "seconds", _STORIES, _STORIES_READ),
    "story_video_seconds_max": _limit(60, "seconds", _STORIES, _STORIES_READ),
    "story_film_width_min": _limit(540, "pixels", _STORIES, _STORIES_READ),
    "story_film_height_min": _limit(960, "pixels", _STORIES, _STORIES_READ),
    "reel_ratio_advised": _limit(0.5625, "width/height", _REELS, _REELS_READ, "9:16"),
    "story_ratio_advised": _limit(0.5625, "width/height", _STORIES, _STORIES_READ, "9:16"),
    "reels_per_day": _limit(30, "reels", _REELS, _REELS_READ, "by the API, per Page and 24 hours"),
}

_PICTURES = ("image/jpeg", "image/png")
_STORY_PICTURES = (*_PICTURES, "image/gif", "image/bmp", "image/tiff")
_FILMS = ("video/mp4", "video/quicktime")
RULES: Mapping[str, Rule] = {
    "text": Rule(comments=True),
    "photo": Rule(items=(1, 1), media={"image": _PICTURES}, comments=True),
    "carousel": Rule(items=(2, 10), media={"image": _PICTURES}, comments=True),
    "video": Rule(items=(1, 1), media={"video": (*_FILMS, "video/x-msvideo")}, comments=True),
    "reel": Rule(items=(1, 1), media={"video": _FILMS}, comments=True, codecs=("h264", "hevc")),
    "story": Rule(
        items=(1, 1), media={"image": _STORY_PICTURES, "video": _FILMS}, shows_text=False, alt_texts=()
    ),
}

_FEED: tuple[Kind, ...] = ("text", "photo", "carousel")
OPTIONS: Mapping[str, Option] = {
    "link": Option(type="text", kinds=("text",), help="Address of a page shown below the text."),
    "text_format_preset_id": Option(
        type="text", kinds=("text",), help="Id of a coloured background, for a short text without a link."
    ),
    "place": Option(type="text", kinds=_FEED, help="Id of a Page that has a location."),
    "targeting": Option(
        type="object", kinds=_FEED, help='Who sees it, for example {"geo_locations": {"countries": ["CH"]}}.'
    ),
    "title": Option(type="text", kinds=("video", "reel"), help="Title of the film."),
}


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield what stands in the way of this draft, and what to think about."""
    yield from check(draft, rules=RULES, limits=LIMITS, options=OPTIONS)
    link = str(draft.options.get("link") or "")
    if draft.kind == "text":
        if not draft.text.strip() and not link:
            yield Problem(code="text_missing", field="text")
        yield from _background_problems(draft, link)
    if link and urlsplit(link).scheme not in ("http", "https"):
        yield Problem(code="option_invalid", field="options.link", params={"option": "link"})
    elif link and _on_facebook(link):
        yield Problem(code="link_refused", field="options.link")
    for position, media in enumerate(draft.media):
        field = f"media.{position}"
        yield from _size_problems(draft.kind, media, field)
        if media.kind == "video" and media.size < LIMITS["video_bytes_min"].value:
            yield Problem(code="media_empty", field=field)
        if media.user_tags:
            yield Problem(code="user_tag_not_available", field=f"{field}.user_tags", severity="warning")
        if media.cover_url:
            yield Problem(code="cover_not_available", field=f"{field}.cover", severity="warning")


def _size_problems(kind: str, media: Media, field: str) -> Iterator[Problem]:
    least = [LIMITS.get(f"{kind}_film_{side}_min") for side in ("width", "height")]
    if media.kind != "video" or None in least or media.width is None or media.height is None:
        return
    width, height = (int(limit.value) for limit in least if limit)
    if media.width < width or media.height < height:
        params = {"width": media.width, "height": media.height, "min_width": width, "min_height": height}
        yield Problem(code="film_too_small", field=field, params=params)


def _background_problems(draft: Draft, link: str) -> Iterator[Problem]:
    if not draft.options.get("text_format_preset_id"):
        return
    most = int(LIMITS["background_length"].value)
    if link:
        params = {"option": "text_format_preset_id", "post": draft.kind}
        yield Problem(code="option_not_available", field="options.text_format_preset_id", params=params)
    if len(draft.text) > most:
        yield Problem(code="text_too_long", field="text", params={"length": len(draft.text), "max": most})


def _on_facebook(link: str) -> bool:
    host = urlsplit(link).hostname or ""
    return host in ("fb.com", "fb.me") or f".{host}".endswith(".facebook.com")

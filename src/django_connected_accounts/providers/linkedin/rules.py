"""What LinkedIn takes, and what its errors mean, each with where and when it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django_connected_accounts.exceptions import (
    ContentRejected,
    NotAuthorized,
    OperatorNeeded,
    PermissionMissing,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.meaning import Meaning
from django_connected_accounts.providers.preflight import Rule, check
from django_connected_accounts.providers.types import Draft, Kind, Limit, Option, Problem

from . import littletext

_DOCS = "https://learn.microsoft.com/linkedin/marketing/community-management/shares"

VERSION = "202609"
VERSIONS: Mapping[str, date] = {
    "202510": date(2026, 10, 15),
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202602": date(2027, 2, 15),
    "202603": date(2027, 3, 16),
    # LinkedIn has named no day for these yet: each before them ended in the middle of its month a year later.
    **{f"2026{month:02}": date(2027, month, 15) for month in range(4, 10)},
}
KINDS: tuple[Kind, ...] = ("text", "photo", "carousel", "video", "document")
_IMAGE = ("image/jpeg", "image/png", "image/gif")
_DOCUMENT = (
    "application/pdf",
    "application/msword",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)


def _limit(value: float, unit: str, note: str = "", page: str = "posts-api") -> Limit:
    return Limit(value=value, unit=unit, source=f"{_DOCS}/{page}", date=date(2026, 9, 19), note=note)


LIMITS: Mapping[str, Limit] = {
    "text_length": _limit(
        3000, "characters", "with backslashes: whether they count is unknown", "little-text-format"
    ),
    "comment_length": _limit(1250, "characters", "reported, not documented", "comments-api"),
    "alt_text_length": _limit(4086, "characters"),
    "carousel_items_min": _limit(2, "images", page="multiimage-post-api"),
    "carousel_items_max": _limit(20, "images", page="multiimage-post-api"),
    "image_pixels": _limit(36_152_320, "pixels", page="images-api"),
    "video_bytes": _limit(500_000_000, "bytes", "the upload itself takes 5 GB", "videos-api"),
    "video_seconds_min": _limit(3, "seconds", page="videos-api"),
    "video_seconds_max": _limit(1800, "seconds", "others say 10 to 15 minutes", "videos-api"),
    "document_bytes": _limit(100_000_000, "bytes", page="documents-api"),
    "document_pages": _limit(300, "pages", "not counted here: the author is told", "documents-api"),
    "poll_question_length": _limit(140, "characters", page="poll-post-api"),
    "poll_option_length": _limit(30, "characters", page="poll-post-api"),
    "posts_per_day": _limit(150, "calls", "per member; not published for every product", "posts-api"),
}
RULES: Mapping[str, Rule] = {
    "text": Rule(text=True, comments=True),
    "photo": Rule(items=(1, 1), media={"image": _IMAGE}, comments=True),
    "carousel": Rule(items=(2, 20), media={"image": _IMAGE}, comments=True),
    "video": Rule(items=(1, 1), media={"video": ("video/mp4",)}, comments=True),
    "document": Rule(items=(1, 1), media={"document": _DOCUMENT}, comments=True),
}
DURATIONS: Mapping[str, str] = {
    "ONE_DAY": "A day",
    "THREE_DAYS": "Three days",
    "SEVEN_DAYS": "A week",
    "FOURTEEN_DAYS": "Two weeks",
}
_TEXT: tuple[Kind, ...] = ("text",)
OPTIONS: Mapping[str, Option] = {
    "visibility": Option(
        type="choice",
        kinds=KINDS,
        help="Who can see it.",
        choices={
            "PUBLIC": "Everyone",
            "LOGGED_IN": "Everyone on LinkedIn",
            "CONNECTIONS": "Your connections (members only)",
        },
    ),
    "title": Option(type="text", kinds=("video", "document"), help="The title; a document needs one."),
    "article": Option(
        type="object",
        kinds=_TEXT,
        help="A link shown as a card. LinkedIn reads nothing from the page itself.",
        parts={
            "source": Option(type="text", kinds=_TEXT, help="Its address."),
            "title": Option(type="text", kinds=_TEXT, help="A card needs one."),
            "description": Option(type="text", kinds=_TEXT, help="A line below the title."),
        },
    ),
    "poll": Option(
        type="object",
        kinds=_TEXT,
        help="A question, and what people may answer.",
        parts={
            "question": Option(type="text", kinds=_TEXT, help="Up to 140 characters."),
            "options": Option(type="list", kinds=_TEXT, help="Two to four, of up to 30 characters each."),
            "duration": Option(type="choice", kinds=_TEXT, choices=DURATIONS, help="Three days if left out."),
        },
    ),
    "is_reshare_disabled": Option(type="boolean", kinds=KINDS, help="Nobody may repost it."),
}


_INVALID = Meaning(ContentRejected, "request_refused")
_DAILY = 6 * 3600.0

CODES: Mapping[str, Meaning] = {
    "INVALID_ACCESS_TOKEN": Meaning(NotAuthorized, "token_refused"),
    "REVOKED_ACCESS_TOKEN": Meaning(NotAuthorized, "access_revoked"),
    "EXPIRED_ACCESS_TOKEN": Meaning(NotAuthorized, "token_expired"),
    "EMPTY_ACCESS_TOKEN": Meaning(NotAuthorized, "token_refused"),
    "ACCESS_DENIED": Meaning(PermissionMissing, "permission_missing"),
    "DUPLICATE_POST": Meaning(ContentRejected, "duplicate_post"),
    "FIELD_LENGTH_TOO_LONG": Meaning(ContentRejected, "caption_refused"),
    "INVALID_IMAGE_ID": Meaning(ContentRejected, "media_processing_failed"),
    "INVALID_VIDEO_ID": Meaning(ContentRejected, "media_processing_failed"),
    "MEDIA_ASSET_PROCESSING_FAILED": Meaning(ContentRejected, "media_processing_failed"),
    "MEDIA_ASSET_WAITING_UPLOAD": Meaning(Unavailable, "media_not_ready", wait=120),
    "NONEXISTENT_VERSION": Meaning(OperatorNeeded, "api_version_ended"),
    "VERSION_MISSING": Meaning(OperatorNeeded, "app_misconfigured"),
    "EXPIRED_UPLOAD_URL": Meaning(Unavailable, "container_gone"),
    "CONFLICT": Meaning(Unavailable, "platform_unavailable", wait=2),
    "TOO_MANY_REQUESTS": Meaning(RateLimited, "account_rate_limited", wait=_DAILY),
    **dict.fromkeys(
        (
            "MISSING_FIELD",
            "INVALID_VALUE_FOR_FIELD",
            "INVALID_URN_TYPE",
            "INVALID_URN_ID",
            "INVALID_VALUE_BLANK_FIELD",
            "UNPROCESSABLE_ENTITY",
        ),
        _INVALID,
    ),
}
SERVICE_CODES: Mapping[int, str] = {
    65600: "INVALID_ACCESS_TOKEN",
    65601: "REVOKED_ACCESS_TOKEN",
    65602: "EXPIRED_ACCESS_TOKEN",
    65604: "EMPTY_ACCESS_TOKEN",
    100: "ACCESS_DENIED",
}
STATUSES: Mapping[int, Meaning] = {
    401: Meaning(NotAuthorized, "token_refused", certain=False),
    403: Meaning(PermissionMissing, "permission_missing", certain=False),
    404: Meaning(Unavailable, "object_not_visible", certain=False),
    410: Meaning(Unavailable, "object_not_visible", certain=False),
    413: Meaning(ContentRejected, "media_too_large", certain=False),
    426: Meaning(OperatorNeeded, "api_version_ended"),
    429: Meaning(RateLimited, "account_rate_limited", wait=_DAILY, certain=False),
}
UNKNOWN = Meaning(ContentRejected, "request_refused", certain=False)


def length(text: str) -> int:
    """Return the characters of a text as it is sent, backslashes and all."""
    return len(littletext.escape(text))


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield what LinkedIn would refuse, or would silently not do."""
    yield from check(draft, rules=RULES, limits=LIMITS, options=OPTIONS, length=length)
    pixels = LIMITS["image_pixels"].value
    for position, media in enumerate(draft.media):
        if media.kind == "image" and media.width and media.height and media.width * media.height >= pixels:
            params = {"size": media.width * media.height, "max": pixels}
            yield Problem(
                code="media_too_many_pixels", field=f"media.{position}", params=params, fix=("convert",)
            )
    if draft.kind == "document" and draft.media:
        if not (draft.options.get("title") or draft.media[0].name):
            yield Problem(code="option_required", field="options.title", params={"option": "title"})
        most = {"max": int(LIMITS["document_pages"].value)}
        yield Problem(code="pages_not_checked", field="media.0", severity="warning", params=most)
    for name, fits in (("poll", _is_poll), ("article", _is_article)):
        if draft.options.get(name) and not fits(draft.options[name]):
            yield Problem(code="option_invalid", field=f"options.{name}", params={"option": name})
    if draft.options.get("poll") and draft.options.get("article"):
        both = {"option": "article", "post": draft.kind}
        yield Problem(code="option_not_available", field="options.article", params=both)


def _is_poll(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    question, options = value.get("question"), value.get("options")
    return (
        isinstance(question, str)
        and 0 < len(question) <= LIMITS["poll_question_length"].value
        and isinstance(options, list | tuple)
        and 2 <= len(options) <= 4
        and all(isinstance(o, str) and 0 < len(o) <= LIMITS["poll_option_length"].value for o in options)
        and value.get("duration", "THREE_DAYS") in DURATIONS
    )


def _is_article(value: Any) -> bool:
    source = value.get("source") if isinstance(value, Mapping) else None
    return isinstance(source, str) and source.startswith(("https://", "http://")) and bool(value.get("title"))

"""The numbers Instagram enforces or advises, each with where and when it was read."""

from __future__ import annotations

from datetime import date

from django_connected_accounts.providers.types import Limit, Limits

_DOCS = "https://developers.facebook.com/docs/instagram-platform"


def _media(value: float, unit: str, note: str = "") -> Limit:
    source = f"{_DOCS}/instagram-graph-api/reference/ig-user/media"
    return Limit(value=value, unit=unit, source=source, date=date(2026, 3, 1), note=note)


def _guide(value: float, unit: str, note: str = "") -> Limit:
    return Limit(
        value=value, unit=unit, source=f"{_DOCS}/content-publishing", date=date(2025, 11, 12), note=note
    )


LIMITS: Limits = {
    "caption_length": _media(
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
    "comment_length": _media(300, "characters", "from older documentation"),
    "collaborators": _media(3, "accounts", "another page says 5"),
    "product_tags": _media(5, "tags"),
    "carousel_items_min": _guide(2, "items"),
    "carousel_items_max": _guide(10, "items", "the app allows 20, the API documents 10 everywhere"),
    "image_bytes": _media(8_000_000, "bytes", "8 MB or 8 MiB: the smaller is used"),
    "image_ratio_min": _media(0.8, "width/height", "4:5"),
    "image_ratio_max": _media(1.91, "width/height", "1.91:1"),
    "image_width_min": _media(320, "pixels", "narrower is enlarged, not refused"),
    "image_width_max": _media(1440, "pixels", "wider is reduced, not refused"),
    "story_ratio_advised": _media(0.5625, "width/height", "9:16, not enforced"),
    "video_width_max": _media(1920, "pixels"),
    "video_frame_rate_min": _media(23, "frames/second"),
    "video_frame_rate_max": _media(60, "frames/second"),
    "video_bitrate_max": _media(25_000_000, "bits/second"),
    "audio_sample_rate_max": _media(48_000, "hertz"),
    "audio_channels_max": _media(2, "channels"),
    "audio_bitrate": _media(128_000, "bits/second"),
    "reel_bytes": _media(300_000_000, "bytes", "older documentation says 1 GB"),
    "reel_seconds_min": _media(3, "seconds"),
    "reel_seconds_max": _media(900, "seconds"),
    "reel_ratio_min": _media(0.01, "width/height"),
    "reel_ratio_max": _media(10, "width/height", "9:16 is advised"),
    "cover_bytes": _media(8_000_000, "bytes"),
    "story_bytes": _media(100_000_000, "bytes"),
    "story_seconds_min": _media(3, "seconds"),
    "story_seconds_max": _media(60, "seconds"),
    "story_ratio_min": _media(0.1, "width/height"),
    "story_ratio_max": _media(10, "width/height"),
    "carousel_bytes": _media(100_000_000, "bytes", "inferred from the story's"),
    "carousel_seconds_min": _media(3, "seconds"),
    "carousel_seconds_max": _media(60, "seconds", "from older documentation: a warning only"),
    "carousel_ratio_min": _media(0.01, "width/height", "cropped to the first item"),
    "carousel_ratio_max": _media(10, "width/height", "cropped to the first item"),
    "posts_per_day": _guide(
        50, "posts", "used where the account's own quota can't be read; pages say 25, 50 and 100"
    ),
    "containers_per_day": _media(400, "containers"),
    "container_hours": _guide(24, "hours", "a container that was not published by then is gone"),
}

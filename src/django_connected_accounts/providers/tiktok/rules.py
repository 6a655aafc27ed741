"""What TikTok takes, and what its errors mean, each with where and when it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from django_connected_accounts.exceptions import (
    ActionNeeded,
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

DAY = 24 * 3600.0
_DOCS = "https://developers.tiktok.com/doc/content-posting-api"

KINDS: tuple[Kind, ...] = ("video", "photo", "carousel")
PHOTOS: tuple[Kind, ...] = ("photo", "carousel")
_VIDEO, _IMAGE = ("video/mp4", "video/quicktime", "video/webm"), ("image/jpeg", "image/webp")


def _limit(value: float, unit: str, note: str = "", page: str = "media-transfer-guide") -> Limit:
    return Limit(value=value, unit=unit, source=f"{_DOCS}-{page}", date=date(2026, 9, 11), note=note)


LIMITS: Mapping[str, Limit] = {
    "video_text_length": _limit(2200, "UTF-16 units", page="reference-direct-post"),
    "photo_text_length": _limit(4000, "UTF-16 units", page="reference-photo-post"),
    "carousel_text_length": _limit(4000, "UTF-16 units", page="reference-photo-post"),
    "title_length": _limit(90, "UTF-16 units", "photos only", page="reference-photo-post"),
    "video_bytes": _limit(4_000_000_000, "bytes", "4 GB or 4 GiB: the smaller is used"),
    "video_seconds_max": _limit(600, "seconds", "each account has a limit of its own, which is asked"),
    "video_frame_rate_min": _limit(23, "frames/s"),
    "video_frame_rate_max": _limit(60, "frames/s"),
    "video_width_min": _limit(360, "pixels"),
    "video_width_max": _limit(4096, "pixels"),
    "video_height_max": _limit(4096, "pixels"),
    "image_bytes": _limit(20_000_000, "bytes"),
    "carousel_items_min": _limit(2, "photos"),
    "carousel_items_max": _limit(35, "photos"),
    "chunk_bytes_min": _limit(5_000_000, "bytes", "5 MB or 5 MiB: chunks stay inside both"),
    "chunk_bytes_max": _limit(64_000_000, "bytes"),
    "posts_per_day": _limit(15, "posts", "about, by all apps together; differs between creators"),
    "pending_drafts": _limit(5, "drafts", "in 24 hours"),
}
RULES: Mapping[str, Rule] = {
    "video": Rule(items=(1, 1), media={"video": _VIDEO}, alt_texts=(), codecs=("h264", "hevc", "vp8", "vp9")),
    "photo": Rule(items=(1, 1), media={"image": _IMAGE}, alt_texts=()),
    "carousel": Rule(items=(2, 35), media={"image": _IMAGE}, alt_texts=()),
}
PRIVACY: Mapping[str, str] = {
    "PUBLIC_TO_EVERYONE": "Everyone",
    "FOLLOWER_OF_CREATOR": "Followers",
    "MUTUAL_FOLLOW_FRIENDS": "Friends",
    "SELF_ONLY": "Only you",
}


def _switch(help: str, kinds: tuple[Kind, ...] = KINDS) -> Option:
    """Return an option that is off unless the author switches it on, as TikTok demands of composers."""
    return Option(type="boolean", kinds=kinds, help=help, otherwise="No")


OPTIONS: Mapping[str, Option] = {
    "post_mode": Option(
        type="choice",
        kinds=KINDS,
        required=True,
        choices={
            "DIRECT_POST": "Publish it",
            "MEDIA_UPLOAD": "Put it into the inbox of the TikTok app: not published until you do so there",
        },
        help="What happens to it.",
    ),
    "privacy_level": Option(
        type="choice",
        kinds=KINDS,
        choices=PRIVACY,
        help="Who can see it; nothing is chosen for you.",
        otherwise="Not chosen",
    ),
    "allow_comment": _switch("Let people comment."),
    "allow_duet": _switch("Let people make duets.", kinds=("video",)),
    "allow_stitch": _switch("Let people stitch it.", kinds=("video",)),
    "brand_organic_toggle": _switch('It promotes your own brand: labelled "Promotional content".'),
    "brand_content_toggle": _switch('It promotes another brand: labelled "Paid partnership".'),
    "is_aigc": _switch("Label as made with AI.", kinds=("video",)),
    "video_cover_timestamp_ms": Option(
        type="integer", kinds=("video",), help="Millisecond of the film that becomes the cover."
    ),
    "title": Option(type="text", kinds=PHOTOS, help="A title above the text."),
    "auto_add_music": _switch("Let TikTok choose music.", kinds=PHOTOS),
    "photo_cover_index": Option(
        type="integer", kinds=("carousel",), help="Which photo is the cover, from 0."
    ),
    "music_usage_consent": Option(
        type="boolean",
        kinds=KINDS,
        required=True,
        help="By posting, you agree to TikTok's Music Usage Confirmation, and with a paid partnership to its "
        "Branded Content Policy.",
    ),
}


ERRORS: Mapping[str, Meaning] = {
    # Given before anything takes effect, but for the last.
    "access_token_invalid": Meaning(NotAuthorized, "token_refused"),
    "app_version_check_failed": Meaning(ActionNeeded, "platform_app_outdated"),
    "invalid_file_upload": Meaning(ContentRejected, "media_format"),
    "invalid_param": Meaning(ContentRejected, "request_refused"),
    "invalid_params": Meaning(ContentRejected, "request_refused"),
    "invalid_publish_id": Meaning(ContentRejected, "request_refused"),
    "privacy_level_option_mismatch": Meaning(ContentRejected, "privacy_not_offered"),
    "rate_limit_exceeded": Meaning(RateLimited, "account_rate_limited"),
    "reached_active_user_cap": Meaning(RateLimited, "app_rate_limited", wait=DAY),
    "scope_not_authorized": Meaning(PermissionMissing, "permission_missing"),
    "scope_permission_missed": Meaning(OperatorNeeded, "app_misconfigured"),
    "spam_risk_too_many_pending_share": Meaning(RateLimited, "too_many_pending_drafts", wait=6 * 3600),
    "spam_risk_too_many_posts": Meaning(RateLimited, "publishing_quota_reached", wait=DAY),
    "spam_risk_user_banned_from_posting": Meaning(ActionNeeded, "account_restricted"),
    "token_not_authorized_for_specified_publish_id": Meaning(NotAuthorized, "token_refused"),
    "unaudited_client_can_only_post_to_private_accounts": Meaning(ContentRejected, "app_not_audited"),
    "url_ownership_unverified": Meaning(OperatorNeeded, "media_domain_unverified"),
    "internal_error": Meaning(Unavailable, "platform_unavailable", certain=False),
}


class Failure(NamedTuple):
    """Why processing ended without a post: what the author is told, and whether it may be begun anew."""

    code: str
    again: bool = False


FAILURES: Mapping[str, Failure] = {
    "file_format_check_failed": Failure("media_format"),
    "duration_check_failed": Failure("media_too_long"),
    "frame_rate_check_failed": Failure("media_frame_rate"),
    "picture_size_check_failed": Failure("media_size_refused"),
    "publish_cancelled": Failure("publish_cancelled"),
    "spam_risk": Failure("content_rejected"),
    "spam_risk_text": Failure("caption_refused"),
    "internal": Failure("media_processing_failed", again=True),
    "video_pull_failed": Failure("media_unreachable", again=True),
    "photo_pull_failed": Failure("media_unreachable", again=True),
    "auth_removed": Failure("access_revoked", again=True),
    "spam_risk_too_many_posts": Failure("publishing_quota_reached", again=True),
    "spam_risk_user_banned_from_posting": Failure("account_restricted", again=True),
    "upload_expired": Failure("media_processing_failed", again=True),  # our own word
}
UNKNOWN_FAILURE = Failure("media_processing_failed")


def length(text: str) -> int:
    """Return the UTF-16 units of a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def problems(draft: Draft, *, audited: bool) -> Iterator[Problem]:
    """Yield what TikTok would refuse. What an account may choose is asked when it publishes."""
    yield from check(draft, rules=RULES, limits=LIMITS, options=OPTIONS, length=length)
    chosen = draft.options
    if chosen.get("music_usage_consent") is False:
        yield Problem(
            code="option_required",
            field="options.music_usage_consent",
            params={"option": "music_usage_consent"},
        )
    title, most = chosen.get("title"), LIMITS["title_length"].value
    if isinstance(title, str) and length(title) > most:
        yield Problem(
            code="text_too_long", field="options.title", params={"length": length(title), "max": most}
        )
    if chosen.get("post_mode") == "MEDIA_UPLOAD":
        return
    privacy = chosen.get("privacy_level")
    if not privacy:
        params = {"option": "privacy_level"}
        yield Problem(code="option_required", field="options.privacy_level", params=params)
    elif privacy != "SELF_ONLY" and not audited:
        yield Problem(code="app_not_audited", field="options.privacy_level")
    elif privacy == "SELF_ONLY" and chosen.get("brand_content_toggle"):
        yield Problem(code="branded_content_private", field="options.brand_content_toggle")

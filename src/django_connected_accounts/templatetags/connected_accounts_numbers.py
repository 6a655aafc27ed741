"""Words for the numbers that platforms give, which are kept under the platforms' own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import Measurement

register = template.Library()

NAMES: Mapping[str, Promise] = {
    # Only where the platform's name alone does not say what is counted, or in what unit.
    "COMMENT": _("Comments"),
    "IMPRESSION": _("Impressions"),
    "REACTION": _("Reactions"),
    "RESHARE": _("Reposts"),
    "clickCount": _("Clicks"),
    "commentCount": _("Comments"),
    "fb_reels_total_plays": _("Plays"),
    "firstDegreeSize": _("Followers"),
    "ig_reels_avg_watch_time": _("Average watch time"),
    "ig_reels_video_view_total_time": _("Total watch time"),
    "impressionCount": _("Impressions"),
    "likeCount": _("Likes"),
    "page_daily_follows_unique": _("New followers that day"),
    "page_media_view": _("Views"),
    "page_total_media_view_unique": _("Viewers"),
    "post_media_view": _("Views"),
    "post_reactions_by_type_total": _("Reactions of all kinds"),
    "post_total_media_view_unique": _("Viewers"),
    "post_video_avg_time_watched": _("Average watch time"),
    "reels_skip_rate": _("Skip rate"),
    "shareCount": _("Reposts"),
    "uniqueImpressionsCount": _("People reached"),
}


@register.filter
def number_name(name: str) -> str:
    """Return the platform's name of a number as people read it."""
    return str(NAMES.get(name, name.replace("_", " ").capitalize()))


@register.simple_tag
def as_of(numbers: Sequence[Measurement]) -> datetime | None:
    """Return when the newest of these numbers was true."""
    return max((number.at for number in numbers), default=None)


@register.filter
def older_than(at: datetime, known: datetime) -> bool:
    """Say whether a number is so much older than the others that it is told: a minute, as times are shown."""
    return known - at >= timedelta(minutes=1)

"""What Threads takes: limits, rules and options, each with where and when it was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django_connected_accounts.providers.preflight import Rule, check
from django_connected_accounts.providers.types import Draft, Kind, Limit, Option, Problem

_DOCS = "https://developers.facebook.com/docs/threads"
_IMAGE, _VIDEO = ("image/jpeg", "image/png"), ("video/mp4", "video/quicktime")
KINDS: tuple[Kind, ...] = ("text", "photo", "video", "carousel")
_LINK = re.compile(r"https?://[^\s<>\"]+")
_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\U000e0020-\U000e007f\ufe0f\u200d]")


def _limit(value: float, unit: str, note: str = "", page: str = "posts") -> Limit:
    return Limit(value=value, unit=unit, source=f"{_DOCS}/{page}", date=date(2026, 4, 14), note=note)


LIMITS: Mapping[str, Limit] = {
    "text_length": _limit(500, "characters", "an emoji counts as the bytes of its UTF-8"),
    "links": _limit(5, "links", "one report says that four were refused"),
    "carousel_items_min": _limit(2, "items"),
    "carousel_items_max": _limit(20, "items", "10 in the documentation of 2024"),
    "image_bytes": _limit(8_000_000, "bytes", "8 MB or 8 MiB: the smaller is used"),
    "image_ratio_max": _limit(10, "width/height"),
    "video_bytes": _limit(1_000_000_000, "bytes"),
    "video_seconds_max": _limit(300, "seconds"),
    "video_width_max": _limit(1920, "pixels"),
    "video_frame_rate_min": _limit(23, "frames/s"),
    "video_frame_rate_max": _limit(60, "frames/s"),
    "video_ratio_min": _limit(0.01, "width/height"),
    "video_ratio_max": _limit(10, "width/height"),
    "alt_text_length": _limit(1000, "characters", "undocumented; 1000 and 1020 are reported"),
    "topic_tag_length": _limit(50, "characters"),
    "posts_per_day": _limit(250, "posts", "in 24 hours; a carousel counts as one", page="overview"),
}
_CODECS = ("h264", "hevc")
RULES: Mapping[str, Rule] = {
    "text": Rule(text=True),
    "photo": Rule(items=(1, 1), media={"image": _IMAGE}, alt_texts=("image", "video")),
    "video": Rule(items=(1, 1), media={"video": _VIDEO}, alt_texts=("image", "video"), codecs=_CODECS),
    "carousel": Rule(
        items=(2, 20),
        media={"image": _IMAGE, "video": _VIDEO},
        alt_texts=("image", "video"),
        codecs=_CODECS,
    ),
}
OPTIONS: Mapping[str, Option] = {
    "reply_control": Option(
        type="choice",
        kinds=KINDS,
        help="Who may reply.",
        choices={
            "everyone": "Everyone",
            "accounts_you_follow": "Accounts you follow",
            "mentioned_only": "Only those mentioned",
            "parent_post_author_only": "Only the author of the post this answers",
            "followers_only": "Your followers",
        },
    ),
    "topic_tag": Option(type="text", kinds=KINDS, help="One topic, without full stops and ampersands."),
    "link_attachment": Option(type="text", kinds=("text",), help="A link that is shown as a card."),
    "poll_attachment": Option(
        type="object",
        kinds=("text",),
        help="Two to four choices of up to 25 characters each.",
        parts={
            f"option_{letter}": Option(type="text", kinds=("text",), help="")
            for letter in ("a", "b", "c", "d")
        },
    ),
    "quote_post_id": Option(type="text", kinds=KINDS, help="Id of a post to quote."),
    "reply_to_id": Option(type="text", kinds=KINDS, help="Id of a post to answer."),
    "enable_reply_approvals": Option(type="boolean", kinds=KINDS, help="Approve replies before they show."),
    "is_spoiler_media": Option(
        type="boolean", kinds=("photo", "video", "carousel"), help="Blur it until it is tapped."
    ),
    "is_ghost_post": Option(type="boolean", kinds=("text",), help="It disappears after a day."),
}


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield what Threads would refuse, or what is better thought about."""
    yield from check(draft, rules=RULES, limits=LIMITS, options=OPTIONS, length=length)
    yield from _own_problems(draft)


def length(text: str) -> int:
    """Return the characters of a text, each emoji as the bytes of its UTF-8."""
    return sum(len(sign.encode()) if _EMOJI.match(sign) else 1 for sign in text)


def _own_problems(draft: Draft) -> Iterator[Problem]:
    most = int(LIMITS["links"].value)
    links = {link.rstrip(".,;:!?)") for link in _LINK.findall(draft.text)}
    links |= {str(draft.options[name]) for name in ("link_attachment",) if draft.options.get(name)}
    if len(links) >= most - 1:
        error = len(links) > most
        yield Problem(
            code="too_many_links" if error else "many_links",
            field="text",
            severity="error" if error else "warning",
            params={"count": len(links), "max": most},
        )
    topic = draft.options.get("topic_tag")
    if isinstance(topic, str) and (len(topic) > LIMITS["topic_tag_length"].value or {".", "&"} & set(topic)):
        yield Problem(code="option_invalid", field="options.topic_tag", params={"option": "topic_tag"})
    poll = draft.options.get("poll_attachment")
    if poll and not _is_poll(poll):
        params = {"option": "poll_attachment"}
        yield Problem(code="option_invalid", field="options.poll_attachment", params=params)
    elif poll and draft.options.get("link_attachment"):
        params = {"option": "link_attachment", "post": draft.kind}
        yield Problem(code="option_not_available", field="options.link_attachment", params=params)


def _is_poll(value: Any) -> bool:
    names = ("option_a", "option_b", "option_c", "option_d")
    if not isinstance(value, Mapping) or not set(value) <= set(names) or not {*names[:2]} <= set(value):
        return False
    return all(isinstance(text, str) and 1 <= len(text) <= 25 for text in value.values())

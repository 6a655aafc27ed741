"""X's limits, each with where and when it was read, what an author may choose, and what would be refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date

from django_connected_accounts.providers.preflight import Rule, check
from django_connected_accounts.providers.types import Draft, Kind, Limit, Limits, Option, Problem, Severity

from . import counting

_DOCS = "https://docs.x.com"
_POSTS, _MEDIA = "x-api/posts/create-post", "x-api/media/quickstart/best-practices"
_RATES, _PRICES = "x-api/fundamentals/rate-limits", "x-api/getting-started/pricing"


def _limit(value: float, unit: str, page: str, note: str = "") -> Limit:
    return Limit(value=value, unit=unit, source=f"{_DOCS}/{page}", date=date(2026, 8, 22), note=note)


LIMITS: Limits = {
    "text_length": _limit(280, "characters", "fundamentals/counting-characters", "weighted: links count 23"),
    "long_text_length": _limit(
        25_000, "characters", "changelog", "which subscriptions may, and how it is counted, is not documented"
    ),
    "cashtags": _limit(1, "cashtags", "changelog", "unless SELF_SERVE is False"),
    "images_max": _limit(4, "pictures", _MEDIA, "or one animated GIF, or one film"),
    "image_bytes": _limit(5_000_000, "bytes", _MEDIA, "5 MB or 5 MiB: the smaller is used"),
    "gif_bytes": _limit(15_000_000, "bytes", _MEDIA),
    "gif_width_max": _limit(1280, "pixels", _MEDIA),
    "gif_height_max": _limit(1080, "pixels", _MEDIA),
    "alt_text_length": _limit(1000, "characters", "x-api/media/create-media-metadata"),
    "video_bytes": _limit(512_000_000, "bytes", _MEDIA),
    "video_seconds_min": _limit(0.5, "seconds", _MEDIA),
    "video_seconds_max": _limit(
        140, "seconds", _MEDIA, "longer for accounts that pay; how long is not documented"
    ),
    "video_ratio_min": _limit(1 / 3, "width/height", _MEDIA, "1:3"),
    "video_ratio_max": _limit(3, "width/height", _MEDIA, "3:1"),
    "video_frame_rate_max": _limit(60, "frames/second", _MEDIA),
    "poll_choices_min": _limit(2, "choices", _POSTS),
    "poll_choices_max": _limit(4, "choices", _POSTS),
    "poll_choice_length": _limit(25, "characters", _POSTS),
    "poll_minutes_min": _limit(5, "minutes", _POSTS),
    "poll_minutes_max": _limit(10_080, "minutes", _POSTS),
    "segment_bytes": _limit(
        2_000_000, "bytes", "x-api/media/quickstart/media-upload-chunked", "5 MB was seen refused"
    ),
    "posts_per_quarter_hour": _limit(
        100, "posts", _RATES, "by account; another page says 200, the headers say what holds"
    ),
    "posts_per_day_of_app": _limit(10_000, "posts", _RATES),
    "post_price": _limit(0.015, "USD", _PRICES, "by post, unless SELF_SERVE is False"),
    "link_post_price": _limit(0.2, "USD", _PRICES, "by post that has a link"),
}

_ALL: tuple[Kind, ...] = ("text", "photo", "carousel", "video", "reel")

OPTIONS: Mapping[str, Option] = {
    "thread": Option(
        type="texts", kinds=_ALL, help="Further texts, each published as a reply to the one before."
    ),
    "reply_settings": Option(
        type="choice",
        kinds=_ALL,
        help="Who may reply; everyone if left out.",
        choices={
            "following": "Accounts this one follows",
            "mentionedUsers": "Accounts that are mentioned",
            "subscribers": "Subscribers",
            "verified": "Verified accounts",
        },
    ),
    "poll_options": Option(
        type="list", kinds=("text",), help="Two to four choices of up to 25 characters each."
    ),
    "poll_duration_minutes": Option(
        type="integer", kinds=("text",), help="How long the poll runs; a day if left out."
    ),
    "made_with_ai": Option(type="boolean", kinds=_ALL, help="Label as made with AI."),
    "paid_partnership": Option(type="boolean", kinds=_ALL, help="Label as a paid partnership."),
    "long_post": Option(
        type="boolean", kinds=_ALL, help="Longer texts and films, which only accounts that pay X may publish."
    ),
    "quote_tweet_id": Option(type="text", kinds=("text",), help="Id of a post to quote."),
    "in_reply_to_tweet_id": Option(type="text", kinds=_ALL, help="Id of a post to reply to."),
}

CATEGORIES: Mapping[str, str] = {
    # Media types that are taken, and what X calls what they are.
    "image/jpeg": "tweet_image",
    "image/png": "tweet_image",
    "image/webp": "tweet_image",
    "image/gif": "tweet_gif",
    "video/mp4": "tweet_video",
    "video/quicktime": "tweet_video",
}
_PICTURES, _FILMS = tuple(CATEGORIES)[:4], tuple(CATEGORIES)[4:]
_FILM = Rule(items=(1, 1), media={"video": _FILMS}, comments=True, codecs=("h264",))
RULES: Mapping[str, Rule] = {
    "text": Rule(text=True, comments=True),
    "photo": Rule(items=(1, 1), media={"image": _PICTURES}, comments=True),
    # An animated GIF stands alone, as a film does.
    "carousel": Rule(
        items=(2, int(LIMITS["images_max"].value)), media={"image": _PICTURES[:3]}, comments=True
    ),
    "video": _FILM,
    "reel": _FILM,
}
TWEET_ID = re.compile(r"[0-9]{1,19}")
_CASHTAG = re.compile(r"(?:^|(?<=\s))\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![A-Za-z0-9_$])")


def problems(draft: Draft, *, self_serve: bool) -> Iterator[Problem]:
    """Yield what stands in the way of this draft. Who pays by use (``self_serve``) may do less."""
    found = list(check(draft, rules=RULES, limits=limits_for(draft), options=OPTIONS, length=counting.length))
    yield from found
    for position, media in enumerate(draft.media):
        if media.user_tags:
            yield Problem(code="user_tag_not_available", field=f"media.{position}.user_tags")
    if any(problem.field.startswith("options.") for problem in found):
        return
    broken = [
        Problem(code="option_invalid", field=f"options.{name}", params={"option": name})
        for name in _odd(draft)
    ]
    yield from broken
    if self_serve and draft.options.get("quote_tweet_id"):
        yield Problem(code="quote_not_allowed", field="options.quote_tweet_id")
    if self_serve and draft.options.get("in_reply_to_tweet_id"):
        severity: Severity = "warning"  # it may be one that mentions this account
        yield Problem(code="reply_not_allowed", field="options.in_reply_to_tweet_id", severity=severity)
    for field, text in texts(draft) if not broken else ():
        yield from _text_problems(field, text, limits_for(draft), self_serve)


def limits_for(draft: Draft) -> Limits:
    """Return the limits as this draft meets them."""
    limits = dict(LIMITS)
    if draft.options.get("long_post"):
        limits["text_length"] = limits["long_text_length"]
        del limits["video_seconds_max"]
    if any(media.mime == "image/gif" for media in draft.media):
        limits |= {f"image_{name}": limits[f"gif_{name}"] for name in ("bytes", "width_max", "height_max")}
    return limits


def texts(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield the texts that go out, each a reply to the one before, with the names of their inputs."""
    yield "text", draft.text
    for position, text in enumerate(draft.options.get("thread") or ()):
        yield f"options.thread.{position}", text
    if draft.first_comment:
        yield "first_comment", draft.first_comment


def _text_problems(field: str, text: str, limits: Limits, self_serve: bool) -> Iterator[Problem]:
    if not counting.is_sendable(text):
        yield Problem(code="invalid_characters", field=field)
    length, most = counting.length(text), int(limits["text_length"].value)
    if length > most and field != "text":
        yield Problem(code="text_too_long", field=field, params={"length": length, "max": most})
    cashtags = len(_CASHTAG.findall(text))
    if self_serve and cashtags > limits["cashtags"].value:
        yield Problem(code="too_many_cashtags", field=field, params={"count": cashtags})
    if self_serve and next(counting.links(unicodedata.normalize("NFC", text)), None):
        prices = {
            "price": f"{limits['link_post_price'].value:.2f}",
            "plain": f"{limits['post_price'].value:.3f}",
        }
        yield Problem(code="link_costs", field=field, severity="warning", params=prices)


def _odd(draft: Draft) -> Iterator[str]:
    """Yield the options whose values have the right type and can't be used."""
    given = {name: value for name, value in draft.options.items() if value not in (None, "", [], ())}
    for name in ("thread", "poll_options"):
        if not all(isinstance(text, str) and text.strip() for text in given.get(name, ())):
            yield name
            return
    choices = given.get("poll_options", ())
    few, many = LIMITS["poll_choices_min"].value, LIMITS["poll_choices_max"].value
    longest = LIMITS["poll_choice_length"].value
    if choices and (not few <= len(choices) <= many or any(len(text) > longest for text in choices)):
        yield "poll_options"
    if choices and given.get("quote_tweet_id"):
        yield "quote_tweet_id"
    shortest, longest = LIMITS["poll_minutes_min"].value, LIMITS["poll_minutes_max"].value
    if "poll_duration_minutes" in given and not (
        choices and shortest <= given["poll_duration_minutes"] <= longest
    ):
        yield "poll_duration_minutes"
    yield from (n for n in _IDS if n in given and not TWEET_ID.fullmatch(given[n]))


_IDS = ("quote_tweet_id", "in_reply_to_tweet_id")

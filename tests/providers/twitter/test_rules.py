"""What X would refuse is said before it is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import ContentRejected
from django_connected_accounts.providers.twitter import rules
from django_connected_accounts.providers.types import Draft, Media, Problem

from .conftest import X, film, picture

TEXT = Draft(kind="text", text="Fresh rye")


def found(draft: Draft, *, self_serve: bool = True) -> list[Problem]:
    return list(rules.problems(draft, self_serve=self_serve))


def errors(draft: Draft, **options: Any) -> list[str]:
    return [f"{p.field} {p.code}" for p in found(draft, **options) if p.severity == "error"]


def with_options(**options: Any) -> Draft:
    return replace(TEXT, options=options)


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (TEXT, []),
        (Draft(kind="photo", media=(picture(),)), []),
        (Draft(kind="reel", media=(film(),)), []),
        (Draft(kind="photo", media=(picture(mime="image/gif", alt_text="A loop"),)), []),
        (Draft(kind="story", media=(picture(),)), ["kind kind_unknown"]),
        (Draft(kind="text"), ["text text_missing"]),
        (Draft(kind="photo"), ["media media_missing"]),
        (Draft(kind="text", text="x", media=(picture(),)), ["media media_count", "media.0 media_kind"]),
        (Draft(kind="carousel", media=(picture(),) * 5), ["media media_count"]),
        (Draft(kind="carousel", media=(picture(), film())), ["media.1 media_kind"]),
        (Draft(kind="carousel", media=(picture(), picture(mime="image/gif"))), ["media.1 media_format"]),
        (Draft(kind="video", media=(picture(),)), ["media.0 media_kind"]),
        (replace(TEXT, text="a" * 281), ["text text_too_long"]),
        (replace(TEXT, text="\u306e" * 141), ["text text_too_long"]),
        (
            replace(TEXT, text="a" * 258 + " https://bakery.com/a/very/long/way/to/write"),
            ["text text_too_long"],
        ),
        (replace(TEXT, text="x\ufeff"), ["text invalid_characters"]),
        (replace(TEXT, text="$RYE and $OAT"), ["text too_many_cashtags"]),
        (replace(TEXT, text="$RYE costs $5"), []),
        (replace(TEXT, first_comment="a" * 281), ["first_comment text_too_long"]),
        (with_options(thread=["fine", "a" * 281]), ["options.thread.1 text_too_long"]),
        (with_options(thread=["fine", " "]), ["options.thread option_invalid"]),
        (with_options(thread=["fine", 5]), ["options.thread option_invalid"]),
        (with_options(thread="one text"), ["options.thread option_invalid"]),
        (with_options(long_post=True), []),
        (Draft(kind="text", text="a" * 25_001, options={"long_post": True}), ["text text_too_long"]),
        (with_options(reply_settings="verified"), []),
        (with_options(reply_settings="friends"), ["options.reply_settings option_invalid"]),
        (with_options(poll_options=["Rye", "Spelt"], poll_duration_minutes=5), []),
        (with_options(poll_options=["Rye"]), ["options.poll_options option_invalid"]),
        (with_options(poll_options=["Rye", "a" * 26]), ["options.poll_options option_invalid"]),
        (
            with_options(poll_options=["Rye", "Spelt"], poll_duration_minutes=4),
            ["options.poll_duration_minutes option_invalid"],
        ),
        (with_options(poll_duration_minutes=60), ["options.poll_duration_minutes option_invalid"]),
        (
            Draft(kind="photo", media=(picture(),), options={"poll_options": ["a", "b"]}),
            ["options.poll_options option_not_available"],
        ),
        (with_options(quote_tweet_id="12"), ["options.quote_tweet_id quote_not_allowed"]),
        (with_options(in_reply_to_tweet_id="12"), []),
        (
            with_options(in_reply_to_tweet_id="https://x.com/a/status/12"),
            ["options.in_reply_to_tweet_id option_invalid"],
        ),
        (with_options(likes=5), ["options.likes option_unknown"]),
    ],
)
def test_a_draft_is_refused_for_what_is_wrong_with_it(draft: Draft, expected: list[str]) -> None:
    assert errors(draft) == expected


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (picture(alt_text="a" * 1001), "alt_text_too_long"),
        (replace(picture(), mime="image/tiff"), "media_format"),
        (replace(picture(), size=5_000_001), "media_too_large"),
        (replace(picture(), mime="image/gif", size=15_000_001), "media_too_large"),
        (replace(picture(), mime="image/gif", width=1281), "media_too_wide"),
        (replace(picture(), mime="image/gif", height=1081), "media_too_tall"),
        (replace(picture(), user_tags=({"username": "a"},)), "user_tag_not_available"),
        (replace(film(), mime="video/webm"), "media_format"),
        (replace(film(), size=512_000_001), "media_too_large"),
        (replace(film(), duration=0.4), "media_too_short"),
        (replace(film(), duration=140.5), "media_too_long"),
        (replace(film(), width=100, height=301), "aspect_ratio"),
        (replace(film(), frame_rate=61.0), "media_frame_rate"),
        (replace(film(), codec="hevc"), "media_codec"),
    ],
)
def test_media_is_refused_for_what_is_wrong_with_it(media: Media, code: str) -> None:
    kind = "photo" if media.kind == "image" else "video"
    (problem,) = (p for p in found(Draft(kind=kind, media=(media,))) if p.severity == "error")
    assert problem.code == code


def test_what_is_not_known_is_not_held_against_a_film() -> None:
    bare = replace(film(), duration=None, width=None, height=None)
    assert errors(Draft(kind="video", media=(bare,))) == []
    assert errors(Draft(kind="video", media=(replace(film(), width=1080, height=1920),))) == []


def test_a_large_gif_is_no_large_picture() -> None:
    gif = replace(picture(), mime="image/gif", size=10_000_000)
    assert errors(Draft(kind="photo", media=(gif,))) == []


def test_who_pays_x_may_publish_longer_films() -> None:
    draft = Draft(kind="video", media=(replace(film(), duration=600.0),), options={"long_post": True})
    assert errors(draft) == []


def test_links_are_warned_of_by_what_they_cost() -> None:
    draft = replace(TEXT, text="See bakery.com", options={"thread": ["and bakery.com/rye"]})
    costs = [p for p in found(draft) if p.code == "link_costs"]
    assert [p.field for p in costs] == ["text", "options.thread.0"]
    assert costs[0].params == {"price": "0.20", "plain": "0.015"}
    assert found(draft, self_serve=False) == []


def test_an_app_with_a_contract_of_its_own_may_do_more(x: X) -> None:
    draft = replace(
        TEXT, text="$RYE and $OAT", options={"quote_tweet_id": "12", "in_reply_to_tweet_id": "13"}
    )
    assert {p.code for p in x.provider.problems(draft)} == {
        "quote_not_allowed", "reply_not_allowed", "too_many_cashtags",
    }  # fmt: skip
    assert x.make(SELF_SERVE=False).problems(draft) == []


def test_a_draft_that_x_would_refuse_is_not_begun(x: X) -> None:
    connection = x.connection()
    x.world.calls.clear()
    with pytest.raises(ContentRejected) as caught:
        x.provider.publish(connection, replace(TEXT, text="a" * 281))
    assert caught.value.params == {"length": 281, "max": 280}
    assert x.world.calls == []


def test_every_code_is_explained() -> None:
    drafts = [
        with_options(quote_tweet_id="1", in_reply_to_tweet_id="2"),
        replace(TEXT, text="$A $B a.com\ufeff"),
    ]
    assert {p.code for draft in drafts for p in found(draft)} <= set(CODES)

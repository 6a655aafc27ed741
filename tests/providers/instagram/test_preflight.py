from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.instagram import Instagram, InstagramLogin
from django_connected_accounts.providers.instagram.rules import LIMITS
from django_connected_accounts.providers.types import App, Draft, Media, Problem

PROVIDER = Instagram(App(client_id="1"), Http(Instagram.hosts))
LOGIN = InstagramLogin(App(client_id="1"), Http(InstagramLogin.hosts))


def photo(**facts: Any) -> Media:
    return Media(
        **{"kind": "image", "mime": "image/jpeg", "size": 1000, "width": 1080, "height": 1080, **facts}
    )


def film(**facts: Any) -> Media:
    return Media(**{"kind": "video", "mime": "video/mp4", "size": 1000, "duration": 10.0, **facts})


TALL = photo(width=1080, height=1920)


def draft(kind: Any = "photo", *media: Media, **values: Any) -> Draft:
    default = {"photo": (photo(),), "carousel": (photo(), photo()), "reel": (film(),), "story": (TALL,)}
    return Draft(kind=kind, media=media or default.get(kind, ()), **values)


def found(content: Draft, provider: Any = PROVIDER) -> list[tuple[str, str, str]]:
    return [(p.code, p.field, p.severity) for p in provider.problems(content)]


def only(content: Draft, provider: Any = PROVIDER) -> Problem:
    (problem,) = provider.problems(content)
    return problem  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["photo", "carousel", "reel", "story"])
def test_a_good_draft_has_no_problems(kind: str) -> None:
    assert found(draft(kind)) == []
    assert found(draft(kind), LOGIN) == []


@pytest.mark.parametrize(
    ("content", "code", "field", "severity"),
    [
        (Draft(kind="video"), "kind_unknown", "kind", "error"),
        (Draft(kind="text", text="x"), "media_missing", "media", "error"),
        (Draft(kind="photo", text="x"), "media_missing", "media", "error"),
        (Draft(kind="carousel"), "media_missing", "media", "error"),
        (draft("photo", photo(), photo()), "media_count", "media", "error"),
        (draft("carousel", photo()), "media_count", "media", "error"),
        (draft("carousel", *[photo()] * 11), "media_count", "media", "error"),
        (draft("story", photo(), photo()), "media_count", "media", "error"),
        (draft("photo", film()), "media_kind", "media.0", "error"),
        (draft("reel", photo()), "media_kind", "media.0", "error"),
        (draft("photo", photo(mime="image/png")), "media_format", "media.0", "error"),
        (draft("photo", photo(mime="image/webp")), "media_format", "media.0", "error"),
        (draft("reel", film(mime="video/webm")), "media_format", "media.0", "error"),
        (draft("photo", photo(size=8_000_001)), "media_too_large", "media.0", "error"),
        (draft("reel", film(size=300_000_001)), "media_too_large", "media.0", "error"),
        (draft("story", film(size=100_000_001)), "media_too_large", "media.0", "error"),
        (draft("carousel", photo(), film(size=100_000_001)), "media_too_large", "media.1", "error"),
        (draft("photo", photo(width=1000, height=1251)), "aspect_ratio", "media.0", "error"),
        (draft("photo", photo(width=1920, height=1000)), "aspect_ratio", "media.0", "error"),
        (draft("carousel", photo(), photo(width=500, height=100)), "aspect_ratio", "media.1", "error"),
        (draft("story", photo(width=1080, height=1080)), "aspect_ratio_advised", "media.0", "warning"),
        (draft("reel", film(width=1000, height=99)), "aspect_ratio", "media.0", "error"),
        (draft("story", film(width=99, height=1000)), "aspect_ratio", "media.0", "error"),
        (draft("photo", photo(width=319, height=319)), "media_small", "media.0", "warning"),
        (draft("reel", film(width=1921, height=1080)), "media_too_wide", "media.0", "error"),
        (draft("photo", photo(colour="CMYK")), "media_colour", "media.0", "warning"),
        (draft("reel", film(duration=2.9)), "media_too_short", "media.0", "error"),
        (draft("reel", film(codec="vp9")), "media_codec", "media.0", "error"),
        (draft("reel", film(frame_rate=12.5)), "media_frame_rate", "media.0", "error"),
        (draft("reel", film(frame_rate=120)), "media_frame_rate", "media.0", "error"),
        (draft("reel", film(duration=900.1)), "media_too_long", "media.0", "error"),
        (draft("story", film(duration=60.1)), "media_too_long", "media.0", "error"),
        (draft("carousel", photo(), film(duration=61)), "media_too_long", "media.1", "warning"),
        (draft("photo", photo(url="https://example.com/ü.jpg")), "media_url", "media.0", "error"),
        (draft("photo", photo(alt_text="x" * 1001)), "alt_text_too_long", "media.0.alt_text", "error"),
        (draft("reel", film(alt_text="x")), "alt_text_not_shown", "media.0.alt_text", "warning"),
        (
            draft("photo", photo(cover_url="https://e.com/c")),
            "cover_not_available",
            "media.0.cover",
            "warning",
        ),
        (draft(text="x" * 2201), "text_too_long", "text", "error"),
        (draft(text="😀" * 1101), "text_near_limit", "text", "warning"),
        (draft(text="#a " * 31), "too_many_hashtags", "text", "error"),
        (draft(text="#a " * 6), "many_hashtags", "text", "warning"),
        (draft(text="@a " * 21), "too_many_mentions", "text", "error"),
        (draft("story", TALL, text="x"), "text_not_shown", "text", "warning"),
        (
            draft("story", TALL, first_comment="x"),
            "comment_not_available",
            "first_comment",
            "error",
        ),
        (draft(first_comment="x" * 301), "comment_long", "first_comment", "warning"),
        (draft(options={"colour": "x"}), "option_unknown", "options.colour", "error"),
        (draft(options={"thumb_offset": 3}), "option_not_available", "options.thumb_offset", "error"),
        (draft("reel", options={"thumb_offset": "3"}), "option_invalid", "options.thumb_offset", "error"),
        (draft("reel", options={"thumb_offset": True}), "option_invalid", "options.thumb_offset", "error"),
        (draft("reel", options={"thumb_offset": 10_001}), "thumb_offset", "options.thumb_offset", "error"),
        (
            draft(options={"collaborators": list("abcd")}),
            "too_many_collaborators",
            "options.collaborators",
            "error",
        ),
    ],
)
def test_each_limit_has_its_problem(content: Draft, code: str, field: str, severity: str) -> None:
    assert (code, field, severity) in found(content)
    assert len([problem for problem in found(content) if problem[2] == "error"]) <= 1


@pytest.mark.parametrize(
    "content",
    [
        draft("photo", photo(width=1000, height=1250)),
        draft("photo", photo(width=1910, height=1000)),
        draft("photo", photo(size=8_000_000)),
        draft("photo", photo(colour="sRGB")),
        draft("reel", film(duration=3.0)),
        draft("reel", film(duration=900.0, mime="video/quicktime", width=1080, height=1920)),
        draft("carousel", *[photo()] * 10),
        draft(text="x" * 2200),
        draft(text="#a " * 5),
        draft(text="@a " * 20),
        draft(text="me@example.com " * 30),
        draft(text="&#39; a#b " * 40),
        draft("photo", photo(alt_text="x" * 1000)),
        draft(options={"collaborators": list("abc"), "location_id": "1"}),
        draft(options={"thumb_offset": ""}),
        draft("reel", options={"thumb_offset": 0, "share_to_feed": False}),
    ],
)
def test_at_the_limit_all_is_well(content: Draft) -> None:
    assert found(content) == []


def test_what_was_not_checked_is_not_judged() -> None:
    assert found(draft("photo", photo(width=None, height=None))) == []
    assert found(draft("reel", film(duration=None))) == []


@pytest.mark.parametrize(
    ("media", "fix"),
    [
        (photo(mime="image/png"), ("convert",)),
        (photo(size=9_000_000), ("convert",)),
        (photo(width=500, height=100), ("crop", "pad")),
        (photo(colour="CMYK"), ("convert",)),
    ],
)
def test_a_repair_is_offered_where_there_is_one(media: Media, fix: tuple[str, ...]) -> None:
    assert only(draft("photo", media)).fix == fix


@pytest.mark.parametrize(
    "position", [{}, {"x": 0.5}, {"x": 1.1, "y": 0}, {"x": -0.1, "y": 0}, {"x": "a", "y": 0}]
)
def test_a_tag_on_a_picture_needs_a_place(position: dict[str, Any]) -> None:
    tags = [{"username": "a", **position}]
    assert found(draft("photo", photo(user_tags=tags))) == [
        ("user_tag_position", "media.0.user_tags", "error")
    ]


def test_elsewhere_a_tag_needs_none() -> None:
    assert found(draft("reel", film(user_tags=[{"username": "a"}]))) == []
    assert found(draft("story", photo(width=9, height=16, user_tags=[{"username": "a"}]))) == [
        ("media_small", "media.0", "warning")
    ]
    assert found(draft("carousel", photo(), film(user_tags=[{"username": "a"}]))) == [
        ("user_tag_not_available", "media.1.user_tags", "error")
    ]


def test_instagram_login_knows_neither_places_nor_collaborators() -> None:
    for name, value in (("location_id", "1"), ("collaborators", ["a"])):
        assert found(draft(options={name: value}), LOGIN) == [("option_unknown", f"options.{name}", "error")]


def test_length_counts_utf_16_units() -> None:
    assert PROVIDER.length("a😀é") == 4
    assert PROVIDER.length("\ud800") == 1


def test_every_limit_says_where_and_when_it_was_read() -> None:
    for limit in LIMITS.values():
        assert limit.source
        assert limit.date.year >= 2025
        assert limit.unit


@given(
    st.builds(
        Draft,
        kind=st.sampled_from(["photo", "carousel", "reel", "story", "text", "video"]),
        text=st.text(),
        first_comment=st.text(),
        options=st.dictionaries(
            st.sampled_from([*PROVIDER.options, "other"]), st.none() | st.integers() | st.text()
        ),
        media=st.lists(
            st.builds(
                Media,
                kind=st.sampled_from(["image", "video"]),
                mime=st.text(),
                size=st.integers(0),
                width=st.none() | st.integers(0, 10_000),
                height=st.none() | st.integers(0, 10_000),
                duration=st.none() | st.floats(0, 1e6),
                open=st.none(),
                user_tags=st.just(()),
            ),
            max_size=12,
        ).map(tuple),
    )
)
def test_problems_never_fail_and_never_change(content: Draft) -> None:
    assert PROVIDER.problems(content) == PROVIDER.problems(content)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_connected_accounts.codes import CODES
from django_connected_accounts.providers.facebook.rules import problems
from django_connected_accounts.providers.types import Draft, Media

Make = Callable[..., Media]


def found(kind: Any, *media: Media, text: str = "Words", **given: Any) -> dict[str, str]:
    """Return the codes of what stands in the way, each with its severity."""
    said = problems(Draft(kind=kind, text=text, media=media, **given))
    codes: dict[str, str] = {problem.code: problem.severity for problem in said}
    assert codes.keys() <= CODES.keys()
    return codes


def test_good_drafts_have_no_problems(photo: Make, film: Make) -> None:
    upright = film(width=1080, height=1920, duration=20.0, frame_rate=30.0)
    assert found("text") == {}
    assert found("photo", photo(width=60, height=60, alt_text="A loaf"), first_comment="More") == {}
    assert found("carousel", *[photo()] * 10) == {}
    assert found("video", film(width=1920, height=1080, duration=3600.0)) == {}
    assert found("reel", upright, options={"title": "Rolls"}) == {}
    assert found("story", upright, text="") == {}


@pytest.mark.parametrize(
    ("kind", "count", "code"),
    [
        ("photo", 0, "media_missing"),
        ("photo", 2, "media_count"),
        ("carousel", 1, "media_count"),
        ("carousel", 11, "media_count"),
        ("text", 1, "media_count"),
        ("document", 1, "kind_unknown"),
    ],
)
def test_each_kind_takes_so_many(photo: Make, kind: str, count: int, code: str) -> None:
    assert code in found(kind, *[photo()] * count)


def test_an_album_has_no_films(photo: Make, film: Make) -> None:
    assert found("carousel", photo(), film()) == {"media_kind": "error"}


@pytest.mark.parametrize(
    ("kind", "facts", "codes"),
    [
        ("reel", {"duration": 2.0}, {"media_too_short": "error"}),
        ("reel", {"duration": 91.0}, {"media_too_long": "error"}),
        ("reel", {"frame_rate": 12.0}, {"media_frame_rate": "error"}),
        ("reel", {"width": 480, "height": 854}, {"film_too_small": "error"}),
        ("reel", {"width": 1920, "height": 1080}, {"aspect_ratio_advised": "warning"}),
        ("story", {"duration": 61.0}, {"media_too_long": "error"}),
        ("video", {"duration": 14_401.0}, {"media_too_long": "error"}),
        ("video", {"size": 10_000_000_001}, {"media_too_large": "error"}),
        ("video", {"size": 1000}, {"media_empty": "error"}),
        ("video", {"mime": "video/webm"}, {"media_format": "error"}),
        ("video", {"cover_url": "https://x.example/c.jpg"}, {"cover_not_available": "warning"}),
        ("video", {"alt_text": "A film"}, {"alt_text_not_shown": "warning"}),
    ],
)
def test_a_film(film: Make, kind: str, facts: dict[str, Any], codes: dict[str, str]) -> None:
    media = film()
    given = {"mime": media.mime, "size": media.size, "kind": "video", **facts}
    assert found(kind, Media(**given), text="" if kind == "story" else "Words") == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({"size": 10_000_001}, {"media_too_large": "error", "media_large": "warning"}),
        ({"size": 4_000_001}, {"media_large": "warning"}),
        ({"mime": "image/webp"}, {"media_format": "error"}),
        ({"user_tags": ({"username": "ada"},)}, {"user_tag_not_available": "warning"}),
    ],
)
def test_a_picture(facts: dict[str, Any], codes: dict[str, str]) -> None:
    assert found("photo", Media(**{"kind": "image", "mime": "image/jpeg", "size": 9000, **facts})) == codes


@pytest.mark.parametrize(
    ("text", "options", "codes"),
    [
        ("", {}, {"text_missing": "error"}),
        ("x" * 63_206, {}, {}),
        ("x" * 63_207, {}, {"text_too_long": "error"}),
        ("", {"link": "https://bakery.example"}, {}),
        ("Words", {"link": "ftp://bakery.example"}, {"option_invalid": "error"}),
        ("Words", {"link": "https://www.facebook.com/bakery"}, {"link_refused": "error"}),
        ("Words", {"link": "https://notfacebook.com/bakery"}, {}),
        ("Words", {"text_format_preset_id": "1"}, {}),
        ("x" * 131, {"text_format_preset_id": "1"}, {"text_too_long": "error"}),
        (
            "Words",
            {"text_format_preset_id": "1", "link": "https://bakery.example"},
            {"option_not_available": "error"},
        ),
        ("Words", {"title": "Rolls"}, {"option_not_available": "error"}),
        ("Words", {"targeting": "CH"}, {"option_invalid": "error"}),
        ("Words", {"mood": "good"}, {"option_unknown": "error"}),
    ],
)
def test_a_text_and_its_options(text: str, options: dict[str, Any], codes: dict[str, str]) -> None:
    assert found("text", text=text, options=options) == codes


def test_a_story_shows_no_text_and_takes_no_comment(photo: Make) -> None:
    codes = found("story", photo(), text="Words", first_comment="More")
    assert codes == {"text_not_shown": "warning", "comment_not_available": "error"}

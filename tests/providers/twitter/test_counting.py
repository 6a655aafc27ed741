"""Lengths as X counts them; most rows are vectors that X publishes with twitter-text."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts.providers.twitter.counting import is_sendable, length, links

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("", 0),
        ("Hi http://test.co", 26),
        ("http://test.co", 23),
        (" ".join(["http://test.co"] * 10), 239),
        (f"H\U0001f431\u263a{FAMILY}", 7),
        ("\U0001f637\U0001f47e\U0001f621\U0001f525\U0001f4a9", 10),
        ("\U0001f64b\U0001f3fd\U0001f468\u200d\U0001f3a4", 4),
        ("1\u20e3", 2),
        ("Unicode 9.0 emoji: \U0001f920; \U0001f483; \U0001f483\U0001f3fe", 29),
        (f"Unicode 10.0 emoji: \U0001f92a; \U0001f9d5; \U0001f9d5\U0001f3fe; {ENGLAND}", 34),
        ("Hello, world! \U0001f44b", 16),
        ("\u306e" * 140, 280),
        ("\u306e" * 160, 320),
        ("A\u0301B", 2),
        ("A\ufb2c", 4),
        (f"{'a' * 64}.com", 68),
        ("ABC\u202a\uffffABC\ufffe", 12),
        ("Test https://test.com test https://test.com test.com test", 86),
        ("\u2026\u2022\u20ac\u2122", 8),
        ("\u201ca\u201d \u2013 \u2014", 7),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 4),
        ("\u2764\ufe0f", 2),
        ("\u00a9", 1),
    ],
)
def test_a_text_counts_as_x_counts_it(text: str, counted: int) -> None:
    assert length(text) == counted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see example.com/a?b=c.", ["example.com/a?b=c"]),
        ("example.com\u4e2d\u56fd\u8a9e", ["example.com"]),
        ("\u3053\u308c\u3002example.com", ["example.com"]),
        ("https://en.wikipedia.org/wiki/Rye_(bread)!", ["https://en.wikipedia.org/wiki/Rye_(bread)"]),
        ("http://test_underscore.twitter.com", ["http://test_underscore.twitter.com"]),
        ("https://m\u00fcnchen.de/\u00fc", ["https://m\u00fcnchen.de/\u00fc"]),
        ("https://\u4f8b\u3048.\u9999\u6e2f", ["https://\u4f8b\u3048.\u9999\u6e2f"]),
        ("t.co:80", ["t.co"]),
        ("readme.txt 1.5 e.g. etc.)", []),
        ("mail me@example.com @example.com #example.com $example.com", []),
        ("first.co@example.com -example.com", []),
        ("ftp://example.com", []),
        (f"http://example.com/{'a' * 4096}", []),
    ],
)
def test_links_are_found_where_x_finds_them(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in links(text)] == found


def test_characters_that_x_refuses_are_known() -> None:
    assert is_sendable("plain")
    assert not any(is_sendable(f"a{character}b") for character in "\ufffe\ufeff\uffff")


@given(st.text(max_size=200))
def test_any_text_has_a_length_whatever_its_form(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    assert length(text) == length(normal)
    assert all(0 <= start < end <= len(normal) for start, end in links(normal))


@given(
    st.lists(
        st.sampled_from(["a.", "/", "(", ")", "x.com", "http://", "\u65e5", "_", "?a=", "\u00e9"]),
        max_size=60,
    )
)
def test_links_never_overlap(parts: list[str]) -> None:
    text = "".join(parts)
    edges = [edge for link in links(text) for edge in link]
    assert edges == sorted(edges)


@pytest.mark.parametrize("part", ["a.", "\u65e5\u672c.", "http://", "x.com/", "/(", "(a", "_.a", "x.com/(a)"])
def test_no_text_takes_long(part: str) -> None:
    began = time.process_time()
    length(part * (25_000 // len(part)))
    assert time.process_time() - began < 5

"""The length of a text as X counts it: weights by code point, links and emoji counted whole.

https://docs.x.com/fundamentals/counting-characters, by the rules of twitter-text's third configuration. Not
done: which emoji sequences there are is told by their shape, not by a list of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LINK_LENGTH = 23
EMOJI_LENGTH = 2
LONGEST_LINK = 4096
LONGEST_DOMAIN, LONGEST_TLD = 253, 24

_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Code points that count one; all others count two."""

_FORBIDDEN = "\ufffe\ufeff\uffff"
_DIRECTIONS = "\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
_SPACES = r"\s\u180e"
_LATIN = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
_LATIN += "\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"

_LETTER = rf"[^!'#%&()*+,\\\-./:;<=>?@\[\]^_{{|}}~${_SPACES}{_FORBIDDEN}{_DIRECTIONS}]"
_LABEL = re.compile(rf"{_LETTER}(?:(?:{_LETTER}|[_-]){{0,61}}{_LETTER})?")
_PLAIN_LABEL = re.compile(rf"[-a-z0-9{_LATIN}]+", re.I)
_ASCII_LABEL = re.compile("[a-z0-9-]+", re.I)
_AFTER_TLD = re.compile(r"(?![0-9A-Za-z@+-])")

_BEGINNING = re.compile(
    rf"(?:[^A-Za-z0-9@\uff20$#\uff03{_FORBIDDEN}]|^)(?P<scheme>https?://)?(?={_LETTER})", re.I
)
_PATH = rf"a-z0-9\u0400-\u04ff!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}"
_PARENTHESES = rf"\((?:[{_PATH}]+|[{_PATH}]*\([{_PATH}]+\)[{_PATH}]*)\)"
_END = rf"(?:[a-z0-9\u0400-\u04ff+\-=_#/{_LATIN}]|{_PARENTHESES})"
_REST = re.compile(
    rf"(?::\d+)?(?P<path>/(?:[{_PATH}]*(?:{_PARENTHESES}[{_PATH}]*)*{_END}|@[{_PATH}]+/)*)?"
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?",
    re.I,
)

_TONE = "[\U0001f3fb-\U0001f3ff]"
_BASE = (
    "[\u261d\u26f9\u270a-\u270d\U0001f385\U0001f3c2-\U0001f3c4\U0001f3c7\U0001f3ca-\U0001f3cc\U0001f442\U0001f443"
    "\U0001f446-\U0001f450\U0001f466-\U0001f478\U0001f47c\U0001f481-\U0001f483\U0001f485-\U0001f487\U0001f48f"
    "\U0001f491\U0001f4aa\U0001f574\U0001f575\U0001f57a\U0001f590\U0001f595\U0001f596\U0001f645-\U0001f647"
    "\U0001f64b-\U0001f64f\U0001f6a3\U0001f6b4-\U0001f6b6\U0001f6c0\U0001f6cc\U0001f90c\U0001f90f"
    "\U0001f918-\U0001f91f\U0001f926\U0001f930-\U0001f939\U0001f93c-\U0001f93e\U0001f977\U0001f9b5\U0001f9b6"
    "\U0001f9b8\U0001f9b9\U0001f9bb\U0001f9cd-\U0001f9cf\U0001f9d1-\U0001f9dd\U0001fac3-\U0001fac5"
    "\U0001faf0-\U0001faf8]"
)
"""Emoji that take a skin tone."""

_PICTURE = (
    "[\u203c\u2049\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030"
    "\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_ONE = f"(?:{_BASE}{_TONE}|{_PICTURE}\ufe0f?|[\u00a9\u00ae\u2122]\ufe0f)"
_EMOJI = re.compile(
    "[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{2}"
    f"|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f|{_ONE}(?:\u200d{_ONE})*"
)


def length(text: str) -> int:
    """Return the weighted length of a text."""
    text = unicodedata.normalize("NFC", text)
    total = position = 0
    for start, end in links(text):
        total += _length_between(text[position:start]) + LINK_LENGTH
        position = end
    return total + _length_between(text[position:])


def is_sendable(text: str) -> bool:
    """Say whether a text has no character that X refuses."""
    return not any(character in _FORBIDDEN for character in text)


def links(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the links in a text, which is NFC, begin and end."""
    position = 0 if "." in text else len(text)
    while found := _BEGINNING.search(text, position):
        begin, start = found.end(), found.end() - len(found["scheme"] or "")
        end, last = _domain_end(text, begin, _LABEL)
        if end is None:
            position = max(found.start() + 1, last - 1)  # what was looked at holds no other one
            continue
        rest = _REST.match(text, end)
        position = rest.end() if rest else end
        if not _is_valid(text[begin:end], position - start):
            continue
        if found["scheme"]:
            yield start, position
        elif text[start - 1 : start] not in tuple("-_./"):
            path = rest and rest["path"]
            yield from _plain_links(text[:end], begin, position if path else end)


def _plain_links(text: str, position: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the domains, of Latin letters only, in one without a scheme; what follows belongs to the last."""
    last = None
    while found := _PLAIN_LABEL.search(text, position):
        domain_end, position = _domain_end(text, found.start(), _PLAIN_LABEL)
        position = domain_end or max(found.end(), position)
        if domain_end:
            if last:
                yield last
            last = found.start(), domain_end
    if last:
        yield last[0], end if last[1] == len(text) else last[1]


def _domain_end(text: str, position: int, labels: re.Pattern[str]) -> tuple[int | None, int]:
    """Return where the longest domain that begins here ends, None where there is none, and its last label."""
    end, before, limit, last = None, "", position + LONGEST_DOMAIN, position
    while position <= limit and (label := labels.match(text, position)):
        last = position
        if before and "_" not in before:
            end = _tld_end(text, position) or end
        before, position = label[0], label.end() + 1
        if text[label.end() : position] != ".":
            break
    return end, last


def _tld_end(text: str, position: int) -> int | None:
    """Return where the top-level domain that begins here ends: words may follow it without a space."""
    if label := _ASCII_LABEL.match(text, position):
        name, ends = label[0].lower(), _AFTER_TLD.match(text, label.end())
        return label.end() if name.startswith("xn--") or (ends and name in _tlds()) else None
    possible = range(min(len(text), position + LONGEST_TLD), position, -1)
    return next((e for e in possible if text[position:e] in _tlds() and _AFTER_TLD.match(text, e)), None)


def _is_valid(domain: str, size: int) -> bool:
    try:
        extra = len(domain.encode("idna")) - len(domain)
    except UnicodeError:  # a label that is empty or too long
        return False
    return size + extra <= LONGEST_LINK


def _length_between(text: str) -> int:
    pictures = _EMOJI.findall(text)
    return EMOJI_LENGTH * len(pictures) + sum(map(_weight, _EMOJI.sub("", text)))


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2


@cache
def _tlds() -> frozenset[str]:
    lines = (Path(__file__).parent / "tlds.txt").read_text(encoding="ascii").splitlines()
    names = " ".join(line for line in lines if not line.startswith("#")).split()
    return frozenset((*names, *(n[4:].encode().decode("punycode") for n in names if n.startswith("xn--"))))

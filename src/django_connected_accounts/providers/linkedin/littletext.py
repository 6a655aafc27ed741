"""LinkedIn's "little text": what must be escaped in a post, lest everything after it be dropped silently.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
"""

from __future__ import annotations

import re

RESERVED = r"|{}@[]()<>#\*_~"

_ELEMENT = re.compile(
    # A mention as authors write it, or a hashtag; both stay what they are.
    r"@\[[^\[\]\n]+\]\(urn:li:(?:person|organization):[\w-]+\)|(?<![\w&#])#(?=\w*[^\W\d_])\w+"
)
_ESCAPED = re.compile(r"[|{}@\[\]()<>#\\*_~]")
_UNESCAPED = re.compile(r"\\([|{}@\[\]()<>#\\*_~])")
_TEMPLATE = re.compile(r"\{hashtag\|\\?#\|(\w+)\}")


def escape(text: str) -> str:
    """Return a text as LinkedIn reads it whole: mentions and hashtags as elements, all else as itself."""
    parts, end = [], 0
    for element in _ELEMENT.finditer(text):
        parts += [_plain(text[end : element.start()]), _element(element[0])]
        end = element.end()
    return "".join([*parts, _plain(text[end:])])


def normal(commentary: str) -> list[str]:
    """Return the words of a text as it is read back, where hashtags come as templates and escapes may go."""
    return _UNESCAPED.sub(r"\1", _TEMPLATE.sub(r"#\1", commentary)).split()


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda sign: "\\" + sign[0], text)


def _element(element: str) -> str:
    if element.startswith("@"):
        return element
    # An underscore is reserved inside a hashtag too; the template takes the word as it is.
    return f"{{hashtag|\\#|{element[1:]}}}" if "_" in element else element

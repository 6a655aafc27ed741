"""What Instagram does with the address of a picture or film: pull it, decode it, refuse what breaks a rule.

Follows the Instagram Platform contract of 2026-11-22, sections 4.10 and 7.4. Not done: codecs, bit rates,
frame rates, colour profiles, scaling; a film is judged by its boxes (``ftyp``, ``moov`` before ``mdat``),
length and bytes alone.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import requests
from PIL import Image

from .errors import GraphError
from .fetching import is_private
from .records import Item

if TYPE_CHECKING:
    from .world import World

MEBIBYTE: Final = 1024 * 1024
IMAGE_BYTES: Final = 8 * MEBIBYTE
FEED_ASPECT: Final = (0.8, 1.91)
FILM: Final = {
    "reel": (3, 900, 300_000_000),
    "story": (3, 60, 100_000_000),
    "item": (3, 60, 100_000_000),
    "threads": (0, 300, 1_000_000_000),
}
"""Kind of post to least and most seconds, and most bytes."""

TURNED: Final = {5, 6, 7, 8}
"""EXIF orientations that swap width and height."""


def pull_image(world: World, url: str, *, feed: bool, formats: Collection[str] = ("JPEG",)) -> Item:
    """Return a decoded picture, or refuse it. ``feed``: the aspect ratio of the feed is enforced."""
    body = pull(world, url)
    try:
        with Image.open(io.BytesIO(body)) as image:
            kind = image.format or ""
            if kind not in formats and not (kind == "PNG" and world.toggles.png_accepted):
                raise GraphError(36001, 2207005)
            if len(body) > IMAGE_BYTES:
                raise GraphError(36000, 2207004)
            width, height = image.size
            if image.getexif().get(0x0112) in TURNED:
                width, height = height, width
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _unfetchable(url) from None
    if feed and not FEED_ASPECT[0] <= width / height <= FEED_ASPECT[1]:
        raise GraphError(36003, 2207009)
    return Item(kind="image", url=url, body=body, mime=f"image/{kind.lower()}", width=width, height=height)


def pull_film(world: World, url: str, kind: str) -> tuple[Item, int | None]:
    """Return a film, and the subcode with which processing it will fail, None where it will not."""
    body = pull(world, url)
    least, most, size = FILM[kind]
    names = [name for name, _ in boxes(body)]
    subcode, item = None, film(body, url)
    if (
        names[:1] != [b"ftyp"]
        or b"moov" not in names
        or (b"mdat" in names and names.index(b"mdat") < names.index(b"moov"))
    ):
        subcode = 2207026
    elif len(body) > size or (item.duration is not None and not least <= item.duration <= most):
        subcode = 2207085
    return item, subcode


def picture(body: bytes, formats: Collection[str] = ("JPEG", "PNG", "GIF")) -> Item | None:
    """Return a picture, decoded in full, None where it is none of these."""
    try:
        with Image.open(io.BytesIO(body), formats=tuple(formats)) as image:
            image.load()
            width, height, mime = *image.size, Image.MIME[image.format or ""]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return Item(kind="image", url="", body=body, mime=mime, width=width, height=height)


def film(body: bytes, url: str = "") -> Item:
    """Return a film with what its headers say of it, whatever that is."""
    duration, width, height = film_facts(body)
    return Item(
        kind="video", url=url, body=body, mime="video/mp4", width=width, height=height, duration=duration
    )


def pull(world: World, url: str) -> bytes:
    """Return the bytes at an address, or refuse what Instagram would not fetch."""
    parts = urlsplit(url)
    if not url.isascii() or parts.scheme not in ("http", "https") or not parts.hostname:
        raise _unfetchable(url)
    if world.toggles.block_private_urls and is_private(url):
        raise _unfetchable(url)
    try:
        with world.released():
            status, _, body = world.fetch(url)
    except requests.Timeout:
        raise GraphError(-2, 2207003) from None
    except (requests.RequestException, OSError):
        raise _unfetchable(url) from None
    if status != 200 or not body:
        raise _unfetchable(url)
    return body


def _unfetchable(url: str) -> GraphError:
    return GraphError(9004, 2207052, sentence=f"The media could not be fetched from this URI: {url}")


def boxes(body: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each ISO base media box, as far as the bytes make sense."""
    end = len(body) if end is None else end
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", body, start)
        head = 8
        if size == 1 and start + 16 <= end:
            size, head = struct.unpack_from(">Q", body, start + 8)[0], 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            return
        yield name, body[start + head : start + size]
        start += size


def film_facts(body: bytes) -> tuple[float | None, int, int]:
    """Return seconds, width and height as the headers give them; None and zeros where they don't."""
    duration, width, height = None, 0, 0
    moov = next((content for name, content in boxes(body) if name == b"moov"), b"")
    for name, content in boxes(moov):
        if name == b"mvhd" and len(content) >= 32:
            layout, at = (">IQ", 20) if content[0] == 1 else (">II", 12)
            scale, units = struct.unpack_from(layout, content, at)
            duration = units / scale if scale else None
        elif name == b"trak" and not width:
            header = next((c for n, c in boxes(content) if n == b"tkhd"), b"")
            if len(header) >= 84:
                width, height = (side >> 16 for side in struct.unpack(">II", header[-8:]))
    return duration, width, height

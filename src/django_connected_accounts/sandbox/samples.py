"""Pictures, films and documents made from nothing, good enough for the simulated platforms to accept."""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageDraw


def jpeg(
    width: int = 1080,
    height: int = 1080,
    *,
    colour: str = "#3b6ea5",
    text: str = "",
    image_format: str = "JPEG",
) -> bytes:
    """Return a picture of one colour with a text on it, in any format Pillow writes."""
    image = Image.new("RGB", (width, height), colour)
    draw = ImageDraw.Draw(image)
    draw.ellipse(
        (width * 0.2, height * 0.2, width * 0.8, height * 0.8), outline="white", width=max(2, width // 120)
    )
    if text:
        draw.text((width / 2, height / 2), text, fill="white", anchor="mm", font_size=max(12, width // 18))
    out = io.BytesIO()
    image.save(out, image_format)
    return out.getvalue()


def mp4(seconds: float = 5.0, *, width: int = 1080, height: int = 1920, faststart: bool = True) -> bytes:
    """Return the skeleton of a film: right boxes, length and size, but nothing to see in a player."""
    times = struct.pack(">III", 0, 1000, int(seconds * 1000))
    mvhd = _box(b"mvhd", bytes(4) + bytes(4) + times + bytes(80))
    tkhd = _box(b"tkhd", bytes(76) + struct.pack(">II", width << 16, height << 16))
    moov = _box(b"moov", mvhd + _box(b"trak", tkhd))
    mdat = _box(b"mdat", bytes(1024))
    head = _box(b"ftyp", b"isom" + bytes(4) + b"isommp42")
    return head + (moov + mdat if faststart else mdat + moov)


def pdf(title: str = "A document") -> bytes:
    """Return a document of one empty page."""
    out = io.BytesIO()
    Image.new("RGB", (300, 400), "white").save(out, "PDF", title=title)
    return out.getvalue()


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content

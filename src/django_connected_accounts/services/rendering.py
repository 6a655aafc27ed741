"""Pictures made fit to be sent: upright sRGB JPEGs without metadata, in a shape and size platforms take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.core.files.base import ContentFile
from PIL import Image, ImageCms, ImageOps

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import PostMedia
from django_connected_accounts.providers.preflight import limit_of
from django_connected_accounts.providers.types import Limits

from . import media
from .media import Facts

Fit = PostMedia.Fit

LONGEST = 4096
"""Pixels of the longer edge of a rendition; no platform shows more."""
QUALITIES = (92, 85, 75, 65)
TRIES = 8
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture must fit in: width divided by height between two numbers, and bytes."""

    narrowest: float = 0.0
    widest: float = math.inf
    max_bytes: float = math.inf

    @classmethod
    def common(cls, platforms: Iterable[Limits], kind: str) -> Frame:
        """Return the frame that all these platforms accept for this kind of post, read from their limits."""
        frame = cls()
        for limits in platforms:
            only = limit_of(limits, kind, "image", "ratio_advised")
            narrowest = only or limit_of(limits, kind, "image", "ratio_min")
            widest = only or limit_of(limits, kind, "image", "ratio_max")
            most = limit_of(limits, kind, "image", "bytes")
            frame = cls(
                max(frame.narrowest, narrowest or 0.0),
                min(frame.widest, widest or math.inf),
                min(frame.max_bytes, most or math.inf),
            )
        return frame

    def holds(self, facts: Facts) -> bool:
        """Say whether a picture fits already."""
        width, height = facts.width or 1, facts.height or 1
        # A single ratio is met as nearly as whole pixels can.
        slack = max(1.0, self.widest) / height if self.narrowest == self.widest else 0.0
        shaped = self.narrowest - slack <= width / height <= self.widest + slack
        return shaped and facts.size <= self.max_bytes


def render(file: IO[bytes], fit: str, frame: Frame) -> tuple[ContentFile[bytes], Facts]:
    """Return a JPEG of this picture and its facts: converted, and cropped at its centre or padded with white.

    It is saved at a lower quality, then at a smaller scale, until its bytes fit.
    """
    with media.decoded(file) as image:
        try:
            picture = _picture(image, frame if fit == Fit.CROP else None)
            content = ContentFile(_fitted(picture, fit, frame))
        except (OSError, ValueError) as error:
            raise InvalidRequest("media_unreadable", f"{type(error).__name__}: {error}") from error
    return content, media.probe(content)


def _picture(image: Image.Image, crop: Frame | None) -> Image.Image:
    """Return the pixels: upright, no longer than `LONGEST`, in sRGB on white."""
    profile = image.info.get("icc_profile")
    picture = ImageOps.exif_transpose(image)
    if crop:
        picture = _cropped(picture, crop)
    picture.thumbnail((LONGEST, LONGEST))
    if picture.mode.startswith("I"):
        # Grey of 16 bits: to be scaled to 8, where `convert` would cut off.
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        background = Image.new("RGBA", picture.size, WHITE)
        picture = Image.alpha_composite(background, picture).convert("RGB")
    return _in_srgb(picture, profile)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            return ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            ) or picture.convert("RGB")
        except (ImageCms.PyCMSError, ImportError, OSError, ValueError):
            # A profile that is broken, or made for another colour mode, is as good as none.
            pass
    return picture.convert("RGB")


def _fitted(picture: Image.Image, fit: str, frame: Frame) -> bytes:
    scale, encoded = 1.0, b""
    for _ in range(TRIES):
        size = [max(1, round(edge * scale)) for edge in picture.size]
        # Shaped after it is scaled, or rounding could push it out of its frame again.
        shaped = SHAPES[fit](picture.resize((size[0], size[1]), Image.Resampling.LANCZOS), frame)
        for quality in QUALITIES:
            encoded = _jpeg(shaped, quality)
            if len(encoded) <= frame.max_bytes:
                return encoded
        scale *= 0.95 * math.sqrt(frame.max_bytes / len(encoded))
    return encoded


def _cropped(picture: Image.Image, frame: Frame) -> Image.Image:
    width, height = picture.size
    if width > height * frame.widest:
        width = max(1, math.floor(height * frame.widest))
    elif width < height * frame.narrowest:
        height = max(1, math.floor(width / frame.narrowest))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _padded(picture: Image.Image, frame: Frame) -> Image.Image:
    width, height = picture.size
    if width > height * frame.widest:
        height = math.ceil(width / frame.widest)
    elif width < height * frame.narrowest:
        width = math.ceil(height * frame.narrowest)
    canvas = Image.new("RGB", (width, height), WHITE)
    canvas.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return canvas


def _as_it_is(picture: Image.Image, frame: Frame) -> Image.Image:
    return picture


Shape = Callable[[Image.Image, Frame], Image.Image]
SHAPES: Mapping[str, Shape] = {Fit.CONVERT: _as_it_is, Fit.CROP: _cropped, Fit.PAD: _padded}


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    # Pillow would carry a comment over from where the picture came.
    picture.info.clear()
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, progressive=False)
    return out.getvalue()

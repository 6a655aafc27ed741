"""What a media is, read from its bytes: never from its name, nor from what a browser says of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import IO, Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from PIL import ExifTags, Image, UnidentifiedImageError

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post, PostMedia, Rendition
from django_connected_accounts.providers.types import MediaKind

from . import codecs, documents, films

IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
"""What is read where Pillow can. Its other plugins stay shut: one of them starts Ghostscript."""

FILM_BRANDS = {b"qt  ": "video/quicktime", b"3gp": "video/3gpp", b"3g2": "video/3gpp2"}
IMAGE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
OTHER_FILMS = {(0, b"\x1aE\xdf\xa3"): "video/webm", (8, b"AVI "): "video/x-msvideo"}
"""Films that are recognised, so that a platform can say it does not take them, but not looked into."""

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/mpo": "mpo",
    "image/x-jps": "jps",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/avif": "avif",
    "image/heif": "heif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/3gpp2": "3g2",
    "video/webm": "webm",
    "video/x-msvideo": "avi",
    documents.PDF: "pdf",
    documents.WORD: "doc",
    documents.WORD_XML: "docx",
    documents.SLIDES: "ppt",
    documents.SLIDES_XML: "pptx",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Bytes, pixels as seen (after EXIF rotation), seconds, colour mode, a film's codec and frames a second.

    None, or "", means "not checked".
    """

    kind: MediaKind
    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    colour: str = ""
    codec: str = ""
    frame_rate: float | None = None
    sha256: str

    @property
    def extension(self) -> str:
        return EXTENSIONS.get(self.mime, "bin")


def probe(file: IO[bytes]) -> Facts:
    """Return what this file is, pictures decoded in full; raise InvalidRequest where it can't be read."""
    file.seek(0, os.SEEK_END)
    size, most = file.tell(), settings.CONNECTED_ACCOUNTS_MEDIA_MAX_BYTES
    if size == 0:
        raise InvalidRequest("media_empty")
    if size > most:
        raise InvalidRequest("media_too_large", size=size, max=most)
    file.seek(0)
    try:
        head = file.read(16)
        if film := _film_mime(head):
            found = _film(file, film)
        elif document := documents.mime(file, head):
            found = {"kind": "document", "mime": document}
        else:
            found = _picture(file)
        return Facts(size=size, sha256=digest(file), **found)
    finally:
        file.seek(0)


def decoded(file: IO[bytes]) -> Image.Image:
    """Return a picture with all its pixels (the first frame of a moving one), or raise InvalidRequest."""
    Image.init()
    formats = [name for name in IMAGE_FORMATS if name in Image.OPEN]
    most = settings.CONNECTED_ACCOUNTS_MEDIA_MAX_PIXELS
    file.seek(0)
    try:
        image = Image.open(file, formats=formats)
        if image.width * image.height > most:
            raise Image.DecompressionBombError
        image.load()
        image.getexif()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidRequest("media_too_many_pixels", max=most) from error
    except Exception as error:
        # Decoders fed with hostile bytes raise nearly anything; whatever it is, there is no picture.
        known = not isinstance(error, UnidentifiedImageError) or _begins_as_picture(file, formats)
        code = "media_unreadable" if known else "media_format_unknown"
        raise InvalidRequest(code, f"{type(error).__name__}: {error}") from error
    return image


SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that turn the picture by a quarter."""


def digest(file: IO[bytes]) -> str:
    """Return the SHA-256 of the whole file, as hexadecimal digits."""
    sha256 = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        sha256.update(block)
    return sha256.hexdigest()


Stored = PostMedia | Rendition


def fetch(posts: Iterable[Post]) -> None:
    """Read the media of these posts at once, with what is made of them to be `sent`."""
    posts = list(posts)
    prefetch_related_objects(posts, "media")
    fitted = [media for post in posts for media in post.media.all() if media.fit]
    prefetch_related_objects(fitted, "renditions")


def sent(media: PostMedia, platform: str, kind: str) -> Stored:
    """Return what goes out on a platform with this kind of post: a rendition where there is one."""
    made = media.renditions.all() if media.fit else ()
    return next((one for one in made if (one.platform, one.post_kind) == (platform, kind)), media)


def _film_mime(head: bytes) -> str:
    """Return the MIME type of a film by its first 16 bytes, "" for what is none."""
    for (at, magic), mime in OTHER_FILMS.items():
        if head[at : at + len(magic)] == magic:
            return mime
    type_, brand = head[4:8], head[8:12]
    if type_ in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return "video/quicktime"
    if type_ != b"ftyp" or brand in IMAGE_BRANDS or brand in SOUND_BRANDS:
        return ""
    return FILM_BRANDS.get(brand) or FILM_BRANDS.get(brand[:3], "video/mp4")


def _film(file: IO[bytes], mime: str) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if mime not in OTHER_FILMS.values():
        try:
            said = asdict(films.read(file))
        except films.Broken as error:
            raise InvalidRequest("media_unreadable", str(error)) from error
    # What the boxes say of size and length is what platforms go by; they know of rotation, too.
    known = {name: value for name, value in said.items() if value is not None}
    return {"kind": "video", "mime": mime, **codecs.read(file, mime), **known}


def _picture(file: IO[bytes]) -> dict[str, Any]:
    with decoded(file) as image:
        width, height = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS:
            width, height = height, width
        return {"kind": "image", "mime": _mime(image), "width": width, "height": height, "colour": image.mode}


def _mime(image: Image.Image) -> str:
    if any(content.startswith(b"_JPSJPS_") for _, content in getattr(image, "applist", ())):
        return "image/x-jps"
    return Image.MIME.get(image.format or "", "application/octet-stream")


def _begins_as_picture(file: IO[bytes], formats: list[str]) -> bool:
    file.seek(0)
    head = file.read(16)
    accepts = (Image.OPEN[name][1] for name in formats)
    return any(accept is not None and accept(head) is True for accept in accepts)

"""What pictures and films are, by their bytes."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services.media import Facts, probe


def encoded(image: Image.Image, image_format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def facts(content: bytes) -> Facts:
    return probe(io.BytesIO(content))


def refusal(content: bytes) -> str:
    with pytest.raises(InvalidRequest) as refused:
        facts(content)
    return refused.value.code


def test_a_picture_is_measured() -> None:
    content = samples.jpeg(640, 480)
    assert facts(content) == Facts(
        kind="image",
        mime="image/jpeg",
        size=len(content),
        width=640,
        height=480,
        colour="RGB",
        sha256=hashlib.sha256(content).hexdigest(),
    )


def test_a_film_is_measured() -> None:
    content = samples.mp4(7.0, width=720, height=1280)
    found = facts(content)
    assert (found.kind, found.mime, found.width, found.height, found.duration) == (
        "video",
        "video/mp4",
        720,
        1280,
        7.0,
    )


@pytest.mark.parametrize(
    ("image_format", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
    ],
)
def test_formats_are_known_by_their_bytes(image_format: str, mime: str) -> None:
    assert facts(encoded(Image.new("RGB", (32, 16)), image_format)).mime == mime


def test_neither_the_name_nor_what_the_browser_says_is_believed() -> None:
    png = encoded(Image.new("RGB", (32, 16)), "PNG")
    assert probe(SimpleUploadedFile("holiday.jpg", png, content_type="image/jpeg")).mime == "image/png"
    with pytest.raises(InvalidRequest, match="media_format_unknown"):
        probe(SimpleUploadedFile("holiday.jpg", b"<!doctype html><p>hello", content_type="image/jpeg"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_as_wide_as_it_is_seen(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = facts(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif))
    assert (found.width, found.height) == ((20, 40) if orientation >= 5 else (40, 20))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_the_colour_mode_is_told(mode: str) -> None:
    image_format = "TIFF" if mode == "CMYK" else "PNG"
    assert facts(encoded(Image.new(mode, (8, 8)), image_format)).colour == mode


def test_jpegs_of_several_pictures_are_told_from_plain_ones() -> None:
    views = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    assert facts(encoded(views[0], "MPO", save_all=True, append_images=views[1:])).mime == "image/mpo"
    jpeg = samples.jpeg(16, 16)
    stereo = b"\xff\xe3" + (2 + 12).to_bytes(2, "big") + b"_JPSJPS_" + bytes(4)
    assert facts(jpeg[:2] + stereo + jpeg[2:]).mime == "image/x-jps"


def test_of_a_moving_picture_the_first_frame_counts() -> None:
    frames = [Image.new("P", (24, 12), colour) for colour in (1, 2, 3)]
    found = facts(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert (found.kind, found.mime, found.width) == ("image", "image/gif", 24)


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\0\0\0\x18ftypqt  " + bytes(12), "video/quicktime"),
        (b"\0\0\0\x18ftyp3gp5" + bytes(12), "video/3gpp"),
        (b"\0\0\0\x18ftypM4V " + bytes(12), "video/mp4"),
        (b"", "video/quicktime"),
    ],
)
def test_kinds_of_films_are_told_apart(head: bytes, mime: str) -> None:
    rest = samples.mp4(5.0)
    rest = rest[int.from_bytes(rest[:4], "big") :]
    assert facts(head + rest).mime == mime


def test_films_we_can_only_recognise_are_left_unmeasured() -> None:
    found = facts(b"\x1aE\xdf\xa3" + bytes(200))
    assert (found.kind, found.mime, found.width, found.duration) == ("video", "video/webm", None, None)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_picture_is_unreadable(image_format: str) -> None:
    content = samples.jpeg(400, 300, image_format=image_format)
    for kept in (len(content) // 2, 30):
        assert refusal(content[:kept]) == "media_unreadable"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "media_empty"),
        (b"hello", "media_format_unknown"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "media_format_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "media_format_unknown"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "media_format_unknown"),
        (b"\0\0\0\x18ftypM4A " + bytes(40), "media_format_unknown"),
        (samples.mp4(5.0)[:-1], "media_unreadable"),
    ],
    ids=["empty", "text", "postscript", "svg", "heic", "sound", "cut-off film"],
)
def test_what_can_not_be_used_is_refused_with_its_code(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_a_file_that_is_too_large_is_refused_unread(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_MEDIA_MAX_BYTES = 1000
    with pytest.raises(InvalidRequest) as refused:
        facts(samples.jpeg(400, 300))
    assert refused.value.code == "media_too_large"
    assert refused.value.params["max"] == 1000


def test_a_small_file_with_many_pixels_is_refused_before_they_are_made(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_MEDIA_MAX_PIXELS = 1_000_000
    assert refusal(encoded(Image.new("1", (2000, 501)), "PNG")) == "media_too_many_pixels"
    assert facts(encoded(Image.new("1", (2000, 500)), "PNG")).width == 2000


def test_the_file_is_left_at_its_beginning() -> None:
    file = io.BytesIO(samples.jpeg(40, 30))
    file.read()
    probe(file)
    assert file.tell() == 0


HEADS = [samples.jpeg(16, 16)] + [samples.jpeg(16, 16, image_format=name) for name in ("PNG", "WEBP", "TIFF")]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=200, deadline=None)
@given(st.sampled_from(HEADS), st.integers(0, 2000), st.binary(min_size=1, max_size=16))
def test_any_damage_is_survived(content: bytes, at: int, damage: bytes) -> None:
    damaged = bytearray(content)
    damaged[at : at + len(damage)] = damage
    refused = ""
    try:
        facts(bytes(damaged))
    except InvalidRequest as error:
        refused = error.code
    assert refused in {"", "media_unreadable", "media_format_unknown", "media_too_many_pixels"}

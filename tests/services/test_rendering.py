"""Pictures made fit."""

from __future__ import annotations

import io
import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from django_connected_accounts.providers.instagram import Instagram
from django_connected_accounts.services.media import Facts
from django_connected_accounts.services.rendering import Frame, render

from .test_media import encoded

FEED = Frame.common([Instagram.limits], "photo")


def rendered(image: Image.Image, fit: str, frame: Frame = FEED, **options: Any) -> tuple[Image.Image, Facts]:
    options.setdefault("format", "PNG")
    out = io.BytesIO()
    image.save(out, **options)
    content, facts = render(out, fit, frame)
    picture = Image.open(content)
    picture.load()
    return picture, facts


def test_the_frame_is_what_the_platform_says() -> None:
    assert (FEED.narrowest, FEED.widest, FEED.max_bytes) == (0.8, 1.91, 8_000_000)
    story = Frame.common([Instagram.limits], "story")
    assert story.narrowest == story.widest == 0.5625


def test_no_platform_is_no_frame() -> None:
    assert Frame.common([], "photo") == Frame()


def test_a_converted_picture_is_a_plain_jpeg_in_its_own_shape() -> None:
    picture, facts = rendered(Image.new("RGB", (1000, 200), "red"), "convert")
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1000, 200))
    assert (facts.mime, facts.width, facts.height, facts.colour) == ("image/jpeg", 1000, 200, "RGB")


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("size", [(1000, 200), (200, 1000), (1000, 1000), (1, 900), (900, 1)])
def test_a_fitted_picture_is_within_the_frame(fit: str, size: tuple[int, int]) -> None:
    picture, facts = rendered(Image.new("RGB", size, "red"), fit)
    assert FEED.holds(facts)
    if fit == "pad":
        assert picture.width >= size[0]
        assert picture.height >= size[1]
    else:
        assert picture.width <= size[0]
        assert picture.height <= size[1]


def test_cropping_keeps_the_centre() -> None:
    image = Image.new("RGB", (900, 300), "white")
    image.paste("red", (300, 0, 600, 300))
    picture, _ = rendered(image, "crop")
    assert picture.size == (573, 300)
    middle = picture.getpixel((286, 150))
    assert isinstance(middle, tuple)
    assert middle[0] > 200 > 50 > middle[1]


def test_padding_adds_white_on_both_sides() -> None:
    picture, _ = rendered(Image.new("RGB", (300, 900), "red"), "pad")
    assert picture.size == (720, 900)
    left, middle, right = (picture.getpixel((x, 450)) for x in (5, 360, 714))
    assert left == right == (255, 255, 255)
    assert middle != left


def test_what_is_transparent_becomes_white() -> None:
    picture, _ = rendered(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "convert")
    assert picture.getpixel((32, 32)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    picture, _ = rendered(Image.new(mode, (16, 16)), "convert")
    assert picture.mode == "RGB"


def test_grey_of_sixteen_bits_is_scaled_not_cut_off() -> None:
    picture, _ = rendered(Image.new("I;16", (16, 16), 0x8000), "convert")
    grey = picture.getpixel((8, 8))
    assert isinstance(grey, tuple)
    assert abs(grey[0] - 128) <= 2


def test_print_colours_become_screen_colours() -> None:
    picture, _ = rendered(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "convert", format="JPEG")
    colour = picture.getpixel((8, 8))
    assert isinstance(colour, tuple)
    assert colour[0] > 200 > 80 > colour[1]


def swapped_profile() -> bytes:
    """Return an ICC profile of a display whose red and green are exchanged (ICC.1:2001-04)."""
    primaries = {
        b"rXYZ": (0.3851, 0.7169, 0.0971),
        b"gXYZ": (0.4361, 0.2225, 0.0139),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
    }
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {
        name: b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in xyz))
        for name, xyz in primaries.items()
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, data = b"", b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
        data += content
    body = struct.pack(">I", len(tags)) + table + data
    white = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    head = struct.pack(">I4xI4s4s4s12x4s", 128 + len(body), 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (head + bytes(68 - len(head)) + white).ljust(128, b"\0") + body


def test_another_colour_space_becomes_srgb() -> None:
    image = Image.new("RGB", (16, 16), (255, 0, 0))
    picture, _ = rendered(image, "convert", format="PNG", icc_profile=swapped_profile())
    assert "icc_profile" not in picture.info
    colour = picture.getpixel((8, 8))
    assert isinstance(colour, tuple)
    assert colour[0] < 60 < 200 < colour[1]


def test_a_broken_profile_is_as_good_as_none() -> None:
    picture, _ = rendered(
        Image.new("RGB", (16, 16), "red"), "convert", format="JPEG", icc_profile=b"nonsense"
    )
    assert picture.mode == "RGB"


def test_the_picture_stands_upright_and_tells_nothing_about_its_maker() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    image = Image.new("RGB", (40, 20), "white")
    image.paste("red", (0, 0, 20, 20))
    picture, facts = rendered(
        image, "convert", format="JPEG", exif=exif, comment=b"taken at home", quality=95, subsampling=0
    )
    assert picture.size == (facts.width, facts.height) == (20, 40)
    top = picture.getpixel((10, 5))
    assert isinstance(top, tuple)
    assert top[0] > 200 > 80 > top[1]
    assert not picture.getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(picture.info)


def test_quality_and_then_size_give_way_until_the_bytes_fit() -> None:
    noise = Image.frombytes("RGB", (600, 600), random.Random(7).randbytes(600 * 600 * 3))
    light, facts = rendered(noise, "convert", Frame(max_bytes=250_000))
    assert facts.size <= 250_000
    assert light.size == (600, 600)
    lighter, facts = rendered(noise, "crop", Frame(0.8, 0.8, 20_000))
    assert facts.size <= 20_000
    assert lighter.width < 480
    assert Frame(0.8, 0.8, 20_000).holds(facts)


def test_huge_pictures_are_scaled_down() -> None:
    picture, _ = rendered(Image.new("1", (6000, 3000)), "convert")
    assert picture.size == (4096, 2048)


def test_of_a_moving_picture_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (24, 12), colour) for colour in ("red", "blue")]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    content, facts = render(io.BytesIO(gif), "convert", FEED)
    assert facts.mime == "image/jpeg"
    colour = Image.open(content).getpixel((5, 5))
    assert isinstance(colour, tuple)
    assert colour[0] > 200


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.sampled_from(["crop", "pad"]),
    st.sampled_from([FEED, Frame(0.5625, 0.5625), Frame(1.0, 1.0, 2_000)]),
)
def test_whatever_its_shape_a_picture_is_brought_into_the_frame(
    width: int, height: int, fit: str, frame: Frame
) -> None:
    _, facts = rendered(Image.new("L", (width, height)), fit, frame)
    assert frame.holds(facts)

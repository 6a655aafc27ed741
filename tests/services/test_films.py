"""Reading what a film says of itself."""

from __future__ import annotations

import contextlib
import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import films

UPRIGHT = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
QUARTER_TURN = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


def track(width: int, height: int, matrix: tuple[int, ...] = UPRIGHT, version: int = 0) -> bytes:
    before = bytes([version]) + bytes(51 if version else 39)
    return box(b"trak", box(b"tkhd", before + struct.pack(">9i2I", *matrix, width << 16, height << 16)))


def movie(*parts: bytes, scale: int = 600, units: int = 3000) -> bytes:
    header = box(b"mvhd", bytes(12) + struct.pack(">II", scale, units) + bytes(80))
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", header + b"".join(parts))


def read(content: bytes) -> films.Film:
    return films.read(io.BytesIO(content))


def test_size_and_length_are_read_wherever_the_header_lies() -> None:
    expected = films.Film(width=720, height=1280, duration=7.5)
    assert read(samples.mp4(7.5, width=720, height=1280)) == expected
    assert read(samples.mp4(7.5, width=720, height=1280, faststart=False)) == expected


def test_sound_has_no_size_and_the_largest_picture_counts() -> None:
    assert read(movie(track(0, 0), track(160, 90), track(1920, 1080))) == films.Film(
        width=1920, height=1080, duration=5.0
    )


def test_a_film_held_upright_is_as_wide_as_it_is_seen() -> None:
    film = read(movie(track(1920, 1080, QUARTER_TURN)))
    assert (film.width, film.height) == (1080, 1920)


def test_long_headers_are_read_too() -> None:
    header = box(b"mvhd", b"\x01" + bytes(19) + struct.pack(">IQ", 1000, 90_000) + bytes(80))
    content = box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", header + track(640, 480, version=1))
    assert read(content) == films.Film(width=640, height=480, duration=90.0)


def test_a_fragmented_film_has_its_length_with_its_fragments() -> None:
    fragments = box(b"mvex", box(b"mehd", bytes(4) + struct.pack(">I", 1200)))
    assert read(movie(track(640, 480), fragments, units=0)).duration == 2.0


@pytest.mark.parametrize("odd", [{"units": 0}, {"units": 0xFFFFFFFF}, {"scale": 0}])
def test_what_the_file_does_not_say_is_not_known(odd: dict[str, Any]) -> None:
    assert read(movie(track(0, 0), **odd)) == films.Film()


def test_a_film_that_was_cut_off_is_broken() -> None:
    content = samples.mp4(5.0)
    for kept in (len(content) - 1, len(content) // 2, 40, 20, 9):
        with pytest.raises(films.Broken):
            read(content[:kept])


def test_a_film_without_a_movie_is_broken() -> None:
    with pytest.raises(films.Broken):
        read(box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", bytes(100)))


def test_a_file_of_nothing_but_tiny_boxes_is_given_up_soon() -> None:
    with pytest.raises(films.Broken):
        read(box(b"ftyp", b"isom" + bytes(4)) + box(b"free", b"") * (films.MOST_BOXES + 1))


class Counting(io.BytesIO):
    """A file that knows how much of it was read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.count += len(content)
        return content


def test_headers_are_read_and_the_rest_is_skipped() -> None:
    file = Counting(samples.mp4(5.0, faststart=False) + box(b"free", bytes(5_000_000)))
    films.read(file)
    assert file.count < 1000


NAMES = [b"moov", b"trak", b"tkhd", b"mvhd", b"mvex", b"mehd", b"udta"]
BOXES = st.recursive(
    st.binary(max_size=120),
    lambda inner: st.lists(
        st.builds(
            box, st.sampled_from([b"moov", b"trak", b"tkhd", b"mvhd", b"mvex", b"mehd", b"udta"]), inner
        ),
        max_size=4,
    ).map(b"".join),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(BOXES, st.binary(max_size=400), BOXES.map(lambda content: movie(content))))
def test_any_bytes_are_a_film_or_broken(content: bytes) -> None:
    try:
        film = read(content)
    except films.Broken:
        return
    assert film.duration is None or film.duration > 0
    assert (film.width is None) == (film.height is None)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 700), st.binary(min_size=1, max_size=8))
def test_a_film_with_damaged_bytes_is_read_or_broken(at: int, damage: bytes) -> None:
    content = bytearray(samples.mp4(5.0))
    content[at : at + len(damage)] = damage
    with contextlib.suppress(films.Broken):
        read(bytes(content))

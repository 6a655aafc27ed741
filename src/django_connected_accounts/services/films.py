"""What an MP4 or MOV says of itself in its boxes (ISO/IEC 14496-12), read without decoding it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MOST_BOXES = 50_000
LARGEST_HEADER = 128
"""Bytes of a ``mvhd``, ``mehd`` or ``tkhd`` that are looked at; the longest of them has 120."""


class Broken(Exception):
    """The boxes do not fill the file, or there is no movie in them: it was cut off, or never was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """Pixels as seen (after rotation) and seconds; None where the file does not say."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class _Box:
    type: bytes
    start: int
    end: int


def read(file: IO[bytes]) -> Film:
    """Return the film's measures, or raise Broken. Reads headers only, however large the file is."""
    file.seek(0, os.SEEK_END)
    size = file.tell()
    budget = iter(range(MOST_BOXES))
    top = list(_boxes(file, _Box(b"", 0, size), budget))
    movie = next((box for box in top if box.type == b"moov"), None)
    if movie is None:
        raise Broken("no moov box")
    parts = list(_boxes(file, movie, budget))
    width, height = _picture(file, parts, budget)
    return Film(width=width, height=height, duration=_duration(file, parts, budget))


def _boxes(file: IO[bytes], parent: _Box, budget: Iterator[int]) -> Iterator[_Box]:
    at = parent.start
    while at < parent.end:
        if next(budget, None) is None:
            raise Broken("too many boxes")
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            raise Broken("a box is cut off")
        length, type_, begins = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if length == 1:
            length, begins = int.from_bytes(header[8:16], "big"), at + 16
        elif length == 0 and parent.type in (b"", b"udta"):
            # The last box of a file may go on to its end; QuickTime ends user data with a zero.
            length = parent.end - at
        if length < begins - at or at + length > parent.end:
            raise Broken("a box is longer than what holds it")
        yield _Box(type_, begins, at + length)
        at += length


def _picture(file: IO[bytes], parts: list[_Box], budget: Iterator[int]) -> tuple[int | None, int | None]:
    """Return width and height of the largest track; sound has neither."""
    pictures = [(0, 0)]
    for track in parts:
        if track.type != b"trak":
            continue
        header = _find(file, _boxes(file, track, budget), b"tkhd")
        # 36 bytes of matrix, then width and height as 16.16 fixed point; version 1 has more before them.
        at = 52 if header[:1] == b"\x01" else 40
        if len(header) < at + 44:
            continue
        width, height = (int.from_bytes(header[i : i + 2], "big") for i in (at + 36, at + 40))
        upright, sideways = header[at : at + 4], header[at + 4 : at + 8]
        turned = not any(upright) and any(sideways)
        pictures.append((height, width) if turned else (width, height))
    width, height = max(pictures, key=lambda size: size[0] * size[1])
    return width or None, height or None


def _duration(file: IO[bytes], parts: list[_Box], budget: Iterator[int]) -> float | None:
    header = _find(file, parts, b"mvhd")
    long = header[:1] == b"\x01"
    scale_at, width = (20, 8) if long else (12, 4)
    scale = int.from_bytes(header[scale_at : scale_at + 4], "big")
    units = _unsigned(header[scale_at + 4 : scale_at + 4 + width])
    if units == 0:
        # A fragmented film keeps its length, if anywhere, in the header of its fragments.
        fragments = next((box for box in parts if box.type == b"mvex"), None)
        header = _find(file, _boxes(file, fragments, budget), b"mehd") if fragments else b""
        units = _unsigned(header[4:12] if header[:1] == b"\x01" else header[4:8])
    return units / scale if units and scale else None


def _find(file: IO[bytes], boxes: Iterator[_Box] | list[_Box], type_: bytes) -> bytes:
    box = next((box for box in boxes if box.type == type_), None)
    if box is None:
        return b""
    file.seek(box.start)
    return file.read(min(box.end - box.start, LARGEST_HEADER))


def _unsigned(value: bytes) -> int:
    """Return the number, 0 where all bits are set: so the format writes "not known"."""
    return 0 if value.strip(b"\xff") == b"" else int.from_bytes(value, "big")

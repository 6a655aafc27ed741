"""Which kind of document a file is, by its bytes."""

from __future__ import annotations

import os
import zipfile
from typing import IO

PDF = "application/pdf"
WORD = "application/msword"
SLIDES = "application/vnd.ms-powerpoint"
WORD_XML = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SLIDES_XML = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
STREAMS = (("WordDocument".encode("utf-16-le"), WORD), ("PowerPoint Document".encode("utf-16-le"), SLIDES))
PARTS = {"word/document.xml": WORD_XML, "ppt/presentation.xml": SLIDES_XML}

BLOCK = 1 << 20
LARGEST_CONTENTS = 4 << 20
"""Bytes of the list of files in an archive that are read; a document with thousands of pictures has one."""
ENDING = 2048
"""Bytes at the end of a PDF among which its mark is, unless it was cut off."""
TAIL = 22 + 0xFFFF
"""The last record of an archive, with the longest comment."""


def mime(file: IO[bytes], head: bytes) -> str:
    """Return the MIME type of a document that begins with ``head``, "" for what is none."""
    if head.startswith(b"%PDF-"):
        return PDF if b"%%EOF" in _tail(file, ENDING) else ""
    if head.startswith(COMPOUND):
        return _compound(file)
    if head.startswith(b"PK\x03\x04"):
        return _archive(file)
    return ""


def _compound(file: IO[bytes]) -> str:
    """Return what an old file of Office is, by the name of the stream it has."""
    file.seek(0)
    before = b""
    while block := file.read(BLOCK):
        for name, found in STREAMS:
            if name in before + block:
                return found
        before = block[-64:]
    return ""


def _archive(file: IO[bytes]) -> str:
    tail = _tail(file, TAIL)
    last = tail.rfind(b"PK\x05\x06")
    if last < 0 or int.from_bytes(tail[last + 12 : last + 16], "little") > LARGEST_CONTENTS:
        return ""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return ""
    return next((found for part, found in PARTS.items() if part in names), "")


def _tail(file: IO[bytes], length: int) -> bytes:
    file.seek(max(0, file.seek(0, os.SEEK_END) - length))
    return file.read(length)

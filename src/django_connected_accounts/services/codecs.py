"""How a film is encoded, where the "video" extra (PyAV, with FFmpeg inside) is installed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import IO, Any

log = logging.getLogger("django_connected_accounts")

av: Any = None
with suppress(ImportError):
    av = import_module("av")

FORMATS: Mapping[str, str] = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/3gpp2": "3g2",
    "video/webm": "webm",
    "video/x-msvideo": "avi",
}
"""The one reader that may look at a film. Never FFmpeg's own guess: some of its formats are lists of other
files and addresses, which it would open."""

OPTIONS: Mapping[str, str] = {"probesize": "5000000", "analyzeduration": "5000000"}
"""Bytes, and microseconds of film, that are looked at."""


def read(file: IO[bytes], mime: str) -> dict[str, Any]:
    """Return ``codec``, ``frame_rate``, ``width``, ``height`` and ``duration`` of a film, as far as known.

    Nothing of what can't be read is said, as without the extra.
    """
    if av is None or mime not in FORMATS:
        return {}
    file.seek(0)
    try:
        with av.open(file, format=FORMATS[mime], options=dict(OPTIONS)) as container:
            return _facts(container)
    except (av.error.FFmpegError, ValueError, OverflowError, EOFError) as error:
        log.info("A film could not be looked into: %s", type(error).__name__)
        return {}


def _facts(container: Any) -> dict[str, Any]:
    films = container.streams.video
    if not films:
        return {}
    film = max(films, key=lambda stream: stream.width * stream.height)
    rate, length = film.average_rate, container.duration
    found = {
        "codec": film.codec_context.name,
        "frame_rate": float(rate) if rate else None,
        "width": film.width or None,
        "height": film.height or None,
        "duration": length / av.time_base if length else None,
    }
    return {name: value for name, value in found.items() if value}

"""Names that look like the platforms' own and are the same in every run of the same world."""

from __future__ import annotations

import hashlib
from functools import lru_cache

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@lru_cache(maxsize=4096)
def digits(source: str, *, prefix: str = "", length: int = 17) -> str:
    """Return an id of ``length`` digits beginning with ``prefix``, always the same for ``source``."""
    number = int.from_bytes(hashlib.sha256(source.encode()).digest(), "big")
    room = length - len(prefix)
    return prefix + str(number % 10**room).zfill(room)


def letters(source: str, *, prefix: str = "", length: int = 24) -> str:
    """Return a word of ``length`` characters beginning with ``prefix``, always the same for ``source``."""
    room = length - len(prefix)
    return prefix + "".join(_ALPHABET[byte % 62] for byte in hashlib.shake_256(source.encode()).digest(room))

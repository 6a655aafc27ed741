"""Sealing and opening secrets: AES-256-GCM under a ring of keys, bound to a label and to a row.

::

    dca1.<kid>.<body>                                      ASCII
      kid    8 hex digits: HKDF-SHA256(master, salt, info="kid")[:4]
      body   base64(nonce[12] || ciphertext || tag[16]), canonical or refused
      key    HKDF-SHA256(master, salt, info="enc" 00 label), 32 bytes
      AAD    "dca1.<kid>." || lp(label) || lp(binding value) ...

``salt`` is ``django-connected-accounts``; ``lp`` puts a 4-byte big-endian length before its value. Vectors to
test another implementation with: docs/reference/encryption-vectors.json.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from .exceptions import UndecryptableToken

SUITE = "dca1."
OLD_FORMATS = frozenset({"fernet", "plaintext"})
KEY_BYTES = 32
_SALT = b"django-connected-accounts"
_HEADER = 14  # len("dca1." + kid + ".")
_NONCE = 12
_LENGTHS = tuple(n.to_bytes(4, "big") for n in range(1024))


class KeyProvider(Protocol):
    """Where master keys come from; a KMS unwraps its data keys here, once per process."""

    def primary(self) -> bytes:
        """Return the 32-byte master that encrypts, or raise ImproperlyConfigured."""

    def get(self, kid: str) -> bytes | None:
        """Return the master with this `kid`, or None."""


class SettingsKeys:
    """The keys of ``CONNECTED_ACCOUNTS_ENCRYPTION_KEYS``: the first encrypts, all decrypt.

    One that is none keeps everything from being encrypted, and nothing from being read with the others.
    """

    def __init__(self) -> None:
        self._masters: list[bytes] = []
        self._trouble = ""
        keys = settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS
        if not keys:
            self._trouble = (
                "CONNECTED_ACCOUNTS_ENCRYPTION_KEYS is empty, and secrets are never stored in clear."
            )
        for key in keys:
            try:
                self._masters.append(decode_key(key))
            except ImproperlyConfigured as error:
                self._trouble = str(error)
        self._by_kid = {kid(master): master for master in reversed(self._masters)}

    def primary(self) -> bytes:
        if self._trouble:
            raise ImproperlyConfigured(self._trouble)
        return self._masters[0]

    def get(self, kid: str) -> bytes | None:
        return self._by_kid.get(kid)


class Box:
    """What seals and opens everything under one label; get it from `boxes`."""

    def __init__(self, provider: KeyProvider, label: str) -> None:
        self.label = label
        self._provider = provider
        self._keys: dict[str, tuple[AESGCM, bytes]] = {}
        self._header = ""

    @property
    def header(self) -> str:
        """Return how everything sealed now begins: ``dca1.<kid of the primary key>.``"""
        if not self._header:
            self._header = self._admit(self._provider.primary())
        return self._header

    def seal(self, text: str, row: bytes = b"", *, nonce: bytes | None = None) -> str:
        """Return ``text`` encrypted for this label and `bind`-ed row. Only test vectors name a ``nonce``."""
        header = self._header or self.header
        cipher, aad = self._keys[header]
        nonce = nonce or os.urandom(_NONCE)
        body = nonce + cipher.encrypt(nonce, _utf8(text), aad + row)
        return header + b2a_base64(body, newline=False).decode("ascii")

    def open(self, sealed: str, row: bytes = b"") -> str:
        """Return what was sealed for this label and row, or raise UndecryptableToken."""
        key = self._keys.get(sealed[:_HEADER]) or self._find(sealed)
        if key is None:
            return self._open_old_format(sealed)
        cipher, aad = key
        body = sealed[_HEADER:]
        try:
            raw = a2b_base64(body)
            # No character was skipped where the sizes agree; padded bodies show it by encoding to themselves.
            if len(raw) * 4 == len(body) * 3 or b2a_base64(raw, newline=False).decode("ascii") == body:
                return cipher.decrypt(raw[:_NONCE], raw[_NONCE:], aad + row).decode()
        except (InvalidTag, ValueError):
            pass
        raise UndecryptableToken("tampered", self.label)

    def _find(self, sealed: str) -> tuple[AESGCM, bytes] | None:
        """Return the key a header names, None where there is no header of ours."""
        if not sealed.startswith(SUITE):
            return None
        header = sealed[:_HEADER]
        named = header[len(SUITE) : -1]
        master = self._provider.get(named) if header == f"{SUITE}{named}." and _is_kid(named) else None
        if master is None or self._admit(master) != header:
            raise UndecryptableToken("unknown_key", f"{self.label}, key {named if _is_kid(named) else '?'}")
        return self._keys[header]

    def _admit(self, master: bytes) -> str:
        header = f"{SUITE}{kid(master)}."
        cipher = AESGCM(_derive(master, b"enc\0" + self.label.encode()))
        self._keys[header] = cipher, header.encode("ascii") + bind([self.label])
        return header

    def _open_old_format(self, stored: str) -> str:
        """Return what an old format held, where the settings still admit that format."""
        admitted = settings.CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM
        if looks_like_fernet(stored):
            opened = _open_fernet(stored) if "fernet" in admitted else None
            if opened is not None:
                return opened
            raise UndecryptableToken("unknown_key" if "fernet" in admitted else "not_encrypted", self.label)
        if "plaintext" in admitted:
            return stored
        raise UndecryptableToken("not_encrypted", self.label)


def bind(values: Iterable[object]) -> bytes:
    """Return the bytes that tie a secret to a row: the text of each value behind its length."""
    row = b""
    for value in values:
        raw = str(value).encode()
        size = len(raw)
        row += (_LENGTHS[size] if size < 1024 else size.to_bytes(4, "big")) + raw
    return row


def generate_key() -> str:
    """Return a new key as the settings take it."""
    return urlsafe_b64encode(os.urandom(KEY_BYTES)).decode("ascii")


def decode_key(key: str) -> bytes:
    """Return the master of a key in the settings, or raise ImproperlyConfigured without showing it."""
    master = None
    if isinstance(key, str):
        try:
            master = urlsafe_b64decode(key)
        except (Base64Error, ValueError):
            master = None
    if master is None or (len(master) == KEY_BYTES and urlsafe_b64encode(master).decode("ascii") != key):
        raise ImproperlyConfigured("An encryption key is not url-safe base64.")
    if len(master) != KEY_BYTES:
        raise ImproperlyConfigured(f"An encryption key holds {len(master)} bytes, not {KEY_BYTES}.")
    return master


def kid(master: bytes) -> str:
    """Return by which 8 hex digits stored text names a key."""
    return _derive(master, b"kid")[:4].hex()


def looks_like_fernet(stored: str) -> bool:
    """Tell whether this has the shape of a Fernet token: version 0x80 and a time before the year 2106."""
    return stored.startswith("gAAAAA") and len(stored) >= 100 and len(stored) % 4 == 0


class _Boxes(dict[str, Box]):
    def __init__(self) -> None:
        self._provider: KeyProvider | None = None

    def __missing__(self, label: str) -> Box:
        if self._provider is None:
            path = settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEY_PROVIDER
            self._provider = import_string(path)() if path else SettingsKeys()
        return self.setdefault(label, Box(self._provider, label))

    def forget(self, *, setting: str, **kwargs: Any) -> None:
        if setting.startswith("CONNECTED_ACCOUNTS_ENCRYPTION_"):
            self._provider = None
            self.clear()


boxes = _Boxes()
"""The box of each label, its keys derived once per process and again when the settings change."""


setting_changed.connect(boxes.forget, dispatch_uid="django_connected_accounts.crypto")


def _derive(master: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=_SALT, info=info).derive(master)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass  # The exception holds the text: leave it behind, not even as a context.
    raise ValueError("The text is not valid Unicode: it holds a lone surrogate.")


def _open_fernet(stored: str) -> str | None:
    keys = [Fernet(key) for key in settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS]
    try:
        return MultiFernet(keys).decrypt(stored).decode()
    except (InvalidToken, ValueError):
        return None


def _is_kid(named: str) -> bool:
    return len(named) == 8 and not named.strip("0123456789abcdef")

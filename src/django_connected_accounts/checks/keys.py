"""Whether secrets can be encrypted, by keys worth the name."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_connected_accounts import crypto
from django_connected_accounts.fields import rotation

GENERATE = "Print one with “manage.py connected_accounts_generate_key”, and keep it out of the repository."
REPLACE = f"{GENERATE} Put it first, run connected_accounts_rotate_keys, then remove this one."
DIGESTS = ("md5", "sha256", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s")
FILLERS = b"\0 =0"
LEAST_DISTINCT_BYTES = 16
"""Of 32 random bytes some 30 differ; fewer than this many do once in 10^20 keys."""


def encryption_keys() -> Iterator[CheckMessage]:
    if path := settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEY_PROVIDER:
        yield from _provider_problems(path)
        return
    keys = settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS
    if isinstance(keys, str) or not keys:
        message = "CONNECTED_ACCOUNTS_ENCRYPTION_KEYS must be a list with at least one key."
        yield Error(message, hint=GENERATE, id="connected_accounts.E001")
        return
    first_at: dict[bytes, int] = {}
    kids: dict[str, int] = {}
    for position, key in enumerate(keys, start=1):
        try:
            master = crypto.decode_key(key)
        except ImproperlyConfigured as error:
            message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEYS, key {position}: {error}"
            yield Error(message, hint=GENERATE, id="connected_accounts.E002")
            continue
        if master in first_at:
            message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEYS, key {position} repeats key {first_at[master]}."
            yield Error(message, hint="Remove one of the two.", id="connected_accounts.E003")
        elif crypto.kid(master) in kids:
            message = f"Encryption keys {kids[crypto.kid(master)]} and {position} have the same key id."
            yield Error(message, hint="Replace the newer one.", id="connected_accounts.E004")
        first_at.setdefault(master, position)
        kids.setdefault(crypto.kid(master), position)


def keys_of_their_own() -> Iterator[CheckMessage]:
    """Whoever learns SECRET_KEY must not have learnt the tokens."""
    secrets = _secret_keys()
    for position, key, master in _masters():
        if any(_comes_from(secret, key, master) for secret in secrets):
            message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEYS, key {position} is made from SECRET_KEY."
            yield Error(message, hint=REPLACE, id="connected_accounts.E007")


def old_formats() -> Iterator[CheckMessage]:
    admitted = settings.CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM
    if isinstance(admitted, str) or not set(admitted) <= crypto.OLD_FORMATS:
        known = ", ".join(sorted(crypto.OLD_FORMATS))
        message = f"CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM must be a list of some of: {known}."
        yield Error(message, hint="Leave it empty where nothing is migrated.", id="connected_accounts.E006")


def labels() -> Iterator[CheckMessage]:
    """A secret could be moved from one field to another of the same label."""
    used = Counter(column.label for column in rotation.encrypted_fields())
    for column in rotation.encrypted_fields():
        if used[column.label] > 1:
            message = f"The label “{column.label}” is used more than once."
            hint = "Give each encrypted field a label of its own."
            yield Error(message, hint=hint, obj=column, id="connected_accounts.E010")


def migration_is_over() -> Iterator[CheckMessage]:
    if settings.CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM:
        yield Warning(
            "Unbound secrets in old formats are still admitted, and could be planted.",
            hint="Run connected_accounts_rotate_keys, then empty CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM.",
            id="connected_accounts.W001",
        )


def randomness() -> Iterator[CheckMessage]:
    for position, _, master in _masters():
        typed = all(32 <= byte < 127 for byte in master)
        if typed or len(set(master)) < LEAST_DISTINCT_BYTES:
            message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEYS, key {position} was typed, not drawn at random."
            yield Warning(message, hint=REPLACE, id="connected_accounts.W002")


def _masters() -> Iterator[tuple[int, str, bytes]]:
    """Yield the keys of the settings that can be decoded, with their positions."""
    if settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEY_PROVIDER:
        return
    keys: Any = settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS
    for position, key in enumerate([] if isinstance(keys, str) else keys, start=1):
        try:
            yield position, key, crypto.decode_key(key)
        except ImproperlyConfigured:
            continue


def _secret_keys() -> list[bytes]:
    try:
        named = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    except ImproperlyConfigured:  # it is empty, which Django itself reports
        return []
    return [secret if isinstance(secret, bytes) else str(secret).encode() for secret in named if secret]


def _comes_from(secret: bytes, key: str, master: bytes) -> bool:
    """Say whether a key is this secret, a part of it, the secret filled up, or a plain digest of it."""
    digests = [hashlib.new(name, secret, usedforsecurity=False) for name in DIGESTS]
    made = {digest.digest()[: len(master)] for digest in digests} | {d.hexdigest().encode() for d in digests}
    filled_up = master.rstrip(FILLERS) == secret.rstrip(FILLERS)
    return filled_up or master in secret or key.rstrip("=").encode() in secret or master in made


def _provider_problems(path: str) -> Iterator[CheckMessage]:
    try:
        provider = import_string(path)
    except ImportError:
        message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEY_PROVIDER: there is no {path}."
        hint = "Name a class by its dotted path, or leave it empty to use CONNECTED_ACCOUNTS_ENCRYPTION_KEYS."
        yield Error(message, hint=hint, id="connected_accounts.E005")
        return
    if not (callable(getattr(provider, "primary", None)) and callable(getattr(provider, "get", None))):
        message = f"{path} is no key provider: it needs primary() and get(kid)."
        hint = "See KeyProvider in django_connected_accounts.crypto."
        yield Error(message, hint=hint, id="connected_accounts.E005")

"""Encrypted fields against raw AES-GCM and plain text: ``python -m tests.benchmarks.bench_encryption``.

Every round runs every measurement once, one after the other, so that a noisy moment touches all of them; the
table gives medians over the rounds, and ratios of those.
"""

# ruff: noqa: T201
from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable
from statistics import median
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

import cryptography  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.test import override_settings  # noqa: E402

from django_connected_accounts import crypto  # noqa: E402
from django_connected_accounts.fields.sealed import Sealed  # noqa: E402
from tests.host.models import PlainToken, SealedToken  # noqa: E402

TOKEN = "EAAB" + "0123456789abcdefghijklmnopqrstuvwxyz_-ABCDEFGHIJ" * 4 + "wxyz"
ROWS = 2_000
ROUNDS = 41
REPEATS = 500
KEYS = [crypto.generate_key() for _ in range(5)]
KEYS_SETTING = "CONNECTED_ACCOUNTS_ENCRYPTION_KEYS"


def main() -> None:
    connection.settings_dict["NAME"] = ":memory:"
    with connection.schema_editor() as editor:
        editor.create_model(PlainToken)
        editor.create_model(SealedToken)
    with override_settings(**{KEYS_SETTING: KEYS}):
        medians = run()
    report(medians)


def run() -> dict[str, float]:
    """Return the median seconds of one operation, for each measurement."""
    row = {"owner_id": 12345, "platform": "instagram", "remote_id": "17841400000000001"}
    PlainToken.objects.bulk_create(PlainToken(**row, token=TOKEN) for _ in range(ROWS))
    SealedToken.objects.bulk_create(SealedToken(**row, token=TOKEN) for _ in range(ROWS))
    field = SealedToken._meta.get_field("token")
    binding = tuple(row.values())
    aad = b"dca1.00000000." + crypto.bind([field.label, *map(str, binding)])
    cipher, nonce, data = AESGCM(os.urandom(32)), os.urandom(12), TOKEN.encode()
    raw = cipher.encrypt(nonce, data, aad)
    instance = SealedToken.objects.first()
    stored = instance.token_sealed.sealed.text
    with override_settings(**{KEYS_SETTING: KEYS[::-1]}):
        under_fifth = field.seal(TOKEN, binding)

    def assign_and_seal() -> None:
        instance.token = TOKEN
        instance.token_sealed.ciphertext()

    def open_attribute() -> None:
        instance.__dict__["token_sealed"] = Sealed(field, stored)
        instance.token  # noqa: B018

    measurements: dict[str, tuple[Callable[[], object], int]] = {
        "raw encrypt": (lambda: cipher.encrypt(os.urandom(12), data, aad), REPEATS),
        "encrypt": (lambda: field.seal(TOKEN, binding), REPEATS),
        "encrypt field": (assign_and_seal, REPEATS),
        "raw decrypt": (lambda: cipher.decrypt(nonce, raw, aad), REPEATS),
        "decrypt": (lambda: field.open(stored, binding), REPEATS),
        "decrypt fifth": (lambda: field.open(under_fifth, binding), REPEATS),
        "decrypt field": (open_attribute, REPEATS),
        "plain unread": (lambda: list(PlainToken.objects.all()), 1),
        "unread": (lambda: list(SealedToken.objects.all()), 1),
        "plain read": (lambda: read(PlainToken), 1),
        "read": (lambda: read(SealedToken), 1),
    }
    seconds: dict[str, list[float]] = {name: [] for name in measurements}
    for _ in range(ROUNDS):
        for name, (operation, repeats) in measurements.items():
            gc.collect()
            start = perf_counter()
            for _ in range(repeats):
                operation()
            seconds[name].append((perf_counter() - start) / repeats)
    return {name: median(taken) for name, taken in seconds.items()}


def read(model: type[models.Model]) -> list[str]:
    return [row.token for row in model.objects.all()]


def report(medians: dict[str, float]) -> None:
    table = [
        ("encrypt, x raw AES-GCM", "encrypt", "raw encrypt", 3.0),
        ("  assigned to the attribute, x raw", "encrypt field", "raw encrypt", None),
        ("decrypt, x raw AES-GCM", "decrypt", "raw decrypt", 4.5),
        ("  through the attribute, x raw", "decrypt field", "raw decrypt", None),
        ("decrypt with the key 5th, x 1st", "decrypt fifth", "decrypt", 1.05),
        (f"load {ROWS:,} rows unread, x plain", "unread", "plain unread", 1.5),
        (f"load {ROWS:,} rows and read, x plain", "read", "plain read", 3.0),
    ]
    versions = f"Django {django.__version__}, cryptography {cryptography.__version__}"
    print(f"Python {platform.python_version()}, {versions}")
    print(f"{len(TOKEN)}-byte token, three binding columns, medians of {ROUNDS} interleaved rounds\n")
    print(f"{'':40}{'median µs':>12}{'base µs':>12}{'ratio':>8}{'goal':>8}")
    for name, measured, base, goal in table:
        ratio = medians[measured] / medians[base]
        verdict = "" if goal is None else f"≤ {goal:g}" if ratio <= goal else f"> {goal:g}!"
        print(f"{name:40}{medians[measured] * 1e6:12.2f}{medians[base] * 1e6:12.2f}{ratio:8.2f}{verdict:>8}")


if __name__ == "__main__":
    main()

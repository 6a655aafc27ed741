from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from django_connected_accounts import crypto

SECRET = "django-insecure-w8^u)0h1(9$k2=z5v7!x3c&b6n*m4a+s_d-f"


def as_key(master: bytes) -> str:
    return base64.urlsafe_b64encode(master).decode()


@pytest.mark.parametrize(
    "made",
    [
        SECRET[:32].encode(),
        SECRET[-32:].encode(),
        hashlib.sha256(SECRET.encode()).digest(),
        hashlib.sha512(SECRET.encode()).digest()[:32],
        hashlib.md5(SECRET.encode()).hexdigest().encode(),
    ],
    ids=["its beginning", "its end", "its SHA-256", "its SHA-512", "its MD5"],
)
@pytest.mark.parametrize("where", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_made_from_the_secret_key_is_an_error_that_shows_neither(
    settings: Any, found: Any, made: bytes, where: str
) -> None:
    setattr(settings, where, SECRET if where == "SECRET_KEY" else [SECRET])
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [crypto.generate_key(), as_key(made)]
    message = found()["E007"]
    assert "key 2 is made from SECRET_KEY" in message.msg
    assert SECRET not in str(message)
    assert as_key(made) not in str(message)


def test_one_value_used_for_both_is_an_error(settings: Any, found: Any) -> None:
    key = crypto.generate_key()
    settings.SECRET_KEY = key
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [key]
    assert "E007" in found()


def test_a_short_secret_key_filled_up_is_an_error(settings: Any, found: Any) -> None:
    settings.SECRET_KEY = "short"
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [as_key(b"short".ljust(32, b"\0"))]
    assert "E007" in found()


@pytest.mark.parametrize("master", [b"\0" * 32, b"my secret key for all the tokens"], ids=["zeros", "words"])
def test_a_typed_key_is_a_warning_for_deployment(settings: Any, found: Any, master: bytes) -> None:
    settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [as_key(master)]
    assert "W002" not in found()
    assert "W002" in found(deploy=True)


def test_a_generated_key_is_fine(settings: Any, found: Any) -> None:
    for _ in range(50):
        settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [crypto.generate_key()]
        assert not {"E007", "W002"} & found(deploy=True).keys()


def test_without_a_secret_key_there_is_nothing_to_compare(settings: Any, found: Any) -> None:
    settings.SECRET_KEY = ""
    assert found() == {}

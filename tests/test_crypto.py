from __future__ import annotations

import json
import os
import traceback
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts import crypto
from django_connected_accounts.exceptions import UndecryptableToken

VECTORS = json.loads(
    (Path(__file__).parents[1] / "docs/reference/encryption-vectors.json").read_text("utf-8")
)
LABEL = "tests.crypto"
OLD, NEW = "b2xkIGtleSBmb3IgdGVzdHMsIDMyIGJ5dGVzIG9sZCE=", "bmV3IGtleSBmb3IgdGVzdHMsIDMyIGJ5dGVzIG5ldyE="


def keys(*ring: Any, **more: Any) -> override_settings:
    more = {f"CONNECTED_ACCOUNTS_ENCRYPTION_{name}": value for name, value in more.items()}
    return override_settings(CONNECTED_ACCOUNTS_ENCRYPTION_KEYS=list(ring), **more)


def seal(text: str, *binding: str) -> str:
    return crypto.boxes[LABEL].seal(text, crypto.bind(binding))


def unseal(sealed: str, *binding: str) -> str:
    return crypto.boxes[LABEL].open(sealed, crypto.bind(binding))


def refusal(sealed: str, *binding: str) -> str:
    with pytest.raises(UndecryptableToken) as caught:
        unseal(sealed, *binding)
    return caught.value.code


@pytest.mark.parametrize("vector", VECTORS["sealed"], ids=lambda vector: vector["what"])
def test_a_published_vector_comes_out_to_the_letter_and_opens(vector):
    row = crypto.bind(vector["binding"])
    with keys(vector["key"]):
        box = crypto.boxes[vector["label"]]
        assert box.seal(vector["text"], row, nonce=bytes.fromhex(vector["nonce"])) == vector["sealed"]
        assert box.open(vector["sealed"], row) == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["what"])
def test_a_published_forgery_is_refused(vector):
    with keys(vector["key"]), pytest.raises(UndecryptableToken) as caught:
        crypto.boxes[vector["label"]].open(vector["sealed"], crypto.bind(vector["binding"]))
    assert caught.value.code == vector["code"]


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
)
def test_whatever_is_sealed_opens_again(text, binding):
    assert unseal(seal(text, *binding), *binding) == text


@given(st.lists(st.text("ab", max_size=3), max_size=3), st.lists(st.text("ab", max_size=3), max_size=3))
def test_two_bindings_are_encoded_alike_only_where_they_are_equal(one, other):
    assert (crypto.bind(one) == crypto.bind(other)) == (one == other)


@given(st.data(), st.text("xyz", max_size=40))
def test_no_character_of_what_is_stored_can_change(data, text):
    sealed = seal(text, "1")
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda char: char != sealed[at]))
    assert refusal(sealed[:at] + other + sealed[at + 1 :], "1") in {
        "tampered",
        "unknown_key",
        "not_encrypted",
    }


@given(st.text(), st.booleans())
def test_junk_is_refused_with_a_typed_error(junk, headed):
    header = crypto.boxes[LABEL].header
    assert refusal(header + junk if headed else junk) in {"tampered", "unknown_key", "not_encrypted"}


def test_a_bit_that_base64_ignores_is_refused_as_well():
    sealed = next(sealed for sealed in map(seal, ["", "x", "xx"]) if sealed.endswith("=="))
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = last.index(sealed[-3])
    assert refusal(sealed[:-3] + last[at ^ 1] + "==") == "tampered"


def test_the_same_text_is_never_stored_twice_alike():
    assert len({seal("same") for _ in range(100)}) == 100


def test_a_200_byte_token_takes_318_characters():
    assert len(seal("x" * 200, "1", "instagram", "17841400000000001")) == 318


def test_the_first_key_seals_and_every_key_opens():
    with keys(OLD):
        sealed = seal("kept")
    with keys(NEW, OLD):
        assert unseal(sealed) == "kept"
        assert seal("new").startswith(f"dca1.{crypto.kid(crypto.decode_key(NEW))}.")
    with keys(NEW):
        assert refusal(sealed) == "unknown_key"


def test_without_a_key_nothing_is_sealed():
    with keys(), pytest.raises(ImproperlyConfigured, match="never stored in clear"):
        seal("secret")


class Vault:
    """A key provider that counts how often it is asked, as a KMS would bill it."""

    asked: list[str] = []
    masters = {crypto.kid(master): master for master in (bytes(range(32)), bytes(range(1, 33)))}

    def primary(self) -> bytes:
        self.asked.append("primary")
        return bytes(range(32))

    def get(self, kid: str) -> bytes | None:
        self.asked.append(kid)
        return self.masters.get(kid)


class Liar(Vault):
    def get(self, kid: str) -> bytes | None:
        return bytes(32)


def test_a_key_provider_is_asked_once_per_process():
    older = urlsafe_b64encode(bytes(range(1, 33))).decode()
    with keys(older):
        old = seal("under the vault's older key")
    Vault.asked.clear()
    with keys(KEY_PROVIDER=f"{__name__}.Vault"):
        assert [unseal(seal("x")) for _ in range(5)] == ["x"] * 5
        assert [unseal(old) for _ in range(5)] == ["under the vault's older key"] * 5
    assert Vault.asked == ["primary", crypto.kid(bytes(range(1, 33)))]


def test_a_provider_that_answers_with_another_key_is_not_believed():
    with keys(KEY_PROVIDER=f"{__name__}.Liar"):
        assert refusal("dca1.01234567.AAAA") == "unknown_key"


@pytest.mark.parametrize(
    "sealed", ["IGQVJ-planted", "dca1.01234567.SUdRVkotcGxhbnRlZA==", "dca1.IGQVJ-planted"]
)
def test_an_error_holds_neither_the_value_nor_a_cause(sealed):
    with pytest.raises(UndecryptableToken) as caught:
        unseal(sealed)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    assert "planted" not in told
    assert "SUdRVkot" not in told


def test_a_lone_surrogate_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="lone surrogate") as caught:
        seal("secret \ud800")
    assert caught.value.__context__ is None
    assert not isinstance(caught.value, UnicodeError)


def test_fernet_tokens_open_only_while_the_settings_admit_them():
    token = Fernet(OLD).encrypt(b"from before").decode()
    with keys(NEW, OLD):
        assert refusal(token) == "not_encrypted"
    with keys(NEW, OLD, MIGRATE_FROM=("fernet",)):
        assert unseal(token, "any", "row") == "from before"
        assert refusal("plain") == "not_encrypted"
    with keys(NEW, MIGRATE_FROM=("fernet",)):
        assert refusal(token) == "unknown_key"


def test_plaintext_opens_only_while_the_settings_admit_it():
    assert refusal("plain") == "not_encrypted"
    with keys(NEW, MIGRATE_FROM=("plaintext",)):
        assert unseal("plain") == "plain"
        assert refusal("dca1.plain") == "unknown_key"
        assert refusal(seal("x")[:-4] + "AAAA") == "tampered"
        assert refusal(Fernet(OLD).encrypt(b"not text, but a forgotten format").decode()) == "not_encrypted"


def test_a_child_process_draws_its_own_nonces():
    seal("warm")
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, seal("same").encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(write)
    with os.fdopen(read) as child:
        assert child.read() != seal("same")


@pytest.mark.parametrize(
    ("ring", "found"),
    [
        ([], ["E001"]),
        (OLD, ["E001"]),
        ([OLD, NEW], []),
        (["c2hvcnQ="], ["E002"]),
        (["not base64!"], ["E002"]),
        ([OLD, None], ["E002"]),
        ([OLD.replace(OLD[:1], "é", 1)], ["E002"]),
        ([OLD[:43]], ["E002"]),
        ([OLD, NEW, OLD], ["E003"]),
    ],
)
def test_a_key_that_can_not_be_used_is_a_system_check_error(ring, found):
    with override_settings(CONNECTED_ACCOUNTS_ENCRYPTION_KEYS=ring):
        assert problems() == [f"connected_accounts.{id}" for id in found]


def test_two_keys_with_the_same_id_are_a_system_check_error(monkeypatch):
    monkeypatch.setattr(crypto, "kid", lambda master: "01234567")
    with keys(OLD, NEW):
        assert problems() == ["connected_accounts.E004"]


def test_a_message_about_a_key_does_not_show_it():
    with keys("c2hvcnQ=", "short!"):
        assert not [
            message
            for message in checks.run_checks(tags=[checks.Tags.security])
            if "c2hvcnQ" in str(message) or "short!" in str(message)
        ]


@pytest.mark.parametrize("path", ["tests.nowhere.Vault", "tests.test_crypto.LABEL"])
def test_a_key_provider_that_is_none_is_a_system_check_error(path):
    with keys(KEY_PROVIDER=path):
        assert problems() == ["connected_accounts.E005"]


def test_an_unknown_old_format_is_a_system_check_error():
    with keys(NEW, MIGRATE_FROM=("rot13",)):
        assert problems() == ["connected_accounts.E006"]


def test_an_unfinished_migration_is_a_deployment_warning():
    with keys(NEW, MIGRATE_FROM=("plaintext",)):
        assert problems() == []
        assert "connected_accounts.W001" in problems(deploy=True)


def problems(*, deploy: bool = False) -> list[str]:
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=deploy)
    ours = [f"connected_accounts.{letter}00" for letter in "EW"]
    return [message.id for message in found if message.id and message.id.startswith(tuple(ours))]

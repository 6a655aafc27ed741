from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import override_settings

from django_connected_accounts import crypto
from django_connected_accounts.exceptions import UndecryptableToken
from django_connected_accounts.fields import rotation
from tests.host.models import Connection, Note

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

OLD, NEW = crypto.generate_key(), crypto.generate_key()
OLD_KID, NEW_KID = (crypto.kid(crypto.decode_key(key)) for key in (OLD, NEW))


def keys(*ring: str, migrate_from: tuple[str, ...] = ()) -> override_settings:
    return override_settings(
        CONNECTED_ACCOUNTS_ENCRYPTION_KEYS=list(ring), CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM=migrate_from
    )


@pytest.fixture
def accounts() -> None:
    """Seven rows under the old key, three of them with a second secret."""
    owner = get_user_model().objects.create_user("owner")
    with keys(OLD):
        Connection.objects.bulk_create(
            Connection(
                owner=owner,
                platform="x",
                remote_id=str(number),
                token=f"token {number}",
                extra={"n": 1} if number < 3 else {},
            )
            for number in range(7)
        )


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("connected_accounts_rotate_keys", *arguments, stdout=out)
    return out.getvalue()


def plant(model: type[models.Model], column: str, value: str, where: str = "1 = 1") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s WHERE {where}", [value])


def tokens() -> list[str]:
    return sorted(account.token for account in Connection.objects.all())


def test_a_generated_key_is_one_the_settings_take():
    out = StringIO()
    call_command("connected_accounts_generate_key", stdout=out)
    assert len(crypto.decode_key(out.getvalue().strip())) == 32
    Fernet(out.getvalue().strip())


def test_rotation_moves_every_row_to_the_first_key_without_the_old_one_being_missed(accounts):
    before = [f"token {number}" for number in range(7)]
    with keys(NEW, OLD):
        assert tokens() == before
        with pytest.raises(CommandError, match="10 rows are not under the primary key yet"):
            run("--check")
        assert "Every row is under the primary key." in run("--batch-size", "2")
        assert "Every row is under the primary key." in run("--check")
    with keys(NEW):
        assert tokens() == before
        assert {json.dumps(account.extra) for account in Connection.objects.all()} == {"{}", '{"n": 1}'}


def test_check_counts_rows_per_key_and_shows_no_secret(accounts):
    with keys(NEW, OLD):
        account = Connection.objects.get(remote_id="0")
        account.save()
        plant(Connection, "refresh_token", "IGQVJ-in-clear", "remote_id = '1'")
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("connected_accounts_rotate_keys", "--check", stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["host.connection.token", OLD_KID, "6"] in lines
    assert ["host.connection.token", NEW_KID, "1", "(primary)"] in lines
    assert ["host.connection.refresh_token", "plaintext", "1"] in lines
    assert "IGQVJ" not in out.getvalue()


def test_progress_is_told_batch_by_batch(accounts):
    with keys(NEW, OLD):
        told = run("--batch-size", "3")
    assert [line for line in told.splitlines() if line.startswith("host.connection.token:")] == [
        f"host.connection.token: {done} of 7" for done in (3, 6, 7)
    ]


def test_a_rotation_that_was_cut_off_is_continued(accounts):
    with keys(NEW, OLD):
        column = Connection._meta.get_field("token")
        next(rotation.rotate(column, "default", batch_size=4))
        assert rotation.count(column, "default") == {NEW_KID: 4, OLD_KID: 3}
        assert [progress.rotated for progress in rotation.rotate(column, "default", batch_size=4)] == [3]


def test_a_token_refreshed_during_the_rotation_is_not_overwritten(accounts, monkeypatch):
    column = Connection._meta.get_field("token")
    seal = type(column).seal

    def refreshed_meanwhile(self: Any, text: str, snapshot: Any) -> str:
        sealed = seal(self, text, snapshot)
        if text == "token 3":
            plant(Connection, "token", seal(self, "refreshed", snapshot), "remote_id = '3'")
        return sealed

    monkeypatch.setattr(type(column), "seal", refreshed_meanwhile)
    with keys(NEW, OLD):
        (progress,) = rotation.rotate(column, "default", batch_size=100)
    assert progress.rotated == 6
    with keys(NEW):
        assert Connection.objects.get(remote_id="3").token == "refreshed"


def test_unreadable_rows_are_named_and_left_as_they_are(accounts):
    plant(Connection, "token", "dca1.01234567.AAAA", "remote_id = '5'")
    pk = Connection.objects.get(remote_id="5").pk
    with (
        keys(NEW, OLD),
        pytest.raises(CommandError, match=rf"host\.connection\.token of {pk} \(unknown_key\)"),
    ):
        run()
    with keys(NEW):
        assert Connection.objects.get(remote_id="6").token == "token 6"
        assert Connection.objects.values("token").get(pk=pk)["token"].text == "dca1.01234567.AAAA"


def test_saving_a_row_moves_it_to_the_first_key(accounts):
    with keys(NEW, OLD):
        account = Connection.objects.get(remote_id="1")
        account.name = "renamed"
        account.save()
    with keys(NEW):
        account = Connection.objects.get(remote_id="1")
        assert (account.token, account.extra) == ("token 1", {"n": 1})


@pytest.mark.parametrize("old_format", ["fernet", "plaintext"])
def test_old_formats_are_read_converted_and_then_refused_when_planted(accounts, old_format):
    def old(text: str) -> str:
        return text if old_format == "plaintext" else Fernet(OLD).encrypt(text.encode()).decode()

    plant(Connection, "token", old("from before"))
    plant(Connection, "extra", old('{"page": "p1"}'))
    with keys(NEW, OLD, migrate_from=(old_format,)):
        account = Connection.objects.get(remote_id="1")
        assert (account.token, account.extra) == ("from before", {"page": "p1"})
        with pytest.raises(CommandError, match="14 rows"):
            run("--check")
        run()
    with keys(NEW):
        assert tokens() == ["from before"] * 7
        assert Connection.objects.get(remote_id="1").extra == {"page": "p1"}
        plant(Connection, "token", old("planted"))
        with pytest.raises(UndecryptableToken) as caught:
            Connection.objects.first().token  # noqa: B018
        assert caught.value.code == "not_encrypted"


def test_text_that_is_no_json_is_not_made_into_ciphertext():
    Note.objects.create(data={"a": 1})
    plant(Note, "data", "not json")
    with keys(NEW, migrate_from=("plaintext",)), pytest.raises(CommandError, match=r"host\.note\.data"):
        run()
    assert Note.objects.values_list("data", flat=True).get().text == "not json"


def test_nothing_to_rotate_is_fine():
    Note.objects.create(body="", data=None)
    assert "Every row is under the primary key." in run()


def test_a_batch_needs_rows():
    with pytest.raises(CommandError, match="must be at least 1"):
        run("--batch-size", "0")

from __future__ import annotations

import copy
import json
import logging
import pickle
import uuid
from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.db.models import Case, F, Max, Value, When
from django.db.models.functions import Concat, Lower
from django.forms.models import model_to_dict
from django.template import Context, Template
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_connected_accounts import crypto
from django_connected_accounts.exceptions import UndecryptableToken
from django_connected_accounts.fields import EncryptedJSONField, EncryptedTextField, Sealed, rebind
from tests.host.models import Certificate, Connection, Note, SignedCertificate

pytestmark = pytest.mark.django_db

SECRET = "IGQVJ-very-secret-token"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@pytest.fixture
def owner() -> Any:
    return get_user_model().objects.create_user("owner")


@pytest.fixture
def other() -> Any:
    return get_user_model().objects.create_user("other")


@pytest.fixture
def account(owner) -> Connection:
    Connection.objects.create(
        owner=owner, platform="instagram", remote_id="17", token=SECRET, extra={"page": "p1"}
    )
    return Connection.objects.get()


def stored(model: type[models.Model], column: str, pk: Any = None) -> list[str]:
    """Return the raw column, as a database administrator sees it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {model._meta.db_table} ORDER BY 1")
        return [value for (value,) in cursor.fetchall()]


def plant(model: type[models.Model], column: str, value: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s", [value])


def code_of(read: Any) -> str:
    with pytest.raises(UndecryptableToken) as caught:
        read()
    return caught.value.code


# Reading and writing


@pytest.mark.databases
def test_a_secret_reads_as_a_real_str_and_is_stored_encrypted(account):
    assert type(account.token) is str
    assert account.token == SECRET
    assert account.extra == {"page": "p1"}
    (text,) = stored(Connection, "token")
    assert text.startswith("dca1.")
    assert SECRET not in text


@pytest.mark.databases
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(body=TEXT)
def test_any_text_comes_back_as_it_was(body):
    note = Note.objects.create(body=body)
    assert Note.objects.get(pk=note.pk).body == body


@pytest.mark.databases
@hypothesis_settings(deadline=None, max_examples=30)
@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT,
        lambda leaf: st.lists(leaf) | st.dictionaries(TEXT, leaf),
    )
)
def test_any_json_comes_back_as_it_was(data):
    note = Note.objects.create(data=data)
    assert Note.objects.get(pk=note.pk).data == data


def test_loading_rows_decrypts_nothing(account):
    with override_settings(CONNECTED_ACCOUNTS_ENCRYPTION_KEYS=[]):
        assert [row.remote_id for row in Connection.objects.all()] == ["17"]


@pytest.mark.databases
def test_an_untouched_secret_is_written_back_as_it_was(account):
    before = stored(Connection, "token")
    assert account.token == SECRET
    account.name = "renamed"
    account.save()
    assert stored(Connection, "token") == before


def test_an_assigned_secret_is_encrypted_anew(account):
    before = stored(Connection, "token")
    account.token = "new"
    account.save(update_fields=["token"])
    assert stored(Connection, "token") != before
    assert Connection.objects.get().token == "new"


def test_a_json_secret_changed_in_place_is_saved(account):
    account.extra["page"] = "p2"
    account.save()
    assert Connection.objects.get().extra == {"page": "p2"}


def test_an_empty_json_secret_filled_in_place_is_saved(owner):
    account = Connection.objects.create(owner=owner, platform="x", remote_id="1", token=SECRET)
    account.extra["page"] = "p2"
    account.save()
    assert Connection.objects.get().extra == {"page": "p2"}


@pytest.mark.databases
def test_nothing_is_stored_as_nothing():
    Note.objects.create(body="", data={})
    Note.objects.create(body=None, data=None)
    assert sorted(Note.objects.values_list("body", flat=True), key=str) == ["", None]
    assert {"{}", None} == set(stored(Note, "data"))
    assert [note.data for note in Note.objects.order_by("pk")] == [{}, None]


def test_saving_again_after_create_keeps_the_ciphertext(owner):
    account = Connection.objects.create(owner=owner, platform="x", remote_id="1", token=SECRET)
    before = stored(Connection, "token")
    account.save()
    assert stored(Connection, "token") == before


@pytest.mark.databases
def test_rows_created_and_updated_in_bulk_are_each_bound_to_their_own(owner, other):
    Connection.objects.bulk_create(
        Connection(owner=user, platform="x", remote_id=f"{number}", token=f"token {number}")
        for number, user in enumerate([owner, other, owner])
    )
    accounts = list(Connection.objects.order_by("remote_id"))
    assert [account.token for account in accounts] == ["token 0", "token 1", "token 2"]
    accounts[0].token = "fresh"
    accounts[2].token = ""
    accounts[1].extra = {"deep": [1]}
    assert Connection.objects.bulk_update(accounts, ["token", "extra"]) == 3
    accounts = list(Connection.objects.order_by("remote_id"))
    assert [account.token for account in accounts] == ["fresh", "token 1", ""]
    assert accounts[1].extra == {"deep": [1]}


@pytest.mark.databases
def test_bulk_create_that_meets_its_own_row_writes_what_opens(owner):
    note = Note.objects.create(title="a", body="old")
    again = Note(pk=note.pk, title="b", body="new")
    unique = [] if connection.vendor == "mysql" else ["id"]
    Note.objects.bulk_create([again], update_conflicts=True, update_fields=["body"], unique_fields=unique)
    assert Note.objects.get().body == "new"


@pytest.mark.databases
@pytest.mark.parametrize("narrow", ["only", "defer"])
def test_a_deferred_secret_is_loaded_when_read(account, narrow, django_assert_num_queries):
    rows = (
        Connection.objects.defer("token")
        if narrow == "defer"
        else Connection.objects.only("owner", "platform", "remote_id")
    )
    row = rows.get()
    assert row.get_deferred_fields() >= {"token_sealed"}
    with django_assert_num_queries(1):
        assert row.token == SECRET
    row.name = "renamed"
    row.save()
    assert Connection.objects.get().token == SECRET


def test_only_the_secret_still_opens(account):
    assert Connection.objects.only("token").get().token == SECRET


def test_refresh_from_db_brings_the_stored_secret(account):
    account.token = "never saved"
    account.refresh_from_db()
    assert account.token == SECRET
    account.token = "never saved"
    account.refresh_from_db(fields=["token"])
    assert account.token == SECRET
    account.save()
    assert Connection.objects.get().token == SECRET


def test_update_or_create_takes_a_secret(owner):
    for token in ("one", "two"):
        Connection.objects.update_or_create(
            owner=owner,
            platform="x",
            remote_id="1",
            defaults={"token": token},
            create_defaults={"token": token},
        )
    assert Connection.objects.get().token == "two"


def test_secrets_are_reached_through_select_related_and_raw(account):
    assert Connection.objects.select_related("owner").get().token == SECRET
    assert Connection.objects.raw(f"SELECT * FROM {Connection._meta.db_table}")[0].token == SECRET


def test_a_secret_inherited_through_abstract_and_concrete_parents_works():
    Certificate.objects.create(owner_id=1, name="a", secret="s1")
    SignedCertificate.objects.create(owner_id=2, name="b", secret="s2", signer="me")
    assert [certificate.secret for certificate in Certificate.objects.order_by("pk")] == ["s1", "s2"]
    child = SignedCertificate.objects.get()
    child.secret = "s3"
    child.save()
    assert SignedCertificate.objects.get().secret == "s3"


def test_the_key_of_the_row_may_be_assigned_as_text(owner):
    pk = uuid.uuid4()
    Connection.objects.create(
        pk=str(pk), owner_id=str(owner.pk), platform=Platform.INSTAGRAM, remote_id=17, token=SECRET
    )
    assert Connection.objects.get(pk=pk).token == SECRET


class Platform(models.TextChoices):
    INSTAGRAM = "instagram"


# What has no row


@pytest.mark.databases
def test_values_and_annotations_give_a_masked_wrapper_that_opens_on_purpose(account, owner):
    rows = Connection.objects.annotate(again=F("token"), most=Max("token"))
    for value in (
        *rows.values_list("token", "again", "most").get(),
        Connection.objects.values("token").get()["token"],
    ):
        assert isinstance(value, Sealed)
        assert SECRET not in f"{value} {value!r} {value:>5} {[value]}"
        assert value.open(owner_id=owner.pk, platform="instagram", remote_id="17") == SECRET
        assert (
            code_of(lambda value=value: value.open(owner_id=owner.pk, platform="instagram", remote_id="18"))
            == "tampered"
        )
        with pytest.raises(TypeError, match="owner_id"):
            value.open()
        with pytest.raises(TypeError):
            json.dumps(value)


def test_a_template_never_opens_a_wrapper():
    Note.objects.create(body=SECRET)
    rendered = Template("{{ row.body }} {{ row.body.open }} {{ note.body_sealed }}")
    row, note = Note.objects.values("body").get(), Note.objects.get()
    assert SECRET not in rendered.render(Context({"row": row, "note": note}))


@pytest.mark.parametrize(
    "refused",
    [
        lambda rows: rows.filter(token=SECRET),
        lambda rows: rows.filter(token__startswith="I"),
        lambda rows: rows.filter(token__in=[SECRET]),
        lambda rows: rows.filter(token__length__gt=3),
        lambda rows: rows.exclude(token=""),
        lambda rows: rows.filter(extra__page="p1"),
        lambda rows: rows.get_or_create(token=SECRET),
        lambda rows: rows.update(token="x"),
        lambda rows: rows.update(token_sealed="x"),
        lambda rows: rows.update(token=F("refresh_token")),
        lambda rows: rows.update(token=Lower("token")),
        lambda rows: rows.update(token=Concat(F("token"), Value("x"))),
        lambda rows: rows.update(token=Value("x")),
        lambda rows: rows.update(token=Case(When(platform="x", then=Value("x")), default=F("token"))),
        lambda rows: rows.update(extra={"page": "p1"}),
        lambda rows: rows.update(token=rows.values_list("token", flat=True)[0]),
        lambda rows: Connection(token=F("refresh_token")),
        lambda rows: rows.filter(owner__connection__token="x"),
    ],
)
def test_what_the_database_would_have_to_read_or_write_is_refused(account, refused):
    with pytest.raises(FieldError, match="encrypt"), transaction.atomic():
        refused(Connection.objects.all())
    assert Connection.objects.get().token == SECRET


@pytest.mark.databases
def test_asking_whether_there_is_a_secret_works():
    Note.objects.create(body="there")
    Note.objects.create(body=None)
    assert Note.objects.filter(body=None).count() == Note.objects.filter(body__isnull=False).count() == 1
    assert Note.objects.exclude(body=None).get().body == "there"
    assert Note.objects.update(body=None) == 2


@pytest.mark.parametrize(
    "option", [{"unique": True}, {"db_index": True}, {"primary_key": True}, {"db_default": "x"}]
)
def test_options_that_need_to_compare_are_refused(option):
    with pytest.raises(ImproperlyConfigured, match=next(iter(option))):
        EncryptedTextField(label="tests.refused", **option)


@pytest.mark.parametrize("value", [b"bytes", 5, ["list"]])
def test_a_text_secret_takes_text_only(value):
    with pytest.raises(TypeError, match="takes text"):
        Note(body=value)


# Binding


@pytest.mark.databases
@pytest.mark.parametrize("column", ["owner_id", "platform", "remote_id"])
def test_a_ciphertext_in_another_row_does_not_open(account, owner, other, column):
    values = {"owner_id": owner.pk, "platform": "instagram", "remote_id": "17"}
    elsewhere = {"owner_id": other.pk, "platform": "threads", "remote_id": "18"}
    thief = Connection.objects.create(**{**values, column: elsewhere[column]}, token="mine")
    plant(Connection, "token", stored(Connection, "token")[0])
    opened = [read_or_code(row) for row in Connection.objects.filter(pk__in=[account.pk, thief.pk])]
    assert sorted(opened).count("tampered") == 1


def read_or_code(row: Connection) -> str:
    try:
        return row.token
    except UndecryptableToken as error:
        return error.code


def test_a_row_given_to_another_owner_in_the_database_does_not_open(account, other):
    Connection.objects.update(owner=other)
    row = Connection.objects.get()
    assert code_of(lambda: row.token) == code_of(lambda: row.extra) == "tampered"


def test_a_ciphertext_in_another_field_does_not_open(account):
    plant(Connection, "refresh_token", stored(Connection, "token")[0])
    row = Connection.objects.get()
    assert code_of(lambda: row.refresh_token) == "tampered"
    assert row.token == SECRET


@pytest.mark.parametrize(
    ("planted", "code"),
    [
        (SECRET, "not_encrypted"),
        ("dca1." + SECRET, "unknown_key"),
        ("dca1.01234567.AAAA", "unknown_key"),
        ("gAAAAA", "not_encrypted"),
    ],
)
def test_planted_text_is_refused_without_being_shown(account, planted, code):
    plant(Connection, "token", planted)
    row = Connection.objects.get()
    with pytest.raises(UndecryptableToken) as caught:
        row.token  # noqa: B018
    assert caught.value.code == code
    assert SECRET not in repr(caught.value)


def test_one_unreadable_row_breaks_neither_the_list_nor_its_own_other_columns(account, owner):
    plant(Connection, "token", "dca1.01234567.AAAA")
    Connection.objects.create(owner=owner, platform="x", remote_id="1", token="good")
    assert sorted(map(read_or_code, Connection.objects.all())) == ["good", "unknown_key"]
    row = Connection.objects.get(remote_id="17")
    row.name = "marked"
    row.save()
    assert Connection.objects.filter(name="marked").exists()
    assert "dca1.01234567.AAAA" in stored(Connection, "token")


def test_a_secret_needs_its_row_settled(owner):
    account = Connection(platform="x", remote_id="1", token=SECRET)
    with pytest.raises(FieldError, match="owner_id"), transaction.atomic():
        Connection.objects.bulk_create([account])
    account.owner = owner
    account.save()
    assert Connection.objects.get().token == SECRET


@pytest.mark.databases
def test_rebind_gives_a_row_and_its_secrets_to_another_owner(account, other):
    account.name = "not to be saved"
    rebind(account, owner=other)
    row = Connection.objects.get()
    assert (row.owner, row.token, row.extra, row.name) == (other, SECRET, {"page": "p1"}, "")
    assert (account.owner, account.token) == (other, SECRET)


def test_rebind_takes_along_what_was_refreshed_meanwhile(account, other):
    fresh = Connection.objects.get()
    fresh.token = "refreshed"
    fresh.save()
    rebind(account, owner=other)
    assert account.token == Connection.objects.get().token == "refreshed"


def test_rebind_changes_nothing_where_a_secret_can_not_be_read(account, owner, other):
    plant(Connection, "token", "dca1.01234567.AAAA")
    with pytest.raises(UndecryptableToken):
        rebind(account, owner=other)
    assert Connection.objects.get().owner == owner


@pytest.mark.parametrize("save", ["all", "some", "bulk", "read", "unloaded"])
def test_any_other_change_of_owner_is_refused(account, owner, other, save):
    if save == "unloaded":
        account = Connection.objects.defer("token", "refresh_token", "extra").get()
    if save == "read":
        assert account.token == SECRET
    account.owner = other
    saves = {
        "bulk": lambda: Connection.objects.bulk_update([account], ["owner", "token"]),
        "some": lambda: account.save(update_fields=["owner"]),
    }
    with pytest.raises(FieldError, match="rebind"), transaction.atomic():
        saves.get(save, account.save)()
    assert Connection.objects.get().owner == owner
    assert Connection.objects.get().token == SECRET


def test_saving_the_same_owner_again_is_no_change(account, owner):
    account.owner_id = str(owner.pk)
    account.save()
    account.save(update_fields=["owner", "platform"])
    assert Connection.objects.get().token == SECRET


def test_a_new_owner_may_bring_new_secrets(account, other):
    account.owner, account.token, account.extra = other, "new", {}
    account.save()
    assert Connection.objects.get().token == "new"


def test_a_row_without_secrets_changes_owner_freely(account, other):
    account.token, account.extra = "", {}
    account.save()
    account.owner = other
    account.save()
    account.save(update_fields=["owner"])
    assert Connection.objects.get().owner == other


def test_a_secret_can_not_be_assigned_to_another_row_or_field(account, owner):
    twin = Connection(owner=owner, platform="instagram", remote_id="18")
    twin.token = account.token_sealed
    with pytest.raises(FieldError, match="rebind"):
        twin.save()
    twin.token = Connection.objects.values("token").get()["token"]
    with pytest.raises(UndecryptableToken):
        twin.save()
    with pytest.raises(TypeError, match="refresh_token"):
        twin.refresh_token = account.token_sealed


def test_a_child_table_can_not_part_from_the_secret_of_its_parent():
    SignedCertificate.objects.create(owner_id=2, name="b", secret=SECRET, signer="me")
    child = SignedCertificate.objects.get()
    child.owner_id = 3
    with pytest.raises(FieldError, match="rebind"):
        child.save(update_fields=["owner_id"])
    rebind(child, owner_id=3)
    assert Certificate.objects.get().secret == SECRET


def test_what_no_field_can_see_leaves_the_secret_closed_rather_than_wrong(account, other):
    account.owner = other
    Connection.objects.bulk_update([account], ["owner"])
    assert code_of(lambda: Connection.objects.get().token) == "tampered"


@pytest.mark.parametrize("emptied", [None, "no number"])
def test_a_binding_column_emptied_in_the_database_closes_the_secret(account, emptied):
    sealed = Connection.objects.values("token").get()["token"]
    assert code_of(lambda: sealed.open(owner_id=emptied, platform="instagram", remote_id="17")) == "tampered"


# Leaving no traces


@pytest.mark.parametrize("failing", ["no key", "no owner"])
def test_no_stack_frame_of_ours_holds_the_secret_when_saving_fails(owner, failing):
    account = Connection(
        owner=owner if failing == "no key" else None, platform="x", remote_id="1", token=SECRET
    )
    keys = [] if failing == "no key" else [crypto.generate_key()]
    with (
        override_settings(CONNECTED_ACCOUNTS_ENCRYPTION_KEYS=keys),
        pytest.raises((FieldError, ImproperlyConfigured)) as caught,
        transaction.atomic(),
    ):
        Connection.objects.bulk_create([account])
    frames = [entry.frame.f_locals for entry in caught.traceback if "test_fields" not in str(entry.path)]
    assert len(frames) > 3
    assert not [held for held in frames if SECRET in repr(held)]


def test_an_instance_shows_no_secret_to_whoever_inspects_it(account, caplog):
    account.token = account.token + "!"
    account.extra["page"] = SECRET
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("tests").debug("%s %r %s", account, account.token_sealed, vars(account))
    shown = [repr(vars(account)), repr(account.__reduce__()), repr(model_to_dict(account)), caplog.text]
    shown += [
        str(account.token_sealed),
        f"{account.token_sealed}",
        repr(account._meta.get_field("token").value_from_object(account)),
    ]
    shown += [
        repr(pickle.dumps(account)),
        repr(pickle.dumps(account.token_sealed)),
        repr(account.serializable_value("token")),
    ]
    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize("touch", ["unread", "read", "assigned", "unsaved", "changed in place"])
def test_pickles_hold_no_secret_and_bring_it_back(account, owner, touch):
    if touch == "read":
        assert account.token == SECRET
    if touch == "assigned":
        account.token = SECRET
    if touch == "changed in place":
        account.extra["more"] = SECRET
    if touch == "unsaved":
        account = Connection(owner=owner, platform="x", remote_id="1", token=SECRET, extra={"more": SECRET})
    pickled = pickle.dumps(account)
    assert SECRET.encode() not in pickled
    again = pickle.loads(pickled)
    assert (again.token, again.extra) == (SECRET, account.extra)
    again.save()
    assert Connection.objects.get(pk=again.pk).token == SECRET


def test_a_pickled_queryset_of_values_opens_as_before(account, owner):
    sealed = pickle.loads(pickle.dumps(list(Connection.objects.values("token"))))[0]["token"]
    assert sealed.open(owner_id=owner.pk, platform="instagram", remote_id="17") == SECRET


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_goes_its_own_way(account, duplicate):
    twin = duplicate(account)
    twin.token = "twin's"
    assert (account.token, twin.token) == (SECRET, "twin's")
    if duplicate is copy.deepcopy:
        deep = copy.deepcopy(account)
        deep.extra["page"] = "other"
        assert account.extra == {"page": "p1"}


# Fixtures


@pytest.mark.databases
def test_dumped_data_is_ciphertext_and_loads_again(account, tmp_path):
    fixture = tmp_path / "dump.json"
    call_command("dumpdata", "host.connection", "auth.user", output=str(fixture), verbosity=0)
    assert SECRET not in fixture.read_text()
    before = stored(Connection, "token")
    Connection.objects.all().delete()
    call_command("loaddata", str(fixture), verbosity=0)
    row = Connection.objects.get()
    assert (row.token, row.extra, row.refresh_token) == (SECRET, {"page": "p1"}, "")
    assert stored(Connection, "token") == before


def test_text_in_a_fixture_is_a_value_even_where_it_looks_like_ciphertext(account):
    (ciphertext,) = stored(Connection, "token")
    rows = serializers.deserialize(
        "python", [{"model": "host.note", "fields": {"body": ciphertext, "data": {"$sealed": 1}}}]
    )
    for row in rows:
        row.save()
    note = Note.objects.get()
    assert (note.body, note.data) == (ciphertext, {"$sealed": 1})


def test_text_that_looks_like_ciphertext_is_never_opened_when_assigned(account):
    (account.token,) = stored(Connection, "token")
    account.save()
    assert Connection.objects.get().token.startswith("dca1.")


def test_a_clear_secret_is_never_dumped(account):
    plant(Connection, "token", SECRET)
    with pytest.raises(UndecryptableToken) as caught:
        serializers.serialize("json", Connection.objects.all())
    assert SECRET not in str(caught.value)
    with override_settings(CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM=("plaintext",)):
        assert SECRET not in serializers.serialize("json", Connection.objects.all())


def test_a_dump_of_unreadable_rows_loads_as_it_was(account):
    dumped = serializers.serialize("json", Connection.objects.all())
    before = stored(Connection, "token")
    with override_settings(CONNECTED_ACCOUNTS_ENCRYPTION_KEYS=[crypto.generate_key()]):
        for row in serializers.deserialize("json", dumped):
            row.save()
    assert stored(Connection, "token") == before


# Forms


class ConnectionForm(forms.ModelForm):
    class Meta:
        model = Connection
        fields = ("owner", "platform", "remote_id", "name", "token", "refresh_token", "extra")


def form(account: Connection | None, owner: Any, **data: str) -> ConnectionForm:
    values = {"owner": owner.pk, "platform": "instagram", "remote_id": "17", "name": "n"}
    return ConnectionForm({**values, **data}, instance=account)


def test_a_form_never_shows_a_secret(account, owner):
    assert SECRET not in str(ConnectionForm(instance=account))
    rejected = form(account, owner, token=SECRET, extra='{"a": "' + SECRET + '"}', remote_id="")
    assert not rejected.is_valid()
    assert SECRET not in str(rejected)


def test_a_blank_form_field_keeps_the_secret(account, owner):
    filled = form(account, owner, token="", name="renamed")
    assert filled.is_valid(), filled.errors
    assert filled.changed_data == ["name"]
    filled.save()
    row = Connection.objects.get()
    assert (row.name, row.token, row.extra) == ("renamed", SECRET, {"page": "p1"})


def test_a_form_takes_a_new_secret(account, owner):
    filled = form(account, owner, token="new", extra='{"page": "p2"}')
    assert filled.is_valid(), filled.errors
    assert set(filled.changed_data) >= {"token", "extra"}
    filled.save()
    row = Connection.objects.get()
    assert (row.token, row.extra) == ("new", {"page": "p2"})


def test_a_form_asks_for_a_required_secret_that_is_not_there(owner):
    assert list(form(None, owner).errors) == ["token"]
    assert form(None, owner, token="given").is_valid()


def test_a_form_takes_ciphertext_as_mere_text(account, owner):
    (ciphertext,) = stored(Connection, "token")
    filled = form(account, owner, token=ciphertext, extra=json.dumps({"$sealed": ciphertext}))
    assert filled.is_valid()
    filled.save()
    row = Connection.objects.get()
    assert (row.token, row.extra) == (ciphertext, {"$sealed": ciphertext})


def test_full_clean_validates_what_is_new_and_leaves_the_stored_closed(account):
    plant(Connection, "token", "dca1.01234567.AAAA")
    Connection.objects.get().full_clean()
    with pytest.raises(ValidationError) as caught:
        Connection(platform="x", remote_id="1", token="").full_clean(exclude=["owner"])
    assert list(caught.value.message_dict) == ["token"]


# Declaration


def test_label_and_binding_are_frozen_in_migrations():
    field = Connection._meta.get_field("token")
    _, path, args, options = field.deconstruct()
    assert path == "django_connected_accounts.fields.EncryptedTextField"
    assert options == {"label": "host.connection.token", "binding": ("owner_id", "platform", "remote_id")}
    assert EncryptedTextField(*args, **options).deconstruct()[1:] == (path, args, options)
    assert "from django_connected_accounts" not in MigrationWriter.serialize(field)[0]


def test_a_label_is_required():
    with pytest.raises(TypeError, match="label"):
        EncryptedTextField()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_column_can_be_added_to_a_table_with_rows():
    Note.objects.create(title="was there before")
    for added, value in (
        (EncryptedTextField(label="tests.added", default=""), ""),
        (EncryptedJSONField(label="tests.added_json", default=dict), "{}"),
    ):
        added.set_attributes_from_name(f"added_{len(value)}")
        added.model = Note
        with connection.schema_editor() as editor:
            editor.add_field(Note, added)
        assert stored(Note, added.column) == [value]
        with connection.schema_editor() as editor:
            editor.remove_field(Note, added)


def test_declarations_that_can_not_hold_are_system_check_errors():
    class Wrong(models.Model):
        cost = models.FloatField()
        token = EncryptedTextField(label="tests.wrong", binding=("cost", "nowhere"))
        owner = models.ForeignKey("auth.User", models.CASCADE)
        name = EncryptedTextField(label="tests.wrong_too", binding=("owner",))

        class Meta:
            app_label = "host"
            constraints = (models.UniqueConstraint(fields=("token",), name="wrong"),)
            apps = type(Note._meta.apps)()

    found = [message.id for field in ("token", "name") for message in Wrong._meta.get_field(field).check()]
    assert found == ["connected_accounts.E011"] * 2 + ["connected_accounts.E012"] + [
        "connected_accounts.E011"
    ]

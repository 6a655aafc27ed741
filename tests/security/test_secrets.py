"""Where a token, a code, a verifier or a state must never be seen."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.management import call_command
from django.db import connection
from django.forms import model_to_dict, modelform_factory
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.debug import ExceptionReporter

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectionFailed, NotAuthorized, Unavailable
from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.providers.types import Connection, Profile
from django_connected_accounts.sandbox import World, in_process
from django_connected_accounts.services import accounts, connecting, tokens
from tests.strict_platform import Strict
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

SECRET = "IGAAsecret"
DAY = 24 * 60 * 60


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    """An account with a secret in each place there is for one."""
    account = visitor.connects()
    account.access_token, account.refresh_token = f"{SECRET}-1", f"{SECRET}-2"
    account.extra_tokens = {"user_access_token": f"{SECRET}-3"}
    account.save()
    return ConnectedAccount.objects.get(pk=account.pk)


def shown(thing: Any) -> str:
    """Return all that can be seen of a thing without asking for its secrets by name."""
    seen = [repr(thing), str(thing), f"{thing}", f"{thing!r:>40}", repr(getattr(thing, "__dict__", ""))]
    seen += [repr(getattr(thing, "args", "")), repr(thing.__reduce_ex__(4)), repr(copy.copy(thing))]
    return "\n".join(seen)


@pytest.mark.parametrize("opened", [False, True])
def test_an_account_shows_no_secret_in_any_of_its_forms(account: ConnectedAccount, opened: bool) -> None:
    if opened:
        assert account.access_token.startswith(SECRET)
        assert account.extra_tokens

    row = ConnectedAccount.objects.values().get()
    forms = [
        shown(account),
        repr(vars(account)),
        str(model_to_dict(account)),
        str(row),
        str(ConnectedAccount.objects.values_list().get()),
        str(pickle.dumps(account)),
        str(pickle.dumps(ConnectedAccount.objects.all())),
        json.dumps(row, default=str),
        json.dumps(vars(account), default=str),
        serializers.serialize("json", [account]),
    ]

    assert not [form[:200] for form in forms if SECRET in form]


def test_values_that_carry_tokens_show_none(account: ConnectedAccount) -> None:
    profile = Profile(account_id="1", username="a", tokens=account.tokens)

    for value in (
        account.tokens,
        account.connection,
        profile,
        Connection(account_id="1", tokens=account.tokens),
    ):
        assert SECRET not in repr(value) + str(value) + f"{value}"


def test_errors_show_no_secret(visitor: Visitor, world: World, account: ConnectedAccount) -> None:
    world.revoke("shop")
    with pytest.raises(NotAuthorized) as refused:
        registry.get("instagram_login").verify(account.connection)
    world.fault(action="lose_before", times=0)
    begun = visitor.begins()
    params = visitor.consents(begun)
    with pytest.raises(ConnectionFailed) as failed:
        visitor.returns(params)

    for error in (refused.value, failed.value):
        cause: BaseException | None = error
        while cause is not None:
            for secret in (SECRET, params["code"][0], params["state"][0], "sandbox-instagram-secret"):
                assert secret not in shown(cause)
            cause = cause.__cause__ or cause.__context__


def test_a_dump_of_the_data_holds_no_secret(
    account: ConnectedAccount, visitor: Visitor, world: World
) -> None:
    visitor.goes("two_businesses", "instagram")
    begun = visitor.begins()
    out = io.StringIO()
    call_command("dumpdata", "connected_accounts", stdout=out)

    held = {token.value for token in world.tokens.values()} | {SECRET, state_of(begun), visitor.browser}
    assert not [secret for secret in held if secret in out.getvalue()]


def test_a_form_made_of_the_model_shows_no_secret(account: ConnectedAccount) -> None:
    fields = ("username", "access_token", "refresh_token", "extra_tokens")
    form = modelform_factory(ConnectedAccount, fields=fields)(instance=account)

    assert account.username in form.as_p()
    assert SECRET not in form.as_p()


@pytest.mark.parametrize("model", ["connectedaccount", "connectionattempt", "event"])
def test_the_admin_shows_no_secret(
    account: ConnectedAccount, visitor: Visitor, world: World, model: str
) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    staff = Client()
    staff.force_login(get_user_model().objects.create_superuser("root", "", "x"))
    pk = {"connectedaccount": account.pk, "connectionattempt": attempt.pk}.get(model) or Event.objects.all()[
        0
    ].pk
    stored = raw("connected_accounts") + raw("connected_accounts_attempt")
    site = f"admin:connected_accounts_{model}"

    held = {token.value for token in world.tokens.values()} | {SECRET}
    pages = [
        staff.get(reverse(f"{site}_changelist")),
        staff.get(reverse(f"{site}_changelist"), {"q": account.account_id}),
        staff.get(reverse(f"{site}_change", args=[pk])),
        staff.get(reverse(f"{site}_history", args=[pk])),
    ]

    for page in pages:
        assert page.status_code == 200
        body = page.content.decode()
        assert not [secret for secret in held if secret in body]
        assert not [cell for cell in stored if "dca1." in cell and cell in body]


def test_a_report_of_an_error_deep_in_a_platform_shows_no_secret(
    account: ConnectedAccount, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """The page and the mail that Django makes of an error nobody caught."""
    settings.DEBUG = False
    monkeypatch.setattr(
        "django_connected_accounts.providers.meta.graph.error_in", lambda *args, **named: 1 / 0
    )
    request = RequestFactory().get("/")

    reports = []
    for act in (lambda: accounts.verify(account, by=None), lambda: visitor.goes("creator")):
        try:
            act()
        except (ZeroDivisionError, ConnectionFailed):
            reporter = ExceptionReporter(request, *sys.exc_info())
            reports += [reporter.get_traceback_html(), reporter.get_traceback_text()]

    assert len(reports) == 4
    held = {token.value for token in in_process().tokens.values()} | {account.access_token}
    assert not [secret for secret in held if secret in "".join(reports)]
    assert "sandbox-instagram-secret" not in "".join(reports)


def test_nothing_is_logged_that_opens_anything(
    visitor: Visitor, world: World, strict: type[Strict], caplog: pytest.LogCaptureFixture
) -> None:
    """A whole connection, a look, a refresh that fails and one that works, at the root logger's DEBUG."""
    caplog.set_level(logging.DEBUG)
    begun = visitor.begins()
    params = visitor.consents(begun)
    visitor.returns(params)
    account = ConnectedAccount.objects.get()
    seen = [account.access_token, params["code"][0], params["state"][0]]
    world.advance(2 * DAY)
    world.fault(action="status", path="/refresh_access_token", status=500)
    with pytest.raises(Unavailable):
        tokens.refresh(account)
    tokens.refresh(account)
    seen.append(account.access_token)
    accounts.verify(account, by=visitor.user)
    strict_begun = visitor.begins("strict")
    visitor.returns({"code": ["strict-code"], "state": [state_of(strict_begun)]}, "strict")
    seen += [state_of(strict_begun), strict.exchanged[0]["verifier"], "strict-code"]
    world.fault(action="truncate_body", host="graph.instagram.com", times=0)
    with pytest.raises(Unavailable):
        accounts.verify(account, by=visitor.user)
    accounts.disconnect(account, by=visitor.user)

    assert caplog.records
    told = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    for secret in (*seen, "sandbox-instagram-secret"):
        assert secret
        assert secret not in told


def test_events_hold_no_secret(visitor: Visitor, world: World) -> None:
    begun = visitor.begins()
    params = visitor.consents(begun)
    world.fault(action="status", host="graph.instagram.com", path="/me", status=500)
    with pytest.raises(ConnectionFailed):
        visitor.returns(params)
    account = visitor.connects()
    accounts.verify(account, by=visitor.user)

    stored = "".join(raw("connected_accounts_event"))
    for secret in (account.access_token, params["code"][0], params["state"][0]):
        assert secret not in stored


def test_nothing_is_stored_in_clear(visitor: Visitor, world: World, strict: type[Strict]) -> None:
    begun = visitor.begins("strict")
    choosing = visitor.goes("two_businesses", "instagram")
    account = visitor.connects()

    stored = "\n".join(raw("connected_accounts") + raw("connected_accounts_attempt"))

    secrets = [account.access_token, state_of(begun), begun.attempt.verifier, visitor.browser]
    secrets += [profile["tokens"]["access_token"] for profile in choosing.candidates["profiles"]]
    for secret in secrets:
        assert secret
        assert secret not in stored


def test_the_json_of_accounts_holds_no_secret(account: ConnectedAccount, visitor: Visitor) -> None:
    client = Client()
    client.force_login(visitor.user)

    for answer in (
        client.get(reverse("connected_accounts_api:accounts")),
        client.get(reverse("connected_accounts_api:account", args=[account.pk])),
        client.get(reverse("connected_accounts:account", args=[account.pk])),
    ):
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode()
        assert "dca1." not in answer.content.decode()


def state_of(begun: connecting.Begun) -> str:
    return parse_qs(urlsplit(begun.authorization_url).query)["state"][0]


def raw(table: str) -> list[str]:
    """Return every cell of a table as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return [str(cell) for row in cursor.fetchall() for cell in row]

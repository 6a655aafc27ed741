"""Attack 22: what reports an error nobody caught, with DEBUG and without, to people and to error trackers."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.debug import ExceptionReporter, technical_500_response

from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt, Revocation
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.meta.graph import Graph
from django_connected_accounts.sandbox import SandboxAdapter, World, consent, samples
from django_connected_accounts.sandbox.tokens import proof_of
from django_connected_accounts.services import accounts, connecting, revoking, stepping, tokens
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

DAY = 24 * 60 * 60


class Broken(Exception):
    """A bug, of ours or of a library."""


@pytest.fixture
def world(sandbox: World) -> World:
    return sandbox


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return visitor.connects()


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``breaks("understanding")`` has a bug there, under every call to a platform."""

    def bug(*args: Any, **named: Any) -> Any:
        held = {"args": args, "named": named}
        raise Broken(len(held))

    places = {
        "sending": lambda: monkeypatch.setattr(SandboxAdapter, "send", bug),
        "reading": lambda: monkeypatch.setattr(Http, "_understand", bug),
        "understanding": lambda: monkeypatch.setattr(
            "django_connected_accounts.providers.meta.graph.error_in", bug
        ),
        "asking": lambda: monkeypatch.setattr(Graph, "_call", bug),
    }
    return lambda place: places[place]()


@pytest.fixture(params=["debug", "production"])
def debug(request: pytest.FixtureRequest, settings: Any) -> bool:
    settings.DEBUG = request.param == "debug"
    return bool(settings.DEBUG)


def secrets_of(world: World) -> set[str]:
    """Return every secret the platform has minted or was told, in the forms it goes over the wire."""
    known = {*world.tokens, *world.codes, *(app.secret for app in world.apps.values())}
    known |= {proof_of(app, token) for app in world.apps.values() for token in world.tokens}
    return known | {str(request.state) for request in world.consents.values()}


def reports(error: BaseException) -> str:
    """Return what Django, the standard library and an error tracker say of this error, from our door on."""
    outside = error.__traceback__
    while outside and "/tests/" in outside.tb_frame.f_code.co_filename:
        outside = outside.tb_next
    error.__traceback__ = outside
    request = RequestFactory().get("/")
    what = (type(error), error, error.__traceback__)
    reporter = ExceptionReporter(request, *what)
    told = [
        reporter.get_traceback_html(),
        reporter.get_traceback_text(),
        technical_500_response(request, *what).content.decode(),
        "".join(traceback.TracebackException(*what, capture_locals=True).format()),
        *map(repr, locals_of(error)),
    ]
    return "\n".join(told)


def locals_of(error: BaseException | None) -> Iterator[Any]:
    """Yield what an error tracker reads of every frame, of the whole chain."""
    while error is not None:
        yield from (dict(frame.f_locals) for frame, _ in traceback.walk_tb(error.__traceback__))
        error = error.__cause__ or error.__context__


def chosen(visitor: Visitor) -> list[ConnectedAccount]:
    attempt = ConnectionAttempt.objects.get(status="choosing")
    usable = [found.account_id for found in connecting.candidates(attempt) if not found.unusable]
    return connecting.choose(visitor.user, attempt, usable)


ACTS: dict[str, Callable[[Visitor, ConnectedAccount], Any]] = {
    "exchange": lambda visitor, account: visitor.goes("creator"),
    "profiles": lambda visitor, account: visitor.goes("portfolio", "instagram"),
    "choose": lambda visitor, account: chosen(visitor),
    "refresh": lambda visitor, account: tokens.refresh(account),
    "verify": lambda visitor, account: accounts.verify(account, by=None),
    "revoke": lambda visitor, account: [revoking._revoke(due) for due in Revocation.objects.all()],
    "publish": lambda visitor, account: stepping._visit(account.publications.get()),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("place", ["sending", "reading", "understanding", "asking"])
def test_no_report_of_an_error_shows_a_secret(
    visitor: Visitor,
    account: ConnectedAccount,
    world: World,
    breaks: Callable[[str], None],
    act: str,
    place: str,
    debug: bool,
) -> None:
    if act == "choose":
        visitor.goes("two_businesses", "instagram")
    elif act == "revoke":
        visitor.connects("portfolio", "instagram")
        for connected in ConnectedAccount.objects.filter(platform="instagram"):
            accounts.disconnect(connected, by=None)
    elif act == "publish":
        account.publish(text="Hello", media=[ContentFile(samples.jpeg(400, 400), "photo.jpg")])
    world.advance(2 * DAY)
    breaks(place)

    with pytest.raises(Exception) as caught:  # noqa: PT011
        ACTS[act](visitor, account)

    chain = [error := caught.value, error.__cause__, error.__context__]
    assert Broken in map(type, chain)
    told = reports(error)
    account.refresh_from_db()
    held = secrets_of(world) | {account.access_token, "sandbox-instagram-secret", visitor.browser}
    assert len(held) > 4
    assert [secret for secret in held if secret in told] == []


@pytest.mark.parametrize("space", ["connected_accounts", "connected_accounts_api"])
def test_the_error_page_of_a_callback_shows_neither_code_nor_state(
    visitor: Visitor, world: World, monkeypatch: pytest.MonkeyPatch, settings: Any, space: str, debug: bool
) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(visitor.user)
    address = reverse(f"{space}:connect", args=["instagram_login"])
    begun = (
        browser.get(address).json()["authorization_url"]
        if space.endswith("api")
        else browser.post(address).headers["Location"]
    )
    back = urlsplit(consent.visit(world, begun, "shop"))
    settings.ADMINS = [("Ada", "ada@example.com")]
    monkeypatch.setattr("django_connected_accounts.services.attempts.spend", _bug)
    callback = f"{back.path}?{back.query}"
    answer = browser.get(callback, REQUEST_URI=callback, RAW_URI=callback)

    assert answer.status_code == 500
    request = answer.wsgi_request
    told = [answer.content.decode(), repr(request), repr(request.META), str(request.build_absolute_uri())]
    told += [ExceptionReporter(request, *answer.exc_info).get_traceback_html(), repr(request.GET)]
    told += [f"{message.subject}\n{message.body}" for message in mail.outbox]
    assert len(mail.outbox) == (0 if debug else 1)
    held = {*world.codes, *(str(asked.state) for asked in world.consents.values())}
    assert held
    assert [secret for secret in held for text in told if secret in text] == []


def _bug(*args: Any) -> Any:
    raise Broken


def test_what_we_log_of_a_bug_while_connecting_carries_no_locals(
    visitor: Visitor, world: World, breaks: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    breaks("understanding")

    with pytest.raises(Exception, match="connection_failed"):
        visitor.goes("creator")

    (record,) = [record for record in caplog.records if record.exc_info]
    assert isinstance(record.exc_info, tuple)
    told = reports(record.exc_info[1])  # type: ignore[arg-type]
    assert [secret for secret in secrets_of(world) if secret in told] == []

"""One long story, and everything that came of it searched for every secret there was in it."""

from __future__ import annotations

import base64
import io
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import mail, serializers
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_connected_accounts import registry, testing
from django_connected_accounts.browser import SESSION_KEY
from django_connected_accounts.exceptions import ConnectedAccountsError
from django_connected_accounts.models import (
    ConnectedAccount,
    ConnectionAttempt,
    Event,
    Publication,
    Revocation,
)
from django_connected_accounts.sandbox import World, consent, samples, serving, webhooks
from django_connected_accounts.sandbox.tokens import proof_of
from django_connected_accounts.services import accounts, foresight, mailing, publishing, revoking, tokens
from tests import strict_platform
from tests.meta import APPS, VERIFY_TOKEN, Meta
from tests.strict_platform import Strict
from tests.visitor import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

DAY = 24 * 60 * 60
PAGES, API = "connected_accounts", "connected_accounts_api"


@pytest.fixture
def world(sandbox: World, settings: Any) -> Iterator[World]:
    """The sandbox behind real sockets, so that the HTTP libraries have something to log."""
    before, fetch = sandbox.base_url, sandbox.fetch

    def fetch_and_hang_up(url: str) -> Any:
        try:
            return fetch(url)
        finally:
            connection.close()  # of the sandbox's thread, which asked our site for the media

    sandbox.fetch = fetch_and_hang_up
    with serving(sandbox) as url:
        settings.CONNECTED_ACCOUNTS_SANDBOX = url
        registry.reset()
        yield sandbox
    sandbox.base_url, sandbox.fetch = before, fetch


class Told:
    """Everything that came to light, by where it did."""

    def __init__(self) -> None:
        self.places: dict[str, list[str]] = defaultdict(list)

    def add(self, place: str, *texts: object) -> None:
        self.places[place] += map(str, texts)

    def finds(self, secret: str) -> list[str]:
        return [
            f"{place}: {at(text, secret)}"
            for place, texts in self.places.items()
            for text in texts
            if secret in text
        ]


class Watched(Client):
    """A browser all of whose answers are written down."""

    def __init__(self, told: Told, user: Any) -> None:
        super().__init__()
        self.told = told
        self.force_login(user)

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        place = f"{request.get('REQUEST_METHOD')} {request.get('PATH_INFO')}"
        headers = {name: value for name, value in answer.headers.items() if name != "Set-Cookie"}
        if "/connect" in place:  # where the browser is sent to with the state
            headers.pop("Location", None)
        self.told.add(place, headers, "" if place.endswith("/connect") else answer.content.decode())
        return answer


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.DEBUG)
    return Told()


def at(text: str, secret: str) -> str:
    """Return what is around the secret in a text."""
    found = text.index(secret)
    return text[max(0, found - 60) : found] + "<secret>" + text[found + len(secret) :][:30]


def test_no_secret_comes_to_light_anywhere(
    visitor: Visitor,
    world: World,
    meta: Meta,
    strict: type[Strict],
    settings: Any,
    told: Told,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {
        **strict_platform.APPS,
        **{name: {"VERIFY_TOKEN": VERIFY_TOKEN} for name in APPS},
    }
    visitor.user.email = "ada@example.com"
    visitor.user.save()
    world.toggles.require_appsecret_proof = True
    browser = Watched(told, visitor.user)
    known = {VERIFY_TOKEN, *settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS}
    known |= {base64.urlsafe_b64decode(key).hex() for key in settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS}

    known |= connects(visitor, browser, world, strict)
    known.add(browser.session[SESSION_KEY])
    shop = ConnectedAccount.objects.get(username="juniper.shop")
    publishes(shop, browser, world)
    refreshes(shop, world)
    is_told(meta, world, shop)
    known |= {row.access_token for row in ConnectedAccount.objects.all()} - {""}
    ends(visitor, browser, world)
    looks(visitor, browser, told)

    known |= {*world.tokens, *world.codes, *(app.secret for app in world.apps.values())}
    known |= {proof_of(app, token) for app in world.apps.values() for token in world.tokens}
    known |= {str(asked.state) for asked in world.consents.values()}
    links = {urlsplit(item.url).path.split("/")[-2] for item in fetched(world)}
    told.add("log", caplog.text, *(repr(vars(record)) for record in caplog.records))
    told.add(
        "mail", *(f"{message.subject}\n{message.body}\n{message.extra_headers}" for message in mail.outbox)
    )
    told.add("rows", *rows())
    told.add("output", *capsys.readouterr())

    assert len(known) > 25
    assert all(len(secret) > 7 for secret in known)
    assert links
    assert {record.name.partition(".")[0] for record in caplog.records} >= {
        "urllib3",
        "django_connected_accounts",
    }
    assert len(mail.outbox) >= 2
    assert [found for secret in known for found in told.finds(secret)] == []
    told.places = {place: told.places[place] for place in ("log", "mail", "rows", "output", "dump")}
    assert [found for link in links for found in told.finds(link)] == []


def connects(visitor: Visitor, browser: Watched, world: World, strict: type[Strict]) -> set[str]:
    """Connect by page and by API, with and without a choice, declined, broken; return what only we know."""
    for person, platform, space, options in (
        ("shop", "instagram_login", PAGES, {}),
        ("creator", "instagram_login", API, {}),
        ("two_businesses", "instagram", PAGES, {}),
        ("shop", "instagram_login", PAGES, {"allow": False}),
        ("shop", "instagram_login", API, {"broken": True}),
    ):
        address = reverse(f"{space}:connect", args=[platform])
        if space == PAGES:
            begun = browser.post(address).headers["Location"]
        else:
            begun = browser.get(address).json()["authorization_url"]
        if options.pop("broken", False):
            world.fault(action="status", path="/oauth/access_token", status=500)
            world.fault(action="truncate_body", path="/oauth/access_token")
        back = urlsplit(consent.visit(world, begun, person, **options))
        browser.get(browser.get(f"{back.path}?{back.query}").headers["Location"])
    attempt = ConnectionAttempt.objects.get(status="choosing")
    for space in (PAGES, API):
        browser.get(reverse(f"{space}:attempt", args=[attempt.pk]))
    offered = browser.get(reverse(f"{API}:attempt", args=[attempt.pk])).json()["candidates"]
    ids = [found["account_id"] for found in offered if not found["reason"]]
    assert (
        browser.post(reverse(f"{PAGES}:attempt-choose", args=[attempt.pk]), {"accounts": ids}).status_code
        == 303
    )
    begun = visitor.begins("strict").authorization_url
    state = parse_qs(urlsplit(begun).query)["state"][0]
    visitor.returns({"code": ["a code of the strict"], "state": [state]}, "strict")
    tokens.refresh(ConnectedAccount.objects.get(platform="strict"))
    return {
        visitor.browser,
        state,
        strict.exchanged[0]["verifier"],
        "a code of the strict",
        "access-for-refresh",
    }


def publishes(shop: ConnectedAccount, browser: Watched, world: World) -> None:
    """Publish with a first comment; once refused, once with the answer lost."""
    for number, fault in enumerate(({}, {"status": 400}, {"status": 500})):
        if fault:
            world.fault(action="status", path="/media$", times=2, **fault)
        photo = ContentFile(samples.jpeg(400, 400 + number), "photo.jpg")
        shop.publish(text=f"Post {number}", media=[photo], first_comment="First!")
        testing.publish_everything()
    assert Publication.objects.filter(status="published").exists()
    assert any(post["comments"] for post in world.posts())


def refreshes(shop: ConnectedAccount, world: World) -> None:
    """Renew access: in vain, then not, then refused for good."""
    world.advance(2 * DAY)
    ConnectedAccount.objects.update(token_issued_at=timezone.now() - timezone.timedelta(days=2))
    world.fault(action="status", path="/refresh_access_token", status=500)
    for _ in range(2):
        with suppress(ConnectedAccountsError):
            tokens.refresh(ConnectedAccount.objects.get(pk=shop.pk))
    world.advance(-2 * DAY)
    assert Event.objects.filter(verb="account.refreshed", account=shop).exists()


def is_told(meta: Meta, world: World, shop: ConnectedAccount) -> None:
    """Hear of a comment, and of a person who removes us and wants their data deleted."""
    meta.registers()
    value = {"id": "17865799348089039", "text": "nice!"}
    assert webhooks.notify(world, shop.username, "comments", value)
    webhooks.deauthorize(world, "creator")
    assert {status for sent in webhooks.deliver(world) for status in sent.statuses} == {200}
    creator = ConnectedAccount.objects.get(health_code="access_revoked")
    assert meta.calls_back("webhook-deletion", {"user_id": creator.platform_user_id}).status_code == 200


def ends(visitor: Visitor, browser: Watched, world: World) -> None:
    """Be refused, tell of it, disconnect, and end the grants though the platform fails at first."""
    world.revoke("shop", 460)
    for account in ConnectedAccount.objects.all():
        with suppress(ConnectedAccountsError):
            accounts.verify(account, by=visitor.user)
    publishing.tick()
    mailing.send_due()
    world.fault(method="DELETE", action="status", status=500)
    for account in ConnectedAccount.objects.filter(platform="instagram"):
        browser.post(reverse(f"{PAGES}:account-disconnect", args=[account.pk]))
    for _ in range(2):
        Revocation.objects.update(run_at=timezone.now())
        revoking.revoke_due()
    assert Event.objects.filter(verb="account.revoked").exists()
    foresight.look()


def looks(visitor: Visitor, browser: Watched, told: Told) -> None:
    """Open every page, every answer of the API and the admin, and have everything dumped."""
    staff = Watched(told, get_user_model().objects.create_superuser("root", "root@example.com", "x"))
    lists = ("accounts", "notices", "posts")
    for space, names in ((PAGES, (*lists, "connect-any", "compose")), (API, (*lists, "providers"))):
        for name in names:
            assert browser.get(reverse(f"{space}:{name}")).status_code == 200
    for account in ConnectedAccount.objects.all():
        browser.get(reverse(f"{PAGES}:account", args=[account.pk]))
        browser.get(reverse(f"{API}:account", args=[account.pk]))
    for attempt in ConnectionAttempt.objects.all():
        browser.get(reverse(f"{PAGES}:attempt", args=[attempt.pk]))
        browser.get(reverse(f"{API}:attempt", args=[attempt.pk]))
    for publication in Publication.objects.all():
        browser.get(reverse(f"{PAGES}:post", args=[publication.post_id]))
        browser.get(reverse(f"{API}:post", args=[publication.post_id]))
    for model in apps.get_app_config("connected_accounts").get_models():
        told.add("dump", list(model.objects.values_list()), list(model.objects.values()))
        told.add("dump", *(serializers.serialize(form, model.objects.all()) for form in ("json", "jsonl")))
    for model in (ConnectedAccount, ConnectionAttempt, Event, Publication, Revocation):
        site = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert staff.get(reverse(f"{site}_changelist"), {"q": "shop"}).status_code == 200
        for row in model.objects.all():
            assert staff.get(reverse(f"{site}_change", args=[row.pk])).status_code == 200
    for command in (["connected_accounts_doctor"], ["dumpdata", "connected_accounts"], ["check", "--deploy"]):
        out = io.StringIO()
        with suppress(CommandError, SystemExit):
            call_command(*command, stdout=out, stderr=out)
        told.add("dump", out.getvalue())


def fetched(world: World) -> list[Any]:
    items = [item for media in world.media.values() for item in media.items]
    assert items
    return items


def rows() -> list[str]:
    """Return every cell of every table of ours, as the database has it."""
    cells = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("connected_accounts"):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                cells += [str(cell) for row in cursor.fetchall() for cell in row]
    return cells

"""What an attacker may make a browser send: addresses, methods, hosts, other people's ids."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt, Event, Post, Publication
from django_connected_accounts.sandbox import World, consent
from django_connected_accounts.services import connecting
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

PAGES, API = "connected_accounts", "connected_accounts_api"
VERBS = ("reconnect", "verify", "refresh", "pause", "resume", "disconnect")
MEDDLING = {
    "client_id": "evil",
    "redirect_uri": "https://evil.example/",
    "state": "known",
    "scope": "everything",
    "auth_params": "prompt=none",
    "response_type": "token",
}
UNSAFE = (
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%2f/evil.example",
    "javascript:alert(1)",
    "data:text/html,hello",
    "/ok\r\nSet-Cookie: a=b",
    "/\t/evil.example",
    "\x00/ok",
    "https://testserver@evil.example",
    "https://evil.testserver/",
    "http:evil.example",
    " /ok",
    "ok",
    "",
)


@pytest.fixture
def browser(visitor: Visitor) -> Client:
    return signed_in(visitor)


def signed_in(visitor: Visitor, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(visitor.user)
    return client


def url(space: str, name: str, *args: Any) -> str:
    return reverse(f"{space}:{name}", args=args)


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def begins(browser: Client, space: str, **sent: Any) -> str:
    """Return the authorization URL that this site sends the browser to."""
    if space == API:
        return str(browser.get(url(API, "connect", "instagram_login"), **sent).json()["authorization_url"])
    extra = f"?{sent.pop('QUERY_STRING')}" if "QUERY_STRING" in sent else ""
    return str(browser.post(url(PAGES, "connect", "instagram_login") + extra, **sent).headers["Location"])


def returns(browser: Client, world: World, authorization_url: str, **options: Any) -> Any:
    back = urlsplit(consent.visit(world, authorization_url, "shop", **options))
    return browser.get(f"{back.path}?{back.query}")


# Beginning


@pytest.mark.parametrize("space", [PAGES, API])
def test_nothing_in_the_request_changes_what_is_asked_of_the_platform(browser: Client, space: str) -> None:
    honest = query(begins(browser, space))
    meddled = query(begins(browser, space, QUERY_STRING="&".join(f"{k}={v}" for k, v in MEDDLING.items())))
    if space == PAGES:
        posted = query(browser.post(url(PAGES, "connect", "instagram_login"), MEDDLING).headers["Location"])
        assert posted | {"state": []} == honest | {"state": []}

    assert meddled | {"state": []} == honest | {"state": []}
    assert meddled["state"] not in (honest["state"], ["known"])


@pytest.mark.parametrize("space", [PAGES, API])
@pytest.mark.parametrize(
    "spoofed", [{"HTTP_HOST": "evil.example"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}]
)
def test_the_address_to_return_to_follows_no_host_the_request_claims(
    browser: Client, space: str, spoofed: dict[str, str], settings: Any
) -> None:
    """RFC 9700 section 4.1"""
    settings.USE_X_FORWARDED_HOST = True

    assert query(begins(browser, space, **spoofed))["redirect_uri"][0].startswith("http://testserver/")


def test_beginning_is_a_post_with_a_token_of_this_site(visitor: Visitor) -> None:
    browser = signed_in(visitor, enforce_csrf_checks=True)
    address = url(PAGES, "connect", "instagram_login")

    assert browser.get(address).status_code == 200
    assert browser.post(address).status_code == 403
    assert not ConnectionAttempt.objects.exists()


def test_the_json_client_begins_by_get_which_answers_an_address_and_does_nothing_else(
    browser: Client,
) -> None:
    answer = browser.get(url(API, "connect", "instagram_login"))

    assert answer.status_code == 200
    assert urlsplit(answer.json()["authorization_url"]).path.endswith("/oauth/authorize")
    assert "no-store" in answer.headers["Cache-Control"]
    assert ConnectionAttempt.objects.count() == 1
    assert not ConnectedAccount.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("space", [PAGES, API])
def test_nobody_begins_or_returns_who_is_not_signed_in(visitor: Visitor, space: str) -> None:
    anyone = Client()
    for name, method in (
        ("connect", anyone.post if space == PAGES else anyone.get),
        ("callback", anyone.get),
    ):
        answer = method(url(space, name, "instagram_login"))
        assert answer.status_code in (302, 401)
        assert "/login" in answer.headers.get("Location", "/login")
    assert not ConnectionAttempt.objects.exists()


def test_signing_in_does_not_make_a_state_begun_elsewhere_valid(visitor: Visitor, world: World) -> None:
    """State and session fixation."""
    attackers = Client()
    attackers.force_login(visitor.user)
    begun = begins(attackers, PAGES)

    answer = returns(signed_in(visitor), world, begun)

    assert query(answer.headers["Location"])["ended"] == ["other_browser"]
    assert not ConnectedAccount.objects.exists()


# Returning


@pytest.mark.parametrize("space", [PAGES, API])
@pytest.mark.parametrize("allow", [True, False])
def test_a_callback_leads_away_and_leaves_code_and_state_nowhere(
    browser: Client, world: World, space: str, allow: bool
) -> None:
    """RFC 9700 sections 4.2, 4.3, 4.12"""
    authorization_url = begins(browser, space)
    state = query(authorization_url)["state"][0]

    answer = returns(browser, world, authorization_url, allow=allow)

    assert answer.status_code in (302, 303)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert state not in answer.headers["Location"]
    assert "code=" not in answer.headers["Location"]
    assert state not in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "args"), [("connect", ["instagram_login"]), ("callback", ["instagram_login"]), ("accounts", [])]
)
@pytest.mark.parametrize("space", [PAGES, API])
def test_no_page_of_connecting_may_be_framed(browser: Client, space: str, name: str, args: list[str]) -> None:
    """RFC 9700 section 4.16"""
    answer = browser.get(url(space, name, *args))

    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("target", UNSAFE)
def test_an_address_to_go_on_to_leads_nowhere_but_here(browser: Client, world: World, target: str) -> None:
    """RFC 9700 section 4.11"""
    assert connecting.safe_next(target, "/default/") == "/default/"

    begun = browser.post(url(PAGES, "connect", "instagram_login"), {"next": target})
    answer = returns(browser, world, begun.headers["Location"])

    assert urlsplit(answer.headers["Location"])[:4] == ("", "", url(PAGES, "accounts"), "")


@pytest.mark.parametrize("target", ["/", "/projects/7/?tab=a%20b#top", "/ünïcode/", "/a//b"])
def test_an_address_on_this_site_is_gone_on_to(target: str) -> None:
    assert connecting.safe_next(target, "/default/") == target


def test_an_unsafe_address_that_came_into_a_row_is_not_followed_either(
    browser: Client, world: World, visitor: Visitor
) -> None:
    begun = begins(browser, PAGES)
    ConnectionAttempt.objects.update(next_url="https://evil.example/")

    answer = returns(browser, world, begun)

    assert urlsplit(answer.headers["Location"])[:4] == ("", "", url(PAGES, "accounts"), "")


# Acting


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_to_an_account_by_get_or_without_a_token_of_this_site(
    visitor: Visitor, verb: str
) -> None:
    account = visitor.connects()
    browser = signed_in(visitor, enforce_csrf_checks=True)
    before = ConnectedAccount.objects.values().get()
    addresses = [url(PAGES, f"account-{verb}", account.pk)]
    if verb in ("reconnect", "verify", "refresh"):
        addresses.append(url(API, f"account-{verb}", account.pk))

    for address in addresses:
        assert browser.get(address).status_code == 405
        assert browser.post(address).status_code == 403
    assert browser.delete(url(API, "account", account.pk)).status_code == 403
    assert str(ConnectedAccount.objects.values().get()) == str(before)
    assert ConnectionAttempt.objects.count() == 1


def test_nothing_is_published_by_get_or_without_a_token_of_this_site(visitor: Visitor) -> None:
    browser = signed_in(visitor, enforce_csrf_checks=True)
    post = Post.objects.create(user=visitor.user, kind="photo")

    for address in (url(PAGES, "post-publish", post.pk), url(API, "post-publish", post.pk)):
        assert browser.get(address).status_code == 405
        assert browser.post(address).status_code == 403
    assert not Publication.objects.exists()


def test_other_peoples_accounts_do_not_exist(visitor: Visitor, stranger: Visitor) -> None:
    account = visitor.connects()
    before = ConnectedAccount.objects.values().get()
    theirs, absent = signed_in(stranger), "00000000-0000-4000-8000-000000000000"

    for pk in (account.pk, absent):
        answers = [
            theirs.get(url(PAGES, "account", pk)),
            *(theirs.post(url(PAGES, f"account-{verb}", pk)) for verb in VERBS),
            theirs.get(url(API, "account", pk)),
            theirs.delete(url(API, "account", pk)),
            *(theirs.post(url(API, f"account-{verb}", pk)) for verb in ("reconnect", "verify", "refresh")),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert account.username not in theirs.get(url(PAGES, "accounts")).content.decode()
    assert theirs.get(url(API, "accounts")).json()["results"] == []
    assert str(ConnectedAccount.objects.values().get()) == str(before)


def test_other_peoples_accounts_cannot_be_published_with(visitor: Visitor, stranger: Visitor) -> None:
    account = visitor.connects()
    theirs = signed_in(stranger)

    answers = [
        theirs.post(
            url(API, "posts"),
            {"text": "hello", "accounts": [pk]},
            content_type="application/json",
            headers={"Idempotency-Key": pk},
        )
        for pk in (str(account.pk), "00000000-0000-4000-8000-000000000000")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert not Publication.objects.exists()


def test_other_peoples_round_trips_do_not_exist(visitor: Visitor, stranger: Visitor) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    theirs, chosen = signed_in(stranger), connecting.candidates(attempt)[0].account_id

    answers = [
        theirs.get(url(PAGES, "attempt", attempt.pk)),
        theirs.post(url(PAGES, "attempt-choose", attempt.pk), {"accounts": [chosen]}),
        theirs.get(url(API, "attempt", attempt.pk)),
        theirs.post(
            url(API, "attempt-choose", attempt.pk), {"accounts": [chosen]}, content_type="application/json"
        ),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert not ConnectedAccount.objects.exists()

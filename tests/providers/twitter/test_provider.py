"""Connecting to X, its numbers, and what it tells us."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    ContentRejected,
    InvalidRequest,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    Unavailable,
)
from django_connected_accounts.providers.types import Draft
from django_connected_accounts.testing import drive

from .conftest import CALLBACK, X, film, picture

SECRET = "sandbox-twitter-consumer-secret"


def test_the_address_has_a_challenge_and_spaces_as_x_wants_them(x: X) -> None:
    scopes = x.provider.scopes_for(("connect", "publish", "comment", "measure"))
    url = x.provider.authorization_url(redirect_uri=CALLBACK, state="s", verifier="v" * 43, scopes=scopes)
    assert url.startswith("https://x.com/i/oauth2/authorize?")
    assert "scope=users.read%20tweet.read%20offline.access%20tweet.write%20media.write&" in url
    query = parse_qs(urlsplit(url).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43


def test_a_code_brings_a_pair_of_tokens_for_two_hours(x: X) -> None:
    tokens = x.granted()
    assert tokens.expires_at
    assert abs(tokens.expires_at - x.now() - timedelta(hours=2)) < timedelta(seconds=5)
    assert tokens.refresh_token
    assert tokens.scopes == set(x.provider.scopes_for(("connect", "publish")))
    assert x.provider.can_refresh(tokens, now=x.now())
    (call,) = (call for call in x.world.calls if call["path"] == "/2/oauth2/token")
    assert "client_secret" not in call["params"]


def test_a_code_is_good_for_half_a_minute_and_once(x: X) -> None:
    late, code = x.code(), x.code()
    x.provider.exchange(code, redirect_uri=CALLBACK, verifier="v" * 43)
    with pytest.raises(ConnectionFailed, match="code_refused"):
        x.provider.exchange(code, redirect_uri=CALLBACK, verifier="v" * 43)
    with pytest.raises(ConnectionFailed, match="code_refused"):
        x.provider.exchange(x.code(), redirect_uri=CALLBACK, verifier="w" * 43)
    x.advance(31)
    with pytest.raises(ConnectionFailed, match="code_refused"):
        x.provider.exchange(late, redirect_uri=CALLBACK, verifier="v" * 43)


def test_a_wrong_secret_is_the_operators_to_mend(x: X) -> None:
    code, tokens = x.code(), x.granted()
    provider = x.make()
    provider.app = replace(provider.app, client_secret="wrong")
    with pytest.raises(ConnectionFailed, match="app_misconfigured"):
        provider.exchange(code, redirect_uri=CALLBACK, verifier="v" * 43)
    with pytest.raises(OperatorNeeded, match="app_misconfigured"):
        provider.refresh(tokens)


def test_a_refresh_token_works_once(x: X) -> None:
    tokens = x.granted()
    younger = x.provider.refresh(tokens)
    assert younger.refresh_token != tokens.refresh_token
    assert younger.scopes == tokens.scopes
    with pytest.raises(NotAuthorized, match="token_refused"):
        x.provider.refresh(tokens)
    assert x.provider.profiles(younger)


@pytest.mark.parametrize(
    "body", [{"error": "invalid_grant"}, {"error": "invalid_grant", "error_description": "?"}]
)
def test_the_other_word_for_a_spent_token_is_known_too(x: X, body: dict[str, Any]) -> None:
    tokens = x.granted()
    x.world.fault(action="status", path="/oauth2/token", status=400, body=body)
    with pytest.raises(NotAuthorized, match="token_refused"):
        x.provider.refresh(tokens)


def test_a_request_x_does_not_understand_ends_no_grant(x: X) -> None:
    tokens = x.granted()
    body = {"error": "invalid_request", "error_description": "Missing required parameter [client_id]."}
    x.world.fault(action="status", path="/oauth2/token", status=400, body=body)
    with pytest.raises(OperatorNeeded, match="app_misconfigured"):
        x.provider.refresh(tokens)


@pytest.mark.parametrize("action", ["lose_after", "truncate_body"])
def test_a_refresh_without_an_answer_is_not_repeated(x: X, action: str) -> None:
    tokens = x.granted()
    x.world.fault(action=action, path="/oauth2/token")
    with pytest.raises(OutcomeUnknown):
        x.provider.refresh(tokens)
    assert x.calls().count("/2/oauth2/token") == 2


def test_both_spellings_of_scopes_are_read(x: X) -> None:
    body = {"access_token": "a", "expires_in": 7200, "scope": "tweet.read,users.read"}
    x.world.fault(action="status", path="/oauth2/token", status=200, body=body)
    tokens = x.provider.exchange(x.code(), redirect_uri=CALLBACK, verifier="v" * 43)
    assert tokens.scopes == {"tweet.read", "users.read"}
    assert not x.provider.can_refresh(tokens, now=x.now())


def test_revoking_ends_both_tokens_and_may_come_twice(x: X) -> None:
    tokens = x.granted()
    x.provider.revoke(tokens)
    with pytest.raises(NotAuthorized):
        x.provider.profiles(tokens)
    x.provider.revoke(tokens)
    x.world.fault(action="status", status=503, body="", times=0)
    with pytest.raises(Unavailable):
        x.provider.revoke(tokens)


def test_a_profile_says_what_the_account_may_do(x: X) -> None:
    (profile,) = x.provider.profiles(x.granted("creator"))
    assert (profile.username, profile.user_id) == ("studio_linden", profile.account_id)
    assert profile.details == {"protected": False, "subscription_type": "Premium"}


# Numbers


def test_an_account_has_its_numbers(x: X) -> None:
    readings = {reading.name: reading.value for reading in x.provider.measure(x.connection())}
    assert readings["following_count"] == 3
    assert readings["followers_count"] is not None
    assert len(readings) == 6


@pytest.mark.parametrize("names", ["tweet", "post"])
def test_a_post_has_its_numbers_and_its_views(x: X, names: str) -> None:
    x.site.toggle["names"] = names
    connection = x.connection()
    draft = Draft(kind="photo", text="x", media=(picture(),))
    published = drive(x.provider, connection, draft, x)
    readings = {r.name: r.value for r in x.provider.measure(connection, published.remote_id)}
    assert readings["retweet_count"] == 1
    assert readings["impression_count"] == 203
    assert readings["url_link_clicks"] == 4
    assert readings["view_count"] == 12


def test_numbers_x_no_longer_gives_are_unavailable_and_spoil_no_other(x: X) -> None:
    published = x.publish(Draft(kind="text", text="x"))
    x.advance(31 * 24 * 3600)
    readings = {r.name: r.value for r in x.provider.measure(x.connection(), published.remote_id)}
    assert readings["like_count"] == 7
    assert readings["url_link_clicks"] is None
    x.world.fault(
        action="status",
        path="/tweets/",
        status=400,
        body={"title": "Invalid Request", "type": "x/invalid-request"},
    )
    readings = {r.name: r.value for r in x.provider.measure(x.connection(), published.remote_id)}
    assert readings["like_count"] == 7
    assert readings["engagements"] is None


def test_a_deleted_post_has_no_numbers(x: X) -> None:
    connection = x.connection()
    published = drive(x.provider, connection, Draft(kind="text", text="x"), x)
    client = x.provider.client(connection)
    client.delete_tweet(published.remote_id)
    client.delete_tweet(published.remote_id)
    assert x.posts() == 0
    with pytest.raises(ContentRejected, match="post_gone"):
        x.provider.measure(connection, published.remote_id)


# Being told


def delivered(x: X, kind: str, payload: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    delivery = x.site.tell(kind, payload)
    return delivery.body, delivery.headers


def test_the_challenge_is_answered_as_x_checks_it(x: X) -> None:
    provider = x.make(CONSUMER_SECRET=SECRET)

    def send(method: str, url: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return 200, json.dumps(provider.handshake(query)).encode()

    x.world.send = send
    x.site.register("https://site.example/hooks/")
    assert x.site.webhook
    with pytest.raises(InvalidRequest, match="webhook_refused"):
        provider.handshake({})


def test_access_taken_away_is_told(x: X) -> None:
    x.site.webhook = "https://site.example/hooks/"
    connection = x.connection()
    x.site.disconnect("shop")
    (delivery,) = x.world.deliveries
    (told,) = x.make(CONSUMER_SECRET=SECRET).receive(delivery.body, delivery.headers)
    assert told.kind == "oauth.revoke"
    assert told.withdrawal
    assert told.withdrawal.user_id == told.account_id == connection.account_id
    assert abs(told.withdrawal.at - x.now()) < timedelta(seconds=2)


def test_a_post_made_elsewhere_is_told(x: X) -> None:
    body, headers = delivered(x, "post.create", {"id": "5", "author_id": "77", "text": "Hi"})
    (told,) = x.make(CONSUMER_SECRET=SECRET).receive(body, headers)
    assert (told.kind, told.account_id, told.withdrawal) == ("post.create", "77", None)
    assert told.key


def test_what_is_not_surely_the_word_of_x_is_refused(x: X) -> None:
    body, headers = delivered(x, "oauth.revoke", {"user_id": "7", "date_time": "2026-07-23T21:44:05+00:00"})
    provider = x.make(CONSUMER_SECRET=SECRET)
    assert provider.receive(body, headers)
    without = x.make()
    strange = [b"[]", b"{}", b'{"data": []}', b'{"data": {"event_type": "x"}}', b"\xff", b"[" * 9999]
    odd = [{"user_id": "7"}, {"user_id": "", "date_time": "2026-07-23T21:44:05+00:00"},
           {"user_id": "7", "date_time": "2026-07-23T21:44:05"}]  # fmt: skip
    refused = [(without, body, headers), (provider, body + b" ", headers), (provider, body, {})]
    refused += [(provider, text, {**headers, **_signed(x, text)}) for text in strange]
    refused += [(provider, *delivered(x, "oauth.revoke", payload)) for payload in odd]
    for receiver, text, sent in refused:
        with pytest.raises(InvalidRequest, match="webhook_refused"):
            receiver.receive(text, sent)


def _signed(x: X, body: bytes) -> dict[str, str]:
    return {"x-twitter-webhooks-signature": x.site.signature(body)}


# Nothing but what the contract lists

LISTED = {
    ("POST", r"/2/oauth2/(token|revoke)"),
    ("GET", "/2/users/me"),
    ("POST", "/2/tweets"),
    ("GET", r"/2/tweets/\d+"),
    ("DELETE", r"/2/tweets/\d+"),
    ("GET", r"/2/users/\d+/tweets"),
    ("POST", r"/2/media/upload/(initialize|\d+/append|\d+/finalize)"),
    ("GET", "/2/media/upload"),
    ("POST", "/2/media/metadata"),
}


def test_every_request_is_one_that_the_contract_lists(x: X) -> None:
    x.world.fault(action="lose_after", path="^/2/tweets$")
    connection = x.connection()
    thread = {"thread": ["More"], "reply_settings": "following", "paid_partnership": True}
    media = (picture(alt_text="Bread"), picture("2"))
    published = drive(x.provider, connection, Draft(kind="carousel", media=media, options=thread), x)
    drive(x.provider, connection, Draft(kind="video", text="Film", media=(film(),)), x)
    poll = {"poll_options": ["Rye", "Spelt"], "poll_duration_minutes": 5, "made_with_ai": True}
    drive(x.provider, connection, Draft(kind="text", text="Which?", options=poll), x)
    x.provider.measure(connection)
    x.provider.measure(connection, published.remote_id)
    x.provider.client(connection).delete_tweet(published.remote_id)
    x.provider.revoke(x.provider.refresh(x.granted()))
    used = set()
    for call in x.world.calls:
        assert (call["host"], call["unknown"]) == ("api.x.com", "")
        matching = {(m, p) for m, p in LISTED if m == call["method"] and re.fullmatch(p, call["path"])}
        assert matching, f"{call['method']} {call['path']}"
        used |= matching
    assert used == LISTED

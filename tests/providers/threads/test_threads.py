"""What is Threads' own: its login, how it counts, what it refuses, what it shows, what it tells."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from django_connected_accounts.exceptions import (
    ContentRejected,
    InvalidRequest,
    NotAuthorized,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.threads import Threads
from django_connected_accounts.providers.types import Connection, Draft, Media, Published
from django_connected_accounts.testing import drive, sample_draft
from tests.providers.threads.test_contract import ThreadsRemote


class Account:
    """One account on Threads, to publish from."""

    def __init__(self) -> None:
        self.remote = ThreadsRemote()
        self.world = self.remote.world
        http = Http(Threads.hosts, provider="threads", adapter=self.remote.adapter, clock=self.remote.now)
        self.provider = Threads(replace(self.remote.app, options={"VERIFY_TOKEN": "v"}), http)
        self.connection: Connection = self.remote.connect(self.provider)

    def post(self, draft: Draft) -> Published:
        return drive(self.provider, self.connection, draft, self.remote)

    def fails(self, **fault: Any) -> None:
        self.world.fault(host="graph.threads.net", times=0, **fault)


@pytest.fixture
def account() -> Account:
    return Account()


def test_consent_leads_to_a_token_of_sixty_days_with_its_scopes(account: Account) -> None:
    tokens = account.connection.tokens
    assert tokens.expires_at
    assert 59 <= (tokens.expires_at - account.remote.now()).days <= 60
    assert tokens.scopes == {"threads_basic", "threads_content_publish", "threads_manage_insights"}
    assert account.connection.username == "juniper.shop"


def test_a_token_a_day_old_is_exchanged_for_a_younger_one(account: Account) -> None:
    assert not account.provider.can_refresh(account.connection.tokens, now=account.remote.now())
    account.remote.advance(25 * 3600)
    assert account.provider.can_refresh(account.connection.tokens, now=account.remote.now())
    younger = account.provider.refresh(account.connection.tokens)
    assert younger.access_token != account.connection.tokens.access_token
    assert younger.scopes == account.connection.tokens.scopes
    with pytest.raises(NotAuthorized):
        account.provider.profiles(account.connection.tokens)


def test_a_refresh_without_an_answer_is_tried_again_later_and_never_at_once(account: Account) -> None:
    account.remote.advance(25 * 3600)
    account.fails(action="lose_before", path="refresh_access_token")
    calls = len(account.world.calls)
    with pytest.raises(Unavailable) as caught:
        account.provider.refresh(account.connection.tokens)
    assert caught.value.code == "refresh_retrying"
    assert len(account.world.calls) == calls + 1


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("Rye", 3), ("Brød", 4), ("面包", 2), ("🍞", 4), ("a🍞b", 6), ("✨", 3)],
)
def test_an_emoji_counts_as_its_bytes(account: Account, text: str, length: int) -> None:
    assert account.provider.length(text) == length


@pytest.mark.parametrize(
    ("draft", "code", "severity"),
    [
        (Draft(kind="text"), "text_missing", "error"),
        (Draft(kind="text", text="a" * 501), "text_too_long", "error"),
        (Draft(kind="text", text="🍞" * 126), "text_too_long", "error"),
        (
            Draft(kind="text", text=" ".join(f"https://a.example/{n}" for n in range(6))),
            "too_many_links",
            "error",
        ),
        (
            Draft(kind="text", text=" ".join(f"https://a.example/{n}" for n in range(4))),
            "many_links",
            "warning",
        ),
        (Draft(kind="photo", text="x"), "media_missing", "error"),
        (Draft(kind="reel"), "kind_unknown", "error"),
        (Draft(kind="text", text="x", first_comment="y"), "comment_not_available", "error"),
        (Draft(kind="text", text="x", options={"reply_control": "nobody"}), "option_invalid", "error"),
        (Draft(kind="text", text="x", options={"topic_tag": "a.b"}), "option_invalid", "error"),
        (
            Draft(kind="text", text="x", options={"poll_attachment": {"option_a": "1"}}),
            "option_invalid",
            "error",
        ),
        (Draft(kind="text", text="x", options={"is_spoiler_media": True}), "option_not_available", "error"),
        (Draft(kind="text", text="x", options={"colour": "red"}), "option_unknown", "error"),
        (
            Draft(kind="video", media=(Media(kind="video", mime="video/mp4", size=1, duration=301.0),)),
            "media_too_long",
            "error",
        ),
        (
            Draft(kind="photo", media=(Media(kind="image", mime="image/webp", size=1),)),
            "media_format",
            "error",
        ),
        (
            Draft(
                kind="photo", media=(Media(kind="image", mime="image/png", size=1, width=5000, height=400),)
            ),
            "aspect_ratio",
            "error",
        ),
    ],
)
def test_what_threads_would_refuse_is_said_before(
    account: Account, draft: Draft, code: str, severity: str
) -> None:
    assert (code, severity) in [
        (problem.code, problem.severity) for problem in account.provider.problems(draft)
    ]


def test_options_reach_the_post(account: Account) -> None:
    draft = Draft(kind="text", text="Rye at seven", options={"reply_control": "followers_only"})
    account.post(draft)
    (post,) = account.world.posts()
    assert (post["caption"], post["reply_control"]) == ("Rye at seven", "followers_only")


def test_publishing_too_early_waits_and_publishes_the_same_container(account: Account) -> None:
    account.world.platforms["threads"].toggle["race_seconds"] = 20.0
    account.post(Draft(kind="text", text="Rye"))
    assert len(account.world.posts()) == 1
    made = [call for call in account.world.calls if call["path"].endswith("/threads")]
    assert len(made) == 1


def test_the_day_s_quota_is_read(account: Account) -> None:
    account.post(Draft(kind="text", text="Rye"))
    quota = account.provider.quota(account.connection)
    assert (quota.used, quota.total, quota.window_seconds) == (1, 250, 86400)


REFUSALS: dict[str, tuple[dict[str, Any], type[ProviderError], str]] = {
    "an expired token": ({"code": 190, "subcode": 463}, NotAuthorized, "token_expired"),
    "a refused link": ({"code": -1, "subcode": 4279047}, ContentRejected, "link_refused"),
    "the app's rate limit": ({"code": 4}, RateLimited, "app_rate_limited"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_each_refusal_asks_for_its_remedy(account: Account, what: str) -> None:
    fault, error, code = REFUSALS[what]
    account.fails(action="status", path="/threads$", method="POST", **fault)
    with pytest.raises(error) as caught:
        account.provider.publish(account.connection, sample_draft("text"))
    assert caught.value.code == code


def test_numbers_of_a_post_and_of_the_account_are_read_one_by_one(account: Account) -> None:
    published = account.post(Draft(kind="text", text="Rye"))
    account.fails(action="status", path="insights", code=100, nth=2)
    readings = {r.name: r.value for r in account.provider.measure(account.connection, published.remote_id)}
    assert readings["views"] is not None
    assert readings["likes"] is None
    account.world.faults.clear()
    numbers = {r.name: r.value for r in account.provider.measure(account.connection)}
    assert numbers["followers_count"] is not None


def test_what_threads_tells_is_believed_when_it_is_signed(account: Account) -> None:
    delivery = {
        "app_id": "1",
        "topic": "moderate",
        "target_id": account.connection.account_id,
        "time": 1795353609,
        "values": {"value": {"id": "18050000000000777", "media_type": "TEXT_POST"}, "field": "publish"},
    }
    body = json.dumps(delivery).encode()
    mac = hmac.new(account.remote.app.client_secret.encode(), body, hashlib.sha256).hexdigest()
    (told,) = account.provider.receive(body, {"X-Hub-Signature-256": f"sha256={mac}"})
    assert (told.kind, told.account_id) == ("publish", account.connection.account_id)
    with pytest.raises(InvalidRequest):
        account.provider.receive(body, {"X-Hub-Signature-256": "sha256=0"})

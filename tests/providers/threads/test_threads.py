"""What is Threads' own: its login, how it counts, what it refuses, what it shows, what it tells."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
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
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.threads import Threads
from django_connected_accounts.providers.types import Connection, Draft, Media, Pending, Published
from django_connected_accounts.sandbox import consent, samples
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
    scopes = {"threads_basic", "threads_content_publish", "threads_manage_insights", "threads_delete"}
    assert account.provider.granted(tokens) == scopes
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


def test_a_refresh_without_an_answer_is_open_and_never_repeated_at_once(account: Account) -> None:
    account.remote.advance(25 * 3600)
    account.fails(action="lose_before", path="refresh_access_token")
    calls = len(account.world.calls)
    with pytest.raises(OutcomeUnknown):
        account.provider.refresh(account.connection.tokens)
    assert len(account.world.calls) == calls + 1


def test_a_refusal_to_refresh_that_names_no_cause_does_not_end_the_grant(account: Account) -> None:
    with pytest.raises(Unavailable) as caught:  # the token is younger than a day
        account.provider.refresh(account.connection.tokens)
    assert (caught.value.code, caught.value.retry_after) == ("refresh_refused", 25 * 3600)


def test_a_code_works_once_and_the_refusal_is_about_the_connection(account: Account) -> None:
    here = "http://localhost/callback/"
    url = account.provider.authorization_url(
        redirect_uri=here, state="s", verifier="", scopes=account.provider.scopes_for(("connect",))
    )
    code = parse_qs(urlsplit(consent.visit(account.world, url, "shop")).query)["code"][0]
    account.provider.exchange(f"{code}#_", redirect_uri=here, verifier="")
    with pytest.raises(ConnectionFailed) as caught:
        account.provider.exchange(code, redirect_uri=here, verifier="")
    assert caught.value.code == "code_refused"


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
    options = {"reply_control": "followers_only", "enable_reply_approvals": True, "topic_tag": "bread"}
    published = account.post(Draft(kind="text", text="Rye at seven", options=options))
    (post,) = account.world.posts()
    assert (post["caption"], post["reply_control"]) == ("Rye at seven", "followers_only")
    assert post["enable_reply_approvals"] == "true"
    client = account.provider.client(account.connection)
    assert client.get(published.remote_id, needs="topic_tag", fields="topic_tag")["topic_tag"] == "bread"


@pytest.mark.parametrize("control", list(Threads.options["reply_control"].choices))
def test_each_choice_of_who_may_reply_is_one_the_platform_has(account: Account, control: str) -> None:
    account.post(Draft(kind="text", text="Rye", options={"reply_control": control}))
    assert account.world.posts()[0]["reply_control"] == control


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


def test_a_post_refused_because_the_day_is_spent_waits(account: Account) -> None:
    account.world.platforms["threads"].toggle["posts_per_day"] = 1
    account.post(Draft(kind="text", text="Rye"))
    step = until_publish(account, Draft(kind="text", text="Wheat"))
    account.fails(action="status", path="/threads_publish$", code=100)
    with pytest.raises(RateLimited) as caught:
        account.provider.publish(account.connection, Draft(kind="text", text="Wheat"), step)
    assert (caught.value.code, caught.value.scope) == ("publishing_quota_reached", "account")


def test_a_post_refused_with_posts_to_spare_is_the_authors(account: Account) -> None:
    step = until_publish(account, Draft(kind="text", text="Rye"))
    account.fails(action="status", path="/threads_publish$", code=100)
    with pytest.raises(ContentRejected):
        account.provider.publish(account.connection, Draft(kind="text", text="Rye"), step)


def test_replies_have_a_quota_of_their_own(account: Account) -> None:
    first = account.post(Draft(kind="text", text="Rye"))
    account.post(Draft(kind="text", text="Or wheat", options={"reply_to_id": first.remote_id}))
    quota = account.provider.quota(account.connection)
    assert quota.used == 1
    limits = account.provider.client(account.connection).get(
        "me/threads_publishing_limit", needs="quota_usage", fields="quota_usage,reply_quota_usage"
    )
    assert limits["reply_quota_usage"] == 1


# Looking

KINDS = ("text", "photo", "video", "carousel")


def until_publish(account: Account, draft: Draft) -> Mapping[str, Any]:
    """Return the checkpoint with which the container is published."""
    checkpoint: Mapping[str, Any] | None = None
    for _ in range(30):
        outcome = account.provider.publish(account.connection, draft, checkpoint)
        assert isinstance(outcome, Pending)
        account.remote.advance(outcome.retry_after)
        checkpoint = outcome.checkpoint
        if not outcome.repeatable:
            return checkpoint
    raise AssertionError("it never was ready")


def lost(account: Account, draft: Draft, action: str) -> Mapping[str, Any]:
    """Lose the answer to the call that publishes, and return its checkpoint."""
    checkpoint = until_publish(account, draft)
    account.world.fault(action=action, path="/threads_publish$")
    with pytest.raises(OutcomeUnknown):
        account.provider.publish(account.connection, draft, checkpoint)
    return checkpoint


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_live_is_found(account: Account, kind: Any) -> None:
    draft = sample_draft(kind)
    checkpoint, began = lost(account, draft, "lose_after"), account.remote.now()
    account.remote.advance(30)
    found = account.provider.find(account.connection, draft, checkpoint, began)
    (post,) = account.world.posts()
    assert isinstance(found, Published)
    assert (found.remote_id, found.permalink) == (post["id"], post["permalink"])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_live_is_surely_not_only_after_a_while(account: Account, kind: Any) -> None:
    draft = sample_draft(kind)
    checkpoint, began = lost(account, draft, "lose_before"), account.remote.now()
    with pytest.raises(OutcomeUnknown):
        account.provider.find(account.connection, draft, checkpoint, began)
    account.remote.advance(31)
    assert account.provider.find(account.connection, draft, checkpoint, began) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_published_container_that_no_list_shows_is_left_open(account: Account, kind: Any) -> None:
    draft = sample_draft(kind)
    checkpoint, began = lost(account, draft, "lose_after"), account.remote.now()
    account.remote.advance(600)
    account.fails(action="status", path="/me/threads$", status=200, body={"data": []})
    with pytest.raises(OutcomeUnknown, match="PUBLISHED"):
        account.provider.find(account.connection, draft, checkpoint, began)


def test_another_post_with_the_same_words_leaves_an_unpublished_one_open(account: Account) -> None:
    draft = Draft(kind="text", text="Rye")
    checkpoint, began = lost(account, draft, "lose_before"), account.remote.now()
    account.post(draft)
    account.remote.advance(600)
    with pytest.raises(OutcomeUnknown):
        account.provider.find(account.connection, draft, checkpoint, began)


def test_an_expired_container_was_never_published(account: Account) -> None:
    draft = Draft(kind="text", text="Rye")
    checkpoint, began = lost(account, draft, "lose_before"), account.remote.now()
    account.remote.advance(25 * 3600)
    assert account.provider.find(account.connection, draft, checkpoint, began) is None


# What is refused


@pytest.mark.parametrize(("seconds", "why"), [(301.0, "INVALID_DURATION"), (None, "FAILED_PROCESSING_VIDEO")])
def test_a_film_that_cant_be_processed_says_why(account: Account, seconds: float | None, why: str) -> None:
    film = samples.mp4(seconds) if seconds else b"no film at all"
    account.world.fetch = lambda url: (200, {}, film)
    with pytest.raises(ContentRejected) as caught:
        account.post(sample_draft("video"))
    assert (caught.value.code, caught.value.platform_code) == ("media_processing_failed", why)
    assert account.world.posts() == []


def test_media_that_cant_be_fetched_is_tried_again_before_it_is_the_authors(account: Account) -> None:
    account.world.fetch = lambda url: (404, {}, b"")
    with pytest.raises(ContentRejected) as caught:
        account.post(sample_draft("photo"))
    assert (caught.value.code, caught.value.platform_code) == ("media_unreachable", "1/2207052")
    made = [call for call in account.world.calls if call["path"].endswith("/threads")]
    assert len(made) == 3


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


def numbers(account: Account, remote_id: str = "") -> dict[str, Any]:
    return {
        reading.name: reading.value for reading in account.provider.measure(account.connection, remote_id)
    }


def test_the_numbers_of_a_post_and_of_the_account(account: Account) -> None:
    published = account.post(Draft(kind="text", text="Rye"))
    assert numbers(account, published.remote_id) == {
        "views": 203,
        "likes": 12,
        "replies": 3,
        "reposts": 2,
        "quotes": 1,
        "shares": 4,
    }
    found = numbers(account)
    assert (found["views"], found["followers_count"], found["clicks"]) == (950, 530, 8)
    assert None not in found.values()


def test_a_number_that_is_gone_spoils_no_other(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "django_connected_accounts.providers.threads.provider"
    monkeypatch.setattr(f"{module}.POST_METRICS", ("views", "gone", "likes"))
    published = account.post(Draft(kind="text", text="Rye"))
    assert numbers(account, published.remote_id) == {"views": 203, "gone": None, "likes": 12}


def test_numbers_say_when_they_were_true(account: Account) -> None:
    views, *others = account.provider.measure(account.connection)
    assert views.at.hour == views.at.minute == 0
    assert all(account.remote.now() - reading.at < timedelta(minutes=1) for reading in others)


def test_numbers_that_may_not_be_read_at_all_are_refused_in_one_call(account: Account) -> None:
    account.fails(action="status", path="insights", code=10)
    before = len(account.world.calls)
    with pytest.raises(PermissionMissing):
        numbers(account)
    assert len(account.world.calls) == before + 1


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

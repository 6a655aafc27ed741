"""The simulated X, to the letter of its contract: called by plain requests."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from django_connected_accounts.sandbox import SandboxAdapter, World, consent, samples
from django_connected_accounts.sandbox.twitter import Twitter
from django_connected_accounts.sandbox.twitter_posts import length

API = "https://api.x.com/2"
CALLBACK = "http://localhost/callback/"
EVERYTHING = "tweet.read tweet.write users.read media.write offline.access"
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
APP = ("sandbox-twitter-app", "sandbox-twitter-secret")


class Client:
    """A client of X that knows nothing of this package."""

    def __init__(self, person: str = "shop", scope: str = EVERYTHING, world: World | None = None) -> None:
        self.world = world or World()
        self.session = requests.Session()
        self.session.mount("https://", SandboxAdapter(self.world))
        self.pair = self.grant(person, scope)
        self.session.headers["Authorization"] = f"Bearer {self.pair['access_token']}"

    @property
    def site(self) -> Twitter:
        return Twitter.of(self.world)

    def code(self, person: str = "shop", scope: str = EVERYTHING) -> str:
        query = {
            "response_type": "code",
            "client_id": APP[0],
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        back = consent.visit(self.world, f"https://x.com/i/oauth2/authorize?{urlencode(query)}", person)
        return parse_qs(urlsplit(back).query)["code"][0]

    def grant(self, person: str = "shop", scope: str = EVERYTHING) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": self.code(person, scope),
            "code_verifier": VERIFIER,
        }
        found: dict[str, Any] = self.token(**form, redirect_uri=CALLBACK).json()
        return found

    def token(self, **form: str) -> requests.Response:
        # An auth of its own: the session's header would go before it.
        return requests_post(self.session, f"{API}/oauth2/token", data=form, auth=APP)

    def post(self, path: str = "/tweets", **body: Any) -> requests.Response:
        return self.session.post(f"{API}{path}", json=body or None)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(f"{API}{path}", params=params)

    def upload(self, body: bytes, media_type: str, category: str, *, pieces: int = 1) -> dict[str, Any]:
        said = {"media_type": media_type, "total_bytes": len(body), "media_category": category}
        made = self.post("/media/upload/initialize", **said).json()["data"]
        step = -(-len(body) // pieces)
        for number in reversed(range(pieces)):  # in any order
            piece = body[number * step : (number + 1) * step]
            files, data = {"media": ("blob", piece)}, {"segment_index": number}
            sent = self.session.post(f"{API}/media/upload/{made['id']}/append", data=data, files=files)
            assert sent.ok
        found: dict[str, Any] = self.post(f"/media/upload/{made['id']}/finalize").json()["data"]
        return found


def requests_post(session: requests.Session, url: str, **options: Any) -> requests.Response:
    auth, session.headers["Authorization"] = options.pop("auth"), ""
    basic = base64.b64encode(":".join(auth).encode()).decode()
    return session.post(url, headers={"Authorization": f"Basic {basic}"}, **options)


@pytest.fixture
def x() -> Client:
    return Client()


# Tokens


def test_tokens_are_what_the_contract_shows(x: Client) -> None:
    assert x.pair.keys() == {"token_type", "expires_in", "access_token", "scope", "refresh_token"}
    assert (x.pair["token_type"], x.pair["expires_in"]) == ("bearer", 7200)
    assert set(x.pair["scope"].split()) == set(EVERYTHING.split())
    assert "refresh_token" not in x.grant(scope="tweet.read users.read")


def test_a_refresh_token_is_spent_by_its_use(x: Client) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": x.pair["refresh_token"]}
    assert x.token(**form).json()["refresh_token"] != x.pair["refresh_token"]
    again = x.token(**form)
    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_request",
        "error_description": "Value passed for the token was invalid.",
    }


def test_a_secret_in_the_body_is_no_authorization(x: Client) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": x.pair["refresh_token"]}
    refused = requests_post(x.session, f"{API}/oauth2/token", data=form, auth=(APP[0], "wrong"))
    assert (refused.status_code, refused.json()["error"]) == (401, "unauthorized_client")


def test_an_access_token_ends_after_two_hours(x: Client) -> None:
    assert x.get("/users/me").ok
    x.world.advance(7201)
    ended = x.get("/users/me")
    assert ended.status_code == 401
    assert ended.json() == {
        "title": "Unauthorized",
        "detail": "Unauthorized",
        "type": "about:blank",
        "status": 401,
    }


def test_the_older_host_answers_too(x: Client) -> None:
    assert x.session.get("https://api.twitter.com/2/users/me").json()["data"]["username"] == "juniper_shop"


# Posts


def test_a_post_comes_back_with_short_links(x: Client) -> None:
    made = x.post(text="Rye & more: bakery.com/rye")
    assert made.status_code == 201
    data = made.json()["data"]
    assert data["edit_history_tweet_ids"] == [data["id"]]
    assert data["text"].startswith("Rye &amp; more: https://t.co/")
    shown = x.get(f"/tweets/{data['id']}", **{"tweet.fields": "entities,created_at"}).json()["data"]
    assert shown["entities"]["urls"][0]["expanded_url"] == "http://bakery.com/rye"
    assert x.world.posts()[0]["caption"] == "Rye & more: bakery.com/rye"


def test_the_same_words_are_refused_for_a_while(x: Client) -> None:
    assert x.post(text="Rye").ok
    again = x.post(text="Rye")
    assert again.status_code == 403
    assert again.json() == {
        "title": "Forbidden",
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "status": 403,
    }
    x.site.toggle["duplicate_seconds"] = 0
    assert x.post(text="Rye").ok


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "text or media is required"),
        ({"text": "a" * 281}, 403, "too long"),
        ({"text": "\u306e" * 141}, 403, "too long"),
        ({"text": "$A and $B"}, 403, "maximum of one cashtag"),
        ({"text": "x", "quote_tweet_id": "1"}, 403, "Quoting this post is not allowed"),
        ({"text": "x", "reply": {"in_reply_to_tweet_id": "1"}}, 403, "deleted or not visible"),
        ({"text": "x", "colour": "red"}, 400, "[$.colour]"),
        ({"text": "x", "reply_settings": "friends"}, 400, "reply_settings"),
        ({"text": "x", "poll": {"options": ["a"], "duration_minutes": 5}}, 400, "poll.options"),
        ({"text": "x", "poll": {"options": ["a", "b"], "duration_minutes": 4}}, 400, "duration"),
        ({"text": "x", "media": {"media_ids": ["1"]}}, 400, "Your media IDs are invalid."),
        ({"text": "x", "media": {"media_ids": ["1"]}, "quote_tweet_id": "1"}, 400, "exclusive"),
    ],
)
def test_what_breaks_a_rule_is_refused(x: Client, body: dict[str, Any], status: int, words: str) -> None:
    refused = x.session.post(f"{API}/tweets", json=body)
    assert refused.status_code == status
    assert words in refused.text
    assert x.world.posts() == []


def test_only_who_was_summoned_may_reply_to_others(x: Client) -> None:
    other = Client("creator", world=x.world)
    alone, called = other.post(text="Hello all").json(), other.post(text="Hello @juniper_shop").json()
    refused = x.post(text="Hi", reply={"in_reply_to_tweet_id": alone["data"]["id"]})
    assert "not been mentioned" in refused.json()["detail"]
    assert x.post(text="Hi", reply={"in_reply_to_tweet_id": called["data"]["id"]}).ok
    assert [post["comments"] for post in x.world.posts()][1][0]["text"] == "Hi"


def test_who_pays_may_write_more() -> None:
    x = Client("creator")
    made = x.post(text="a" * 300).json()["data"]
    assert len(made["text"]) == 278
    row = x.get(f"/tweets/{made['id']}", **{"tweet.fields": "note_tweet"}).json()["data"]
    assert row["note_tweet"]["text"] == "a" * 300


def test_a_timeline_is_newest_first_in_pages_and_may_lag(x: Client) -> None:
    me = x.get("/users/me").json()["data"]["id"]
    for number in range(7):
        x.post(text=f"Number {number}")
        x.world.advance(1)
    first = x.get(f"/users/{me}/tweets", max_results=5).json()
    assert [row["text"] for row in first["data"]] == [f"Number {n}" for n in (6, 5, 4, 3, 2)]
    rest = x.get(f"/users/{me}/tweets", max_results=5, pagination_token=first["meta"]["next_token"]).json()
    assert rest["meta"]["result_count"] == 2
    assert "next_token" not in rest["meta"]
    x.site.toggle["timeline_delay"] = 60
    assert x.get(f"/users/{me}/tweets").json() == {"meta": {"result_count": 0}}
    assert x.get(f"/users/{me}/tweets", max_results=4).status_code == 400
    assert x.get(f"/users/{me}/tweets", start_time="yesterday").status_code == 400


def test_what_is_deleted_is_said_beside_what_is_found(x: Client) -> None:
    kept, gone = (x.post(text=text).json()["data"]["id"] for text in ("Kept", "Gone"))
    for _ in range(2):
        assert x.session.delete(f"{API}/tweets/{gone}").ok
    found = x.get("/tweets", ids=f"{kept},{gone}").json()
    assert [row["id"] for row in found["data"]] == [kept]
    assert found["errors"][0]["resource_id"] == gone


# Media


def test_a_film_is_sent_in_any_order_and_takes_its_time(x: Client) -> None:
    made = x.upload(samples.mp4(), "video/mp4", "tweet_video", pieces=3)
    assert made["media_key"].startswith("7_")
    assert made["processing_info"] == {"state": "in_progress", "check_after_secs": 1, "progress_percent": 50}
    early = x.post(text="x", media={"media_ids": [made["id"]]})
    assert early.json()["errors"][0]["message"] == "Your media IDs are invalid."
    x.world.advance(2)
    status = x.get("/media/upload", command="STATUS", media_id=made["id"]).json()["data"]
    assert status["processing_info"] == {"state": "succeeded"}
    assert x.post(text="x", media={"media_ids": [made["id"]]}).ok
    assert x.world.posts()[0]["kind"] == "video"


def test_a_gap_is_refused(x: Client) -> None:
    made = x.post(
        "/media/upload/initialize", media_type="image/png", total_bytes=10, media_category="tweet_image"
    )
    media_id = made.json()["data"]["id"]
    x.session.post(
        f"{API}/media/upload/{media_id}/append", data={"segment_index": 1}, files={"media": ("b", b"12345")}
    )
    assert x.post(f"/media/upload/{media_id}/finalize").status_code == 400


@pytest.mark.parametrize(
    ("body", "media_type", "category"),
    [(b"no film", "video/mp4", "tweet_video"), (samples.mp4(0.2), "video/mp4", "tweet_video"),
     (b"GIF89a", "image/gif", "tweet_gif")],
)  # fmt: skip
def test_what_x_can_not_use_fails_while_it_is_worked_on(
    x: Client, body: bytes, media_type: str, category: str
) -> None:
    made = x.upload(body, media_type, category)
    x.world.advance(5)
    info = x.get("/media/upload", command="STATUS", media_id=made["id"]).json()["data"]["processing_info"]
    assert (info["state"], info["error"]["name"]) == ("failed", "InvalidMedia")


def test_media_is_its_owners_and_ends_after_a_day(x: Client) -> None:
    picture = x.upload(samples.jpeg(40, 30), "image/jpeg", "tweet_image")
    assert "processing_info" not in picture
    other = Client("creator", world=x.world)
    assert not other.post(text="x", media={"media_ids": [picture["id"]]}).ok
    x.world.advance(24 * 3600 + 1)
    x.session.headers["Authorization"] = f"Bearer {x.grant()['access_token']}"
    assert not x.post(text="x", media={"media_ids": [picture["id"]]}).ok
    unknown = x.get("/media/upload", command="STATUS", media_id=picture["id"])
    assert unknown.json()["errors"] == [{"message": "BadRequest: Not found"}]


def test_a_picture_may_come_in_one_call(x: Client) -> None:
    body = base64.b64encode(samples.jpeg(40, 30)).decode()
    made = x.post("/media/upload", media=body, media_category="tweet_image").json()["data"]
    described = x.post("/media/metadata", id=made["id"], metadata={"alt_text": {"text": "Bread"}})
    assert described.json()["data"]["id"] == made["id"]
    assert x.post(media={"media_ids": [made["id"]]}).ok
    assert x.world.posts()[0]["alt_text"] == "Bread"


# Limits, bills, and what is not there


def test_every_answer_says_what_is_left(x: Client) -> None:
    headers = x.get("/users/me").headers
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("75", "74")
    made = x.post(text="x").headers
    assert made["x-app-limit-24hour-limit"] == "10000"
    assert x.post().headers["x-rate-limit-remaining"] == "98"


def test_a_limit_ends_with_its_window(x: Client) -> None:
    x.site.toggle["posts_per_window"] = 1
    assert x.post(text="one").ok
    refused = x.post(text="two")
    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    x.world.advance(900)
    assert x.post(text="two").ok


@pytest.mark.parametrize(
    ("billing", "status", "title"),
    [("credits", 402, "CreditsDepleted"), ("cap", 403, "SpendCapReached")],
)
def test_what_is_not_paid_is_refused(x: Client, billing: str, status: int, title: str) -> None:
    x.site.toggle["billing"] = billing
    refused = x.post(text="x")
    assert (refused.status_code, refused.json()["title"]) == (status, title)
    assert refused.json()["type"].endswith("/problems/credits")
    assert "x-rate-limit-remaining" in refused.headers


def test_a_link_costs_more(x: Client) -> None:
    x.post(text="plain")
    x.post(text="bakery.com")
    assert x.site.spent == pytest.approx(0.215)


def test_a_used_up_plan_refuses_reading_only(x: Client) -> None:
    x.site.toggle["billing"] = "usage"
    assert x.post(text="x").ok
    assert x.get("/tweets", ids="1").json()["title"] == "UsageCapExceeded"


def test_a_missing_scope_is_forbidden() -> None:
    x = Client(scope="tweet.read users.read")
    assert x.post(text="x").status_code == 403


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.post("/likes", id="1"),
        lambda x: x.get("/users/me", colour="red"),
        lambda x: x.get("/tweets/1", **{"tweet.fields": "colour"}),
        lambda x: x.get("/media/upload", command="INIT"),
    ],
)
def test_what_is_unknown_is_said_loudly(x: Client, call: Callable[[Client], requests.Response]) -> None:
    assert call(x).status_code in (400, 501)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("Hi http://test.co", 26),
        ("H\U0001f431\u263a\U0001f468\u200d\U0001f469\u200d\U0001f467", 7),
        ("\u306e" * 140, 280),
        ("A\u0301B", 2),
        ("\u201ca\u201d\u2026", 5),
    ],
)
def test_texts_are_weighed(text: str, counted: int) -> None:
    assert length(text) == counted

"""Each refusal of X ends in its remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.http import Response
from django_connected_accounts.providers.twitter import errors
from django_connected_accounts.providers.twitter.errors import error_in
from django_connected_accounts.providers.types import Draft, Usage

from .conftest import X, picture

TEXT = Draft(kind="text", text="Fresh rye at seven")


def refused(status: int, body: Any, *, repeatable: bool = False, **more: Any) -> ProviderError:
    missing = more.pop("missing", ())
    response = Response(status=status, json=body, **more)
    error = error_in(response, repeatable=repeatable, provider="twitter", missing=missing)
    assert error is not None
    return error


def problem(detail: str, kind: str = "about:blank", **more: Any) -> dict[str, Any]:
    return {"title": "Forbidden", "detail": detail, "type": kind, **more}


DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
REPLY = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged"
SUSPENDED = "Your account is suspended and is not permitted to access this feature."


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (
            400,
            problem(
                "One or more parameters to your request was invalid.",
                "https://api.x.com/2/problems/invalid-request",
            ),
            ContentRejected,
            "request_refused",
        ),
        (
            400,
            {
                "errors": [
                    {"parameters": {"media.media_ids": ["1"]}, "message": "Your media IDs are invalid."}
                ]
            },
            Unavailable,
            "media_not_ready",
        ),
        (400, {"errors": [{"message": "BadRequest: Not found"}]}, Unavailable, "container_gone"),
        (400, problem("Your Tweet text is too long."), ContentRejected, "text_too_long"),
        (403, problem("Your Tweet text is too long."), ContentRejected, "text_too_long"),
        (
            401,
            {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
            NotAuthorized,
            "token_refused",
        ),
        (
            402,
            {
                "title": "CreditsDepleted",
                "detail": "no credits",
                "type": "https://api.twitter.com/2/problems/credits",
            },
            OperatorNeeded,
            "credits_depleted",
        ),
        (
            403,
            {
                "title": "SpendCapReached",
                "detail": "cap",
                "reset_date": "2026-12-01",
                "type": "https://api.twitter.com/2/problems/credits",
            },
            OperatorNeeded,
            "spend_cap_reached",
        ),
        (
            429,
            {
                "title": "UsageCapExceeded",
                "detail": "Usage cap exceeded: Monthly product cap",
                "type": "https://api.twitter.com/2/problems/usage-capped",
            },
            RateLimited,
            "usage_capped",
        ),
        (
            429,
            {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank"},
            RateLimited,
            "account_rate_limited",
        ),
        (
            429,
            {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
            RateLimited,
            "account_rate_limited",
        ),
        (429, None, RateLimited, "account_rate_limited"),
        (403, problem(DUPLICATE), ContentRejected, "duplicate_post"),
        (403, problem(REPLY), ContentRejected, "reply_not_allowed"),
        (403, problem("Quoting this post is not allowed because…"), ContentRejected, "quote_not_allowed"),
        (
            403,
            problem("Posts are limited to a maximum of one cashtag."),
            ContentRejected,
            "too_many_cashtags",
        ),
        (403, problem("Your post contains an invalid URL."), ContentRejected, "link_refused"),
        (
            403,
            problem("You attempted to reply to a Tweet that is deleted or not visible to you."),
            ContentRejected,
            "post_gone",
        ),
        (
            403,
            problem("This user is not allowed to post a video longer than 2 minutes."),
            ContentRejected,
            "video_too_long_for_account",
        ),
        (403, problem("This request looks like it might be automated."), RateLimited, "activity_restricted"),
        (403, problem(SUSPENDED), ActionNeeded, "account_restricted"),
        (403, problem("You are not permitted to perform this action."), OperatorNeeded, "app_not_permitted"),
        (
            403,
            problem("Your account is not permitted to access this feature"),
            OperatorNeeded,
            "app_not_permitted",
        ),
        (
            403,
            problem("x", "https://api.twitter.com/2/problems/client-forbidden", reason="client-not-enrolled"),
            OperatorNeeded,
            "app_misconfigured",
        ),
        (
            403,
            {
                "errors": [
                    {
                        "title": "Unsupported Authentication",
                        "detail": "…",
                        "type": "https://api.x.com/2/problems/unsupported-authentication",
                    }
                ]
            },
            OperatorNeeded,
            "app_misconfigured",
        ),
        (403, problem("Something X has never said before."), ContentRejected, "request_refused"),
        (404, problem("x", "https://api.x.com/2/problems/resource-not-found"), ContentRejected, "post_gone"),
        (404, None, ContentRejected, "post_gone"),
        (400, problem("x", "https://api.x.com/2/problems/never-seen"), ContentRejected, "request_refused"),
    ],
)
def test_each_refusal_has_its_remedy(status: int, body: Any, error: type[ProviderError], code: str) -> None:
    found = refused(status, body)
    assert type(found) is error
    assert found.code == code
    assert found.platform_code.startswith(str(status))


def test_every_code_of_the_tables_is_explained() -> None:
    tables = (errors.SEGMENTS, errors.OAUTH, errors.STATUSES)
    meanings = [meaning for table in tables for meaning in table.values()]
    meanings += [meaning for _, meaning in errors.SENTENCES]
    assert not {meaning.code for meaning in meanings} - set(CODES)


@pytest.mark.parametrize("body", [None, {}, [], {"errors": "?"}])
def test_a_refusal_in_no_known_shape_is_no_answer(body: Any) -> None:
    assert type(refused(400, body)) is OutcomeUnknown
    assert type(refused(400, body, repeatable=True)) is Unavailable


def test_an_error_inside_x_leaves_an_unrepeatable_call_open() -> None:
    body = problem("x", "https://api.x.com/2/problems/internal-error")
    assert type(refused(400, body)) is OutcomeUnknown
    assert type(refused(400, body, repeatable=True)) is Unavailable


def test_the_refusal_of_a_post_is_certain_in_xs_own_words_only() -> None:
    assert refused(403, problem(SUSPENDED)).certain
    assert not refused(403, problem(SUSPENDED), repeatable=True).certain
    assert not refused(403, problem(DUPLICATE)).certain  # of an earlier attempt, it may be
    assert not refused(429, None).certain


def test_a_bare_403_is_a_missing_scope_where_one_is_missing() -> None:
    found = refused(403, problem("Forbidden"), missing=["media.write"])
    assert isinstance(found, PermissionMissing)
    assert found.scopes == ("media.write",)
    assert refused(403, problem("Forbidden")).code == "request_refused"


def test_operators_are_told_what_was_refused_and_until_when_a_cap_holds() -> None:
    body = problem("x", errors=[{"parameters": {"text": ["secret words"]}, "message": "bad"}])
    assert refused(400, body).detail == "refused: text"
    cap = {"title": "SpendCapReached", "type": ".../credits", "reset_date": "2026-12-01"}
    assert refused(403, cap).detail == "until 2026-12-01"


def test_the_last_budget_to_begin_anew_decides_how_long_and_for_whom() -> None:
    body = problem("Too Many Requests")
    account, app = Usage(percent=100, retry_after=300, scope="account"), Usage(percent=100, retry_after=7000)
    open_one = Usage(percent=40, retry_after=90_000, scope="account")
    one = refused(429, body, usage=(account, open_one))
    assert isinstance(one, RateLimited)
    assert (one.scope, one.retry_after, one.code) == ("account", 300, "account_rate_limited")
    both = refused(429, body, usage=(account, app, open_one))
    assert isinstance(both, RateLimited)
    assert (both.scope, both.retry_after, both.code) == ("app", 7000, "app_rate_limited")
    bare = refused(429, body)
    assert isinstance(bare, RateLimited)
    assert bare.retry_after == 60


def test_a_used_up_plan_pauses_the_app() -> None:
    found = refused(429, {"title": "UsageCapExceeded", "type": "x/usage-capped"})
    assert isinstance(found, RateLimited)
    assert found.scope == "app"


# The same from the sandbox, at the step that publishes


@pytest.mark.parametrize(
    ("toggle", "error", "code"),
    [
        ({"billing": "credits"}, OperatorNeeded, "credits_depleted"),
        ({"billing": "cap"}, OperatorNeeded, "spend_cap_reached"),
        ({"muzzled": True}, OperatorNeeded, "app_not_permitted"),
        ({"suspended": True}, ActionNeeded, "account_restricted"),
        ({"posts_per_window": 0}, RateLimited, "account_rate_limited"),
        ({"posts_per_day_of_app": 0}, RateLimited, "app_rate_limited"),
    ],
)
def test_what_stops_a_post_is_named(
    x: X, toggle: dict[str, Any], error: type[ProviderError], code: str
) -> None:
    connection = x.connection()
    x.site.toggle.update(toggle)
    ready = x.provider.publish(connection, TEXT)
    with pytest.raises(error) as caught:
        x.provider.publish(connection, TEXT, ready.checkpoint)
    assert caught.value.code == code
    assert x.posts() == 0
    if isinstance(caught.value, RateLimited):
        assert caught.value.scope == ("app" if code.startswith("app") else "account")
        assert 0 < caught.value.retry_after <= 24 * 3600


@pytest.mark.parametrize("status", [400, 403])
def test_a_text_x_finds_too_long_says_how_long_it_is(x: X, status: int) -> None:
    x.site.toggle["too_long_status"] = status
    connection, draft = x.connection(), Draft(kind="text", text="a" * 300, options={"long_post": True})
    ready = x.provider.publish(connection, draft)
    with pytest.raises(ContentRejected) as caught:
        x.provider.publish(connection, draft, ready.checkpoint)
    assert (caught.value.code, caught.value.params["length"]) == ("text_too_long", 300)


def test_a_missing_scope_is_named(x: X) -> None:
    tokens = x.granted(scopes=("users.read", "tweet.read", "tweet.write", "offline.access"))
    connection = x.connection().__class__(account_id="1", username="x", tokens=tokens)
    with pytest.raises(PermissionMissing) as caught:
        x.provider.publish(connection, Draft(kind="photo", media=(picture(),)))
    assert caught.value.scopes == ("media.write",)


def test_a_token_taken_away_asks_for_a_reconnection(x: X) -> None:
    connection = x.connection()
    x.site.disconnect("shop")
    with pytest.raises(NotAuthorized, match="token_refused"):
        x.provider.profiles(connection.tokens)


def test_an_outage_is_unavailable_for_reads_and_open_for_a_post(x: X) -> None:
    connection = x.connection()
    ready = x.provider.publish(connection, TEXT)
    x.world.fault(action="status", status=503, body="<html>", times=0)
    with pytest.raises(Unavailable):
        x.provider.profiles(connection.tokens)
    with pytest.raises(OutcomeUnknown):
        x.provider.publish(connection, TEXT, ready.checkpoint)


def test_no_refusal_shows_the_text_it_is_about() -> None:
    body = problem("x", errors=[{"parameters": {"text": ["my words"]}, "message": "my words"}])
    assert "my words" not in json.dumps([str(refused(400, body)), repr(refused(400, body))])

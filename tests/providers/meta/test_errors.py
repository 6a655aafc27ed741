from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from django_connected_accounts.providers.meta.errors import ERRORS, error_in, meaning_of_subcode
from django_connected_accounts.providers.types import Usage


def answered(
    code: Any = None, subcode: Any = None, *, status: int = 400, repeatable: bool = True, **response: Any
) -> ProviderError:
    error = {"message": "EAAGsecret in a text", "type": "OAuthException", "fbtrace_id": "Axx1"}
    if code is not None:
        error["code"] = code
    if subcode is not None:
        error["error_subcode"] = subcode
    found = error_in(
        Response(status=status, json={"error": error}, **response),
        repeatable=repeatable,
        provider="instagram",
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "subcode", "error", "our_code"),
    [
        # Contract section 7.2
        (-1, None, Unavailable, "platform_unavailable"),
        (1, None, Unavailable, "platform_unavailable"),
        (2, None, Unavailable, "platform_unavailable"),
        (3, None, OperatorNeeded, "app_misconfigured"),
        (4, None, RateLimited, "app_rate_limited"),
        (10, None, PermissionMissing, "permission_missing"),
        (17, None, RateLimited, "account_rate_limited"),
        (32, None, RateLimited, "account_rate_limited"),
        (100, None, ContentRejected, "request_refused"),
        (100, 33, Unavailable, "object_not_visible"),
        (102, None, NotAuthorized, "session_ended"),
        (200, None, PermissionMissing, "permission_missing"),
        (299, None, PermissionMissing, "permission_missing"),
        (341, None, RateLimited, "app_rate_limited"),
        (368, None, ActionNeeded, "account_restricted"),
        (459, None, ActionNeeded, "checkpoint"),
        (483, None, ActionNeeded, "checkpoint"),
        (506, None, ContentRejected, "duplicate_post"),
        (613, 1996, RateLimited, "app_rate_limited"),
        (803, None, ContentRejected, "request_refused"),
        (80001, None, RateLimited, "account_rate_limited"),
        (80002, 2446079, RateLimited, "account_rate_limited"),
        # 7.3
        (190, None, NotAuthorized, "token_refused"),
        (190, 458, NotAuthorized, "access_revoked"),
        (190, 459, ActionNeeded, "checkpoint"),
        (190, 460, NotAuthorized, "password_changed"),
        (190, 463, NotAuthorized, "token_expired"),
        (190, 464, ActionNeeded, "account_unconfirmed"),
        (190, 467, NotAuthorized, "session_ended"),
        (190, 492, NotAuthorized, "page_role_lost"),
        (190, 999, NotAuthorized, "token_refused"),
        # 7.4
        (-2, 2207003, Unavailable, "media_unreachable"),
        (-2, 2207020, Unavailable, "container_gone"),
        (-1, 2207001, Unavailable, "platform_unavailable"),
        (-1, 2207032, Unavailable, "media_processing_failed"),
        (-1, 2207053, Unavailable, "media_processing_failed"),
        (1, 2207057, ContentRejected, "thumb_offset"),
        (4, 2207051, RateLimited, "activity_restricted"),
        (9, 2207042, RateLimited, "publishing_quota_reached"),
        (24, 2207006, Unavailable, "container_gone"),
        (24, 2207008, Unavailable, "container_gone"),
        (25, 2207050, ActionNeeded, "account_restricted"),
        (100, 2207023, ContentRejected, "media_kind"),
        (100, 2207028, ContentRejected, "media_count"),
        (100, 2207035, ContentRejected, "product_tag_refused"),
        (100, 2207040, ContentRejected, "too_many_mentions"),
        (352, 2207026, ContentRejected, "media_format"),
        (9004, 2207052, Unavailable, "media_unreachable"),
        (9007, 2207027, Unavailable, "media_not_ready"),
        (36000, 2207004, ContentRejected, "media_too_large"),
        (36001, 2207005, ContentRejected, "media_format"),
        (36003, 2207009, ContentRejected, "aspect_ratio"),
        (36004, 2207010, ContentRejected, "caption_refused"),
        (110, 2207013, ActionNeeded, "personal_account"),
        (110, 2207018, ContentRejected, "user_tag_refused"),
        # Facebook Pages
        (100, 1366046, ContentRejected, "picture_refused"),
        (100, 1366051, ContentRejected, "duplicate_post"),
        (100, 1609008, ContentRejected, "link_refused"),
        (283, None, PermissionMissing, "permission_missing"),
        (324, None, ContentRejected, "media_format"),
        (368, 1390008, RateLimited, "activity_restricted"),
        (368, 1404006, ActionNeeded, "checkpoint"),
        (368, 1404078, ActionNeeded, "page_confirmation_needed"),
        (368, 1404082, ContentRejected, "duplicate_post"),
        (368, 1404102, ContentRejected, "content_rejected"),
        (368, 4854002, ActionNeeded, "page_confirmation_needed"),
        (1609005, None, ContentRejected, "link_refused"),
        # never heard of
        (987654, None, ContentRejected, "request_refused"),
        ("190", "463", NotAuthorized, "token_expired"),
        (None, None, ContentRejected, "request_refused"),
    ],
)
def test_each_code_has_its_remedy(code: Any, subcode: Any, error: type[ProviderError], our_code: str) -> None:
    found = answered(code, subcode)
    assert type(found) is error
    assert found.code == our_code
    assert (found.provider, found.trace_id) == ("instagram", "Axx1")


def test_the_platforms_own_code_is_kept() -> None:
    assert answered(190, 463).platform_code == "190/463"
    assert answered(4).platform_code == "4"


def test_what_the_platform_writes_is_never_shown() -> None:
    assert "EAAGsecret" not in repr(vars(answered(190))) + str(answered(190))


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(-1, None), (1, None), (2, None), (100, 33), (987654, None)],
)
def test_an_ambiguous_answer_to_a_call_not_to_be_repeated_leaves_the_outcome_open(
    code: int, subcode: int | None
) -> None:
    found = answered(code, subcode, repeatable=False)
    assert type(found) is OutcomeUnknown
    assert found.code == "outcome_unknown"
    assert found.platform_code.startswith(str(code))


@pytest.mark.parametrize(("subcode", "code"), [(None, "app_rate_limited"), (2207051, "activity_restricted")])
def test_a_spent_budget_is_named_though_the_call_may_have_taken_effect(
    subcode: int | None, code: str
) -> None:
    found = answered(4, subcode, repeatable=False)
    assert isinstance(found, RateLimited)
    assert (found.code, found.certain) == (code, False)


@pytest.mark.parametrize(
    ("code", "subcode", "error"),
    [
        (9007, 2207027, Unavailable),
        (24, 2207008, Unavailable),
        (9, 2207042, RateLimited),
        (190, 463, NotAuthorized),
    ],
)
def test_a_definite_refusal_is_definite(code: int, subcode: int, error: type[ProviderError]) -> None:
    assert type(answered(code, subcode, repeatable=False)) is error


def test_a_success_may_hold_an_error() -> None:
    assert type(answered(190, 463, status=200)) is NotAuthorized


@pytest.mark.parametrize(
    ("status", "error"), [(401, NotAuthorized), (403, PermissionMissing), (429, RateLimited)]
)
def test_a_code_we_do_not_know_is_judged_by_its_status(status: int, error: type[ProviderError]) -> None:
    assert type(answered(987654, status=status)) is error


@pytest.mark.parametrize("body", [None, [], "text", 3, {}, {"errors": []}, {"error": "text"}])
def test_a_refusal_that_cannot_be_read_settles_nothing(body: Any) -> None:
    for repeatable, error in ((True, Unavailable), (False, OutcomeUnknown)):
        found = error_in(Response(status=400, json=body), repeatable=repeatable, provider="instagram")
        assert type(found) is error


def test_too_many_calls_without_a_body_is_still_that() -> None:
    found = error_in(Response(status=429, retry_after=17), repeatable=False, provider="instagram")
    assert isinstance(found, RateLimited)
    assert found.retry_after >= 17


def test_the_flat_shape_of_the_code_exchange() -> None:
    body = {"error_type": "OAuthException", "code": 400, "error_message": "Matching code was not found"}
    found = error_in(Response(status=400, json=body), repeatable=True, provider="instagram_login")
    assert isinstance(found, ContentRejected)
    assert found.platform_code == "400"


@pytest.mark.parametrize(
    ("response", "wait"),
    [
        ({}, 600),
        ({"retry_after": 900.0}, 900),
        ({"usage": (Usage(percent=100, retry_after=1140.0, scope="account"),)}, 1140),
        ({"retry_after": 5.0, "usage": (Usage(percent=100, retry_after=10.0),)}, 600),
    ],
)
def test_the_longest_wait_named_is_waited(response: dict[str, Any], wait: float) -> None:
    found = answered(80002, **response)
    assert isinstance(found, RateLimited)
    assert found.retry_after == wait


def test_a_subcode_alone_has_a_meaning() -> None:
    meaning = meaning_of_subcode(2207082)
    assert meaning is not None
    assert meaning.error is Unavailable
    assert meaning_of_subcode(1) is None
    assert meaning_of_subcode(None) is None


def test_every_row_builds_its_error() -> None:
    for (code, subcode), meaning in ERRORS.items():
        found = answered(code, subcode)
        assert type(found) is meaning.error or (code, subcode) != (code, None)
        assert meaning.code.isidentifier()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda v: (
            st.lists(v) | st.dictionaries(st.sampled_from(["error", "code", "error_subcode", "data"]), v)
        ),
    ),
    st.integers(200, 499),
    st.booleans(),
)
def test_no_answer_breaks_the_parser(body: Any, status: int, repeatable: bool) -> None:
    found = error_in(Response(status=status, json=body), repeatable=repeatable, provider="x")
    assert found is None or isinstance(found, ProviderError)

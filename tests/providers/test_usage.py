from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts.providers.types import Usage
from django_connected_accounts.providers.usage import LONGEST_WAIT, retry_after, usage

from .conftest import NOW

RESET = str(int(NOW.timestamp()) + 540)
HEADERS = (
    "X-App-Usage",
    "X-Business-Use-Case-Usage",
    *(
        f"{name}-{part}"
        for name in ("x-rate-limit", "x-app-limit-24hour")
        for part in ("limit", "remaining", "reset")
    ),
)


def test_app_usage_is_the_fullest_of_its_budgets() -> None:
    header = {"X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":91}'}
    assert usage(header, now=NOW) == (Usage(percent=91, scope="app"),)


def test_business_usage_counts_minutes_and_takes_the_worst_entry() -> None:
    header = {
        "17841400008460056": [
            {"type": "instagram", "call_count": 97, "total_time": 2, "estimated_time_to_regain_access": 0},
            {"type": "pages", "call_count": 104, "total_time": 2, "estimated_time_to_regain_access": 19},
        ]
    }
    assert usage({"X-Business-Use-Case-Usage": json.dumps(header)}, now=NOW) == (
        Usage(percent=104, retry_after=19 * 60, scope="account"),
    )


@pytest.mark.parametrize(
    "value", ["", "[]", "null", "{", '{"a": 3}', '{"a": [3, null]}', '{"call_count": "x"}', "1" * 10_000]
)
def test_headers_that_cannot_be_read_say_nothing_bad(value: str) -> None:
    for found in usage({"X-App-Usage": value, "X-Business-Use-Case-Usage": value}, now=NOW):
        assert found.percent == 0


@given(st.text(), st.recursive(st.none() | st.floats() | st.text(), lambda v: st.dictionaries(st.text(), v)))
def test_no_header_is_an_error(text: str, value: object) -> None:
    for header in (text, json.dumps(value)):
        for found in usage(dict.fromkeys(HEADERS, header), now=NOW):
            assert 0 <= found.percent < float("inf")
            assert 0 <= found.retry_after <= LONGEST_WAIT
        retry_after({"Retry-After": header}, now=NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        (" 0 ", 0),
        ("Sun, 22 Nov 2026 12:05:00 GMT", 300),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, now=NOW) == seconds


def test_a_date_is_measured_from_now() -> None:
    header = {"Retry-After": "Sun, 22 Nov 2026 12:05:00 GMT"}
    assert retry_after(header, now=NOW + timedelta(minutes=1)) == 240


@pytest.mark.parametrize(
    ("name", "scope"),
    [("x-rate-limit", "account"), ("x-user-limit-24hour", "account"), ("x-app-limit-24hour", "app")],
)
def test_counted_calls_are_a_percentage_until_their_count_begins_anew(name: str, scope: str) -> None:
    header = {f"{name}-limit": "100", f"{name}-remaining": "3", f"{name}-reset": RESET}
    (found,) = usage(header, now=NOW)
    assert (found.percent, found.retry_after, found.scope) == (97, 540, scope)


def test_a_count_without_its_limit_is_spent_when_nothing_remains() -> None:
    assert usage({"x-rate-limit-remaining": "0", "x-rate-limit-reset": RESET}, now=NOW)[0].percent == 100
    assert usage({"x-rate-limit-remaining": "7"}, now=NOW)[0].percent == 0
    assert usage({"x-rate-limit-limit": "7", "x-rate-limit-reset": RESET}, now=NOW) == ()

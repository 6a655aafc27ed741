"""Who may ask, how, and what every refusal looks like."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, reverse

from django_connected_accounts import exceptions
from django_connected_accounts.api import urls
from django_connected_accounts.api.envelope import moment, refusal
from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.types import Problem

from .conftest import ROOT, Api


def _addresses() -> list[tuple[str, frozenset[str]]]:
    patterns = [p for p in urls.urlpatterns if isinstance(p, URLPattern) and p.name != "nothing"]
    found = []
    for pattern in patterns:
        captured = {
            name: "instagram" if name == "platform" else UUID(int=7)
            for name in pattern.pattern.regex.groupindex
        }
        path = reverse(f"connected_accounts_api:{pattern.name}", kwargs=captured).removeprefix(ROOT)
        found.append((path, pattern.callback.methods))
    return found


@pytest.mark.parametrize(("path", "methods"), _addresses())
def test_without_a_session_everything_answers_401_in_json(
    path: str, methods: frozenset[str], anonymous: Api
) -> None:
    for method in methods - {"HEAD"}:
        answer = anonymous.send(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize(("path", "methods"), _addresses())
def test_any_other_method_answers_405_and_says_which_there_are(
    path: str, methods: frozenset[str], ada: Api
) -> None:
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - methods:
        answer = ada.send(method, path)
        assert answer.status_code == 405
        assert answer["Allow"] == ", ".join(sorted(methods))
        if method != "HEAD":
            assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(("path", "methods"), _addresses())
def test_a_write_without_csrf_token_is_refused_before_it_is_read(
    path: str, methods: frozenset[str], ada: Api
) -> None:
    ada.csrf = ""
    for method in methods - {"GET", "HEAD"}:
        assert ada.send(method, path).status_code == 403


def test_a_csrf_refusal_is_json_for_projects_that_name_our_view(ada: Api, settings: Any) -> None:
    settings.CSRF_FAILURE_VIEW = "django_connected_accounts.api.envelope.csrf_failure"
    ada.csrf = ""
    answer = ada.post("/posts/", {}, Accept="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf_failed")
    assert ada.post("/posts/", {}, Accept="text/html")["Content-Type"].startswith("text/html")


def test_the_views_protect_themselves_where_the_project_has_no_csrf_middleware(
    ada: Api, settings: Any
) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    ada.csrf = ""
    assert ada.post("/posts/", {}).status_code == 403


def test_no_view_is_exempt_from_csrf_protection() -> None:
    for pattern in urls.urlpatterns:
        assert not getattr(pattern.callback, "csrf_exempt", False)


def test_a_first_read_gives_the_csrf_cookie(ada: Api) -> None:
    del ada.http.cookies["csrftoken"]
    ada.get("/")
    assert ada.http.cookies["csrftoken"].value


@pytest.mark.parametrize("path", ["/nothing", "/posts", "/no-uuid/verify/", "/posts/7/", "/..//"])
def test_an_unknown_address_answers_404_in_json(path: str, ada: Api) -> None:
    answer = ada.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_every_answer_forbids_caching_framing_and_referrers(ada: Api) -> None:
    for answer in (ada.get("/"), ada.get(f"/{uuid4()}/"), ada.get("/nothing")):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'"text"', "invalid_json"),
        (b"", "invalid_json"),
        (b'{"text": NaN}', "invalid_json"),
        (b'{"options": {"a": 1e999}}', "invalid_json"),
        (b'{"options": ' + b"[" * 100_000 + b"}", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b'{"text": "a\\u0000b"}', "invalid_characters"),
        (b'{"text": "\\ud800"}', "invalid_characters"),
        (b'{"text": 7}', "wrong_type"),
        (b'{"text": null}', "wrong_type"),
        (b'{"accounts": ["no-uuid"]}', "wrong_type"),
        (b'{"txet": "a"}', "unknown_field"),
        (b'{"media": [{"uri": "https://example.com/a.jpg"}]}', "unknown_field"),
    ],
)
def test_a_body_that_can_not_be_meant_is_refused_by_code(body: bytes, code: str, ada: Api) -> None:
    answer = ada.post("/posts/", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_everything_wrong_with_a_body_is_told_at_once_by_name(ada: Api) -> None:
    error = ada.post("/posts/", {"text": 7, "txet": "a", "options": []}).json()["error"]
    assert {name: [row["code"] for row in rows] for name, rows in error["fields"].items()} == {
        "text": ["wrong_type"],
        "txet": ["unknown_field"],
        "options": ["wrong_type"],
    }
    assert "txet" in error["fields"]["txet"][0]["message"]


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/posts/", "application/xml"), (f"/notices/{UUID(int=1)}/dismiss", "multipart/form-data; boundary=b")],
)
def test_a_body_of_another_type_is_refused(path: str, content_type: str, ada: Api) -> None:
    answer = ada.send("POST", path, b"<post/>", content_type=content_type)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_a_body_larger_than_the_site_takes_is_refused(ada: Api, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = ada.post("/posts/", {"text": "x" * 2000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidRequest("past_date", field="at"), 422),
        (exceptions.ConnectionFailed("denied"), 409),
        (exceptions.UndecryptableToken(), 409),
        (exceptions.NotAuthorized(), 409),
        (exceptions.ActionNeeded(), 409),
        (exceptions.PermissionMissing(), 409),
        (exceptions.ContentRejected(), 422),
        (exceptions.RateLimited(retry_after=3.2), 429),
        (exceptions.Unavailable(), 503),
        (exceptions.OutcomeUnknown(), 502),
        (exceptions.ProviderError(), 502),
        (exceptions.ConnectedAccountsError(), 500),
        (ImproperlyConfigured("CONNECTED_ACCOUNTS_BASE_URL"), 503),
    ],
)
def test_each_class_of_error_has_its_status(error: Exception, status: int) -> None:
    answer = refusal(error)
    assert answer.status == status
    assert set(answer.body["error"]) == {"code", "message", "action", "fields"}
    json.dumps(answer.body)


def test_a_rate_limit_says_when_to_come_back() -> None:
    assert refusal(exceptions.RateLimited(retry_after=3.2)).headers == {"Retry-After": "4"}


def test_problems_are_listed_by_field_with_what_can_be_done() -> None:
    problems = [
        Problem(code="past_date", field="at"),
        Problem(code="account_not_usable", severity="warning", fix=("convert",)),
    ]
    fields = refusal(InvalidRequest(problems=problems)).body["error"]["fields"]
    assert fields["at"][0]["code"] == "past_date"
    assert fields["at"][0]["severity"] == "error"
    assert fields["__all__"][0]["fix"] == ["convert"]


def test_the_detail_for_operators_is_not_told() -> None:
    secret = exceptions.Unavailable("platform_unavailable", "EAAsecret in a detail")
    assert "EAAsecret" not in json.dumps(refusal(secret).body)


def test_every_code_the_api_gives_a_status_is_explained() -> None:
    from django_connected_accounts.api.statuses import BY_CODE

    assert set(BY_CODE) - set(CODES) == set()


def test_times_are_utc_with_a_z() -> None:
    from datetime import datetime, timedelta, timezone

    vienna = timezone(timedelta(hours=2))
    assert moment(datetime(2030, 5, 4, 11, 30, 0, 999, tzinfo=vienna)) == "2030-05-04T09:30:00Z"
    assert moment(None) is None

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests
import responses
import urllib3.exceptions as urllib3_errors

from django_connected_accounts.exceptions import (
    NotAuthorized,
    OutcomeUnknown,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.http import Http, send_before, usage_seen

from .conftest import NOW, RawServer, http_answer

URL = "https://api.example.com/v1/things"
SECRET = "EAAGsecret0123456789"


def http(**options: Any) -> Http:
    return Http({"api.example.com"}, provider="example", clock=lambda: NOW, **options)


def at(server: RawServer, **options: Any) -> Http:
    return http(sandbox_url=server.url, **options)


# Where it goes


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/x",
        "https://evil.example.com/x",
        "https://api.example.com.evil.test/x",
        "https://api.example.com@evil.test/x",
        "https://user:pass@api.example.com/x",
        "https://api.example.com:8443/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
        "//api.example.com/x",
        "",
    ],
)
@responses.activate
def test_only_https_to_the_providers_own_hosts(url: str) -> None:
    with pytest.raises(ProviderError) as caught:
        http().request("GET", f"{url}?access_token={SECRET}", repeatable=True)
    assert caught.value.code == "host_refused"
    assert SECRET not in repr(caught.value)
    assert not responses.calls


@responses.activate
def test_a_sandbox_gets_the_real_host_as_first_path_segment() -> None:
    responses.get("http://127.0.0.1:8765/api.example.com/v1/things", json={"a": 1})
    assert http(sandbox_url="http://127.0.0.1:8765/").request("GET", URL, repeatable=True).json == {"a": 1}


def test_browsers_are_sent_to_the_sandbox_as_well() -> None:
    assert http().browser_url(URL) == URL
    assert (
        http(sandbox_url="http://127.0.0.1:8765").browser_url(URL)
        == "http://127.0.0.1:8765/api.example.com/v1/things"
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@responses.activate
def test_redirects_are_never_followed(status: int) -> None:
    responses.get(URL, status=status, headers={"Location": "https://evil.test/"})
    with pytest.raises(Unavailable):
        http().request("GET", URL, repeatable=True, token=SECRET)
    assert len(responses.calls) == 1


# What it sends


@responses.activate
def test_the_token_travels_in_the_header_and_not_in_the_address() -> None:
    responses.post(URL, json={})
    http().request("POST", URL, repeatable=False, data={"a": "b"}, token=SECRET)
    sent = responses.calls[0].request
    assert sent.headers["Authorization"] == f"Bearer {SECRET}"
    assert sent.url == URL


@responses.activate
def test_netrc_never_replaces_the_token(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine api.example.com login me password mine")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    responses.get(URL, json={})
    http().request("GET", URL, repeatable=True, token=SECRET)
    http().request("GET", URL, repeatable=True)
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {SECRET}"
    assert "Authorization" not in responses.calls[1].request.headers


@responses.activate
def test_cookies_of_the_platform_are_not_kept() -> None:
    responses.get(URL, json={}, headers={"Set-Cookie": "datr=abc; Path=/"})
    client = http()
    client.request("GET", URL, repeatable=True)
    client.request("GET", URL, repeatable=True)
    assert "Cookie" not in responses.calls[1].request.headers


@pytest.mark.parametrize("token", ["abc\r\nX-Evil: 1", "abc\n", "tök", "a\x00b"])
@responses.activate
def test_a_token_that_is_no_header_value_needs_reconnecting_and_is_not_quoted(token: str) -> None:
    with pytest.raises(NotAuthorized) as caught:
        http().request("GET", URL, repeatable=True, token=token)
    assert token not in str(caught.value)
    assert not responses.calls


def test_connections_are_pooled(raw_server: Callable[..., RawServer]) -> None:
    two = http_answer(b"{}")
    server = raw_server([two, 0.2, two])
    client = at(server)
    client.request("GET", URL, repeatable=True)
    client.request("GET", URL, repeatable=True)
    assert len(server.received) == 1


def test_a_proxy_named_by_the_environment_is_used(
    raw_server: Callable[..., RawServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = raw_server([http_answer(b"", "407 Proxy Authentication Required")])
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(Unavailable):
        http().request("POST", URL, repeatable=False)
    assert server.received[0].startswith(b"CONNECT api.example.com:443")


def test_each_thread_has_a_connection_of_its_own(raw_server: Callable[..., RawServer]) -> None:
    answer = http_answer(b"{}")
    server = raw_server([answer], [answer], [answer])
    client = at(server)

    def ask() -> None:
        client.request("GET", URL, repeatable=True)

    for thread in [threading.Thread(target=ask) for _ in range(3)]:
        thread.start()
        thread.join()
    assert len(server.received) == 3


# What it returns


@responses.activate
def test_an_answer_brings_status_json_headers_and_usage() -> None:
    responses.get(
        URL,
        json={"ok": True},
        status=400,
        headers={"X-App-Usage": '{"call_count":28,"total_time":25}', "Retry-After": "7"},
    )
    answer = http().request("GET", URL, repeatable=True)
    assert (answer.status, answer.json, answer.retry_after) == (400, {"ok": True}, 7)
    assert answer.headers["x-app-usage"]
    assert answer.usage[0].percent == 28


@responses.activate
def test_an_answer_does_not_show_its_content() -> None:
    responses.get(URL, json={"access_token": SECRET})
    assert SECRET not in repr(http().request("GET", URL, repeatable=True))


@responses.activate
def test_an_empty_answer_has_no_json() -> None:
    responses.delete(URL, status=204)
    assert http().request("DELETE", URL, repeatable=True).json is None


# What it makes of silence


@pytest.mark.parametrize(("repeatable", "error"), [(True, Unavailable), (False, OutcomeUnknown)])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 302])
@responses.activate
def test_no_clear_answer(status: int, repeatable: bool, error: type[Exception]) -> None:
    responses.post(URL, status=status, json={"error": {"code": 190}})
    with pytest.raises(error):
        http().request("POST", URL, repeatable=repeatable)
    assert len(responses.calls) == 1


@pytest.mark.parametrize(("repeatable", "error"), [(True, Unavailable), (False, OutcomeUnknown)])
@pytest.mark.parametrize("body", [b'{"id": "1', b"<html>", b"\xff\xfe", b"[" * 100_000])
@responses.activate
def test_a_success_that_cannot_be_read(body: bytes, repeatable: bool, error: type[Exception]) -> None:
    responses.post(URL, body=body)
    with pytest.raises(error):
        http().request("POST", URL, repeatable=repeatable)


@pytest.mark.parametrize(("repeatable", "error"), [(True, Unavailable), (False, OutcomeUnknown)])
def test_a_body_that_breaks_off(
    raw_server: Callable[..., RawServer], repeatable: bool, error: type[Exception]
) -> None:
    cut = [http_answer(b'{"id": "1"}', length=500)]
    with pytest.raises(error):
        at(raw_server(cut, cut)).request("POST", URL, repeatable=repeatable)


@pytest.mark.parametrize(("repeatable", "error"), [(True, Unavailable), (False, OutcomeUnknown)])
def test_an_answer_too_large_is_not_read_to_its_end(
    raw_server: Callable[..., RawServer], repeatable: bool, error: type[Exception]
) -> None:
    huge = [http_answer(b"[" + b"1," * 100_000, length=10**9), 0.5]
    server = raw_server(huge, huge)
    with pytest.raises(error):
        at(server, max_bytes=10_000).request("POST", URL, repeatable=repeatable)


def test_an_answer_dripping_in_meets_the_time_out(raw_server: Callable[..., RawServer]) -> None:
    drip: list[bytes | float] = [http_answer(b"", length=1000)]
    for _ in range(40):
        drip += [b" ", 0.1]
    server = raw_server(drip)
    began = datetime.now(timezone.utc)
    with pytest.raises(OutcomeUnknown):
        at(server, connect_timeout=0.2, read_timeout=0.3).request("POST", URL, repeatable=False)
    assert datetime.now(timezone.utc) - began < timedelta(seconds=2)


def test_no_answer_in_time(raw_server: Callable[..., RawServer]) -> None:
    server = raw_server([1.0])
    with pytest.raises(OutcomeUnknown):
        at(server).request("POST", URL, repeatable=False, timeout=0.1)


def test_a_repeatable_call_is_made_once_more_when_its_connection_breaks(
    raw_server: Callable[..., RawServer],
) -> None:
    server = raw_server([], [http_answer(b'{"a": 1}')])
    assert at(server).request("GET", URL, repeatable=True).json == {"a": 1}


def test_and_only_once(raw_server: Callable[..., RawServer]) -> None:
    server = raw_server([], [], [http_answer(b"{}")])
    with pytest.raises(Unavailable):
        at(server).request("GET", URL, repeatable=True)
    assert len(server.received) == 2


def test_a_call_not_to_be_repeated_is_made_once_whatever_happens(
    raw_server: Callable[..., RawServer],
) -> None:
    server = raw_server([], [http_answer(b"{}")])
    with pytest.raises(OutcomeUnknown):
        at(server).request("POST", URL, repeatable=False)
    assert len(server.received) == 1


def test_a_refused_connection_means_nothing_was_sent(raw_server: Callable[..., RawServer]) -> None:
    server = raw_server()
    server.close()
    with pytest.raises(Unavailable):
        at(server).request("POST", URL, repeatable=False)


def pool_error(reason: Exception) -> urllib3_errors.MaxRetryError:
    return urllib3_errors.MaxRetryError(None, "/", reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (requests.ConnectTimeout(pool_error(urllib3_errors.ConnectTimeoutError())), Unavailable),
        (
            requests.ConnectionError(pool_error(urllib3_errors.NewConnectionError(None, "refused"))),
            Unavailable,
        ),
        (
            requests.ConnectionError(pool_error(urllib3_errors.NameResolutionError("h", None, OSError()))),  # type: ignore[arg-type]
            Unavailable,
        ),
        (
            requests.exceptions.SSLError(
                pool_error(urllib3_errors.SSLError(ssl.SSLCertVerificationError("expired")))
            ),
            Unavailable,
        ),
        (
            requests.exceptions.SSLError(pool_error(urllib3_errors.SSLError(ssl.SSLError("bad mac")))),
            OutcomeUnknown,
        ),
        (
            requests.exceptions.ProxyError(
                pool_error(
                    urllib3_errors.ProxyError("proxy", urllib3_errors.NewConnectionError(None, "refused"))
                )
            ),
            Unavailable,
        ),
        (
            requests.exceptions.ProxyError(pool_error(urllib3_errors.ProxyError("proxy", OSError("reset")))),
            OutcomeUnknown,
        ),
        (requests.ReadTimeout("slow"), OutcomeUnknown),
        (requests.ConnectionError("reset"), OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError("cut"), OutcomeUnknown),
        (urllib3_errors.ProtocolError("cut"), OutcomeUnknown),
        (ConnectionResetError(), OutcomeUnknown),
    ],
    ids=lambda value: repr(value)[:60],
)
@responses.activate
def test_only_where_surely_nothing_was_sent_is_it_unavailable(
    failure: Exception, error: type[Exception]
) -> None:
    responses.post(URL, body=failure)
    with pytest.raises(error):
        http().request("POST", URL, repeatable=False)


@responses.activate
def test_an_outage_may_say_how_long() -> None:
    responses.get(URL, status=503, headers={"Retry-After": "120"})
    with pytest.raises(Unavailable) as caught:
        http().request("GET", URL, repeatable=True)
    assert caught.value.retry_after == 120


@responses.activate
def test_what_must_not_be_repeated_is_not_begun_when_the_lease_would_end_under_it() -> None:
    responses.post(URL, json={})
    with send_before(lambda: datetime.now(timezone.utc) + timedelta(seconds=60)):
        with pytest.raises(Unavailable, match="out_of_time"):
            http().request("POST", URL, repeatable=False)
        http().request("POST", URL, repeatable=True)
    with send_before(lambda: datetime.now(timezone.utc) + timedelta(seconds=300)):
        http().request("POST", URL, repeatable=False)
    assert len(responses.calls) == 2


@responses.activate
def test_what_headers_say_of_budgets_is_collected_of_every_answer_good_or_bad() -> None:
    spent = {"X-App-Usage": '{"call_count": 96}'}
    responses.get(URL, json={}, headers=spent)
    responses.get(URL, status=429, json={}, headers=spent)
    responses.get(URL, status=500, headers=spent)
    with usage_seen() as seen:
        http().request("GET", URL, repeatable=True)
        http().request("GET", URL, repeatable=True)
        with pytest.raises(Unavailable):
            http().request("GET", URL, repeatable=True)
    assert [found.percent for found in seen] == [96, 96, 96]


# What it lets be seen


def test_nothing_secret_is_logged(
    raw_server: Callable[..., RawServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = raw_server(
        [http_answer(b'{"access_token": "%s"}' % SECRET.encode())], [], [http_answer(b"{}", "500 Oh")]
    )
    client = at(server)
    query, form = {"client_secret": SECRET, "code": SECRET}, {"access_token": SECRET}
    client.request("GET", URL, repeatable=True, params=query, data=form, token=SECRET)
    with pytest.raises(Unavailable):
        client.request("GET", URL, repeatable=True, params=query, headers={"X-Key": SECRET})
    assert SECRET not in caplog.text
    assert "urllib3" in caplog.text
    assert "/v1/things" in caplog.text


def test_one_line_per_call_without_query(
    raw_server: Callable[..., RawServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="django_connected_accounts")
    at(raw_server([http_answer(b"{}")])).request("GET", URL, repeatable=True, params={"q": "1"})
    lines = [r.getMessage() for r in caplog.records if r.name == "django_connected_accounts"]
    assert len(lines) == 1
    assert lines[0].startswith("GET api.example.com/v1/things (200) in ")


def test_other_peoples_calls_are_logged_as_ever(
    raw_server: Callable[..., RawServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    requests.get(f"{raw_server([http_answer(b'{}')]).url}/?q=visible", timeout=5)
    assert "q=visible" in caplog.text


@responses.activate
def test_errors_carry_neither_address_nor_secret() -> None:
    responses.get(URL, body=requests.ConnectionError(f"{URL}?access_token={SECRET}"))
    with pytest.raises(Unavailable) as caught:
        http().request("GET", URL, repeatable=True, params={"access_token": SECRET}, token=SECRET)
    error: BaseException | None = caught.value
    while error:
        assert SECRET not in repr(error)
        assert SECRET not in str(vars(error))
        error = error.__context__ or error.__cause__

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from django_connected_accounts.exceptions import NotAuthorized, OutcomeUnknown, Unavailable
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.meta import API_VERSIONS, CURRENT_VERSION, Graph

BASE = "https://graph.facebook.com/v26.0"
TOKEN = "EAAGtoken"


def graph(app_secret: str = "") -> Graph:
    http = Http({"graph.facebook.com"}, provider="instagram")
    return Graph(http, host="graph.facebook.com", version="v26.0", app_secret=app_secret)


def query(position: int = 0) -> dict[str, list[str]]:
    return parse_qs(urlsplit(str(responses.calls[position].request.url)).query)


@responses.activate
def test_reads_put_parameters_into_the_query_and_leave_out_none() -> None:
    responses.get(f"{BASE}/17841", json={"id": "17841"})
    assert graph().get("17841", needs="id", token=TOKEN, fields="id", after=None)["id"] == "17841"
    assert query() == {"fields": ["id"]}


@responses.activate
def test_writes_put_them_into_the_body_lists_as_json() -> None:
    responses.post(f"{BASE}/17841/media", json={"id": "1"})
    graph().post(
        "17841/media",
        needs="id",
        repeatable=True,
        caption="Grüße #1 & more",
        user_tags=[{"x": 0.5}],
        shown=True,
    )
    sent = responses.calls[0].request
    assert parse_qs(str(sent.body)) == {
        "caption": ["Grüße #1 & more"],
        "user_tags": ['[{"x":0.5}]'],
        "shown": ["true"],
    }
    assert query() == {}


@responses.activate
def test_each_token_gets_the_proof_of_its_own() -> None:
    responses.get(f"{BASE}/me", json={"id": "1"})
    for token in ("one", "two"):
        graph("app-secret").get("me", needs="id", token=token)
    expected = [hmac.new(b"app-secret", t.encode(), hashlib.sha256).hexdigest() for t in ("one", "two")]
    assert [query(n)["appsecret_proof"] for n in (0, 1)] == [[e] for e in expected]


@responses.activate
def test_an_id_cannot_leave_its_path() -> None:
    responses.get(f"{BASE}/1%3Ffields%3Dx%23", json={"id": "1"})
    graph().get("1?fields=x#", needs="id")


@responses.activate
def test_pages_are_followed_by_cursor_and_never_by_address() -> None:
    for number in range(3):
        last = number == 2
        paging = {"cursors": {"before": "b", "after": f"c{number}"}}
        if not last:
            paging["next"] = f"https://evil.test/?access_token={TOKEN}"  # type: ignore[assignment]
        responses.get(f"{BASE}/me/accounts", json={"data": [{"id": str(number)}], "paging": paging})
    rows = list(graph().pages("me/accounts", token=TOKEN, fields="id"))
    assert [row["id"] for row in rows] == ["0", "1", "2"]
    assert [query(n).get("after") for n in range(3)] == [None, ["c0"], ["c1"]]
    assert all(TOKEN not in str(call.request.url) for call in responses.calls)


@responses.activate
def test_a_list_that_never_ends_is_left() -> None:
    responses.get(
        f"{BASE}/me/accounts",
        json={"data": [{"id": "1"}], "paging": {"cursors": {"after": "same"}, "next": "x"}},
    )
    assert len(list(graph().pages("me/accounts"))) == 100


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"id": ""}, {"id": None}])
@responses.activate
def test_an_answer_without_what_is_needed_is_none(body: dict[str, object]) -> None:
    responses.post(f"{BASE}/1/media", json=body)
    with pytest.raises(Unavailable):
        graph().post("1/media", needs="id", repeatable=True)
    with pytest.raises(OutcomeUnknown):
        graph().post("1/media", needs="id", repeatable=False)


@responses.activate
def test_a_single_object_may_come_wrapped() -> None:
    responses.get(f"{BASE}/me", json={"data": [{"id": "1", "username": "a"}]})
    assert graph().get("me", needs="id")["username"] == "a"


@responses.activate
def test_errors_are_raised_typed() -> None:
    responses.get(f"{BASE}/me", json={"error": {"code": 190, "error_subcode": 460}}, status=400)
    with pytest.raises(NotAuthorized, match="password_changed"):
        graph().get("me", needs="id", token=TOKEN)


def test_the_pinned_version_is_alive_and_every_end_is_known() -> None:
    assert API_VERSIONS[CURRENT_VERSION] is None
    assert API_VERSIONS["v18.0"] == date(2026, 1, 26)
    ends = [end for end in API_VERSIONS.values() if end]
    assert ends == sorted(ends)

"""Posts that repeat, over JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from django_connected_accounts.models import ConnectedAccount, Publication, Series

from .conftest import Api

SOON = (datetime.now(timezone.utc) + timedelta(hours=20)).replace(microsecond=0)
RULE = {"rule": "FREQ=DAILY;COUNT=9", "at": f"{SOON:%Y-%m-%dT%H:%M}", "zone": "UTC"}


@pytest.fixture(autouse=True)
def made_three_days_ahead(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SERIES_DAYS = 3


@pytest.fixture
def post(ada: Api, account: Callable[..., ConnectedAccount], photo: Callable[..., bytes]) -> str:
    file = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    content = {"media": file, "text": "Bread", "accounts": [str(account(ada.user).pk)]}
    return str(ada.form("/posts/", content).json()["id"])


@pytest.fixture
def series(ada: Api, post: str) -> Any:
    answer = ada.post(f"/posts/{post}/repeat", RULE)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_post_repeats_and_says_when_and_as_what(ada: Api, series: Any, post: str) -> None:
    assert (series["post"], series["status"], series["rule"]) == (post, "active", "FREQ=DAILY;COUNT=9")
    assert series["in_words"] == "Every day, 9 times"
    assert len(series["coming"]) == 9
    made = [occurrence["post"] for occurrence in series["coming"] if occurrence["post"]]
    assert len(made) == 3
    first = ada.get(f"/posts/{made[0]}/").json()
    assert (first["text"], first["series"], first["review"]) == ("Bread", series["id"], "approved")
    assert first["publications"][0]["due_at"] == series["coming"][0]["due_at"]
    assert series["remarks"]["text"][0]["code"] == "repeats_same_text"


def test_what_repeats_is_listed_as_a_series_and_its_occurrences_as_posts(
    ada: Api, ben: Api, series: Any, post: str
) -> None:
    assert [row["id"] for row in ada.get("/series/").json()["results"]] == [series["id"]]
    assert ada.get("/series/", status="paused").json()["count"] == 0
    assert post not in [row["id"] for row in ada.get("/posts/").json()["results"]]
    assert ada.get("/posts/").json()["count"] == 3
    assert ben.get("/series/").json()["count"] == 0
    assert ben.get(f"/series/{series['id']}/").status_code == 404
    assert ben.post(f"/series/{series['id']}/end").status_code == 404


def test_a_series_is_paused_resumed_and_ended(ada: Api, series: Any) -> None:
    address = f"/series/{series['id']}"
    assert ada.post(f"{address}/pause").json()["coming"] == []
    assert not Publication.objects.exists()
    resumed = ada.post(f"{address}/resume").json()
    assert [row["due_at"] for row in resumed["coming"]] == [row["due_at"] for row in series["coming"]]
    assert ada.post(f"{address}/end").json()["status"] == "ended"
    again = ada.post(f"{address}/resume")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "series_not_possible")


def test_a_series_is_changed_from_now_on(ada: Api, series: Any, post: str) -> None:
    address = f"/series/{series['id']}/"
    assert ada.patch(f"/posts/{post}/", {"text": "Cake"}).status_code == 200
    assert ada.get(address).json()["changed"] is True
    changed = ada.patch(address, {"rule": "FREQ=DAILY;INTERVAL=2;COUNT=4", "late_seconds": 600})
    assert changed.status_code == 200, changed.content
    row = changed.json()
    assert (row["changed"], row["late_seconds"], len(row["coming"])) == (False, 600, 4)
    assert {p["text"] for p in ada.get("/posts/").json()["results"]} == {"Cake"}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"rule": "FREQ=DAILY"}, "rule", "rule_without_end"),
        ({"rule": "weekly"}, "rule", "rule_invalid"),
        ({"at": "2020-01-01T10:00"}, "at", "past_date"),
        ({"zone": "Mars/Olympus"}, "zone", "unknown_zone"),
        ({"late_seconds": 1}, "late_seconds", "late_out_of_range"),
    ],
)
def test_what_can_not_be_is_refused_by_field(
    ada: Api, post: str, change: dict[str, Any], field: str, code: str
) -> None:
    answer = ada.post(f"/posts/{post}/repeat", {**RULE, **change})
    assert answer.status_code == 422
    found = answer.json()["error"]["fields"]
    assert {name: [p["code"] for p in problems] for name, problems in found.items()} == {field: [code]}
    assert not Series.objects.exists()


def test_a_post_that_repeats_is_not_scheduled_or_deleted_by_itself(ada: Api, series: Any, post: str) -> None:
    for answer in (ada.post(f"/posts/{post}/publish", {}), ada.delete(f"/posts/{post}/")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "post_repeats")


def test_repeating_twice_with_one_key_is_done_once(ada: Api, post: str) -> None:
    first, second = (ada.post(f"/posts/{post}/repeat", RULE, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert Series.objects.count() == 1

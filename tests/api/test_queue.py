"""What is to go out, and what to think about before it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from django_connected_accounts.models import ConnectedAccount, Publication

from .conftest import Api

Make = Callable[..., ConnectedAccount]
Photo = Callable[..., bytes]


def _post(api: Api, account: ConnectedAccount, photo: Photo, text: str) -> str:
    file = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    content = {"media": file, "text": text, "accounts": [str(account.pk)]}
    made: dict[str, Any] = api.form("/posts/", content).json()
    return str(made["id"])


def test_the_queue_lists_what_is_to_go_out_the_next_first_with_remarks(
    ada: Api, ben: Api, account: Make, photo: Photo
) -> None:
    mine, other = account(ada.user), account(ada.user)
    times = ["2030-01-02T09:00:00Z", "2030-01-01T09:00:00Z", "2030-01-01T09:05:00Z"]
    for text, at, of in zip(("Bread", "Cake", "Pie"), times, (mine, other, other), strict=True):
        post = _post(ada, of, photo, text)
        ada.post(f"/posts/{post}/schedule", {"at": at})

    rows = ada.get("/publications/").json()["results"]
    assert [row["due_at"] for row in rows] == sorted(times)
    assert [list(row["remarks"]) for row in rows] == [["at"], ["at"], []]
    [remark] = rows[0]["remarks"]["at"]
    assert (remark["code"], remark["severity"]) == ("posts_too_close", "warning")
    assert "5 minutes" in remark["message"]

    def due(**query: str) -> list[str]:
        return [row["due_at"] for row in ada.get("/publications/", **query).json()["results"]]

    assert due(account=str(mine.pk)) == times[:1]
    assert due(after=times[0]) == times[:1]
    assert due(before=times[2]) == [times[1]]
    assert due(status="published") == []
    ada.post(f"/publications/{rows[0]['id']}/cancel")
    assert due() == [times[2], times[0]]
    assert due(status="cancelled") == [times[1]]
    assert ben.get("/publications/").json()["count"] == 0


def test_a_post_on_hold_says_when_it_is_looked_at_again(ada: Api, account: Make, photo: Photo) -> None:
    post = _post(ada, account(ada.user), photo, "Bread")
    ada.post(f"/posts/{post}/schedule", {"at": "2030-01-01T09:00:00Z"})
    again = datetime(2030, 1, 1, 9, 30, tzinfo=timezone.utc)
    Publication.objects.update(status="held", code="rate_limited", run_at=again)
    [row] = ada.get("/publications/", status="held").json()["results"]
    assert (row["resumes_at"], row["reason"]["code"]) == ("2030-01-01T09:30:00Z", "rate_limited")


@pytest.mark.parametrize(
    "query", [{"status": "lost"}, {"account": "me"}, {"after": "soon"}, {"before": "2030-01-01T09:00"}]
)
def test_a_filter_that_means_nothing_is_refused(ada: Api, query: dict[str, str]) -> None:
    answer = ada.get("/publications/", **query)
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == list(query)


def test_a_preview_for_a_time_says_what_to_think_about_it(ada: Api, account: Make, photo: Photo) -> None:
    mine = account(ada.user, platform="instagram_login")
    ada.post(f"/posts/{_post(ada, mine, photo, 'Bread')}/schedule", {"at": "2030-01-01T09:00:00Z"})
    post = _post(ada, mine, photo, "Bread")
    [plain] = ada.post(f"/posts/{post}/preview", {}).json()["accounts"]
    assert plain["fields"] == {}
    [row] = ada.post(f"/posts/{post}/preview", {"at": "2030-01-01T10:10", "zone": "Europe/Vienna"}).json()[
        "accounts"
    ]
    assert row["ready"] is True
    assert {name: [p["code"] for p in found] for name, found in row["fields"].items()} == {
        "at": ["posts_too_close"],
        "text": ["duplicate_text"],
    }

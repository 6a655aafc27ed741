"""A write with an Idempotency-Key is done once, whatever dies, doubles or changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from django_connected_accounts.api import idempotency, writing
from django_connected_accounts.api.envelope import Answer
from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.models.records import IdempotencyKey
from django_connected_accounts.services import composing

from .conftest import Api

pytestmark = pytest.mark.databases

KEY = {"Idempotency-Key": "4f1c"}
BODY = {"kind": "text", "text": "Once"}


def test_the_same_request_is_answered_again_and_done_once(ada: Api) -> None:
    first, second = ada.post("/posts/", BODY, **KEY), ada.post("/posts/", BODY, **KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Post.objects.count() == 1


def test_without_a_key_every_request_is_a_new_one(ada: Api) -> None:
    assert ada.post("/posts/", BODY).json()["id"] != ada.post("/posts/", BODY).json()["id"]


def test_a_form_is_the_same_request_whatever_its_boundary(ada: Api, photo: Callable[..., bytes]) -> None:
    def send(colour: str) -> Any:
        file = SimpleUploadedFile("a.jpg", photo(colour=colour), "image/jpeg")
        return ada.form("/posts/", {"text": "Once", "media": file}, **KEY)

    assert send("teal").json() == send("teal").json()
    assert Post.objects.count() == 1
    assert send("red").json()["error"]["code"] == "idempotency_key_reused"


def test_a_key_is_good_for_one_request_only(ada: Api) -> None:
    post = ada.post("/posts/", BODY, **KEY).json()["id"]
    for path, body in [("/posts/", {**BODY, "text": "Twice"}), (f"/posts/{post}/publish", {})]:
        answer = ada.post(path, body, **KEY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert Post.objects.count() == 1


def test_keys_that_differ_in_case_are_two(ada: Api) -> None:
    for key in ("4f1c", "4F1C"):
        assert ada.post("/posts/", {**BODY, "text": key}, **{"Idempotency-Key": key}).status_code == 201
    assert Post.objects.count() == 2


def test_keys_of_two_users_are_strangers(ada: Api, ben: Api) -> None:
    assert ada.post("/posts/", BODY, **KEY).json()["id"] != ben.post("/posts/", BODY, **KEY).json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "tab\there"])
def test_a_key_that_can_not_be_kept_is_refused(key: str, ada: Api) -> None:
    answer = ada.post("/posts/", BODY, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_idempotency_key")
    assert not Post.objects.exists()


def test_a_refused_request_leaves_its_key_free(ada: Api) -> None:
    assert ada.post("/posts/", {"txet": "x"}, **KEY).status_code == 400
    assert ada.post("/posts/", BODY, **KEY).status_code == 201


def test_a_request_that_is_still_being_worked_on_is_not_begun_again(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[Any] = []
    compose = composing.compose

    def slow(*args: Any, **kwargs: Any) -> Any:
        inner.append(Api(ada.schema, ada.user).post("/posts/", BODY, **KEY))
        return compose(*args, **kwargs)

    monkeypatch.setattr(composing, "compose", slow)
    assert ada.post("/posts/", BODY, **KEY).status_code == 201
    assert (inner[0].status_code, inner[0].json()["error"]["code"]) == (409, "idempotency_in_progress")
    assert Post.objects.count() == 1


class Killed(BaseException):
    """What a process feels that is killed: nothing after it runs."""


def test_a_process_killed_after_its_work_has_done_nothing_and_the_retry_does_it_once(
    ada: Api, account: Callable[..., ConnectedAccount], photo: Callable[..., bytes], monkeypatch: Any
) -> None:
    file = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    post = ada.form("/posts/", {"media": file, "accounts": [str(account(ada.user).pk)]}).json()["id"]

    def die(claim: IdempotencyKey, answer: Answer) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "_settle", die)
        with pytest.raises(Killed):
            ada.post(f"/posts/{post}/publish", {}, **KEY)
    assert not Publication.objects.exists()

    early = ada.post(f"/posts/{post}/publish", {}, **KEY)
    assert early.json()["error"]["code"] == "idempotency_in_progress"
    IdempotencyKey.objects.update(created_at=timezone.now() - idempotency.ABANDONED - timedelta(seconds=1))
    assert ada.post(f"/posts/{post}/publish", {}, **KEY).status_code == 202
    assert ada.post(f"/posts/{post}/publish", {}, **KEY)["Idempotency-Replayed"] == "true"
    assert Publication.objects.count() == 1


def test_a_process_that_only_slept_finds_its_claim_taken_and_saves_nothing(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_post = writing.new_post
    others: list[Any] = []

    def sleepy(request: HttpRequest) -> Any:
        if not others:
            past = timezone.now() - idempotency.ABANDONED - timedelta(seconds=1)
            IdempotencyKey.objects.update(created_at=past)
            others.append(None)
            others.append(Api(ada.schema, ada.user).post("/posts/", BODY, **KEY))
        return new_post(request)

    monkeypatch.setattr(writing, "new_post", sleepy)
    late = ada.post("/posts/", BODY, **KEY)
    assert others[1].status_code == 201
    assert (late.status_code, late.json()["error"]["code"]) == (409, "idempotency_in_progress")
    assert [str(post.pk) for post in Post.objects.all()] == [others[1].json()["id"]]


def test_keys_are_forgotten_after_a_day(ada: Api) -> None:
    ada.post("/posts/", BODY, **KEY)
    IdempotencyKey.objects.update(created_at=timezone.now() - idempotency.KEPT - timedelta(seconds=1))
    ada.post("/posts/", BODY, **{"Idempotency-Key": "next"})
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["next"]


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_are_done_once(ada: Api) -> None:
    codes: list[tuple[int, str]] = []
    start = threading.Barrier(8)

    def send() -> None:
        try:
            api = Api(ada.schema)
            api.http.cookies = ada.http.cookies
            start.wait()
            answer = api.post("/posts/", BODY, **KEY)
            codes.append((answer.status_code, answer.json().get("error", {}).get("code", "")))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Post.objects.count() == 1
    assert set(codes) <= {(201, ""), (409, "idempotency_in_progress")}
    assert len(codes) == 8
    assert ada.post("/posts/", BODY, **KEY).status_code == 201
    assert Post.objects.count() == 1

"""A user's webhook endpoints: theirs alone, their secret shown once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, WebhookDelivery, WebhookEndpoint
from django_connected_accounts.services import accounts, telling

from .conftest import Api

URL = "https://example.com/hook"


@pytest.fixture
def hook(ada: Api) -> str:
    return f"/webhooks/{ada.post('/webhooks/', {'url': URL}).json()['id']}"


def test_an_endpoint_is_added_and_its_secret_shown_once(ada: Api) -> None:
    answer = ada.post("/webhooks/", {"url": URL, "types": ["publication.*", "account.health"]})
    assert answer.status_code == 201
    added = answer.json()
    assert added["secret"].startswith("whsec_")
    assert (added["active"], added["types"]) == (True, ["publication.*", "account.health"])

    [listed] = ada.get("/webhooks/").json()["results"]
    read = ada.get(f"/webhooks/{added['id']}/").json()
    assert listed == read == {name: fact for name, fact in added.items() if name != "secret"}
    assert WebhookEndpoint.objects.get().user == ada.user


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"url": "http://example.com/"}, 422, "webhook_url_refused"),
        ({"url": "https://10.0.0.1/"}, 422, "webhook_url_refused"),
        ({"url": URL, "types": ["publication.lost"]}, 422, "unknown_event_type"),
        ({"url": URL, "types": "publication.*"}, 400, "wrong_type"),
        ({}, 400, "missing_field"),
    ],
)
def test_what_can_not_be_told_is_refused(ada: Api, said: Any, status: int, code: str) -> None:
    answer = ada.post("/webhooks/", said)
    problems = [problem["code"] for found in answer.json()["error"]["fields"].values() for problem in found]
    assert (answer.status_code, problems) == (status, [code])


def test_nobody_has_more_than_the_operators_allow(ada: Api, hook: str, settings: Any) -> None:
    assert ada.post("/webhooks/", {"url": URL}).status_code == 409
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_PER_USER = 1
    answer = ada.post("/webhooks/", {"url": f"{URL}2"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too_many_webhooks")


def test_it_is_changed_rotated_and_removed(ada: Api, hook: str) -> None:
    before = WebhookEndpoint.objects.get().secret
    assert ada.patch(f"{hook}/", {"types": ["post.*"]}).json()["types"] == ["post.*"]
    after = ada.post(f"{hook}/rotate").json()["secret"]
    assert after != before
    assert WebhookEndpoint.objects.get().secret == after
    assert ada.delete(f"{hook}/").status_code == 204
    assert ada.get(f"{hook}/").status_code == 404


def test_one_that_was_stopped_is_switched_on_and_told_what_it_missed(
    ada: Api, hook: str, account: Callable[..., ConnectedAccount]
) -> None:
    mine = account(ada.user)
    WebhookEndpoint.objects.update(stopped_at=timezone.now())
    accounts.pause(mine, by=ada.user)
    telling.fan_out()
    assert ada.get(f"{hook}/").json()["active"] is False
    assert ada.patch(f"{hook}/", {"active": True}).json()["active"] is True
    assert ada.get(f"{hook}/deliveries").json()["count"] == 0

    since = (timezone.now() - timedelta(hours=1)).isoformat()
    assert ada.post(f"{hook}/replay", {"since": since}).json() == {"events": 1}

    [delivery] = ada.get(f"{hook}/deliveries", state="waiting").json()["results"]
    assert (delivery["type"], delivery["attempts"]) == ("account.health", 0)
    assert delivery["id"] == str(WebhookDelivery.objects.get().event_id)
    assert ada.get(f"{hook}/deliveries", state="given_up").json()["count"] == 0
    assert ada.post(f"{hook}/replay", {"since": "2026-01-01T00:00"}).status_code == 400


def test_it_can_be_tried_out(ada: Api, hook: str) -> None:
    answer = ada.post(f"{hook}/test")
    assert (answer.status_code, answer.json()["type"]) == (202, "webhook.test")


@pytest.mark.parametrize("verb", ["", "deliveries", "rotate", "test", "replay"])
def test_other_peoples_endpoints_are_not_there(ben: Api, hook: str, verb: str) -> None:
    path = f"{hook}/{verb}"
    answer = ben.get(path) if verb in ("", "deliveries") else ben.post(path)
    assert answer.status_code == 404
    assert ben.get("/webhooks/").json()["count"] == 0


def test_the_endpoints_of_the_site_belong_to_no_user(ada: Api) -> None:
    site = WebhookEndpoint.objects.create(url=URL, secret="whsec_c2VjcmV0")
    assert ada.get("/webhooks/").json()["count"] == 0
    assert ada.delete(f"/webhooks/{site.pk}/").status_code == 404

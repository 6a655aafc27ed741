"""A platform that tells our site things, over the requests of a test client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from django_connected_accounts import signals
from django_connected_accounts.models import Event
from django_connected_accounts.sandbox import World, webhooks

VERIFY_TOKEN = "chosen by the operator"
APPS = {"instagram": "sandbox-app", "instagram_login": "sandbox-instagram-app"}
HOST = "http://testserver"


class Meta:
    """The platform's side: what it signs, and what it is answered."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = Client()

    def app(self, platform: str = "instagram_login") -> Any:
        return self.world.apps[APPS[platform]]

    def registers(self, platform: str = "instagram_login", verify_token: str = VERIFY_TOKEN) -> None:
        """Enter our addresses, as the operator does in the dashboard; the first has to pass the handshake."""
        webhooks.register(
            self.world,
            APPS[platform],
            verify_token=verify_token,
            url=HOST + address("webhook", platform),
            deauthorize_url=HOST + address("webhook-deauthorize", platform),
            deletion_url=HOST + address("webhook-deletion", platform),
        )

    def posts(
        self, document: Any, platform: str = "instagram_login", signature: str | None = None, **headers: str
    ) -> Any:
        """Deliver a document, signed as it should be unless a ``signature`` is given."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        if signature is None:
            signature = webhooks.signature_of(self.app(platform), body)
        return self.client.post(
            address("webhook", platform),
            data=body,
            content_type="application/json",
            headers={"X-Hub-Signature-256": signature, **headers},
        )

    def calls_back(self, name: str, payload: Mapping[str, Any], platform: str = "instagram_login") -> Any:
        facts = {"algorithm": "HMAC-SHA256", "issued_at": int(self.world.now()), **payload}
        return self.sends(name, webhooks.signed_request(self.app(platform), facts), platform)

    def sends(self, name: str, signed_request: str, platform: str = "instagram_login") -> Any:
        return self.client.post(
            address(name, platform),
            data=urlencode({"signed_request": signed_request}),
            content_type="application/x-www-form-urlencoded",
        )


def address(name: str, platform: str = "instagram_login") -> str:
    return reverse(f"connected_accounts:{name}", kwargs={"platform": platform})


@pytest.fixture
def meta(world: World, settings: Any) -> Iterator[Meta]:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {name: {"VERIFY_TOKEN": VERIFY_TOKEN} for name in APPS}
    client = Client(enforce_csrf_checks=True)

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        content_type = headers.get("Content-Type", "text/plain")
        answer = client.generic(method, url.removeprefix(HOST), body, content_type, headers=dict(headers))
        return answer.status_code, answer.content

    before, world.send = world.send, send
    yield Meta(world)
    world.send = before


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """The events of every signal `notification_received`."""
    events: list[Event] = []

    def listen(event: Event, **kwargs: Any) -> None:
        events.append(event)

    signals.notification_received.connect(listen)
    yield events
    signals.notification_received.disconnect(listen)


@pytest.fixture
def comment() -> Callable[..., dict[str, Any]]:
    """``comment(account_id, id)`` is a delivery as the platform's reference prints it."""

    def written(account_id: str, comment_id: str = "17865799348089039", time: int = 1790000000) -> Any:
        value = {"id": comment_id, "from": {"id": "232323232", "username": "test"}, "text": "nice!"}
        change = {"field": "comments", "value": value}
        return {"object": "instagram", "entry": [{"id": account_id, "time": time, "changes": [change]}]}

    return written

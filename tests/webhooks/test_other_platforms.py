"""The contract `Receives` also fits platforms that prove, sign and withdraw in other ways."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.test import Client

from django_connected_accounts import registry
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.providers.base import Provider, Receives
from django_connected_accounts.providers.types import Notification, Tokens, Withdrawal
from tests.meta import address
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class Plain(Provider):
    id = "plain"
    name = "Plain"
    hosts = frozenset()
    authorize_url = "https://plain.example/authorize"
    token_url = "https://plain.example/token"
    scopes = {}

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        raise NotImplementedError

    def profiles(self, tokens: Tokens) -> list[Any]:
        return []


class Crc(Plain, Receives):
    """As X does it: a challenge to be signed, and signatures in base64."""

    id = "crc"

    def handshake(self, query: Mapping[str, str]) -> Mapping[str, str]:
        if "crc_token" not in query:
            raise InvalidRequest("webhook_refused")
        return {"response_token": self.sign(query["crc_token"].encode())}

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        given = headers.get("x-twitter-webhooks-signature", "")
        if not hmac.compare_digest(given.encode(), self.sign(body).encode()):
            raise InvalidRequest("webhook_refused")
        data = json.loads(body)["data"]
        payload = data["payload"]
        revoked = data["event_type"] == "oauth.revoke"
        at = datetime.fromisoformat(payload["date_time"])
        return [
            Notification(
                kind=data["event_type"],
                account_id=payload["user_id"],
                key=data["event_uuid"],
                payload=payload,
                withdrawal=Withdrawal(user_id=payload["user_id"], at=at) if revoked else None,
            )
        ]

    def sign(self, message: bytes) -> str:
        mac = hmac.new(self.app.options["CONSUMER_SECRET"].encode(), message, hashlib.sha256).digest()
        return "sha256=" + base64.b64encode(mac).decode()


class Dated(Plain, Receives):
    """As TikTok does it: no handshake, and signatures with a date."""

    id = "dated"

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        parts = dict(part.partition("=")[::2] for part in headers.get("Tiktok-Signature", "").split(","))
        at, mac = parts.get("t", ""), parts.get("s", "")
        if not hmac.compare_digest(mac.encode(), self.sign(at, body).encode()):
            raise InvalidRequest("webhook_refused")
        if self.http.now() - datetime.fromtimestamp(int(at), tz=timezone.utc) > timedelta(minutes=5):
            raise InvalidRequest("webhook_refused")
        said = json.loads(body)
        removed = said["event"] == "authorization.removed"
        when = datetime.fromtimestamp(said["create_time"], tz=timezone.utc)
        return [
            Notification(
                kind=said["event"],
                account_id=said["user_openid"],
                key=f"{said['event']}:{said['user_openid']}:{said['content']}",
                payload=json.loads(said["content"]),
                withdrawal=Withdrawal(user_id=said["user_openid"], at=when) if removed else None,
            )
        ]

    def sign(self, at: str, body: bytes) -> str:
        message = f"{at}.".encode() + body
        return hmac.new(self.app.client_secret.encode(), message, hashlib.sha256).hexdigest()


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {
        cls.id: {
            "CLASS": f"{__name__}.{cls.__name__}",
            "CLIENT_ID": "app",
            "CLIENT_SECRET": "secret",
            "CONSUMER_SECRET": "api secret key",
        }
        for cls in (Plain, Crc, Dated)
    }


@pytest.fixture
def accounts(visitor: Visitor) -> dict[str, ConnectedAccount]:
    return {
        cls.id: ConnectedAccount.objects.create(
            user=visitor.user, platform=cls.id, account_id="2244994945", platform_user_id="2244994945"
        )
        for cls in (Crc, Dated)
    }


def post(platform: str, body: bytes, **headers: str) -> int:
    return Client().post(address("webhook", platform), body, "application/json", headers=headers).status_code


def test_a_challenge_may_be_answered_in_json() -> None:
    answer = Client().get(address("webhook", "crc"), {"crc_token": "T"})
    mac = hmac.new(b"api secret key", b"T", hashlib.sha256).digest()
    assert answer.json() == {"response_token": "sha256=" + base64.b64encode(mac).decode()}
    assert Client().get(address("webhook", "crc")).status_code == 403


def test_who_has_no_handshake_and_no_callbacks_refuses_them(db: None) -> None:
    assert Client().get(address("webhook", "dated"), {"hub.challenge": "1"}).status_code == 403
    for name in ("webhook-deauthorize", "webhook-deletion"):
        assert Client().post(address(name, "dated"), {"signed_request": "a.b"}).status_code == 403


@pytest.mark.parametrize("platform", ["plain", "nobody"])
@pytest.mark.parametrize("name", ["webhook", "webhook-deauthorize", "webhook-deletion"])
def test_a_platform_that_tells_nothing_has_no_address(platform: str, name: str) -> None:
    assert Client().post(address(name, platform)).status_code == 404


def test_a_revocation_told_as_an_event_ends_access(
    accounts: dict[str, ConnectedAccount], heard: list[Event]
) -> None:
    payload = {"date_time": datetime.now(timezone.utc).isoformat(), "user_id": "2244994945", "app_id": "1"}
    data = {"event_uuid": "5934", "filter": {}, "event_type": "oauth.revoke", "payload": payload}
    body = json.dumps({"data": data}).encode()
    provider = registry.get("crc")
    assert isinstance(provider, Crc)
    for _ in range(2):
        assert post("crc", body, **{"x-twitter-webhooks-signature": provider.sign(body)}) == 200
    assert post("crc", body + b" ", **{"x-twitter-webhooks-signature": provider.sign(body)}) == 403
    assert [event.notification.kind for event in heard] == ["oauth.revoke"]
    health = dict(ConnectedAccount.objects.values_list("platform", "health_code"))
    assert health == {"crc": "access_revoked", "dated": ""}


def test_a_dated_signature_grows_too_old(accounts: dict[str, ConnectedAccount], heard: list[Event]) -> None:
    now = int(datetime.now(timezone.utc).timestamp())
    said = {"event": "authorization.removed", "create_time": now, "user_openid": "2244994945"}
    body = json.dumps({**said, "content": '{"reason": 1}'}).encode()
    provider = registry.get("dated")
    assert isinstance(provider, Dated)
    answers = [
        post("dated", body, **{"Tiktok-Signature": f"t={at},s={provider.sign(str(at), body)}"})
        for at in (now - 600, now)
    ]
    assert answers == [403, 200]
    assert [event.notification.payload for event in heard] == [{"reason": 1}]
    health = dict(ConnectedAccount.objects.values_list("platform", "health_code"))
    assert health == {"crc": "", "dated": "access_revoked"}

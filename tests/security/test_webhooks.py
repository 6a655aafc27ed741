"""Attack 32: whoever is not the platform gets the same bare refusal, and changes nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.providers.base import Receives
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.instagram import InstagramLogin
from django_connected_accounts.providers.types import App
from django_connected_accounts.sandbox import webhooks
from tests.meta import Meta, address
from tests.visitor import Visitor

CALLBACKS = ("webhook-deauthorize", "webhook-deletion")
HOUR = 3600
SECRET = b"sandbox-instagram-secret"

Change = Callable[[str, str], str]


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    return visitor.connects("shop", "instagram_login")


@pytest.fixture
def nothing_changes(account: ConnectedAccount) -> Iterator[None]:
    rows = ConnectedAccount.objects.values_list("health", "token_version", "username", "updated_at")
    before, events = rows.get(pk=account.pk), Event.objects.count()
    yield
    assert rows.get(pk=account.pk) == before
    assert Event.objects.count() == events
    assert ConnectedAccount.objects.get(pk=account.pk).access_token


def signed(secret: bytes = SECRET, **payload: Any) -> str:
    encoded = base64url(json.dumps(payload).encode())
    return f"{base64url(hmac.new(secret, encoded.encode(), hashlib.sha256).digest())}.{encoded}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


FORGED: dict[str, Change] = {
    "no signature": lambda signature, payload: f".{payload}",
    "no payload": lambda signature, payload: f"{signature}.",
    "no point": lambda signature, payload: signature + payload,
    "nothing": lambda signature, payload: "",
    "truncated signature": lambda signature, payload: f"{signature[:20]}.{payload}",
    "truncated payload": lambda signature, payload: f"{signature}.{payload[:-2]}",
    "signature of another": lambda signature, payload: f"{signature[::-1]}.{payload}",
    "another payload": lambda signature, payload: f"{signature}.{base64url(b'{}')}",
    "padded": lambda signature, payload: f"{signature}=.{payload}",
    "three parts": lambda signature, payload: f"{signature}.{payload}.{payload}",
    "not ASCII": lambda signature, payload: f"é{signature}.{payload}",
}


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_callback_is_refused(
    forgery: str, callback: str, meta: Meta, account: ConnectedAccount
) -> None:
    facts = {"algorithm": "HMAC-SHA256", "issued_at": int(meta.world.now())}
    good = signed(**facts, user_id=account.platform_user_id)
    refused(meta.sends(callback, FORGED[forgery](*good.split("."))))


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "none"},
        {"algorithm": "HMAC-SHA1"},
        {"algorithm": ""},
        {"algorithm": None},
        {"issued_at": None},
        {"issued_at": "yesterday"},
        {"issued_at": 1e400},
        {"issued_at": -(10**30)},
        {"user_id": ""},
        {"user_id": None},
        {"user_id": True},
        {"user_id": ["26"]},
        {"user_id": {"in": []}},
        {"user_id": "\0"},
        {"user_id": "1" * 192},
    ],
    ids=str,
)
def test_a_signed_callback_that_says_nothing_proper_is_refused(
    change: dict[str, Any], callback: str, meta: Meta, account: ConnectedAccount
) -> None:
    facts = {
        "algorithm": "HMAC-SHA256",
        "issued_at": int(meta.world.now()),
        "user_id": account.platform_user_id,
    }
    refused(meta.sends(callback, signed(**{**facts, **change})))
    if "issued_at" not in change:
        del facts[next(iter(change))]
        refused(meta.sends(callback, signed(**facts)))


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("age", [HOUR + 60, 24 * HOUR, -HOUR, 1_700_000_000])
def test_an_old_callback_is_refused_and_one_from_the_future(
    age: int, callback: str, meta: Meta, account: ConnectedAccount
) -> None:
    payload = {"user_id": account.platform_user_id, "issued_at": int(meta.world.now()) - age}
    refused(meta.calls_back(callback, payload))


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("secret", [b"", b"wrong", b"sandbox-secret"])
def test_another_secret_is_refused(
    secret: bytes, callback: str, meta: Meta, account: ConnectedAccount
) -> None:
    facts = {"algorithm": "HMAC-SHA256", "issued_at": int(meta.world.now())}
    refused(meta.sends(callback, signed(secret, **facts, user_id=account.platform_user_id)))


@pytest.mark.parametrize("callback", CALLBACKS)
def test_a_callback_reaches_nobody_but_the_person_it_names(
    callback: str, meta: Meta, account: ConnectedAccount, visitor: Visitor
) -> None:
    other = visitor.connects("creator", "instagram_login")
    assert meta.calls_back(callback, {"user_id": account.platform_user_id}).status_code == 200

    active = dict(ConnectedAccount.objects.values_list("pk", "is_active"))
    assert active == {account.pk: False, other.pk: True}
    assert ConnectedAccount.objects.get(pk=other.pk).access_token == other.access_token


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("callback", CALLBACKS)
def test_one_form_with_two_requests_is_refused(callback: str, meta: Meta, account: ConnectedAccount) -> None:
    facts = {"algorithm": "HMAC-SHA256", "issued_at": int(meta.world.now())}
    good = signed(**facts, user_id=account.platform_user_id)
    body = f"signed_request=x&signed_request={good}"
    refused(meta.client.post(address(callback), body, "application/x-www-form-urlencoded"))
    refused(meta.client.post(address(callback), {"signed_request": good}))


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    "forge",
    [
        lambda good: "",
        lambda good: good.removeprefix("sha256="),
        lambda good: good.replace("sha256=", "sha1="),
        lambda good: good.replace("sha256=", "none="),
        lambda good: good[:-1],
        lambda good: good + "0",
        lambda good: "sha256=" + "0" * 64,
        lambda good: "sha256=",
    ],
)
def test_a_delivery_with_a_forged_signature_is_refused(
    forge: Callable[[str], str], meta: Meta, account: ConnectedAccount, comment: Any, heard: list[Event]
) -> None:
    document = comment(account.account_id)
    good = webhooks.signature_of(meta.app(), json.dumps(document).encode())
    refused(meta.posts(document, signature=forge(good)))
    assert heard == []


@pytest.mark.usefixtures("nothing_changes")
def test_the_signature_is_over_the_bytes_as_they_came(
    meta: Meta, account: ConnectedAccount, comment: Any
) -> None:
    document = comment(account.account_id)
    signature = webhooks.signature_of(meta.app(), json.dumps(document).encode())
    refused(meta.posts(json.dumps(document, indent=1).encode(), signature=signature))


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    "body", [b"", b"null", b"3", b"{", b"[[]]", b'{"entry": 1}', b'{"entry": [1]}', b"\xff", b"[" * 9999]
)
def test_a_signed_delivery_that_is_none_is_refused(
    body: bytes, meta: Meta, account: ConnectedAccount
) -> None:
    refused(meta.posts(body))


@pytest.mark.django_db
def test_more_than_a_platform_sends_is_not_read(meta: Meta, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_WEBHOOK_MAX_BYTES = 1000
    assert meta.posts(b'{"entry": []}' + b" " * 987).status_code == 200
    answer = meta.posts(b'{"entry": []}' + b" " * 988)
    assert (answer.status_code, answer.content) == (413, b"")
    assert meta.sends(CALLBACKS[0], "a" * 1000).status_code == 413


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["webhook", *CALLBACKS])
def test_other_methods_are_not_offered(name: str, world: Any) -> None:
    for method in ("put", "patch", "delete", "head", "options"):
        assert getattr(Client(), method)(address(name)).status_code == 405
    if name != "webhook":
        assert Client().get(address(name)).status_code == 405


@pytest.mark.django_db
def test_no_page_but_the_webhooks_goes_without_a_csrf_token(visitor: Visitor) -> None:
    from django_connected_accounts.urls import urlpatterns

    exempt = {pattern.name for pattern in urlpatterns if getattr(pattern.callback, "csrf_exempt", False)}
    assert exempt == {"webhook", "webhook-deauthorize", "webhook-deletion"}


@pytest.mark.django_db
def test_signatures_are_compared_in_constant_time(meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watched(a: Any, b: Any) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    meta.posts(b"{}", signature="sha256=" + "0" * 64)
    meta.sends(CALLBACKS[0], f"{'A' * 43}.e30")
    meta.client.get(address("webhook"), {"hub.mode": "subscribe", "hub.verify_token": "x"})
    assert [len(given) for given, _ in compared] == [71, 43, 1]


def provider() -> Receives:
    return InstagramLogin(
        App(client_id="app", client_secret=SECRET.decode(), options={"VERIFY_TOKEN": "token"}),
        Http(InstagramLogin.hosts, provider="instagram_login"),
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "time": json_values,
        "changes": json_values
        | st.lists(st.fixed_dictionaries({"field": json_values, "value": json_values}), max_size=4),
        "field": json_values,
        "value": json_values,
    },
)
deliveries = st.fixed_dictionaries(
    {"object": json_values, "entry": st.lists(entries | json_values, max_size=4)}
)
quick = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(
    st.binary()
    | (deliveries | st.lists(deliveries, max_size=2) | json_values).map(lambda d: json.dumps(d).encode())
)
def test_any_signed_body_is_notifications_or_a_refusal(body: bytes) -> None:
    signature = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    with suppress(InvalidRequest):
        for notification in provider().receive(body, {"X-Hub-Signature-256": signature}):
            assert len(notification.key) == 64
            assert isinstance(notification.payload, dict)


@quick
@given(st.binary(), st.text())
def test_no_body_is_accepted_with_a_signature_that_was_guessed(body: bytes, signature: str) -> None:
    with pytest.raises(InvalidRequest):
        provider().receive(body, {"X-Hub-Signature-256": signature})


@quick
@given(st.binary())
def test_any_form_is_a_person_or_a_refusal(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        provider().withdrawal(body)


@quick
@given(json_values | st.fixed_dictionaries({"algorithm": st.just("HMAC-SHA256"), "issued_at": json_values}))
def test_any_signed_request_is_a_person_or_a_refusal(payload: Any) -> None:
    encoded = base64url(json.dumps(payload).encode())
    mac = base64url(hmac.new(SECRET, encoded.encode(), hashlib.sha256).digest())
    with pytest.raises(InvalidRequest):
        provider().withdrawal(f"signed_request={mac}.{encoded}".encode())


@quick
@given(st.data())
def test_no_changed_request_is_accepted(data: st.DataObject) -> None:
    now = int(provider().http.now().timestamp())  # type: ignore[attr-defined]
    good = signed(algorithm="HMAC-SHA256", issued_at=now, user_id="218471")
    assert provider().withdrawal(f"signed_request={good}".encode()).user_id == "218471"
    at = data.draw(st.integers(0, len(good) - 1))
    drawn, gone = data.draw(st.sampled_from("ABCZabcz0189-_.=")), data.draw(st.integers(0, 2))
    changed = good[:at] + drawn + good[at + gone :]
    if changed != good:
        with pytest.raises(InvalidRequest):
            provider().withdrawal(f"signed_request={changed}".encode())


def refused(answer: Any) -> None:
    """The answer gives nothing away, whatever was wrong."""
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (403, b"", "text/plain")

"""Webhooks sent out: signed, once per event, again until they are taken, and never at publishing's cost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts import testing
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import (
    ConnectedAccount,
    Event,
    Publication,
    WebhookDelivery,
    WebhookEndpoint,
)
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import (
    accounts,
    endpoints,
    events,
    mailing,
    notices,
    publishing,
    signing,
    telling,
)

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

State = WebhookDelivery.State


class Receiver(ThreadingHTTPServer):
    """Somebody's endpoint: remembers what it was sent, answers ``status`` after ``pause`` seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.status, self.headers, self.pause = 204, {}, 0.0
        self.open = threading.Event()
        self.open.set()
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?key=1"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.told]


class Visit(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        time.sleep(self.server.pause)
        self.server.open.wait(30)
        try:
            self.send_response(self.server.status)
            for name, value in self.server.headers.items():
                self.send_header(name, value)
            self.end_headers()
        except OSError:
            pass

    do_GET = do_POST

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiving() -> Iterator[Callable[[], Receiver]]:
    servers: list[Receiver] = []

    def start() -> Receiver:
        server = Receiver()
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.open.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(receiving: Callable[[], Receiver]) -> Receiver:
    return receiving()


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE = True


@pytest.fixture
def endpoint(receiver: Receiver, account: ConnectedAccount) -> WebhookEndpoint:
    return endpoints.add(receiver.url)


@pytest.fixture
def published(
    account: ConnectedAccount, photo: Callable[..., Any], run: Callable[..., int]
) -> Callable[[], Publication]:
    def publish() -> Publication:
        publication = account.publish(media=[photo()], text="Bread")
        run()
        publication.refresh_from_db()
        assert publication.status == "published"
        return publication

    return publish


def all_due() -> None:
    WebhookDelivery.objects.exclude(run_at=None).update(run_at=timezone.now() - timedelta(seconds=1))
    WebhookEndpoint.objects.update(rest_until=None)


def send() -> int:
    telling.fan_out()
    return telling.deliver_due()


# What is told, and to whom


def test_an_endpoint_is_told_what_happened_in_order(
    endpoint: WebhookEndpoint, receiver: Receiver, published: Callable[[], Publication]
) -> None:
    publication = published()
    assert receiver.got == []
    send()

    assert receiver.types[-3:] == ["publication.scheduled", "publication.published", "publication.linked"]
    message = receiver.told[receiver.types.index("publication.published")]
    said = message["data"]
    assert said["publication"]["id"] == str(publication.pk)
    assert said["publication"]["permalink"] == publication.permalink
    assert said["post"]["publications"] == {"published": 1}
    assert said["account"]["username"] == publication.account.username
    assert said["details"]["remote_id"] == publication.remote_id
    assert WebhookDelivery.objects.filter(state=State.DELIVERED).count() == len(receiver.got)
    assert send() == 0


def test_it_is_told_only_what_it_asked_for(receiver: Receiver, published: Callable[[], Publication]) -> None:
    endpoints.add(receiver.url, types=["publication.published", "account.*"])
    published()
    send()
    assert set(receiver.types) == {"publication.published"}


def test_a_refusal_is_told_with_its_reason_and_no_word_of_the_platform(
    receiver: Receiver,
    account: ConnectedAccount,
    photo: Callable[..., Any],
    run: Callable[..., int],
    world: World,
) -> None:
    endpoints.add(receiver.url, types=["publication.failed"])
    world.fault(action="container_error", path="/media$", subcode=2207026, times=0)
    account.publish(media=[photo()])
    run()
    send()

    [message] = receiver.told
    assert message["data"]["reason"]["code"]
    assert message["data"]["reason"]["action"]
    assert message["data"]["publication"]["status"] == "failed"
    assert "detail" not in message["data"]["details"]


def test_an_account_that_needs_its_owner_is_told(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    accounts.pause(account, by=account.user)
    send()
    message = receiver.told[-1]
    assert (message["type"], message["data"]["account"]["health"]) == ("account.health", "paused")


def test_nothing_secret_is_told(
    endpoint: WebhookEndpoint, receiver: Receiver, published: Callable[[], Publication]
) -> None:
    publication = published()
    send()
    told = b" ".join(body for _, body in receiver.got).decode()
    assert publication.account.access_token not in told
    assert endpoint.secret not in told


def test_what_happened_before_it_was_added_is_not_told(
    receiver: Receiver, published: Callable[[], Publication]
) -> None:
    published()
    endpoints.add(receiver.url)
    send()
    assert receiver.got == []


def test_a_user_is_told_of_their_own_accounts_only(
    receiver: Receiver,
    receiving: Callable[[], Receiver],
    published: Callable[[], Publication],
    world: World,
    django_user_model: Any,
    user: Any,
) -> None:
    other = django_user_model.objects.create_user("grace")
    theirs = receiving()
    endpoints.add(receiver.url, user=user)
    endpoints.add(theirs.url, user=other)
    elsewhere = testing.connect(world, other, person="creator")
    published()
    send()

    assert "publication.published" in receiver.types
    assert set(theirs.types) == {"account.connected"}
    other.is_active = False
    other.save()
    accounts.pause(elsewhere, by=None)
    send()
    assert len(theirs.got) == 1


# The signature


def test_the_signature_is_that_of_standard_webhooks() -> None:
    body = b'{"test": 2432232314}'
    signed = signing.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def valid(headers: dict[str, str], body: bytes, secret: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in headers["webhook-signature"].split()


def test_a_receiver_can_tell_that_it_is_ours(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    accounts.pause(account, by=None)
    send()
    headers, body = receiver.got[-1]
    assert valid(headers, body, endpoint.secret)
    assert not valid(headers, body + b" ", endpoint.secret)
    assert not valid(headers, body, endpoints.new_secret())
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 10
    assert headers["content-type"] == "application/json"


def test_both_secrets_sign_for_a_day_after_a_change(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    old = endpoint.secret
    endpoints.rotate(endpoint)
    accounts.pause(account, by=None)
    send()
    headers, body = receiver.got[-1]
    assert valid(headers, body, old)
    assert valid(headers, body, endpoint.secret)

    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    accounts.resume(account, by=None)
    send()
    headers, body = receiver.got[-1]
    assert not valid(headers, body, old)
    assert valid(headers, body, endpoint.secret)


# What is not taken


def test_what_is_not_taken_is_told_again_with_the_same_id(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    receiver.status = 500
    accounts.pause(account, by=None)
    send()
    delivery = WebhookDelivery.objects.get(state=State.WAITING)
    assert (delivery.attempts, delivery.status, delivery.error) == (1, 500, "status 500")
    assert delivery.run_at > timezone.now()

    receiver.status = 200
    all_due()
    assert telling.deliver_due() == 1

    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert ids[-1] == ids[-2] == str(delivery.event_id)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error, delivery.run_at) == (State.DELIVERED, "", None)
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_it_is_tried_for_three_days_then_given_up(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    assert timedelta(days=3) < sum(telling.WAITS, timedelta()) < timedelta(days=3.5)
    receiver.status = 503
    accounts.pause(account, by=None)
    send()
    for wait in telling.WAITS[1:]:
        all_due()
        telling.deliver_due()
        left = WebhookDelivery.objects.get(state=State.WAITING).run_at - timezone.now()
        assert abs(left - wait) < timedelta(seconds=5)
    all_due()
    telling.deliver_due()

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.run_at) == (State.GIVEN_UP, 10, None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    receiving: Callable[[], Receiver],
    account: ConnectedAccount,
    status: int,
) -> None:
    other = receiving()
    receiver.status, receiver.headers = status, {"Location": other.url}
    accounts.pause(account, by=None)
    send()
    assert other.got == []
    assert WebhookDelivery.objects.get().error == "redirect refused"


def test_an_endpoint_that_fails_rests_and_holds_up_no_other(
    receiver: Receiver, receiving: Callable[[], Receiver], account: ConnectedAccount
) -> None:
    good = receiving()
    bad = endpoints.add(receiver.url)
    endpoints.add(good.url)
    receiver.status = 500
    accounts.pause(account, by=None)
    accounts.resume(account, by=None)
    send()

    assert (len(receiver.got), len(good.got)) == (1, 2)
    bad.refresh_from_db()
    assert bad.rest_until > timezone.now()
    WebhookDelivery.objects.exclude(run_at=None).update(run_at=timezone.now())
    telling.deliver_due()
    assert len(receiver.got) == 1


def test_an_endpoint_that_hangs_is_hung_up_on(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount, settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT = 0.2
    receiver.pause = 5.0
    accounts.pause(account, by=None)
    began = time.monotonic()
    send()
    assert time.monotonic() - began < 3
    assert WebhookDelivery.objects.get().error


def test_what_waited_too_long_for_its_turn_is_given_up(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    accounts.pause(account, by=None)
    telling.fan_out()
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=4, minutes=1))
    telling.deliver_due()
    assert receiver.got == []
    assert WebhookDelivery.objects.get().state == State.GIVEN_UP


def test_one_that_fails_for_days_is_stopped_and_the_operators_hear_of_it(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    account: ConnectedAccount,
    settings: Any,
    mailoutbox: list[Any],
) -> None:
    settings.CONNECTED_ACCOUNTS_OPERATORS = ["ops@example.com"]
    receiver.status = 500
    accounts.pause(account, by=None)
    accounts.resume(account, by=None)
    send()
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    all_due()
    telling.deliver_due()

    endpoint.refresh_from_db()
    assert endpoint.stopped_at
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {State.GIVEN_UP}
    mailing.send_due()
    [mail] = mailoutbox
    assert mail.to == ["ops@example.com"]
    assert "127.0.0.1" in mail.body
    [notice] = notices.current()
    assert notice.notice == "webhook_stopped"

    seen = len(receiver.got)
    accounts.pause(account, by=None)
    send()
    assert len(receiver.got) == seen
    endpoints.switch_on(endpoint)
    assert not notices.current().exists()


def test_one_that_says_it_is_gone_is_stopped_at_once(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    receiver.status = 410
    accounts.pause(account, by=None)
    send()
    endpoint.refresh_from_db()
    assert endpoint.stopped_at


# Once more


def test_what_was_missed_can_be_replayed(
    endpoint: WebhookEndpoint, receiver: Receiver, account: ConnectedAccount
) -> None:
    receiver.status = 410
    accounts.pause(account, by=None)
    send()
    accounts.resume(account, by=None)
    telling.fan_out()
    receiver.status, missed = 200, timezone.now() - timedelta(minutes=1)
    before = len(receiver.got)

    told = endpoints.replay(endpoint, since=missed)
    send()

    again = receiver.types[before:]
    assert told == len(again)
    assert again.count("account.health") == 2
    assert len({headers["webhook-id"] for headers, _ in receiver.got[before:]}) == told
    assert endpoints.replay(endpoint, since=missed) == 0
    assert endpoints.replay(endpoint, since=missed, everything=True) == told


def test_a_replay_goes_through_all_batches(
    endpoint: WebhookEndpoint, account: ConnectedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "BATCH", 3)
    at = timezone.now() - timedelta(hours=1)
    for number in range(10):
        Event.objects.create(verb="post.edited", account=account, at=at + timedelta(seconds=number // 4))
    assert endpoints.replay(endpoint, since=at, until=at + timedelta(minutes=1)) == 10
    assert WebhookDelivery.objects.filter(event__verb="post.edited").count() == 10


def test_an_endpoint_can_be_tried_out(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    delivery = endpoints.try_out(endpoint)
    assert telling.deliver(delivery)
    assert receiver.types == ["webhook.test"]


# What is refused


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "ftp://example.com/",
        "http://example.com/",
        "https://user:secret@example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_an_address_nobody_should_be_sent_to_is_refused(url: str, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE = False
    with pytest.raises(InvalidRequest) as refused:
        endpoints.add(url)
    assert refused.value.code == "webhook_url_refused"


def test_a_name_that_leads_into_a_private_network_is_not_followed(
    receiver: Receiver, account: ConnectedAccount, settings: Any
) -> None:
    endpoints.add(receiver.url.replace("127.0.0.1", "localhost").replace("http:", "https:"))
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE = False
    accounts.pause(account, by=None)
    send()
    assert receiver.got == []
    assert WebhookDelivery.objects.get().error == "its host is not on the public internet"


def test_unknown_types_doubled_and_too_many_endpoints_are_refused(user: Any, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_PER_USER = 1
    endpoints.add("https://example.com/a", user=user)
    for url, types, code in (
        ("https://example.com/b", ["publication.publishd"], "unknown_event_type"),
        ("https://example.com/b", ["notification.received"], "unknown_event_type"),
        ("https://example.com/a", [], "webhook_exists"),
        ("https://example.com/b", [], "too_many_webhooks"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            endpoints.add(url, types=types, user=user)
        assert refused.value.code == code


def test_the_secret_is_encrypted_where_it_lies(endpoint: WebhookEndpoint) -> None:
    stored = str(WebhookEndpoint.objects.values_list("secret", flat=True).get())
    assert endpoint.secret not in stored
    assert WebhookEndpoint.objects.get().secret == endpoint.secret


# Beside publishing (F42)


def test_two_who_fan_out_at_once_make_each_delivery_once(
    endpoint: WebhookEndpoint, account: ConnectedAccount
) -> None:
    accounts.pause(account, by=None)
    event = Event.objects.get(verb="account.health")
    telling.fan_out()
    Event.objects.filter(pk=event.pk).update(tell_at=event.at)
    telling.fan_out()
    assert WebhookDelivery.objects.filter(event=event).count() == 1


def test_another_runner_does_not_send_what_is_being_sent(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    delivery = endpoints.try_out(endpoint)
    same = WebhookDelivery.objects.select_related("endpoint", "event").get(pk=delivery.pk)
    assert telling.deliver(delivery)
    assert not telling.deliver(same)
    assert len(receiver.got) == 1


@pytest.mark.django_db(transaction=True)
def test_f42_a_hanging_endpoint_changes_nothing_for_publishing(
    receiver: Receiver,
    receiving: Callable[[], Receiver],
    published: Callable[[], Publication],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT = 30.0
    monkeypatch.setattr(telling, "EVERY_SECONDS", 0.0)
    good = receiving()
    endpoints.add(receiver.url, types=["publication.*"])
    endpoints.add(good.url, types=["publication.published"])
    receiver.open.clear()
    published()
    telling.go_on()
    until = time.monotonic() + 10
    while not good.got and time.monotonic() < until:
        time.sleep(0.02)

    assert good.types == ["publication.published"]
    assert receiver.types == ["publication.scheduled"]
    assert any(thread.is_alive() for thread in telling._serving.values())
    receiver.open.set()
    telling.finish(10)
    assert receiver.types == ["publication.scheduled", "publication.published", "publication.linked"]


@pytest.mark.django_db(transaction=True)
def test_whatever_goes_wrong_with_webhooks_a_sweep_goes_on(
    endpoint: WebhookEndpoint,
    published: Callable[[], Publication],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publication = published()
    WebhookEndpoint.objects.update(user=publication.account.user)
    events.record("post.edited", post=publication.post)
    settings.CONNECTED_ACCOUNTS_ACCESS = "tests.nowhere.Access"
    monkeypatch.setattr(telling, "_looked", -1.0)

    publishing.tick()

    assert "Webhooks could not be looked after" in caplog.text

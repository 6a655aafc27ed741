"""What Meta tells an app: notifications, deauthorize and data-deletion callbacks.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started and
https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar
from urllib.parse import parse_qs

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.base import Receives
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.types import App, Notification, Withdrawal

SIGNATURE_HEADER = "X-Hub-Signature-256"
CALLBACK_AGE = timedelta(hours=1)
"""How old a callback may be. It is a person's click, sent at once."""
CLOCK_DIFFERENCE = timedelta(minutes=5)

_ID = re.compile(r"[0-9A-Za-z_-]{1,191}")
_OWN_IDS = frozenset({"id", "comment_id", "mid"})
"""What names a thing of its own in a value: sent again, it is the same whatever the time beside it."""


class MetaReceiving(Receives):
    """`Receives` for every platform of Meta. ``VERIFY_TOKEN`` of the app's options is for the handshake."""

    app: App
    http: Http
    app_options: ClassVar[tuple[str, ...]] = ("VERIFY_TOKEN",)
    signing_options: ClassVar[tuple[str, ...]] = ()
    """Further secrets, by their names in the app's options, that the platform may sign with."""

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        self._check(body, headers.get(SIGNATURE_HEADER, ""), lambda mac: f"sha256={mac.hex()}")
        with _well_formed():
            document = json.loads(body)
        return [
            notification
            for delivery in (document if isinstance(document, list) else [document])
            for notification in self.notifications(delivery)
        ]

    def notifications(self, delivery: Any) -> Iterator[Notification]:
        """Yield what one delivery says."""
        return _notifications(delivery)

    def handshake(self, query: Mapping[str, str]) -> str:
        expected = str(self.app.options.get("VERIFY_TOKEN") or "")
        same = _same(query.get("hub.verify_token", ""), expected)
        if not (expected and same and query.get("hub.mode") == "subscribe" and "hub.challenge" in query):
            raise InvalidRequest("webhook_refused")
        return query["hub.challenge"]

    def withdrawal(self, body: bytes) -> Withdrawal:
        with _well_formed():
            form = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10)
        given = form.get("signed_request", [])
        signature, _, payload = given[0].partition(".") if len(given) == 1 else ("", "", "")
        self._check(payload.encode(errors="replace"), signature, _base64url)
        with _well_formed():
            facts = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            user_id = _user_id(facts["user_id"])
            at = datetime.fromtimestamp(int(facts["issued_at"]), tz=timezone.utc)
            known = facts["algorithm"] == "HMAC-SHA256"
        if not known or not -CLOCK_DIFFERENCE <= self.http.now() - at <= CALLBACK_AGE:
            raise InvalidRequest("webhook_refused")
        return Withdrawal(user_id=user_id, at=at)

    def _check(self, message: bytes, signature: str, written: Callable[[bytes], str]) -> None:
        """Refuse a message without the signature of one of our secrets; all are tried, whichever fits."""
        options = (self.app.options.get(name) for name in self.signing_options)
        secrets = [str(secret).encode() for secret in (self.app.client_secret, *options) if secret]
        macs = [hmac.new(secret, message, hashlib.sha256).digest() for secret in secrets]
        fits = [_same(signature, written(mac)) for mac in macs]
        if not any(fits):
            raise InvalidRequest("webhook_refused")


def _notifications(delivery: Any) -> Iterator[Notification]:
    """Yield what one delivery says; what has another shape than we know is passed on as it is."""
    if not isinstance(delivery, dict) or not isinstance(delivery.get("entry"), list):
        raise InvalidRequest("webhook_refused")
    name = str(delivery.get("object", ""))
    for entry in delivery["entry"]:
        if not isinstance(entry, dict):
            raise InvalidRequest("webhook_refused")
        changes = entry.get("changes")
        for change in changes if isinstance(changes, list) else [entry]:
            if isinstance(change, dict) and "field" in change:
                yield notification(name, entry, str(change["field"]), change.get("value"))
            else:
                yield notification(name, entry, name, change)


def notification(name: str, entry: Mapping[str, Any], kind: str, value: Any) -> Notification:
    """Return what ``value`` says of the account ``entry`` names by its ``id``."""
    account_id = str(entry.get("id", ""))
    payload = value if isinstance(value, dict) else {"value": value}
    time = None if _OWN_IDS & payload.keys() else entry.get("time")
    told = json.dumps([name, account_id, kind, payload, time], sort_keys=True)
    key = hashlib.sha256(told.encode()).hexdigest()
    return Notification(kind=kind, account_id=account_id, key=key, payload=payload)


@contextmanager
def _well_formed() -> Iterator[None]:
    """Refuse what can't be read as it should be written."""
    try:
        yield
    except (KeyError, OSError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequest("webhook_refused") from error


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _user_id(value: Any) -> str:
    """Return an id that names somebody: an empty one would name every account without one."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not _ID.fullmatch(text):
        raise ValueError(value)
    return text


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())

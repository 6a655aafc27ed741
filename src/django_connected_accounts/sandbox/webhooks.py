"""What the simulated Meta tells an app: notifications, deauthorize and data-deletion callbacks, all signed.

Follows the Instagram Platform contract of 2026-11-22, section 8. Not done: subscriptions by field (what is
told goes to every app with an address), batching, client certificates. Invented, because undocumented: how
long the pauses between retries are.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import requests

from . import fetching, tokens
from .records import App, Comment, Delivery, Webhook

if TYPE_CHECKING:
    from .people import Person
    from .world import World

Send = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]
"""``send(method, url, headers, body) -> (status, body)``"""

PAUSES: Final = (0, 60, 600, 3600, 4 * 3600, 8 * 3600, 12 * 3600, 11 * 3600)
"""Between one try and the next; after the last, 36 hours on, it is given up."""
SHAPES: Final = ("changes", "inline", "array")


def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Return status and body, 0 where there was no answer."""
    with requests.Session() as session:
        session.trust_env = not fetching.is_private(url)
        try:
            answer = session.request(
                method, url, headers=headers, data=body, timeout=(5, 10), allow_redirects=False
            )
        except requests.RequestException:
            return 0, b""
        return answer.status_code, answer.content


def register(world: World, client_id: str, *, verify_token: str = "", **addresses: str) -> Webhook:
    """Say where an app wants to be told things; ``url`` must prove by the handshake that it is its own.

    Platforms without a handshake take any address.
    """
    webhook = Webhook(**addresses)
    platform = world.platforms.get(world.apps[client_id].login)
    if webhook.url and (platform is None or platform.handshake):
        challenge = world.new_id("challenge", prefix="1", length=10)
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        status, body = world.send("GET", f"{webhook.url}?{urlencode(query)}", {}, b"")
        if (status, body) != (200, challenge.encode()):
            raise ValueError(f"{webhook.url} was not verified: it answered {status} and not the challenge")
    with world.lock:
        world.apps[client_id].webhook = webhook
    return webhook


def notify(
    world: World,
    account: str,
    field: str,
    value: Mapping[str, Any],
    *,
    shape: str = "changes",
    copies: int = 1,
) -> list[Delivery]:
    """Tell every app about an account or Page, by id or username; ``copies`` over 1 repeat it, as Meta may.

    ``shape`` is how a delivery is built: with "changes", as real ones are, or "inline" or in an "array", as
    the documentation prints them.
    """
    if shape not in SHAPES:
        raise ValueError(f"unknown shape {shape!r}; known are {', '.join(SHAPES)}")
    people = world.people.values()
    known = {name: a.id for p in people for a in p.accounts() for name in (a.id, a.username)}
    pages = {name: page.id for p in people for page in p.pages for name in (page.id, page.username)}
    change = {"field": field, "value": dict(value)}
    entry = {"id": pages.get(account) or known[account], "time": int(world.now())}
    entry |= change if shape == "inline" else {"changes": [change]}
    document: Any = {"object": "page" if account in pages else "instagram", "entry": [entry]}
    body = json.dumps([document] if shape == "array" else document).encode()
    return [
        _queue(world, app, "notification", app.webhook.url, "application/json", body)
        for app in list(world.apps.values())
        for _ in range(copies)
        if app.webhook.url
    ]


def comment(world: World, comment: Comment) -> list[Delivery]:
    """Tell of a comment, also of one that the account itself has written."""
    value = {
        "id": comment.id,
        "text": comment.text,
        "from": {"id": comment.account_id, "username": comment.username},
        "media": {"id": comment.media_id, "media_product_type": "FEED"},
    }
    if comment.parent_id:
        value["parent_id"] = comment.parent_id
    return notify(world, comment.account_id, "comments", value)


def deauthorize(world: World, person: str, *, issued_at: float | None = None) -> list[Delivery]:
    """Let a person remove every app: their tokens end, and the apps are told."""
    tokens.end(world, person, 458)
    return _call_back(world, person, "deauthorize", issued_at)


def delete_data(world: World, person: str, *, issued_at: float | None = None) -> list[Delivery]:
    """Let a person remove every app and ask for their data to be deleted."""
    tokens.end(world, person, 458)
    return _call_back(world, person, "deletion", issued_at)


def deliver(world: World) -> list[Delivery]:
    """Send everything that is due, what failed before included, and return it."""
    with world.lock:
        for platform in world.platforms.values():
            platform.pass_time()
        due = [d for d in world.deliveries if d.next_at is not None and d.next_at <= world.now()]
        for delivery in due:
            delivery.next_at = None  # nobody else sends it meanwhile
    for delivery in due:
        status, body = world.send("POST", delivery.url, delivery.headers, delivery.body)
        with world.lock:
            delivery.statuses.append(status)
            delivery.answer = body.decode(errors="replace")
            tries = len(delivery.statuses)
            if status != 200 and tries <= len(PAUSES):
                delivery.next_at = world.now() + PAUSES[tries - 1]
    return due


def signed_request(app: App, payload: Mapping[str, Any]) -> str:
    """Return a payload signed for a callback: ``<signature>.<payload>``, both unpadded base64url."""
    encoded = _base64url(json.dumps(payload).encode())
    signature = hmac.new(app.signing_secret.encode(), encoded.encode(), hashlib.sha256).digest()
    return f"{_base64url(signature)}.{encoded}"


def signature_of(app: App, body: bytes) -> str:
    """Return the ``X-Hub-Signature-256`` of a body."""
    return "sha256=" + hmac.new(app.signing_secret.encode(), body, hashlib.sha256).hexdigest()


def _call_back(world: World, key: str, kind: str, issued_at: float | None) -> list[Delivery]:
    moment, person = world.now() if issued_at is None else issued_at, world.people[key]
    queued = []
    for app in list(world.apps.values()):
        url = app.webhook.deauthorize_url if kind == "deauthorize" else app.webhook.deletion_url
        user_id = _user_id(person, app)
        if url and user_id:
            payload = {"algorithm": "HMAC-SHA256", "issued_at": int(moment), "user_id": user_id}
            body = urlencode({"signed_request": signed_request(app, payload)}).encode()
            queued.append(_queue(world, app, kind, url, "application/x-www-form-urlencoded", body))
    return queued


def _queue(world: World, app: App, kind: str, url: str, content_type: str, body: bytes) -> Delivery:
    headers = {"Content-Type": content_type, "User-Agent": "facebookplatform/1.0"}
    if kind == "notification":
        headers["X-Hub-Signature-256"] = signature_of(app, body)
    delivery = Delivery(
        client_id=app.client_id, kind=kind, url=url, headers=headers, body=body, next_at=world.now()
    )
    with world.lock:
        world.deliveries.append(delivery)
    return delivery


def _user_id(person: Person, app: App) -> str:
    """Return by which id this app knows a person; "" where they can't have used it."""
    if app.login == "facebook":
        return person.id if person.on_facebook else ""
    return person.instagram.scoped_id if person.instagram else ""


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

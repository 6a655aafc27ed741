"""The sandbox's own JSON interface under ``/_sandbox/``: to look in, and to meddle.

Nothing here exists on a real platform. The same things in Python are methods and attributes of `World`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Final

from . import consent, faults, webhooks
from .people import Person
from .records import App, Delivery, Variant
from .routing import Answer, Call, Route, Unknown

HOST: Final = "_sandbox"


def index(call: Call) -> Answer:
    routes = [f"{route.method} /{HOST}{route.pattern.removesuffix('/?')}" for route in ROUTES]
    return {"sandbox": "not the real platform", "routes": routes, "fault_actions": faults.ACTIONS}


def reset(call: Call) -> Answer:
    call.world.reset()
    return {"reset": True}


def posts(call: Call) -> Answer:
    """What the public can see, with the count of each account."""
    shown = call.world.posts()
    counts: dict[str, int] = {}
    for post in shown:
        counts[post["username"]] = counts.get(post["username"], 0) + 1
    return {"count": len(shown), "counts": counts, "posts": shown}


def calls(call: Call) -> Answer:
    return {"count": len(call.world.calls), "calls": call.world.calls}


def forget_calls(call: Call) -> Answer:
    call.world.calls.clear()
    return {"count": 0}


def people(call: Call) -> Answer:
    return {"people": [_person(person) for person in call.world.people.values()]}


def mint(call: Call) -> Answer:
    """``{"owner": key, id or username, "variant": "A" | "B", "scopes": […]}`` to a long-lived token.

    With ``platform`` instead of ``variant`` it is that platform's, ``owner`` being a person's key.
    """
    call.accept({"owner", "variant", "scopes", "platform"})
    if call.text("platform"):
        platform = call.world.platforms[call.text("platform")]
        person = call.world.people[call.text("owner")]
        return {"access_token": platform.mint(person, call.params.get("scopes")).value}
    variant: Variant = "B" if call.text("variant").upper() == "B" else "A"
    return {"access_token": call.world.mint(call.text("owner"), variant, call.params.get("scopes"))}


def revoke(call: Call) -> Answer:
    """``{"person": key, "reason": 458}`` to how many tokens ended."""
    call.accept({"person", "reason"})
    return {"ended": call.world.revoke(call.text("person"), int(call.params.get("reason", 458)))}


def list_faults(call: Call) -> Answer:
    return {"faults": [dataclasses.asdict(fault) for fault in call.world.faults]}


def add_fault(call: Call) -> Answer:
    """The fields of `faults.Fault` to the fault with its id."""
    return dataclasses.asdict(call.world.fault(**call.params))


def remove_faults(call: Call) -> Answer:
    """All of them, or with ``id`` that one."""
    kept = [f for f in call.world.faults if call.text("id") and str(f.id) != call.text("id")]
    call.world.faults[:] = kept
    return {"faults": [dataclasses.asdict(fault) for fault in kept]}


def clock(call: Call) -> Answer:
    """``{"advance": seconds}`` moves it, and sends what is due by then. Says what time it is."""
    call.accept({"advance"})
    call.world.advance(float(call.params.get("advance", 0)))
    _deliver(call)
    return {"now": call.world.now(), "offset": call.world.offset}


def toggles(call: Call) -> Answer:
    """Read all, or set those sent; a platform's own are called ``<platform>.<name>``."""
    call.accept(_toggles(call))
    for name, value in call.params.items():
        platform, _, toggle = name.partition(".")
        if toggle:
            call.world.platforms[platform].toggle[toggle] = value
        else:
            setattr(call.world.toggles, name, value)
    return _toggles(call)


def usage(call: Call) -> Answer:
    """Header name to JSON value, sent with every Graph answer from now on."""
    call.world.usage = dict(call.params)
    return {"usage": call.world.usage}


def add_app(call: Call) -> Answer:
    """``{"client_id", "secret", "login": "facebook" and the like, "redirect_uris": […]}`` adds an app."""
    call.accept({"client_id", "secret", "login", "name", "redirect_uris", "loopback", "signing_secret"})
    uris = set(call.params.get("redirect_uris", ()))
    app = App(**{**call.params, "redirect_uris": uris})
    call.world.apps[app.client_id] = app
    return {"client_id": app.client_id, "login": app.login, "redirect_uris": sorted(app.redirect_uris)}


def decide(call: Call) -> Answer:
    """``{"url": an authorization URL, "as": key}`` to the callback address a browser would be sent to.

    ``"decision": "deny"`` refuses; ``"decline": […]`` leaves out permissions; ``"targets": […]`` ticks only
    these ids.
    """
    call.accept({"url", "as", "decision", "decline", "targets"})
    location = consent.visit(
        call.world,
        call.text("url"),
        call.text("as"),
        allow=call.text("decision", "allow") == "allow",
        decline=call.params.get("decline", ()),
        targets=call.params.get("targets"),
    )
    return {"location": location}


def add_webhook(call: Call) -> Answer:
    """``{"client_id", "url", "verify_token", "deauthorize_url", "deletion_url"}``: where an app is told.

    ``url`` has to pass the handshake with ``verify_token``.
    """
    call.accept({"client_id", "url", "verify_token", "deauthorize_url", "deletion_url"})
    with call.world.released():
        return dataclasses.asdict(webhooks.register(call.world, **call.params))


def deliveries(call: Call) -> Answer:
    return _told(call.world.deliveries)


def deliver(call: Call) -> Answer:
    """Send what is due: what failed before, and what the platform did by itself meanwhile."""
    return _told(_deliver(call))


def notify(call: Call) -> Answer:
    """``{"account": id or username, "field", "value": {…}}`` tells every app.

    ``"copies": 2`` tells it twice; ``"shape"`` is "changes", "inline" or "array".
    """
    call.accept({"account", "field", "value", "copies", "shape"})
    queued = webhooks.notify(call.world, **call.params)
    _deliver(call)
    return _told(queued)


def deauthorize(call: Call) -> Answer:
    """``{"person": key}`` removes every app, and tells them so. ``"issued_at"`` dates the callback."""
    call.accept({"person", "issued_at"})
    queued = webhooks.deauthorize(call.world, **call.params)
    _deliver(call)
    return _told(queued)


def delete_data(call: Call) -> Answer:
    """``{"person": key}`` removes every app and asks for their data to be deleted; see "answer"."""
    call.accept({"person", "issued_at"})
    queued = webhooks.delete_data(call.world, **call.params)
    _deliver(call)
    return _told(queued)


def _toggles(call: Call) -> dict[str, Any]:
    own = {
        f"{platform.id}.{name}": value
        for platform in call.world.platforms.values()
        for name, value in platform.toggle.items()
    }
    return dataclasses.asdict(call.world.toggles) | own


def _deliver(call: Call) -> list[Delivery]:
    with call.world.released():
        return webhooks.deliver(call.world)


def _told(told: list[Delivery]) -> dict[str, Any]:
    shown = ("client_id", "kind", "url", "statuses", "answer", "next_at")
    return {"deliveries": [{name: getattr(one, name) for name in shown} for one in told]}


def _named(answer: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """Make what Python says about a wrong value the answer."""

    @functools.wraps(answer)
    def respond(call: Call) -> Answer:
        try:
            return answer(call)
        except (KeyError, TypeError, ValueError) as error:
            raise Unknown(f"such thing: {error}", status=400) from error

    return respond


def _person(person: Person) -> dict[str, Any]:
    return {
        "key": person.key,
        "name": person.name,
        "about": person.about,
        "id": person.id,
        "on_facebook": person.on_facebook,
        "pages": [dataclasses.asdict(page) for page in person.pages],
        "instagram": dataclasses.asdict(person.instagram) if person.instagram else None,
    }


_TABLE: Final = (
    ("GET", "/", index),
    ("POST", "/reset/?", reset),
    ("GET", "/posts/?", posts),
    ("GET", "/calls/?", calls),
    ("DELETE", "/calls/?", forget_calls),
    ("GET", "/people/?", people),
    ("POST", "/tokens/?", mint),
    ("POST", "/revoke/?", revoke),
    ("GET", "/faults/?", list_faults),
    ("POST", "/faults/?", add_fault),
    ("DELETE", "/faults/?", remove_faults),
    ("GET", "/clock/?", clock),
    ("POST", "/clock/?", clock),
    ("GET", "/toggles/?", toggles),
    ("POST", "/toggles/?", toggles),
    ("POST", "/usage/?", usage),
    ("POST", "/apps/?", add_app),
    ("POST", "/consent/?", decide),
    ("POST", "/webhooks/?", add_webhook),
    ("GET", "/deliveries/?", deliveries),
    ("POST", "/deliveries/?", deliver),
    ("POST", "/notify/?", notify),
    ("POST", "/deauthorize/?", deauthorize),
    ("POST", "/deletion/?", delete_data),
)
ROUTES: Final = tuple(Route(HOST, method, pattern, _named(answer)) for method, pattern, answer in _TABLE)

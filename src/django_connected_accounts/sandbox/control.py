"""The sandbox's own JSON interface under ``/_sandbox/``: what a test, a script or a person uses to look in and meddle.

Nothing here exists on a real platform. The same things in Python are methods and attributes of `World`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from . import consent, faults
from .people import Person
from .records import App
from .routing import Answer, Call, Route, Unknown

HOST: Final = "_sandbox"


def index(call: Call) -> Answer:
    routes = [f"{route.method} /{HOST}{route.pattern}" for route in ROUTES]
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
    """``{"owner": key, id or username, "variant": "A" | "B", "scopes": […]}`` to a long-lived token."""
    call.accept({"owner", "variant", "scopes"})
    variant = "B" if call.text("variant", "A").upper() == "B" else "A"
    return {
        "access_token": _meant(call, call.world.mint, call.text("owner"), variant, call.params.get("scopes"))
    }


def revoke(call: Call) -> Answer:
    """``{"person": key, "reason": 458}`` to how many tokens ended."""
    call.accept({"person", "reason"})
    return {
        "ended": _meant(call, call.world.revoke, call.text("person"), int(call.params.get("reason", 458)))
    }


def list_faults(call: Call) -> Answer:
    return {"faults": [dataclasses.asdict(fault) for fault in call.world.faults]}


def add_fault(call: Call) -> Answer:
    """The fields of `faults.Fault` to the fault with its id."""
    return dataclasses.asdict(_meant(call, call.world.fault, **call.params))


def remove_faults(call: Call) -> Answer:
    """All of them, or with ``id`` that one."""
    kept = [f for f in call.world.faults if call.text("id") and str(f.id) != call.text("id")]
    call.world.faults[:] = kept
    return {"faults": [dataclasses.asdict(fault) for fault in kept]}


def clock(call: Call) -> Answer:
    """``{"advance": seconds}`` moves it; either way it says what time it is."""
    call.accept({"advance"})
    call.world.advance(float(call.params.get("advance", 0)))
    return {"now": call.world.now(), "offset": call.world.offset}


def toggles(call: Call) -> Answer:
    """Read all, or set those sent."""
    known = dataclasses.asdict(call.world.toggles)
    call.accept(known)
    for name, value in call.params.items():
        setattr(call.world.toggles, name, value)
    return dataclasses.asdict(call.world.toggles)


def usage(call: Call) -> Answer:
    """Header name to JSON value, sent with every Graph answer from now on."""
    call.world.usage = dict(call.params)
    return {"usage": call.world.usage}


def add_app(call: Call) -> Answer:
    """``{"client_id", "secret", "login": "facebook" | "instagram", "redirect_uris": […]}`` registers an app."""
    call.accept({"client_id", "secret", "login", "name", "redirect_uris", "loopback"})
    uris = set(call.params.get("redirect_uris", ()))
    app = _meant(call, App, **{**call.params, "redirect_uris": uris})
    call.world.apps[app.client_id] = app
    return {"client_id": app.client_id, "login": app.login, "redirect_uris": sorted(app.redirect_uris)}


def decide(call: Call) -> Answer:
    """``{"url": an authorization URL, "as": key}`` to the callback address a browser would be sent to.

    ``"decision": "deny"`` refuses; ``"decline": […]`` leaves out permissions; ``"targets": […]`` ticks only these ids.
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


def _meant(call: Call, function: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except (KeyError, TypeError, ValueError) as error:
        raise Unknown(f"such thing: {error}", status=400) from error


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


ROUTES: Final = (
    Route(HOST, "GET", "/", index),
    Route(HOST, "POST", "/reset/?", reset),
    Route(HOST, "GET", "/posts/?", posts),
    Route(HOST, "GET", "/calls/?", calls),
    Route(HOST, "DELETE", "/calls/?", forget_calls),
    Route(HOST, "GET", "/people/?", people),
    Route(HOST, "POST", "/tokens/?", mint),
    Route(HOST, "POST", "/revoke/?", revoke),
    Route(HOST, "GET", "/faults/?", list_faults),
    Route(HOST, "POST", "/faults/?", add_fault),
    Route(HOST, "DELETE", "/faults/?", remove_faults),
    Route(HOST, "GET", "/clock/?", clock),
    Route(HOST, "POST", "/clock/?", clock),
    Route(HOST, "GET", "/toggles/?", toggles),
    Route(HOST, "POST", "/toggles/?", toggles),
    Route(HOST, "POST", "/usage/?", usage),
    Route(HOST, "POST", "/apps/?", add_app),
    Route(HOST, "POST", "/consent/?", decide),
)

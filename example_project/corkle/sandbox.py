"""Corkle, simulated: its login, and notes that are pinned.

Follows Corkle's documentation of 2026-11-01, as invented as Corkle itself. Not done: comments, unpinning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django_connected_accounts.sandbox import Member, Platform, Post, media, oauth
from django_connected_accounts.sandbox.ids import digits
from django_connected_accounts.sandbox.logins import Login
from django_connected_accounts.sandbox.records import Item
from django_connected_accounts.sandbox.routing import Answer, Call, Refused, Route

HOST = "corkle.example"


@dataclass(kw_only=True)
class Note:
    id: str
    author: Member
    text: str
    board: str
    picture: Item | None = None
    alt: str = ""
    pins: list[dict[str, str]] = field(default_factory=list)


class CorkleSandbox(Platform):
    id = "corkle"
    host = HOST
    login = Login(
        id="corkle",
        name="Corkle",
        pages=((HOST, "/oauth/authorize"),),
        scopes={
            "profile": "See who you are",
            "notes.write": "Pin notes for you",
            "notes.read": "Count looks at your notes",
        },
        mandatory=frozenset({"profile"}),
        params=frozenset(
            {
                "client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge",
                "code_challenge_method",
            }
        ),
        denial={"error": "access_denied"},
        pkce=True,
    )  # fmt: skip
    lifetimes = {"access": 2 * 3600}
    toggles = {"boards": {"front": "Front", "market": "Market day"}, "looks": 12}

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.notes: dict[str, Note] = {}
        self.pictures: dict[str, tuple[Item, str]] = {}

    def seed(self) -> Iterable[tuple[str, Member]]:
        for person in ("two_businesses", "shop", "creator"):
            account = self.world.people[person].accounts()[0]
            member_id = digits(f"corkle:{account.username}", length=8)
            yield person, Member(id=member_id, username=account.username, name=account.name)


class Error(Refused):
    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(status, {"error": code})


def token(call: Call) -> Answer:
    """A code, or a refresh token that works once, to a pair of tokens."""
    call.accept(
        {"client_id", "client_secret", "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token"}
    )
    platform = CorkleSandbox.of(call.world)
    try:
        grant = oauth.granted(call, platform, single_use=True)
    except oauth.Failure as failure:
        ours = failure.reason in ("client_unknown", "secret_wrong")
        raise Error("app_unknown" if ours else "grant_ended") from None
    known: dict[str, Any] = {"client_id": grant.client_id, "person": grant.person, "scopes": grant.scopes}
    access = oauth.issue(
        platform, "access", lifetime=platform.lifetime("access"), family=grant.family, **known
    )
    refresh = oauth.issue(platform, "refresh", family=access.family, **known)
    return {
        "access_token": access.value,
        "refresh_token": refresh.value,
        "expires_in": int(platform.lifetime("access")),
        "scope": " ".join(sorted(grant.scopes)),
    }


def me(call: Call) -> Answer:
    member = author(call, "profile")
    picture = CorkleSandbox.of(call.world).portrait(member)
    return {"id": member.id, "handle": member.username, "name": member.name, "picture": picture}


def boards(call: Call) -> Answer:
    author(call, "notes.write")
    known = CorkleSandbox.of(call.world).toggle["boards"]
    return {"boards": [{"id": board, "name": name} for board, name in known.items()]}


def picture(call: Call) -> Answer:
    call.accept({"alt"})
    author(call, "notes.write")
    item = media.picture(call.request.body)
    if item is None:
        raise Error("note_refused")
    picture_id = call.world.new_id("picture", prefix="6", length=10)
    CorkleSandbox.of(call.world).pictures[picture_id] = (item, call.text("alt"))
    return {"id": picture_id}


def write(call: Call) -> Answer:
    """Keep a note that nobody sees yet."""
    call.accept({"text", "picture", "board"})
    member, platform = author(call, "notes.write"), CorkleSandbox.of(call.world)
    item, alt = platform.pictures.get(call.text("picture"), (None, ""))
    board = call.text("board", "front")
    wanting = not call.text("text").strip() if item is None else False
    if len(call.text("text")) > 500 or wanting or board not in platform.toggle["boards"]:
        raise Error("note_refused")
    note_id = call.world.new_id("note", prefix="7", length=10)
    platform.notes[note_id] = Note(
        id=note_id, author=member, text=call.text("text"), board=board, picture=item, alt=alt
    )
    return {"id": note_id, "pins": []}


def read(call: Call, note_id: str) -> Answer:
    return {"id": note_id, "pins": own(call, note_id).pins}


def pin(call: Call, note_id: str) -> Answer:
    """Make it public. A note can be pinned twice: that makes two."""
    call.accept(())
    note, platform = own(call, note_id), CorkleSandbox.of(call.world)
    pin_id = call.world.new_id("pin", prefix="8", length=10)
    platform.posts[pin_id] = post = Post(
        id=pin_id,
        account_id=note.author.id,
        username=note.author.username,
        kind="photo" if note.picture else "text",
        path=f"/@{note.author.username}/{pin_id}",
        timestamp=call.world.now(),
        text=note.text,
        items=(note.picture,) if note.picture else (),
        alt_texts=(note.alt,) if note.picture else (),
        facts={"board": platform.toggle["boards"][note.board]},
    )
    note.pins.append({"id": pin_id, "url": platform.permalink(post)})
    return note.pins[-1]


def numbers(call: Call, pin_id: str) -> Answer:
    author(call, "notes.read")
    return {"id": pin_id, "looks": CorkleSandbox.of(call.world).toggle["looks"]}


def author(call: Call, scope: str) -> Member:
    """Return who calls, if they may do this."""
    platform = CorkleSandbox.of(call.world)
    access = oauth.bearer(call, platform)
    if access is None:
        raise Error("token_ended", 401)
    if scope not in access.scopes:
        raise Error("scope_missing", 403)
    return platform.members[access.person]


def own(call: Call, note_id: str) -> Note:
    member, note = author(call, "notes.write"), CorkleSandbox.of(call.world).notes.get(note_id)
    if note is None or note.author is not member:
        raise Error("note_unknown", 404)
    return note


CorkleSandbox.routes = (
    Route(HOST, "POST", "/oauth/token", token),
    Route(HOST, "GET", "/v1/me", me),
    Route(HOST, "GET", "/v1/boards", boards),
    Route(HOST, "POST", "/v1/pictures", picture),
    Route(HOST, "POST", "/v1/notes", write),
    Route(HOST, "GET", r"/v1/notes/(\d+)", read),
    Route(HOST, "POST", r"/v1/notes/(\d+)/pins", pin),
    Route(HOST, "GET", r"/v1/pins/(\d+)/numbers", numbers),
)

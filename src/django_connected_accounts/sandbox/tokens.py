"""Tokens of every kind, made and ended, as in the Instagram Platform contract of 2026-11-22, section 2."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final, cast

from .errors import GraphError
from .ids import letters
from .records import DAY, App, Code, Grant, MetaTokenKind, Token, Variant
from .routing import Call

if TYPE_CHECKING:
    from .people import Page, Person
    from .world import World

LIFETIMES: Final[dict[str, float]] = {
    "code": 3600,
    "A_short": 3600,
    "A_long": 60 * DAY,
    "B_short": 3600,
    "B_long": 60 * DAY,
    "data_access": 90 * DAY,
}
PREFIXES: Final = {"instagram": "IGAA", "threads": "TH"}
DEFAULT_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "A": (
        "public_profile",
        "instagram_basic",
        "instagram_content_publish",
        "instagram_manage_comments",
        "instagram_manage_insights",
        "pages_show_list",
        "pages_read_engagement",
        "pages_manage_posts",
        "pages_manage_engagement",
        "pages_read_user_content",
        "read_insights",
        "business_management",
    ),
    "B": (
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_comments",
        "instagram_business_manage_insights",
    ),
}


def issue(
    world: World,
    kind: MetaTokenKind,
    *,
    client_id: str,
    person: str = "",
    scopes: Collection[str] = (),
    targets: Collection[str] = (),
    long: bool = False,
    lifetime: float | None = None,
) -> Token:
    """Return a new token, remembered. ``lifetime`` None: it never expires."""
    now = world.now()
    readable = now + world.token_lifetimes["data_access"] if person else None
    for other in world.tokens.values():  # signing in prolongs it for what was given before
        if other.data_access_expires_at and (other.client_id, other.person) == (client_id, person):
            other.data_access_expires_at = readable
    token = Token(
        value=letters(
            world.unique(f"{kind}:{client_id}:{person}"), prefix=PREFIXES.get(kind, "EAA"), length=172
        ),
        kind=kind,
        client_id=client_id,
        person=person,
        scopes=set(scopes),
        targets=set(targets),
        issued_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        data_access_expires_at=readable,
        long=long,
    )
    world.tokens[token.value] = token
    return token


def for_code(
    world: World,
    kind: MetaTokenKind,
    code: Code,
    *,
    scopes: Collection[str],
    targets: Collection[str] = (),
    lifetime: float,
) -> Token:
    """Return the short-lived token that a code is good for."""
    return issue(
        world,
        kind,
        client_id=code.client_id,
        person=code.person,
        scopes=scopes,
        targets=targets,
        lifetime=lifetime,
    )


def lengthened(world: World, token: Token, lifetime: float | None) -> Token:
    """Return a long-lived token for this one, for the same things."""
    return issue(
        world,
        cast("MetaTokenKind", token.kind),
        client_id=token.client_id,
        person=token.person,
        scopes=token.scopes,
        targets=token.targets,
        long=True,
        lifetime=lifetime,
    )


def page_token(world: World, user: Token, page: Page) -> Token:
    """Return the Page's token under this user token: always the same, endless under a long one."""
    value = letters(f"{user.value}:{page.id}", prefix="EAA", length=190)
    if value not in world.tokens:
        world.tokens[value] = Token(
            value=value,
            kind="page",
            client_id=user.client_id,
            person=user.person,
            page=page.id,
            scopes=set(user.scopes),
            targets=set(user.targets),
            issued_at=world.now(),
            expires_at=None if user.long else user.expires_at,
            data_access_expires_at=user.data_access_expires_at,
            long=user.long,
        )
    return world.tokens[value]


def mint(world: World, owner: str, variant: Variant, scopes: Collection[str] | None) -> Token:
    """Return a long-lived token without any consent page.

    ``owner`` is a person's key (variant A: a user token) or an Instagram account's id or username (variant A:
    the Page token it is published with).
    """
    wanted = set(DEFAULT_SCOPES[variant] if scopes is None else scopes)
    person, account_id = _owner(world, owner)
    app = next(
        app for app in world.apps.values() if app.login == ("facebook" if variant == "A" else "instagram")
    )
    if variant == "B":
        if person.instagram is None or account_id not in ("", person.instagram.id):
            raise ValueError(f"{owner!r} can't log in on Instagram; try a person such as 'shop'")
        return issue(
            world,
            "instagram",
            client_id=app.client_id,
            person=person.key,
            scopes=wanted,
            targets={person.instagram.id},
            long=True,
            lifetime=world.token_lifetimes["B_long"],
        )
    user = issue(
        world,
        "user",
        client_id=app.client_id,
        person=person.key,
        scopes=wanted,
        targets=all_targets(person),
        long=True,
        lifetime=world.token_lifetimes["A_long"],
    )
    grant = world.grants.setdefault((app.client_id, person.key), Grant())
    grant.granted |= wanted
    grant.targets |= user.targets
    if not account_id:
        return user
    return page_token(
        world, user, next(p for p in person.pages if p.instagram and p.instagram.id == account_id)
    )


def all_targets(person: Person) -> set[str]:
    """Return the ids of everything this person could tick on the consent page."""
    return {page.id for page in person.pages} | {account.id for account in person.accounts()}


def end(world: World, person: str, reason: int, client_id: str = "") -> int:
    """End this person's tokens, of one app or of all, with a 190 subcode, and return how many.

    458 also forgets what was granted, 463 lets them expire, 0 answers 190 without a subcode.
    """
    ended = 0
    for token in world.tokens.values():
        if token.person == person and client_id in ("", token.client_id) and token.dead is None:
            token.dead = reason
            ended += 1
    if reason == 458:
        for key in [key for key in world.grants if key[1] == person and client_id in ("", key[0])]:
            del world.grants[key]
        world.codes = {value: code for value, code in world.codes.items() if code.person != person}
    return ended


def check_alive(call: Call, token: Token) -> None:
    """Refuse a token that has ended, with the subcode that says how."""
    now = call.world.now()
    if token.dead is not None and token.dead != 463:
        raise GraphError(190, token.dead or None)
    if token.dead == 463 or (token.expires_at is not None and token.expires_at <= now):
        expired = _pacific(min(token.expires_at or now, now))
        raise GraphError(
            190,
            463,
            message=f"Error validating access token: Session has expired on {expired}. "
            f"The current time is {_pacific(now)}.",
        )


def check_readable(call: Call, token: Token) -> None:
    """Refuse to read for somebody who has not signed in for 90 days."""
    ends = token.data_access_expires_at
    if ends is not None and ends <= call.world.now():
        raise GraphError(10, message="(#10) Data access has expired (code invented by the sandbox)")


def proof_of(app: App, value: str) -> str:
    """Return the appsecret_proof this app would send with this token."""
    return hmac.new(app.secret.encode(), value.encode(), hashlib.sha256).hexdigest()


def _owner(world: World, owner: str) -> tuple[Person, str]:
    if owner in world.people:
        return world.people[owner], ""
    for person in world.people.values():
        for account in person.accounts():
            if owner in (account.id, account.username):
                return person, account.id
    raise ValueError(f"nobody here is {owner!r}; people are {', '.join(world.people)}")


def _pacific(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds - 8 * 3600, tz=timezone.utc)
    return moment.strftime("%A, %d-%b-%y %H:%M:%S PST")

"""OAuth 2.0 as the platforms share it: codes redeemed once, tokens refreshed and revoked, PKCE (RFC 7636).

What is refused is a `Failure` with a reason; each platform says it in its own words.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from .ids import letters
from .logins import Login
from .platform import Platform
from .records import App, Code, Token
from .routing import Call

REASONS: Final = (
    "client_unknown", "secret_wrong", "code_unknown", "code_expired", "code_used", "redirect_mismatch",
    "verifier_wrong", "refresh_unknown", "refresh_expired", "refresh_used",
)  # fmt: skip


class Failure(Exception):
    """``reason`` is one of `REASONS`."""

    def __init__(self, reason: str) -> None:
        assert reason in REASONS  # noqa: S101
        super().__init__(reason)
        self.reason = reason


def client(call: Call, login: Login, *, basic: bool = False) -> App:
    """Return the app that makes this call, by HTTP Basic or by parameters of the body."""
    name, secret = call.text(login.client_id_name), call.text("client_secret")
    if basic:
        name, secret = _basic(call)
    app = call.world.apps.get(name)
    if app is None or app.login != login.id:
        raise Failure("client_unknown")
    if not hmac.compare_digest(app.secret.encode(), secret.encode()):
        raise Failure("secret_wrong")
    return app


def redeem(call: Call, app: App, *, hexadecimal: bool = False) -> Code:
    """Return the code this call gives, spent from now on. ``hexadecimal``: the challenge is written so."""
    code = call.world.codes.get(call.text("code"))
    if code is None or code.client_id != app.client_id:
        raise Failure("code_unknown")
    if code.used:
        raise Failure("code_used")
    if code.expires_at <= call.world.now():
        raise Failure("code_expired")
    if code.redirect_uri != call.text("redirect_uri"):
        raise Failure("redirect_mismatch")
    if code.challenge and not _verified(call.text("code_verifier"), code.challenge, hexadecimal):
        raise Failure("verifier_wrong")
    code.used = True
    return code


def issue(
    platform: Platform,
    kind: str,
    *,
    client_id: str,
    person: str,
    scopes: Collection[str],
    lifetime: float | None = None,
    prefix: str = "",
    length: int = 100,
    family: str = "",
) -> Token:
    """Return a new token, remembered: an "access" or a "refresh" one. ``lifetime`` None: it never expires."""
    world = platform.world
    now = world.now()
    token = Token(
        value=letters(world.unique(f"{platform.id}:{kind}:{person}"), prefix=prefix, length=length),
        kind=f"{platform.id}_{kind}",
        client_id=client_id,
        person=person,
        scopes=set(scopes),
        issued_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        family=family or world.new_word("family"),
    )
    world.tokens[token.value] = token
    return token


def spend(platform: Platform, value: str, app: App, *, single_use: bool) -> Token:
    """Return the refresh token of this value. One that works once ends, and with it what it was given for.

    Where ``revoke_on_reuse`` is set, using it again ends its whole family (RFC 9700 section 4.14).
    """
    world = platform.world
    token = world.tokens.get(value)
    if token is None or token.kind != f"{platform.id}_refresh" or token.client_id != app.client_id:
        raise Failure("refresh_unknown")
    if token.rotated and world.toggles.revoke_on_reuse:
        end(platform, token)
    if token.dead is not None:
        raise Failure("refresh_used" if token.rotated else "refresh_unknown")
    if token.expires_at is not None and token.expires_at <= world.now():
        raise Failure("refresh_expired")
    if single_use:
        token.dead, token.rotated = 0, True
    return token


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who may have tokens, and for what; ``old`` is the refresh token that was given for them, if one was."""

    client_id: str
    person: str
    scopes: Collection[str]
    family: str = ""
    old: Token | None = None


def granted(
    call: Call, platform: Platform, *, basic: bool = False, single_use: bool, hexadecimal: bool = False
) -> Grant:
    """Return what the code, or the refresh token, of this call is good for."""
    app = client(call, platform.login, basic=basic)
    if call.text("grant_type") == "refresh_token":
        old = spend(platform, call.text("refresh_token"), app, single_use=single_use)
        return Grant(
            client_id=app.client_id, person=old.person, scopes=old.scopes, family=old.family, old=old
        )
    code = redeem(call, app, hexadecimal=hexadecimal)
    return Grant(client_id=app.client_id, person=code.person, scopes=code.scopes)


def end(platform: Platform, token: Token) -> None:
    """End a token with everything of its family."""
    for other in platform.world.tokens.values():
        if other.family and other.family == token.family and other.dead is None:
            other.dead = 0


def bearer(call: Call, platform: Platform) -> Token | None:
    """Return the access token a call carries, None if it is none of this platform or has ended."""
    token = call.token
    if token is None or token.kind != f"{platform.id}_access" or token.dead is not None:
        return None
    return None if token.expires_at is not None and token.expires_at <= call.world.now() else token


def _basic(call: Call) -> tuple[str, str]:
    scheme, _, value = call.request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(value if scheme.lower() == "basic" else "").decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _verified(verifier: str, challenge: str, hexadecimal: bool) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    made = digest.hex() if hexadecimal else base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)

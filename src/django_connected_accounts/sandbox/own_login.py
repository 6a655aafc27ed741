"""Instagram's and Threads' own login: a code to a token of an hour, that to one of 60 days.

Follows the contracts of the Instagram Platform (sections 2.3 and 2.4) and of Threads (section 2) of
2026-11-22. Invented, because undocumented: the answer to refreshing a token younger than 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from . import oauth, tokens
from .errors import TEXTS, FlatError, GraphError
from .logins import Login
from .records import DAY, Code, MetaTokenKind, Token
from .routing import Answer, Call

UNMATCHED: Final = "Matching code was not found or was already used"
REFUSALS: Final = {
    "code_unknown": UNMATCHED,
    "code_expired": UNMATCHED,
    "code_used": "This authorization code has been used",
    "redirect_mismatch": TEXTS[100, 36008].message,
}
"""What a code is refused with; where the app is to blame, that its pair of id and secret is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLogin:
    """One platform's. ``kind`` is that of its tokens, ``grant`` what the names of its grants begin with.

    ``lifetimes`` is what the names of its token lifetimes begin with, ``scope`` what a token needs to be
    lengthened, ``blanket`` and ``error_type`` how most refusals are worded.
    """

    login: Login
    kind: MetaTokenKind
    grant: str
    lifetimes: str
    scope: str
    blanket: str
    error_type: str = "OAuthException"

    def redeem(self, call: Call) -> Code:
        """Return the code of a call, spent from now on; a JSON body is not read."""
        if call.request.content_type == "application/json":
            raise FlatError("Missing required field client_id")
        call.accept({"client_id", "client_secret", "grant_type", "redirect_uri", "code"})
        try:
            app = oauth.client(call, self.login)
            if call.text("grant_type") != "authorization_code":
                raise FlatError("Invalid grant_type")
            return oauth.redeem(call, app)
        except oauth.Failure as failure:
            raise FlatError(REFUSALS.get(failure.reason, "Invalid platform app")) from None

    def lengthen(self, call: Call, token: Token) -> Answer:
        """Exchange a token of an hour for one of 60 days."""
        secret_fits = call.world.apps[token.client_id].secret == call.text("client_secret")
        if call.text("grant_type") != f"{self.grant}_exchange_token" or not secret_fits or token.long:
            raise self.refusal()
        return self._bearer(call, token, younger=True)

    def refresh(self, call: Call, token: Token) -> Answer:
        """Return 60 more days for a long token at least a day old."""
        refreshable = token.long and self.scope in token.scopes
        if call.text("grant_type") != f"{self.grant}_refresh_token" or not refreshable:
            raise self.refusal()
        if call.world.now() < token.issued_at + DAY:
            raise self.refusal(
                "The token must be at least 24 hours old to be refreshed (answer invented by the sandbox)"
            )
        rotates = call.world.toggles.rotate_on_refresh
        if rotates:
            token.dead, token.rotated = 0, True
        return self._bearer(call, token, younger=rotates)

    def punish_reuse(self, call: Call) -> None:
        """End all of a person's tokens where one that was renewed is used again, if that toggle is set."""
        if call.token and call.token.rotated and call.world.toggles.revoke_on_reuse:
            tokens.end(call.world, call.token.person, 0, call.token.client_id)

    def refusal(self, message: str = "") -> GraphError:
        return GraphError(100, kind=self.error_type, message=message or self.blanket)

    def _bearer(self, call: Call, token: Token, *, younger: bool) -> dict[str, Any]:
        world, lifetime = call.world, call.world.token_lifetimes[f"{self.lifetimes}_long"]
        if younger:
            token = tokens.lengthened(world, token, lifetime)
        token.issued_at, token.expires_at = world.now(), world.now() + lifetime
        return {"access_token": token.value, "token_type": "bearer", "expires_in": int(lifetime)}

"""Platforms whose token endpoint keeps to RFC 6749: codes and refresh tokens to tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    Unavailable,
)

from .base import Provider
from .types import Tokens


class OAuth2(Provider):
    """Login with codes and refresh tokens. What differs between platforms is class data, and `ask`."""

    access_seconds: ClassVar[float | None] = None
    """How long access lasts where the answer does not say, None for "no known end"."""

    works_once: ClassVar[bool] = False
    """Whether a refresh token that was sent may be spent although no answer came."""

    grant_errors: ClassVar[frozenset[str]] = frozenset({"invalid_grant", "invalid_request"})
    """Errors that are of the code or token sent; all others are of the app."""

    exchange_codes: ClassVar[Mapping[str, str]] = {}
    """What people are told where a code was refused for a reason of the platform's, by its error."""

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self.pkce:
            grant["code_verifier"] = verifier
        try:
            return self._tokens(grant)
        except (NotAuthorized, OperatorNeeded) as error:
            theirs = error.platform_code
            ours = "app_misconfigured" if isinstance(error, OperatorNeeded) else "code_refused"
            raise ConnectionFailed(self.exchange_codes.get(theirs, ours), theirs) from None

    def refresh(self, tokens: Tokens) -> Tokens:
        try:
            grant = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
            younger = self._tokens(grant)
        except OutcomeUnknown as error:
            if self.works_once:
                raise
            raise Unavailable("refresh_retrying", error.detail, provider=self.id) from None
        return replace(younger, scopes=younger.scopes or tokens.scopes)

    def revoke(self, tokens: Tokens) -> None:
        if self.revoke_url:
            data = {**self.secret, "token": tokens.access_token}
            self.http.request("POST", self.revoke_url, repeatable=True, data=data)

    @property
    def secret(self) -> dict[str, str]:
        """How the app proves itself in the body of a call."""
        return {self.client_id_name: self.app.client_id, "client_secret": self.app.client_secret}

    def ask(self, grant: Mapping[str, str]) -> Mapping[str, Any]:
        """Return what the token endpoint answers to a grant, or raise what its refusal calls for."""
        response = self.http.request("POST", self.token_url, repeatable=False, data={**self.secret, **grant})
        answer = response.json if isinstance(response.json, Mapping) else {}
        if error := str(answer.get("error", "")):  # with HTTP 200 too
            told: dict[str, Any] = {"provider": self.id, "platform_code": error}
            told["trace_id"] = str(answer.get("log_id", ""))
            if error in self.grant_errors:
                raise NotAuthorized("token_refused", **told)
            raise OperatorNeeded("app_misconfigured", **told)
        return answer if response.status < 400 else {}

    def _tokens(self, grant: Mapping[str, str]) -> Tokens:
        answer, now = self.ask(grant), self.http.now()
        if not answer.get("access_token"):
            raise OutcomeUnknown(detail="no token in the answer", provider=self.id)
        seconds = answer.get("expires_in") or self.access_seconds
        left = answer.get("refresh_token_expires_in") or answer.get("refresh_expires_in")
        return Tokens(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer.get("refresh_token", "")),
            issued_at=now,
            expires_at=now + timedelta(seconds=float(seconds)) if seconds else None,
            refresh_expires_at=now + timedelta(seconds=float(left)) if left else None,
            # Commas or spaces stand between them, whatever the platform's documentation says.
            scopes=frozenset(str(answer.get("scope", "")).replace(",", " ").split()) or None,
        )

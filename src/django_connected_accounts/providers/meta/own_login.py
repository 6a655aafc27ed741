"""Instagram's and Threads' own login: a token of an hour, exchanged for one of 60 days that renews itself.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login and
https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    ContentRejected,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.types import App, Renewal, Tokens

from .graph import Graph
from .login import exchange_failure, expiry

REFRESH_AGE = timedelta(hours=25)
"""An hour more than the platforms ask for: their clock and ours need not agree."""
LIFETIME = timedelta(days=60)


class OwnLogin(Provider):
    """A login without Facebook's. PKCE is not part of it."""

    graph_host: ClassVar[str]
    grant: ClassVar[str]
    """What the names of its grants begin with."""

    renewal = Renewal(by="access_token", earliest=REFRESH_AGE)

    def __init__(self, app: App, http: Http) -> None:
        super().__init__(app, http)
        self.graph = Graph(http, host=self.graph_host, version=self.api_version)

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        try:
            short = Graph(self.http, host=urlsplit(self.token_url).netloc).post(
                "oauth/access_token",
                needs="access_token",
                repeatable=False,
                client_id=self.app.client_id,
                client_secret=self.app.client_secret,
                grant_type="authorization_code",
                redirect_uri=redirect_uri,
                code=code.partition("#")[0],
            )
            token = Tokens(access_token=short["access_token"], scopes=_scopes(short.get("permissions")))
            return self._renewed(token, self._long_lived(token))
        except ProviderError as error:
            raise exchange_failure(error) from None

    def refresh(self, tokens: Tokens) -> Tokens:
        # Whether the old token goes on working is not documented.
        try:
            return self._renewed(tokens, self._token("refresh_access_token", tokens, repeatable=False))
        except ContentRejected as error:
            # A blanket refusal: it names no cause, so it does not end the grant. A token may be too young
            # since a refresh whose answer was lost.
            raise Unavailable(
                "refresh_refused",
                provider=self.id,
                platform_code=error.platform_code,
                retry_after=REFRESH_AGE.total_seconds(),
            ) from None

    def _long_lived(self, token: Tokens) -> Mapping[str, Any]:
        try:
            return self._token("access_token", token, client_secret=self.app.client_secret)
        except ContentRejected:
            # A blanket refusal, given to personal accounts among others.
            for profile in self.profiles(token):
                if profile.unusable:
                    raise ConnectionFailed(profile.unusable) from None
            raise

    def _token(
        self, path: str, tokens: Tokens, *, repeatable: bool = True, **params: str
    ) -> Mapping[str, Any]:
        # These want the token in the query, and the address without a version.
        verb = "refresh" if path.startswith("refresh") else "exchange"
        return self.graph.unversioned().get(
            path,
            needs="access_token",
            repeatable=repeatable,
            grant_type=f"{self.grant}_{verb}_token",
            access_token=tokens.access_token,
            **params,
        )

    def _renewed(self, tokens: Tokens, answer: Mapping[str, Any]) -> Tokens:
        now = self.http.now()
        return replace(
            tokens,
            access_token=answer["access_token"],
            expires_at=expiry(answer.get("expires_in") or LIFETIME.total_seconds(), now),
            issued_at=now,
            scopes=_scopes(answer.get("permissions")) or tokens.scopes,
        )


def _scopes(permissions: Any) -> frozenset[str] | None:
    """Return the permissions of a token answer, a list or a comma-separated text; None if there are none."""
    names = permissions.split(",") if isinstance(permissions, str) else permissions or ()
    return frozenset(name.strip() for name in names) or None

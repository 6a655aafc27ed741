"""Facebook Login: a person's token, and the Pages it reaches.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    NotAuthorized,
    PermissionMissing,
    ProviderError,
    RateLimited,
)
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.types import App, Connection, Tokens

from .graph import API_VERSIONS, CURRENT_VERSION, Graph

EXCHANGE_CODES: Mapping[str, str] = {
    "1": "app_misconfigured",
    "101": "app_misconfigured",
    "2": "platform_unavailable",
    "100/36007": "code_expired",
    "100/36008": "redirect_mismatch",
    "100/36009": "code_used",
}
PAGE_TASKS = frozenset(
    {
        "MANAGE",
        "CREATE_CONTENT",
        "PROFILE_PLUS_FULL_CONTROL",
        "PROFILE_PLUS_MANAGE",
        "PROFILE_PLUS_CREATE_CONTENT",
    }
)
"""Any of these lets a person publish for a Page; the long names are those of the New Pages."""

USER_TOKEN = "user_access_token"  # noqa: S105
"""Where `Tokens.extra` keeps the person's token beside a Page's."""


class FacebookLogin(Provider):
    """OAuth with a Facebook account. ``CONFIG_ID`` in the app's options uses Facebook Login for Business."""

    hosts = frozenset({"www.facebook.com", "graph.facebook.com"})
    api_version = CURRENT_VERSION
    api_versions = API_VERSIONS
    app_options: ClassVar[tuple[str, ...]] = ("CONFIG_ID",)
    authorize_url = "https://www.facebook.com/{version}/dialog/oauth"
    token_url = "https://graph.facebook.com/{version}/oauth/access_token"  # noqa: S105
    rerequest_params = {"auth_type": "rerequest"}

    def __init__(self, app: App, http: Http) -> None:
        super().__init__(app, http)
        if config_id := app.options.get("CONFIG_ID"):
            self.authorize_params = {**self.authorize_params, "config_id": config_id}
        self.graph = Graph(
            http, host="graph.facebook.com", version=self.api_version, app_secret=app.client_secret
        )

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        try:
            short = self._token(repeatable=False, redirect_uri=redirect_uri, code=code.partition("#")[0])
            long = self._token(
                repeatable=True, grant_type="fb_exchange_token", fb_exchange_token=short["access_token"]
            )
        except ProviderError as error:
            raise exchange_failure(error) from None
        return self._inspected(long)

    def granted(self, tokens: Tokens) -> frozenset[str] | None:
        if USER_TOKEN in tokens.extra:  # a Page's own token, which outlives the person's
            return frozenset(self.inspect(tokens).get("scopes", ()))
        rows = self.graph.get("me/permissions", needs="data", token=user_token(tokens))["data"]
        return frozenset(row["permission"] for row in rows if row.get("status") == "granted")

    def revoke(self, tokens: Tokens) -> None:
        try:
            self.graph.delete("me/permissions", token=user_token(tokens))
        except NotAuthorized:
            return  # it had ended before

    def user_id(self, tokens: Tokens) -> str:
        """Return the id by which Meta names this person in the callbacks of this app."""
        return str(self.graph.get("me", needs="id", token=user_token(tokens), fields="id")["id"])

    def pages(self, tokens: Tokens, *, fields: str) -> Iterator[Mapping[str, Any]]:
        """Yield every Page the person has a role on, each once.

        ``me/accounts`` leaves out Pages of business portfolios, so where the person granted
        ``business_management`` the portfolios are asked as well.
        """
        seen: set[str] = set()
        for page in (*self._rows("me/accounts", tokens, fields), *self._portfolio_pages(tokens, fields)):
            if page["id"] not in seen:
                seen.add(page["id"])
                yield page

    def readable(self, connection: Connection) -> Tokens:
        """Return the tokens with the time until which they may read, or raise NotAuthorized if it has passed.

        It is 90 days after the person last signed in, also where the token has no end.
        """
        ends = _moment(self.inspect(connection.tokens).get("data_access_expires_at"))
        if ends is not None and ends <= self.http.now():
            raise NotAuthorized("data_access_ended", provider=self.id)
        return replace(connection.tokens, data_access_expires_at=ends)

    def _portfolio_pages(self, tokens: Tokens, fields: str) -> Iterator[Mapping[str, Any]]:
        scopes = tokens.scopes if tokens.scopes is not None else self.granted(tokens)
        if "business_management" not in (scopes or ()):
            return
        for business in self._rows("me/businesses", tokens, "id"):
            for edge in ("owned_pages", "client_pages"):
                try:
                    yield from self._rows(f"{business['id']}/{edge}", tokens, fields)
                except PermissionMissing:
                    continue  # a role in the portfolio need not reach its Pages

    def _rows(self, path: str, tokens: Tokens, fields: str) -> list[dict[str, Any]]:
        return list(self.graph.pages(path, token=user_token(tokens), fields=fields))

    def _token(self, *, repeatable: bool, **params: str) -> Mapping[str, Any]:
        return self.graph.get(
            "oauth/access_token",
            needs="access_token",
            repeatable=repeatable,
            client_id=self.app.client_id,
            client_secret=self.app.client_secret,
            **params,
        )

    def inspect(self, tokens: Tokens) -> Mapping[str, Any]:
        """Return what Meta knows of an access token: ``is_valid``, ``scopes``, times in Unix seconds."""
        app_token, token = f"{self.app.client_id}|{self.app.client_secret}", tokens.access_token
        known: Mapping[str, Any] = self.graph.get(
            "debug_token", needs="data", token=app_token, input_token=token
        )["data"]
        return known

    def _inspected(self, answer: Mapping[str, Any]) -> Tokens:
        """Return the token with what Meta knows of it, or refuse one that was made for another app."""
        token = answer["access_token"]
        known = self.inspect(Tokens(access_token=token))
        if str(known.get("app_id", "")) != self.app.client_id:
            raise ConnectionFailed("token_of_another_app")
        if not known.get("is_valid"):
            raise ConnectionFailed("token_refused")
        return Tokens(
            access_token=token,
            expires_at=expiry(answer.get("expires_in"), self.http.now()) or _moment(known.get("expires_at")),
            data_access_expires_at=_moment(known.get("data_access_expires_at")),
            issued_at=self.http.now(),
            scopes=frozenset(known.get("scopes", ())),
        )


def unusable_page(page: Mapping[str, Any]) -> str:
    """Return the code of why a Page can't be published to, "" where it can."""
    tasks = page.get("tasks")
    if tasks is not None and not PAGE_TASKS.intersection(tasks):
        return "page_task_missing"
    return "" if page.get("access_token") else "page_token_missing"


def page_tokens(page: Mapping[str, Any], tokens: Tokens) -> Tokens | None:
    """Return a Page's own token, which has no end, with the person's beside it; None where it has none."""
    if not page.get("access_token"):
        return None
    return Tokens(
        access_token=page["access_token"],
        data_access_expires_at=tokens.data_access_expires_at,
        issued_at=tokens.issued_at,
        scopes=tokens.scopes,
        extra={USER_TOKEN: user_token(tokens)},
    )


def user_token(tokens: Tokens) -> str:
    """Return the person's token, also where the account's own is a Page's."""
    return tokens.extra.get(USER_TOKEN) or tokens.access_token


def expiry(seconds: Any, now: datetime) -> datetime | None:
    """Return when a token with this ``expires_in`` ends, None where the platform did not say."""
    return now + timedelta(seconds=int(seconds)) if seconds else None


def exchange_failure(error: ProviderError) -> ProviderError | ConnectionFailed:
    """Return a refusal of the code or of the app as ConnectionFailed, any other trouble as it is."""
    if not error.platform_code or isinstance(error, RateLimited):
        return error
    code = EXCHANGE_CODES.get(error.platform_code, "code_refused")
    return ConnectionFailed(code, f"platform code {error.platform_code}, trace {error.trace_id}")


def _moment(timestamp: Any) -> datetime | None:
    return datetime.fromtimestamp(int(timestamp), tz=timezone.utc) if timestamp else None

"""Instagram as a provider: through a Facebook Page (`Instagram`) and by itself (`InstagramLogin`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    ContentRejected,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.meta import (
    API_VERSIONS,
    CURRENT_VERSION,
    FacebookLogin,
    Graph,
    MetaReceiving,
)
from django_connected_accounts.providers.meta.login import (
    PAGE_TASKS,
    USER_TOKEN,
    exchange_failure,
    expiry,
    user_token,
)
from django_connected_accounts.providers.types import Connection, Profile, Renewal, Tokens

from .client import USER_FIELDS, InstagramAPIClient
from .publishing import InstagramAccounts
from .rules import FACEBOOK_LOGIN_OPTIONS, OPTIONS

_PAGE_FIELDS = f"id,name,access_token,tasks,instagram_business_account{{{USER_FIELDS}}}"
_PROFESSIONAL = ("BUSINESS", "MEDIA_CREATOR")
_REFRESH_AGE = timedelta(hours=25)
"""An hour more than Instagram asks for: its clock and ours need not agree."""
_LIFETIME = timedelta(days=60)


class Instagram(InstagramAccounts, MetaReceiving, FacebookLogin):
    """Instagram professional accounts linked to a Facebook Page, by Facebook Login.

    An account's token is its Page's, which does not expire; the person's stays beside it, to list Pages, to
    revoke, and to read where a Page's token sees nothing.
    """

    id = "instagram"
    name = "Instagram"
    scopes = {
        "connect": ("instagram_basic", "pages_show_list", "pages_read_engagement", "business_management"),
        "publish": ("instagram_content_publish",),
        "comment": ("instagram_manage_comments",),
        "measure": ("instagram_manage_insights",),
    }
    requirements = ("professional_account", "page_role")
    options = {**OPTIONS, **FACEBOOK_LOGIN_OPTIONS}

    def client(self, connection: Connection) -> InstagramAPIClient:
        tokens = connection.tokens
        return InstagramAPIClient(
            self.graph, tokens.access_token, fallback_token=tokens.extra.get(USER_TOKEN, "")
        )

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        person = self.user_id(tokens)
        return [_page_profile(page, person, tokens) for page in self.pages(tokens, fields=_PAGE_FIELDS)]

    def verify(self, connection: Connection) -> Profile:
        user = self.client(connection).get_user_info(connection.account_id)
        self.quota(connection)  # answers only with the permission to publish
        return replace(_profile(user), details=connection.details)


class InstagramLogin(InstagramAccounts, MetaReceiving, Provider):
    """Instagram professional accounts by Instagram's own login: no Page, no location, no collaborators."""

    id = "instagram_login"
    name = "Instagram"
    hosts = frozenset({"www.instagram.com", "api.instagram.com", "graph.instagram.com"})
    authorize_url = "https://www.instagram.com/oauth/authorize"
    token_url = "https://api.instagram.com/oauth/access_token"  # noqa: S105
    api_version = CURRENT_VERSION
    api_versions = API_VERSIONS
    rerequest_params = {"force_reauth": "true"}
    scopes = {
        "connect": ("instagram_business_basic",),
        "publish": ("instagram_business_content_publish",),
        "comment": ("instagram_business_manage_comments",),
        "measure": ("instagram_business_manage_insights",),
    }
    renewal = Renewal(by="access_token", earliest=_REFRESH_AGE)
    requirements = ("professional_account", "page_not_needed")
    options = OPTIONS
    signing_options = app_options = ("META_APP_SECRET",)

    def client(self, connection: Connection) -> InstagramAPIClient:
        return self._client(connection.tokens)

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        try:
            short = self._code_exchange(code.partition("#")[0], redirect_uri)
            token = Tokens(access_token=short["access_token"], scopes=_scopes(short.get("permissions")))
            return self._renewed(token, self._long_lived(token))
        except ProviderError as error:
            raise exchange_failure(error) from None

    def refresh(self, tokens: Tokens) -> Tokens:
        try:
            return self._renewed(tokens, self._client(tokens).refresh_access_token())
        except ContentRejected as error:
            # Instagram's blanket refusal: it names no cause, so it does not end the grant. A token may be too
            # young since a refresh whose answer was lost.
            raise Unavailable(
                "refresh_refused",
                provider=self.id,
                platform_code=error.platform_code,
                retry_after=_REFRESH_AGE.total_seconds(),
            ) from None

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        fields = f"{USER_FIELDS},user_id,account_type"
        user = self._client(tokens).get_user_info("me", fields=fields)
        account_type = str(user.get("account_type", ""))
        personal = account_type and account_type.upper() not in _PROFESSIONAL
        return [
            replace(
                _profile({**user, "id": user.get("user_id") or user["id"]}),
                user_id=str(user["id"]),
                account_type=account_type,
                unusable="personal_account" if personal else "",
            )
        ]

    def verify(self, connection: Connection) -> Profile:
        profile = super().verify(connection)
        self.quota(connection)  # answers only with the permission to publish
        return profile

    def _client(self, tokens: Tokens) -> InstagramAPIClient:
        graph = Graph(self.http, host="graph.instagram.com", version=self.api_version)
        return InstagramAPIClient(graph, tokens.access_token)

    def _long_lived(self, token: Tokens) -> Mapping[str, Any]:
        try:
            return self._client(token).exchange_access_token(self.app.client_secret)
        except ContentRejected:
            # A blanket refusal, given to personal accounts among others.
            for profile in self.profiles(token):
                if profile.unusable:
                    raise ConnectionFailed(profile.unusable) from None
            raise

    def _code_exchange(self, code: str, redirect_uri: str) -> Mapping[str, Any]:
        return Graph(self.http, host="api.instagram.com").post(
            "oauth/access_token",
            needs="access_token",
            repeatable=False,
            client_id=self.app.client_id,
            client_secret=self.app.client_secret,
            grant_type="authorization_code",
            redirect_uri=redirect_uri,
            code=code,
        )

    def _renewed(self, tokens: Tokens, answer: Mapping[str, Any]) -> Tokens:
        now = self.http.now()
        return replace(
            tokens,
            access_token=answer["access_token"],
            expires_at=expiry(answer.get("expires_in") or _LIFETIME.total_seconds(), now),
            issued_at=now,
            scopes=_scopes(answer.get("permissions")) or tokens.scopes,
        )


def _page_profile(page: Mapping[str, Any], person: str, tokens: Tokens) -> Profile:
    """Return the Instagram account of a Page, or the Page with the reason why there is none to use."""
    details = {"page_id": page["id"], "page_name": page.get("name", "")}
    user = page.get("instagram_business_account")
    if not user:
        return Profile(
            account_id=page["id"],
            username="",
            display_name=page.get("name", ""),
            user_id=person,
            unusable="page_without_instagram",
            details=details,
        )
    page_token = page.get("access_token", "")
    tasks = page.get("tasks")
    if tasks is not None and not PAGE_TASKS.intersection(tasks):
        unusable = "page_task_missing"
    else:
        unusable = "" if page_token else "page_token_missing"
    account_tokens = Tokens(
        access_token=page_token,
        data_access_expires_at=tokens.data_access_expires_at,
        issued_at=tokens.issued_at,
        scopes=tokens.scopes,
        extra={USER_TOKEN: user_token(tokens)},
    )
    return replace(
        _profile(user),
        user_id=person,
        unusable=unusable,
        tokens=account_tokens if page_token else None,
        details=details,
    )


def _profile(user: Mapping[str, Any]) -> Profile:
    return Profile(
        account_id=str(user["id"]),
        username=user.get("username", ""),
        display_name=user.get("name", ""),
        profile_picture_url=user.get("profile_picture_url", ""),
    )


def _scopes(permissions: Any) -> frozenset[str] | None:
    """Return the permissions of a token answer, a list or a comma-separated text; None if there are none."""
    names = permissions.split(",") if isinstance(permissions, str) else permissions or ()
    return frozenset(name.strip() for name in names) or None

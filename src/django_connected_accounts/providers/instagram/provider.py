"""Instagram as a provider: through a Facebook Page (`Instagram`) and by itself (`InstagramLogin`).

https://developers.facebook.com/docs/instagram-platform/content-publishing
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django_connected_accounts.providers.base import Measures
from django_connected_accounts.providers.meta import (
    API_VERSIONS,
    CURRENT_VERSION,
    ContainerPublishing,
    FacebookLogin,
    MetaReceiving,
    OwnLogin,
)
from django_connected_accounts.providers.meta.login import USER_TOKEN, page_tokens, unusable_page
from django_connected_accounts.providers.types import Connection, Draft, Problem, Profile, Reading, Tokens

from . import measuring, rules
from .client import USER_FIELDS, InstagramAPIClient
from .drafts import InstagramContainers

_PAGE_FIELDS = f"id,name,access_token,tasks,instagram_business_account{{{USER_FIELDS}}}"
_PROFESSIONAL = ("BUSINESS", "MEDIA_CREATOR")


class InstagramAccounts(ContainerPublishing, Measures):
    """What accounts can do, for both logins; they differ in their `client` and their options."""

    kinds = ("photo", "carousel", "reel", "story")
    takes = rules.RULES
    limits = rules.LIMITS

    @abstractmethod
    def client(self, connection: Connection) -> InstagramAPIClient:
        """Return the API as this account."""

    def problems(self, draft: Draft) -> list[Problem]:
        return list(rules.problems(draft, self.options))

    def length(self, text: str) -> int:
        """Return the UTF-16 units of a text. Instagram does not say how it counts; this is never too few."""
        return rules.length(text)

    def containers(self, connection: Connection, draft: Draft) -> InstagramContainers:
        return InstagramContainers(
            provider=self.id,
            client=self.client(connection),
            connection=connection,
            draft=draft,
            options=self.options,
        )

    def publishing_limit(self, connection: Connection) -> Mapping[str, Any]:
        return self.client(connection).get_publishing_limit(connection.account_id)

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        return measuring.readings(self.client(connection), connection, remote_id, self.http.now())


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
    options = {**rules.OPTIONS, **rules.FACEBOOK_LOGIN_OPTIONS}

    def client(self, connection: Connection) -> InstagramAPIClient:
        tokens = connection.tokens
        person = tokens.extra.get(USER_TOKEN, "")
        return InstagramAPIClient(self.graph.acting(tokens.access_token, fallback_token=person))

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        person = self.user_id(tokens)
        return [_page_profile(page, person, tokens) for page in self.pages(tokens, fields=_PAGE_FIELDS)]

    def verify(self, connection: Connection) -> Profile:
        tokens = self.readable(connection)
        user = self.client(connection).get_user_info(connection.account_id)
        self.quota(connection)  # answers only with the permission to publish
        return replace(_profile(user), details=connection.details, tokens=tokens)


class InstagramLogin(InstagramAccounts, MetaReceiving, OwnLogin):
    """Instagram professional accounts by Instagram's own login: no Page, no location, no collaborators."""

    id = "instagram_login"
    name = "Instagram"
    hosts = frozenset({"www.instagram.com", "api.instagram.com", "graph.instagram.com"})
    authorize_url = "https://www.instagram.com/oauth/authorize"
    token_url = "https://api.instagram.com/oauth/access_token"  # noqa: S105
    graph_host = "graph.instagram.com"
    grant = "ig"
    api_version = CURRENT_VERSION
    api_versions = API_VERSIONS
    rerequest_params = {"force_reauth": "true"}
    scopes = {
        "connect": ("instagram_business_basic",),
        "publish": ("instagram_business_content_publish",),
        "comment": ("instagram_business_manage_comments",),
        "measure": ("instagram_business_manage_insights",),
    }
    requirements = ("professional_account", "page_not_needed")
    options = rules.OPTIONS
    signing_options = app_options = ("META_APP_SECRET",)

    def client(self, connection: Connection) -> InstagramAPIClient:
        return self._client(connection.tokens)

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
        return InstagramAPIClient(self.graph.acting(tokens.access_token))


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
    return replace(
        _profile(user),
        user_id=person,
        unusable=unusable_page(page),
        tokens=page_tokens(page, tokens),
        details=details,
    )


def _profile(user: Mapping[str, Any]) -> Profile:
    return Profile(
        account_id=str(user["id"]),
        username=user.get("username", ""),
        display_name=user.get("name", ""),
        profile_picture_url=user.get("profile_picture_url", ""),
    )

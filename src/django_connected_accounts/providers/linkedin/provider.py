"""LinkedIn's login, for members and the company Pages they look after, and its numbers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, InvalidRequest, PermissionMissing
from django_connected_accounts.providers.base import Deletes, Measures, Receives
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.oauth import OAuth2
from django_connected_accounts.providers.stages import PublishesInSteps
from django_connected_accounts.providers.types import (
    App,
    Connection,
    Draft,
    Notification,
    Problem,
    Profile,
    Reading,
    Renewal,
    Tokens,
)

from . import rules
from .client import API, WWW, LinkedInAPIClient
from .steps import ORGANIZATION, Step

PERSON = "urn:li:person:"
MAX_PAGES = 10
POSTING_ROLES = frozenset(
    {"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"}
)
PAGE_NAMES = ("organization", "organizationTarget", "organizationalTarget")
"""What a role calls its Page: three names for the same thing are in use."""

ROLE_SCOPES = frozenset({"rw_organization_admin", "r_organization_admin"})
PAGE_SCOPES: Mapping[str, tuple[str, ...]] = {
    "connect": ("rw_organization_admin",),
    "publish": ("w_organization_social", "r_organization_social"),
    "measure": ("r_member_postAnalytics",),
    "delete": ("w_organization_social",),
}
MEMBER_METRICS = ("IMPRESSION", "MEMBERS_REACHED", "RESHARE", "REACTION", "COMMENT")
PAGE_METRICS = (
    "impressionCount", "uniqueImpressionsCount", "clickCount", "likeCount", "commentCount", "shareCount",
)  # fmt: skip


class LinkedIn(Receives, PublishesInSteps, Deletes, Measures, OAuth2):
    """Posts of members, and of Pages where the app may.

    Options of the app: ``PAGES`` asks for the scopes of company Pages, which LinkedIn must have approved
    (one that it has not makes every connection fail); ``DUPLICATE_WINDOW`` is for how many seconds the same
    text is answered with the post that is already there, 0 for never asking so.
    """

    id = "linkedin"
    name = "LinkedIn"
    hosts = frozenset({WWW, API})
    api_version = rules.VERSION
    api_versions = rules.VERSIONS
    app_options = ("PAGES", "DUPLICATE_WINDOW")
    authorize_url = f"https://{WWW}/oauth/v2/authorization"
    token_url = f"https://{WWW}/oauth/v2/accessToken"
    revoke_url = f"https://{WWW}/oauth/v2/revoke"
    access_seconds = 5_184_000
    grant_errors = OAuth2.grant_errors | {"invalid_redirect_uri"}
    exchange_codes = {"invalid_redirect_uri": "redirect_mismatch"}
    scope_separator = " "
    renewal = Renewal(by="refresh_token")
    requirements = ("member_or_page",)
    scopes = {
        "connect": ("openid", "profile"),
        "publish": ("w_member_social",),
        "comment": ("w_member_social",),
        "delete": ("w_member_social",),
    }
    kinds = rules.KINDS
    takes = rules.RULES
    limits = rules.LIMITS
    options = rules.OPTIONS

    def __init__(self, app: App, http: Http) -> None:
        if app.options.get("PAGES"):
            both, mine = {*self.scopes, *PAGE_SCOPES}, type(self).scopes
            self.scopes = {name: (*mine.get(name, ()), *PAGE_SCOPES.get(name, ())) for name in both}
        super().__init__(app, http)

    # Connecting

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        client = self._client(tokens)
        me = client.get_userinfo()
        person = f"{PERSON}{me['sub']}"
        member = Profile(
            account_id=person,
            username=me.get("name", ""),
            display_name=me.get("name", ""),
            profile_picture_url=me.get("picture", ""),
            account_type="member",
            user_id=person,
        )
        may_list = ROLE_SCOPES & (tokens.scopes or frozenset())
        return [member, *(_pages(client, person) if may_list else ())]

    def client(self, connection: Connection) -> LinkedInAPIClient:
        """Return the API as this account."""
        return self._client(connection.tokens)

    def _client(self, tokens: Tokens) -> LinkedInAPIClient:
        return LinkedInAPIClient(self.http, tokens.access_token, self.api_version)

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        return list(rules.problems(draft))

    def length(self, text: str) -> int:
        return rules.length(text)

    def step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
        return Step(
            client=self.client(connection),
            connection=connection,
            draft=draft,
            checkpoint=checkpoint,
            now=self.http.now(),
            window=timedelta(seconds=float(self.app.options.get("DUPLICATE_WINDOW", 600))),
        )

    def delete(self, connection: Connection, remote_id: str) -> None:
        self.client(connection).delete_post(remote_id)

    # Measuring

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        client, urn = self.client(connection), connection.account_id
        if urn.startswith(ORGANIZATION):
            return list(self._page_readings(client, urn, remote_id))
        return list(self._member_readings(client, remote_id))

    def _page_readings(self, client: LinkedInAPIClient, urn: str, post: str) -> Iterator[Reading]:
        rows = client.get_page_statistics(urn, post)
        # A post without any activity is left out, which is documented to mean zero.
        found = (rows[0].get("totalShareStatistics") or {}) if rows else dict.fromkeys(PAGE_METRICS, 0)
        yield from (self.reading(name, found.get(name)) for name in PAGE_METRICS)
        if not post:
            try:
                followers = client.get_followers(urn)["firstDegreeSize"]
            except (ContentRejected, PermissionMissing):
                followers = None
            yield self.reading("firstDegreeSize", followers)

    def _member_readings(self, client: LinkedInAPIClient, post: str) -> Iterator[Reading]:
        for metric in MEMBER_METRICS:
            try:
                value = next(iter(client.get_member_statistics(metric, post)), {}).get("count")
            except ContentRejected:
                value = None  # one number that can't be had spoils no other
            yield self.reading(metric, value)

    # Being told

    def handshake(self, query: Mapping[str, str]) -> Mapping[str, str]:
        challenge = query.get("challengeCode", "")
        if not challenge:
            raise InvalidRequest("webhook_refused")
        return {"challengeCode": challenge, "challengeResponse": self._mac(challenge.encode())}

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        signature = self._mac(b"hmacsha256=" + body)
        told = self.believed(body, given=headers.get("X-LI-Signature", ""), expected=signature)
        try:
            return [
                Notification(
                    kind=str(row.get("action", "")),
                    account_id=str(row.get("organizationalEntity", "")),
                    key=str(row["notificationId"]),
                    payload=row,
                    remote_id=str(row.get("sourcePost", "")),
                )
                for row in told["notifications"]
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidRequest("webhook_refused") from error

    def _mac(self, message: bytes) -> str:
        return hmac.new(self.app.client_secret.encode(), message, hashlib.sha256).hexdigest()


def _pages(client: LinkedInAPIClient, person: str) -> Iterator[Profile]:
    """Yield the Pages on which a person has a role, of whatever kind."""
    roles: dict[str, set[str]] = {}
    for number in range(MAX_PAGES):
        rows = client.list_roles(number * 100)
        for row in rows:
            urn = next((row[name] for name in PAGE_NAMES if row.get(name)), "")
            if urn and row.get("state", "APPROVED") == "APPROVED":
                roles.setdefault(str(urn), set()).add(str(row.get("role", "")))
        if len(rows) < 100:
            break
    for urn, held in roles.items():
        try:
            page = client.get_organization(urn.removeprefix(ORGANIZATION))
        except PermissionMissing:
            page = {}  # some roles may not even read its name
        yield Profile(
            account_id=urn,
            username=page.get("vanityName", ""),
            display_name=page.get("localizedName", urn),
            account_type="page",
            user_id=person,
            unusable="" if held & POSTING_ROLES else "page_role_missing",
        )

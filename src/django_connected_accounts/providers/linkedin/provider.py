"""LinkedIn's login, for members and the company Pages they look after, and its numbers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    ContentRejected,
    InvalidRequest,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    Unavailable,
)
from django_connected_accounts.providers.base import Deletes, Measures, Provider, Publishes, Receives
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.types import (
    App,
    Connection,
    Draft,
    HandedOver,
    Notification,
    Pending,
    Problem,
    Profile,
    Published,
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
PAGE_SCOPES: Mapping[str, tuple[str, ...]] = {
    "connect": ("rw_organization_admin",),
    "publish": ("w_organization_social", "r_organization_social"),
    "measure": ("r_member_postAnalytics",),
    "delete": ("w_organization_social",),
}
TOKEN_CODES: Mapping[str, str] = {
    "invalid_redirect_uri": "redirect_mismatch",
    "invalid_client": "app_misconfigured",
}
MEMBER_METRICS = ("IMPRESSION", "MEMBERS_REACHED", "RESHARE", "REACTION", "COMMENT")
PAGE_METRICS = (
    "impressionCount", "uniqueImpressionsCount", "clickCount", "likeCount", "commentCount", "shareCount",
)  # fmt: skip


class LinkedIn(Receives, Publishes, Deletes, Measures, Provider):
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

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        try:
            return self._tokens(grant)
        except (NotAuthorized, OperatorNeeded) as error:
            code = TOKEN_CODES.get(error.platform_code, "code_refused")
            raise ConnectionFailed(code, error.platform_code) from None

    def refresh(self, tokens: Tokens) -> Tokens:
        grant = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        try:
            younger = self._tokens(grant)
        except OutcomeUnknown as error:
            raise Unavailable("refresh_retrying", error.detail, provider=self.id) from None
        return replace(younger, scopes=younger.scopes or tokens.scopes)

    def revoke(self, tokens: Tokens) -> None:
        # Documented nowhere, and used by many: what it answers is not asked.
        self.http.request(
            "POST",
            self.revoke_url,
            repeatable=True,
            data={**self._client_secret, "token": tokens.access_token},
        )

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        client = LinkedInAPIClient(self.http, tokens.access_token, self.api_version)
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
        return [member, *self._pages(client, person, tokens)]

    def _pages(self, client: LinkedInAPIClient, person: str, tokens: Tokens) -> Iterator[Profile]:
        if "rw_organization_admin" not in (tokens.scopes or ()):
            return
        roles: dict[str, set[str]] = {}
        for number in range(MAX_PAGES):
            rows = client.list_roles(number * 100)
            for row in rows:
                # Three names for the same thing are in use.
                urn = (
                    row.get("organization")
                    or row.get("organizationTarget")
                    or row.get("organizationalTarget")
                )
                if urn and row.get("state", "APPROVED") == "APPROVED":
                    roles.setdefault(str(urn), set()).add(str(row.get("role", "")))
            if len(rows) < 100:
                break
        for urn, held in roles.items():
            page = client.get_organization(urn.removeprefix(ORGANIZATION))
            yield Profile(
                account_id=urn,
                username=page.get("vanityName", ""),
                display_name=page.get("localizedName", ""),
                account_type="page",
                user_id=person,
                unusable="" if held & POSTING_ROLES else "page_role_missing",
            )

    @property
    def _client_secret(self) -> dict[str, str]:
        return {"client_id": self.app.client_id, "client_secret": self.app.client_secret}

    def client(self, connection: Connection) -> LinkedInAPIClient:
        """Return the API as this account."""
        return LinkedInAPIClient(self.http, connection.tokens.access_token, self.api_version)

    def _tokens(self, grant: Mapping[str, str]) -> Tokens:
        response = self.http.request(
            "POST", self.token_url, repeatable=False, data={**self._client_secret, **grant}
        )
        answer = response.json if isinstance(response.json, dict) else {}
        error, now = str(answer.get("error", "")), self.http.now()
        if error:
            kind = OperatorNeeded if error == "invalid_client" else NotAuthorized
            code = "app_misconfigured" if kind is OperatorNeeded else "token_refused"
            raise kind(code, provider=self.id, platform_code=error)
        if response.status >= 400 or not answer.get("access_token"):
            raise OutcomeUnknown(detail=f"token: status {response.status}", provider=self.id)
        left = answer.get("refresh_token_expires_in")
        return Tokens(
            access_token=answer["access_token"],
            refresh_token=answer.get("refresh_token", ""),
            issued_at=now,
            expires_at=now + timedelta(seconds=float(answer.get("expires_in") or 5_184_000)),
            refresh_expires_at=now + timedelta(seconds=float(left)) if left else None,
            scopes=frozenset(filter(None, str(answer.get("scope", "")).replace(" ", ",").split(","))) or None,
        )

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        return list(rules.problems(draft))

    def length(self, text: str) -> int:
        return rules.length(text)

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending:
        if checkpoint is None:
            self.refuse(draft)
        return self._step(connection, draft, checkpoint or {}).take()

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | Pending | HandedOver | None:
        return self._step(connection, draft, checkpoint).find(since)

    def _step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
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
        query = (
            f"organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={_quoted(urn)}"
        )
        if post:
            query += f"&{'ugcPosts' if ':ugcPost:' in post else 'shares'}=List({_quoted(post)})"
        rows = client.get_statistics(query)
        # A post without any activity is left out, which is documented to mean zero.
        found = (rows[0].get("totalShareStatistics") if rows else None) or {}
        for name in PAGE_METRICS:
            value = found.get(name, 0.0 if not rows else None)
            yield Reading(name=name, value=None if value is None else float(value), at=self.http.now())

    def _member_readings(self, client: LinkedInAPIClient, post: str) -> Iterator[Reading]:
        kind = "ugc" if ":ugcPost:" in post else "share"
        what = f"q=entity&entity=({kind}:{_quoted(post)})" if post else "q=me"
        for metric in MEMBER_METRICS:
            query = f"memberCreatorPostAnalytics?{what}&queryType={metric}&aggregation=TOTAL"
            value = None
            try:
                rows = client.get_statistics(query)
                value = float(rows[0]["count"]) if rows else None
            except (ContentRejected, KeyError, TypeError, ValueError):
                pass  # one number that can't be had spoils no other
            yield Reading(name=metric, value=value, at=self.http.now())

    # Being told

    def handshake(self, query: Mapping[str, str]) -> Mapping[str, str]:
        challenge = query.get("challengeCode", "")
        if not challenge:
            raise InvalidRequest("webhook_refused")
        return {"challengeCode": challenge, "challengeResponse": self._mac(challenge.encode())}

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        signature = headers.get("X-LI-Signature", "")
        if not hmac.compare_digest(
            self._mac(b"hmacsha256=" + body).encode(), signature.encode(errors="replace")
        ):
            raise InvalidRequest("webhook_refused")
        try:
            rows = json.loads(body)["notifications"]
            return [
                Notification(
                    kind=str(row.get("action", "")),
                    account_id=str(row.get("organizationalEntity", "")),
                    key=str(row["notificationId"]),
                    payload=row,
                    remote_id=str(row.get("sourcePost", "")),
                )
                for row in rows
            ]
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise InvalidRequest("webhook_refused") from error

    def _mac(self, message: bytes) -> str:
        return hmac.new(self.app.client_secret.encode(), message, hashlib.sha256).hexdigest()


def _quoted(urn: str) -> str:
    return quote(urn, safe="")

"""X as a provider: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

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
from django_connected_accounts.providers.types import (
    Connection,
    Draft,
    Notification,
    Pending,
    Problem,
    Profile,
    Published,
    Reading,
    Renewal,
    Tokens,
    Withdrawal,
)

from . import counting, rules
from .client import API, TwitterAPIClient, call_oauth
from .steps import Step

SIGNATURE_HEADER = "x-twitter-webhooks-signature"
ACCOUNT_METRICS = (
    "followers_count", "following_count", "tweet_count", "listed_count", "like_count", "media_count",
)  # fmt: skip
METRICS: Mapping[str, tuple[str, ...]] = {
    "public_metrics": (
        "retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count",
    ),
    "non_public_metrics": ("impressions", "url_link_clicks", "user_profile_clicks", "engagements"),
}  # fmt: skip
RENAMED = {"retweet_count": "repost_count"}
"""What newer specifications call a number."""


class Twitter(Publishes, Deletes, Measures, Receives, Provider):
    """X accounts, by OAuth 2.0 with PKCE. Each refresh token works once."""

    id = "twitter"
    name = "X (Twitter)"
    hosts = frozenset({"x.com", "api.x.com"})
    authorize_url = "https://x.com/i/oauth2/authorize"
    token_url = f"{API}/oauth2/token"
    revoke_url = f"{API}/oauth2/revoke"
    api_version = "2"
    api_versions = {"2": None}
    scopes = {
        "connect": ("users.read", "tweet.read", "offline.access"),
        "publish": ("tweet.write", "media.write"),
        "comment": ("tweet.write",),
        "measure": ("tweet.read", "users.read"),
        "delete": ("tweet.write",),
    }
    scope_separator = " "
    pkce = True
    requirements = ("signed_in_account",)
    renewal = Renewal()
    app_options = ("CONSUMER_SECRET", "SELF_SERVE")
    kinds = ("text", "photo", "carousel", "video", "reel")
    takes = rules.RULES
    limits = rules.LIMITS
    options = rules.OPTIONS

    # Connecting

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        grant = {"grant_type": "authorization_code", "code": code}
        try:
            return self._token(**grant, redirect_uri=redirect_uri, code_verifier=verifier)
        except (ContentRejected, NotAuthorized, OperatorNeeded) as error:
            code = "app_misconfigured" if isinstance(error, OperatorNeeded) else "code_refused"
            raise ConnectionFailed(code, f"platform code {error.platform_code}") from None

    def refresh(self, tokens: Tokens) -> Tokens:
        try:
            younger = self._token(grant_type="refresh_token", refresh_token=tokens.refresh_token)
        except ContentRejected as error:  # of the request, not of the token: it can't end the grant
            raise OperatorNeeded(
                "app_misconfigured", provider=self.id, platform_code=error.platform_code
            ) from None
        return replace(younger, scopes=younger.scopes or tokens.scopes)

    def revoke(self, tokens: Tokens) -> None:
        for token in filter(None, (tokens.refresh_token, tokens.access_token)):
            try:
                call_oauth(self.http, self.app, self._at(self.revoke_url), repeatable=True, token=token)
            except (ContentRejected, NotAuthorized):
                continue  # it had ended before

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        user = self._client(tokens).get_me()
        return [
            Profile(
                account_id=str(user["id"]),
                username=str(user.get("username", "")),
                display_name=str(user.get("name", "")),
                profile_picture_url=str(user.get("profile_image_url", "")),
                account_type=str(user.get("verified_type", "")).replace("none", ""),
                user_id=str(user["id"]),
                details={name: user[name] for name in ("protected", "subscription_type") if name in user},
            )
        ]

    def _token(self, **form: str) -> Tokens:
        answer = call_oauth(self.http, self.app, self._at(self.token_url), repeatable=False, **form)
        now = self.http.now()
        if not answer.get("access_token"):
            raise OutcomeUnknown(detail="no token in the answer", provider=self.id)
        seconds = answer.get("expires_in")
        return Tokens(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer.get("refresh_token", "")),
            expires_at=now + timedelta(seconds=int(seconds)) if seconds else None,
            issued_at=now,
            scopes=frozenset(str(answer.get("scope", "")).replace(",", " ").split()) or None,
        )

    def _at(self, url: str) -> str:
        return url.format(version=self.api_version)

    def client(self, connection: Connection) -> TwitterAPIClient:
        """Return the API as this account."""
        return self._client(connection.tokens)

    def _client(self, tokens: Tokens) -> TwitterAPIClient:
        return TwitterAPIClient(self.http, tokens, version=self.api_version)

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        self_serve = bool(self.app.options.get("SELF_SERVE", True))
        return list(rules.problems(draft, self_serve=self_serve))

    def length(self, text: str) -> int:
        """Return the weighted length: links count 23, emoji and most scripts beside the Latin one 2."""
        return counting.length(text)

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending:
        if checkpoint is None:
            self.refuse(draft)
        return self._step(connection, draft, checkpoint).take()

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | None:
        return self._step(connection, draft, checkpoint).find(since)

    def _step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None) -> Step:
        return Step(
            client=self.client(connection),
            connection=connection,
            draft=draft,
            checkpoint=checkpoint or {},
            now=self.http.now(),
        )

    def delete(self, connection: Connection, remote_id: str) -> None:
        client = self.client(connection)
        try:
            if client.delete_tweet(remote_id) or "data" not in client.get_tweet(
                remote_id, fields="created_at"
            ):
                return
        except ContentRejected as error:
            if error.code == "post_gone":
                return
            raise
        raise Unavailable(detail="it was not deleted", provider=self.id)

    def leaves(self, draft: Draft) -> bool:
        """Say whether the draft has more than one text: each is a post of its own."""
        return len(list(rules.texts(draft))) > 1

    # Numbers

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        client, now = self.client(connection), self.http.now()
        if not remote_id:
            numbers = client.get_me(fields="public_metrics").get("public_metrics")
            return [_reading(name, numbers, now) for name in ACCOUNT_METRICS]
        try:
            answer = client.get_tweet(remote_id, fields=",".join(METRICS))
        except ContentRejected:  # what only the author sees is refused after thirty days
            answer = client.get_tweet(remote_id, fields="public_metrics")
        post, includes = answer.get("data"), answer.get("includes")
        if not isinstance(post, Mapping):
            raise ContentRejected("post_gone", provider=self.id)
        readings = [
            _reading(name, post.get(group), now) for group, names in METRICS.items() for name in names
        ]
        media = includes.get("media") if isinstance(includes, Mapping) else None
        for item in media or ():
            numbers = item.get("public_metrics") if isinstance(item, Mapping) else None
            if isinstance(numbers, Mapping) and "view_count" in numbers:
                readings.append(_reading("view_count", numbers, now))
        return readings

    # Being told

    def handshake(self, query: Mapping[str, str]) -> Mapping[str, str]:
        """Answer X's challenge (CRC)."""
        challenge = query.get("crc_token", "")
        if not challenge:
            raise InvalidRequest("webhook_refused")
        return {"response_token": self._signature(challenge.encode())}

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        given = headers.get(SIGNATURE_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="replace"), self._signature(body).encode()):
            raise InvalidRequest("webhook_refused")
        try:
            data = json.loads(body)["data"]
            kind, key, payload = str(data["event_type"]), str(data["event_uuid"]), data.get("payload")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise InvalidRequest("webhook_refused") from error
        payload = payload if isinstance(payload, dict) else {}
        account_id = str(payload.get("user_id") or payload.get("author_id") or "")
        withdrawal = _withdrawal(account_id, payload) if kind == "oauth.revoke" else None
        return [
            Notification(kind=kind, account_id=account_id, key=key, payload=payload, withdrawal=withdrawal)
        ]

    def _signature(self, message: bytes) -> str:
        """Sign with the API secret key, which is not the secret of OAuth 2.0."""
        secret = str(self.app.options.get("CONSUMER_SECRET") or "")
        if not secret:
            raise InvalidRequest("webhook_refused")
        mac = hmac.new(secret.encode(), message, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(mac).decode()}"


def _reading(name: str, numbers: Any, at: datetime) -> Reading:
    found = numbers if isinstance(numbers, Mapping) else {}
    value = found.get(name, found.get(RENAMED.get(name, "")))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Reading(name=name, value=float(value) if is_number else None, at=at)


def _withdrawal(user_id: str, payload: Mapping[str, Any]) -> Withdrawal:
    try:
        at = datetime.fromisoformat(str(payload["date_time"]))
    except (KeyError, ValueError) as error:
        raise InvalidRequest("webhook_refused") from error
    if not rules.TWEET_ID.fullmatch(user_id) or at.tzinfo is None:
        raise InvalidRequest("webhook_refused")
    return Withdrawal(user_id=user_id, at=at)

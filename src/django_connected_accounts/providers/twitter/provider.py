"""X as a provider: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, InvalidRequest, NotAuthorized, Unavailable
from django_connected_accounts.providers.base import Deletes, Measures, Receives
from django_connected_accounts.providers.oauth import OAuth2
from django_connected_accounts.providers.stages import PublishesInSteps
from django_connected_accounts.providers.types import (
    Connection,
    Draft,
    Notification,
    Problem,
    Profile,
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


class Twitter(PublishesInSteps, Deletes, Measures, Receives, OAuth2):
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
    works_once = True
    requirements = ("signed_in_account",)
    renewal = Renewal()
    app_options = ("CONSUMER_SECRET", "SELF_SERVE")
    kinds = ("text", "photo", "carousel", "video", "reel")
    takes = rules.RULES
    limits = rules.LIMITS
    options = rules.OPTIONS

    # Connecting

    def ask(self, grant: Mapping[str, str]) -> Mapping[str, Any]:
        return call_oauth(self.http, self.app, self._at(self.token_url), repeatable=False, **grant)

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

    def step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
        return Step(
            client=self.client(connection),
            connection=connection,
            draft=draft,
            checkpoint=checkpoint,
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
            if error.code == "post_gone" and "not-authorized" not in error.platform_code:
                return
            raise
        raise Unavailable(detail="it was not deleted", provider=self.id)

    def leaves(self, draft: Draft) -> bool:
        """Say whether the draft has more than one text: each is a post of its own."""
        return len(list(rules.texts(draft))) > 1

    # Numbers

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        client = self.client(connection)
        if not remote_id:
            numbers = client.get_me(fields="public_metrics").get("public_metrics")
            return [self._number(name, numbers) for name in ACCOUNT_METRICS]
        try:
            answer = client.get_tweet(remote_id, fields=",".join(METRICS))
        except ContentRejected:  # what only the author sees is refused after thirty days
            answer = client.get_tweet(remote_id, fields="public_metrics")
        post, includes = answer.get("data"), answer.get("includes")
        if not isinstance(post, Mapping):
            raise ContentRejected("post_gone", provider=self.id)
        readings = [self._number(name, post.get(group)) for group, names in METRICS.items() for name in names]
        media = includes.get("media") if isinstance(includes, Mapping) else None
        for item in media or ():
            numbers = item.get("public_metrics") if isinstance(item, Mapping) else None
            if isinstance(numbers, Mapping) and "view_count" in numbers:
                readings.append(self._number("view_count", numbers))
        return readings

    def _number(self, name: str, numbers: Any) -> Reading:
        found = numbers if isinstance(numbers, Mapping) else {}
        return self.reading(name, found.get(name, found.get(RENAMED.get(name, ""))))

    # Being told

    def handshake(self, query: Mapping[str, str]) -> Mapping[str, str]:
        """Answer X's challenge (CRC)."""
        challenge = query.get("crc_token", "")
        if not challenge:
            raise InvalidRequest("webhook_refused")
        return {"response_token": self._signature(challenge.encode())}

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        given, signature = headers.get(SIGNATURE_HEADER, ""), self._signature(body)
        try:
            data = self.believed(body, given=given, expected=signature)["data"]
            kind, key, payload = str(data["event_type"]), str(data["event_uuid"]), data.get("payload")
        except (KeyError, TypeError, AttributeError) as error:
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


def _withdrawal(user_id: str, payload: Mapping[str, Any]) -> Withdrawal:
    try:
        at = datetime.fromisoformat(str(payload["date_time"]))
    except (KeyError, ValueError) as error:
        raise InvalidRequest("webhook_refused") from error
    if not rules.TWEET_ID.fullmatch(user_id) or at.tzinfo is None:
        raise InvalidRequest("webhook_refused")
    return Withdrawal(user_id=user_id, at=at)

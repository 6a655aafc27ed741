"""TikTok's Login Kit, its numbers, and what it tells."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.base import Measures, Receives
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.oauth import OAuth2
from django_connected_accounts.providers.stages import PublishesInSteps
from django_connected_accounts.providers.types import (
    App,
    Connection,
    Draft,
    Notification,
    Option,
    Problem,
    Profile,
    Published,
    Reading,
    Renewal,
    Tokens,
    Withdrawal,
)

from . import rules
from .client import HOST, UPLOAD_HOST, TikTokAPIClient
from .steps import Step

STATS = ("follower_count", "following_count", "likes_count", "video_count")
POST_STATS = ("view_count", "like_count", "comment_count", "share_count")
SIGNATURE_AGE = timedelta(minutes=5)


class TikTok(Receives, PublishesInSteps, Measures, OAuth2):
    """Films and photos, published at once or put into the inbox of the app.

    Options of the app: ``AUDITED`` once TikTok has audited it (before that, only private posts on private
    accounts are taken); ``SOURCE`` "PULL_FROM_URL" has TikTok fetch films from a domain it has verified;
    ``PKCE`` "hex" or "base64url" where the app is of a kind that needs it.
    """

    id = "tiktok"
    name = "TikTok"
    hosts = frozenset({"www.tiktok.com", HOST, UPLOAD_HOST})
    api_version = "v2"
    api_versions = {"v2": None}
    app_options = ("AUDITED", "SOURCE", "PKCE")
    authorize_url = "https://www.tiktok.com/v2/auth/authorize/"
    token_url = f"https://{HOST}/v2/oauth/token/"
    revoke_url = f"https://{HOST}/v2/oauth/revoke/"
    client_id_name = "client_key"
    access_seconds = 7200
    grant_errors = frozenset({"invalid_grant"})
    exchange_codes = {"invalid_grant": "code_expired", "invalid_request": "code_refused"}
    authorize_params = {"disable_auto_auth": "1"}
    requirements = ("signed_in_account",)
    renewal = Renewal(by="refresh_token")
    scopes = {
        "connect": ("user.info.basic", "user.info.profile"),
        "publish": ("video.publish", "video.upload"),
        "measure": ("user.info.stats", "video.list"),
    }
    kinds = rules.KINDS
    takes = rules.RULES
    limits = rules.LIMITS
    options = rules.OPTIONS

    def __init__(self, app: App, http: Http) -> None:
        super().__init__(app, http)
        self.pkce = bool(app.options.get("PKCE"))

    def challenge(self, verifier: str) -> str:
        if self.app.options.get("PKCE") == "hex":
            return hashlib.sha256(verifier.encode()).hexdigest()
        return super().challenge(verifier)

    # Connecting

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        named = tokens.scopes is None or "user.info.profile" in tokens.scopes
        fields = "open_id,union_id,avatar_url,display_name" + (",username" if named else "")
        user = TikTokAPIClient(self.http, tokens.access_token).get_user_info(fields)
        return [
            Profile(
                account_id=str(user["open_id"]),
                username=user.get("username", ""),
                display_name=user.get("display_name", ""),
                profile_picture_url=user.get("avatar_url", ""),
                user_id=str(user["open_id"]),
            )
        ]

    def client(self, connection: Connection) -> TikTokAPIClient:
        """Return the API as this account."""
        return TikTokAPIClient(self.http, connection.tokens.access_token)

    # Publishing

    def options_for(self, connection: Connection) -> Mapping[str, Option]:
        """Return the options as this creator has them now: who may see it, what may be allowed."""
        info = self.client(connection).get_creator_info()
        privacy = {
            level: rules.PRIVACY.get(level, level)
            for level in info.get("privacy_level_options", ())
            if self._audited or level == "SELF_ONLY"
        }
        refused = {f"allow_{name}" for name in ("comment", "duet", "stitch") if info.get(f"{name}_disabled")}
        nickname = str(info.get("creator_nickname", ""))
        found = {name: option for name, option in rules.OPTIONS.items() if name not in refused}
        found["privacy_level"] = replace(
            found["privacy_level"], choices=privacy, help=f"Who can see it on {nickname}."
        )
        return found

    def problems(self, draft: Draft) -> list[Problem]:
        return list(rules.problems(draft, audited=self._audited))

    def length(self, text: str) -> int:
        return rules.length(text)

    @property
    def _audited(self) -> bool:
        return bool(self.app.options.get("AUDITED"))

    def step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
        return Step(
            client=self.client(connection),
            connection=connection,
            draft=draft,
            checkpoint=checkpoint,
            now=self.http.now(),
            pull=self.app.options.get("SOURCE") == "PULL_FROM_URL" or draft.kind != "video",
        )

    # Measuring

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        client = self.client(connection)
        if remote_id:
            # Only what is public is shown, and only by its own id.
            names, found = POST_STATS, client.query_video(remote_id) if remote_id.isdigit() else {}
        else:
            names, found = STATS, client.get_user_info(",".join(("open_id", *STATS)))
        return [self.reading(name, found.get(name)) for name in names]

    # Being told

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        given = dict(part.partition("=")[::2] for part in headers.get("Tiktok-Signature", "").split(","))
        sent, signature = given.get("t", ""), given.get("s", "")
        mac = hmac.new(self.app.client_secret.encode(), sent.encode() + b"." + body, hashlib.sha256)
        if not hmac.compare_digest(mac.hexdigest().encode(), signature.encode(errors="replace")):
            raise InvalidRequest("webhook_refused")
        if abs(self.http.now() - _moment(sent)) > SIGNATURE_AGE:
            raise InvalidRequest("webhook_refused")
        told = _object(body)
        content = _object(str(told.get("content", "{}")).encode())
        return [self._notification(told, content)]

    def _notification(self, told: Mapping[str, Any], content: Mapping[str, Any]) -> Notification:
        event, person = str(told.get("event", "")), str(told.get("user_openid", ""))
        key = json.dumps([event, person, content, told.get("create_time")], sort_keys=True)
        at = _moment(told.get("create_time"))
        public = event == "post.publish.publicly_available" and content.get("post_id")
        return Notification(
            kind=event,
            account_id=person,
            key=hashlib.sha256(key.encode()).hexdigest(),
            payload=content,
            withdrawal=Withdrawal(user_id=person, at=at) if event == "authorization.removed" else None,
            remote_id=str(content.get("publish_id", "")),
            published=Published(remote_id=str(content["post_id"]), published_at=at) if public else None,
        )


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("webhook_refused") from error
    if not isinstance(found, dict):
        raise InvalidRequest("webhook_refused")
    return found


def _moment(seconds: Any) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), tz=timezone.utc)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise InvalidRequest("webhook_refused") from error

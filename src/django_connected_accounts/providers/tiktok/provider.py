"""TikTok's Login Kit, its numbers, and what it tells."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    InvalidRequest,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    Unavailable,
)
from django_connected_accounts.providers.base import Measures, Provider, Publishes, Receives
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.types import (
    App,
    Connection,
    Draft,
    HandedOver,
    Notification,
    Option,
    Pending,
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

EXCHANGE_CODES: Mapping[str, str] = {"invalid_grant": "code_expired", "invalid_request": "code_refused"}
"""What is wrong with a code; any other refusal is about the app."""


class TikTok(Receives, Publishes, Measures, Provider):
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

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self.pkce:
            grant["code_verifier"] = verifier
        try:
            return self._tokens(grant)
        except (NotAuthorized, OperatorNeeded) as error:
            code = EXCHANGE_CODES.get(error.platform_code, error.code)
            raise ConnectionFailed(code, error.platform_code) from None

    def refresh(self, tokens: Tokens) -> Tokens:
        # The old refresh token may stop working with the answer.
        grant = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        try:
            younger = self._tokens(grant)
        except OutcomeUnknown as error:
            raise Unavailable("refresh_retrying", error.detail, provider=self.id) from None
        return replace(younger, scopes=younger.scopes or tokens.scopes)

    def revoke(self, tokens: Tokens) -> None:
        data = {**self._client, "token": tokens.access_token}
        self.http.request("POST", self.revoke_url, repeatable=True, data=data)

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

    @property
    def _client(self) -> dict[str, str]:
        return {"client_key": self.app.client_id, "client_secret": self.app.client_secret}

    def _tokens(self, grant: Mapping[str, str]) -> Tokens:
        response = self.http.request("POST", self.token_url, repeatable=False, data={**self._client, **grant})
        answer = response.json if isinstance(response.json, dict) else {}
        now, error = self.http.now(), str(answer.get("error", ""))
        if error:  # with HTTP 200 too
            known: dict[str, Any] = {"provider": self.id, "platform_code": error}
            known["trace_id"] = str(answer.get("log_id", ""))
            if error == "invalid_grant":
                raise NotAuthorized("token_refused", **known)
            raise OperatorNeeded("app_misconfigured", **known)
        if response.status >= 400 or not answer.get("access_token"):
            raise OutcomeUnknown(detail=f"token: status {response.status}", provider=self.id)
        refresh_seconds = answer.get("refresh_expires_in")
        return Tokens(
            access_token=answer["access_token"],
            refresh_token=answer.get("refresh_token", ""),
            issued_at=now,
            expires_at=now + timedelta(seconds=float(answer.get("expires_in") or 7200)),
            refresh_expires_at=now + timedelta(seconds=float(refresh_seconds)) if refresh_seconds else None,
            scopes=frozenset(filter(None, str(answer.get("scope", "")).replace(" ", ",").split(","))) or None,
        )

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

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending | HandedOver:
        if checkpoint is None:
            self.refuse(draft)
        return self._step(connection, draft, checkpoint or {}).take()

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | Pending | HandedOver | None:
        return self._step(connection, draft, checkpoint).find(since)

    @property
    def _audited(self) -> bool:
        return bool(self.app.options.get("AUDITED"))

    def _step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
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
        client, now = self.client(connection), self.http.now()
        if remote_id:
            names = POST_STATS
            # Only what is public is shown, and only by its own id.
            found = client.query_video(remote_id) if remote_id.isdigit() else {}
        else:
            names, found = STATS, client.get_user_info(",".join(("open_id", *STATS)))
        values = {name: found.get(name) for name in names}
        return [
            Reading(name=name, value=float(value) if isinstance(value, int | float) else None, at=now)
            for name, value in values.items()
        ]

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

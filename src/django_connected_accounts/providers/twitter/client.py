"""X's endpoints, one method each: https://docs.x.com/x-api."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from django_connected_accounts.exceptions import OutcomeUnknown, Unavailable
from django_connected_accounts.providers.http import Http, Response
from django_connected_accounts.providers.types import App, Tokens

from .errors import error_in

API = "https://api.x.com/{version}"
USER_FIELDS = (
    "created_at,name,profile_image_url,protected,public_metrics,subscription_type,username,verified_type"
)
READ, WRITE, UPLOAD = (
    ("tweet.read", "users.read"),
    ("tweet.write", "tweet.read", "users.read"),
    ("media.write",),
)
"""Scopes that calls need."""


class TwitterAPIClient:
    """Calls as one account. Only `create_tweet` must not be repeated."""

    def __init__(self, http: Http, tokens: Tokens, *, version: str = "2") -> None:
        self.http = http
        self._tokens = tokens
        self._base = API.format(version=version)

    def get_me(self, *, fields: str = USER_FIELDS) -> dict[str, Any]:
        """Return the account itself; X leaves out fields that are empty."""
        return self._data("GET", "users/me", READ, params={"user.fields": fields})

    def create_tweet(self, body: Mapping[str, Any]) -> str:
        """Publish and return the post's id. Never to be repeated blindly."""
        return str(self._data("POST", "tweets", WRITE, repeatable=False, json=dict(body))["id"])

    def delete_tweet(self, tweet_id: str) -> bool:
        """Delete and say whether it was done. To delete again what is gone does no harm."""
        data = self._call("DELETE", f"tweets/{quote(tweet_id, safe='')}", WRITE).get("data")
        return isinstance(data, Mapping) and data.get("deleted") is True

    def get_tweet(self, tweet_id: str, *, fields: str) -> Mapping[str, Any]:
        """Return ``data``, ``includes`` and ``errors``: what can't be shown is missing from the first."""
        params = {
            "tweet.fields": fields,
            "expansions": "attachments.media_keys",
            "media.fields": "public_metrics",
        }
        return self._call("GET", f"tweets/{quote(tweet_id, safe='')}", READ, params=params)

    def list_tweets(
        self, user_id: str, *, since: datetime, fields: str, page: str = ""
    ) -> tuple[list[dict[str, Any]], str]:
        """Return posts and replies since then, newest first, and the token of the next page, "" for none."""
        params = {
            "start_time": since.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "max_results": 100,
            "exclude": "retweets",
            "tweet.fields": fields,
            **({"pagination_token": page} if page else {}),
        }
        answer = self._call("GET", f"users/{quote(user_id, safe='')}/tweets", READ, params=params)
        meta, rows = answer.get("meta"), answer.get("data", [])
        if not isinstance(meta, Mapping) or not isinstance(rows, list):
            raise Unavailable(detail="a timeline without meta", provider=self.http.provider)
        return rows, str(meta.get("next_token", ""))

    def initialize_upload(self, media_type: str, total_bytes: int, category: str) -> dict[str, Any]:
        """Return ``id`` and ``media_key`` of a new upload. Repeating leaves an orphan that expires."""
        body = {"media_type": media_type, "total_bytes": total_bytes, "media_category": category}
        return self._data("POST", "media/upload/initialize", UPLOAD, json=body)

    def append_upload(self, media_id: str, segment: int, piece: bytes) -> None:
        """Send one piece; the same one may be sent again."""
        self._call(
            "POST",
            f"media/upload/{quote(media_id, safe='')}/append",
            UPLOAD,
            data={"segment_index": str(segment)},
            files={"media": ("piece", piece, "application/octet-stream")},
        )

    def finalize_upload(self, media_id: str) -> dict[str, Any]:
        """Return ``expires_after_secs``, and ``processing_info`` where it is not ready at once."""
        return self._data("POST", f"media/upload/{quote(media_id, safe='')}/finalize", UPLOAD)

    def get_upload_status(self, media_id: str) -> dict[str, Any]:
        """Return what `finalize_upload` does, as it stands now."""
        params = {"command": "STATUS", "media_id": media_id}
        return self._data("GET", "media/upload", UPLOAD, params=params)

    def set_alt_text(self, media_id: str, text: str) -> None:
        """Describe a picture, before it is published."""
        body = {"id": media_id, "metadata": {"alt_text": {"text": text}}}
        self._call("POST", "media/metadata", UPLOAD, json=body)

    def _data(self, method: str, path: str, scopes: Sequence[str], **options: Any) -> dict[str, Any]:
        """Return the object in an answer, which has an id."""
        data = self._call(method, path, scopes, **options).get("data")
        if isinstance(data, dict) and data.get("id"):
            return data
        silence = Unavailable if options.get("repeatable", True) else OutcomeUnknown
        raise silence(detail=f"{method} {path}: no data in the answer", provider=self.http.provider)

    def _call(
        self, method: str, path: str, scopes: Sequence[str], *, repeatable: bool = True, **options: Any
    ) -> Mapping[str, Any]:
        token, granted = self._tokens.access_token, self._tokens.scopes
        response = self.http.request(
            method, f"{self._base}/{path}", repeatable=repeatable, token=token, **options
        )
        missing = [] if granted is None else [scope for scope in scopes if scope not in granted]
        return _checked(response, repeatable=repeatable, provider=self.http.provider, missing=missing)


def call_oauth(http: Http, app: App, url: str, *, repeatable: bool, **form: str) -> Mapping[str, Any]:
    """Return the answer of the token or the revocation endpoint, asked as a confidential client."""
    secret = f"{quote(app.client_id, safe='')}:{quote(app.client_secret, safe='')}"
    headers = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    response = http.request("POST", url, repeatable=repeatable, data=form, headers=headers)
    return _checked(response, repeatable=repeatable, provider=http.provider)


def _checked(
    response: Response, *, repeatable: bool, provider: str, missing: Sequence[str] = ()
) -> Mapping[str, Any]:
    if error := error_in(response, repeatable=repeatable, provider=provider, missing=missing):
        raise error
    # Appending answers nothing at all; what is needed of other answers is looked for by who needs it.
    return response.json if isinstance(response.json, Mapping) else {}

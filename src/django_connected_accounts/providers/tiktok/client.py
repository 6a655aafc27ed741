"""TikTok's endpoints, one method each: https://developers.tiktok.com/doc/content-posting-api-reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django_connected_accounts.exceptions import ContentRejected, OutcomeUnknown, Unavailable
from django_connected_accounts.providers.http import Http, Response

from .rules import ERRORS

HOST, UPLOAD_HOST = "open.tiktokapis.com", "open-upload.tiktokapis.com"
VIDEO_FIELDS = (
    "id,title,video_description,create_time,share_url,like_count,comment_count,share_count,view_count"
)


class TikTokAPIClient:
    """Calls as one account. Success is ``error.code`` being "ok", whatever the HTTP status."""

    def __init__(self, http: Http, access_token: str) -> None:
        self.http = http
        self._access_token = access_token

    def get_user_info(self, fields: str) -> dict[str, Any]:
        user = self._call("GET", "user/info", params={"fields": fields}).get("user")
        if not isinstance(user, dict) or not user.get("open_id"):
            raise Unavailable(detail="user/info: no open_id in the answer", provider=self.http.provider)
        return user

    def get_creator_info(self) -> dict[str, Any]:
        """Return what this creator may choose now; it may change at any time."""
        return self._call("POST", "post/publish/creator_info/query", json={})

    def init(self, path: str, body: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
        """Begin a post and return ``publish_id``, with ``upload_url`` where its bytes are to be sent."""
        answer = self._call("POST", f"post/publish/{path}/init", json=body, repeatable=repeatable)
        if not answer.get("publish_id"):
            silence = Unavailable if repeatable else OutcomeUnknown
            raise silence(detail=f"{path}: no publish_id in the answer", provider=self.http.provider)
        return answer

    def upload(
        self, url: str, piece: bytes, *, offset: int, size: int, mime: str, repeatable: bool
    ) -> tuple[int, int]:
        """Send a piece of a film; return the HTTP status and how many bytes TikTok has now.

        The same piece may be sent again, as bytes have their places; but with the last one it is a post.
        """
        if urlsplit(url).hostname != UPLOAD_HOST:
            raise Unavailable("platform_unavailable", "the upload address is elsewhere")
        response = self.http.request(
            "PUT",
            url,
            repeatable=repeatable,
            data=piece,
            headers={
                "Content-Type": mime,
                "Content-Range": f"bytes {offset}-{offset + len(piece) - 1}/{size}",
            },
        )
        if response.status == 429:
            silence = Unavailable if repeatable else OutcomeUnknown
            raise silence(platform_code="429", provider=self.http.provider)
        stored = re.search(r"-(\d+)/", response.headers.get("Content-Range", ""))
        return response.status, int(stored[1]) + 1 if stored else offset + len(piece)

    def get_status(self, publish_id: str) -> dict[str, Any]:
        """Return ``status``, and with it ``fail_reason`` or the post's id (whose key TikTok misspells)."""
        try:
            answer = self._call("POST", "post/publish/status/fetch", json={"publish_id": publish_id})
        except ContentRejected as error:
            # What is being published is not refused because its status can't be read.
            raise Unavailable(platform_code=error.platform_code, provider=error.provider) from None
        if not answer.get("status"):
            raise Unavailable(detail="status/fetch: no status in the answer", provider=self.http.provider)
        return answer

    def cancel(self, publish_id: str) -> None:
        """Ask that a post under way be given up; TikTok promises nothing."""
        self._call("POST", "post/publish/cancel", json={"publish_id": publish_id})

    def list_videos(self) -> list[dict[str, Any]]:
        """Return the newest public videos."""
        answer = self._call("POST", "video/list", params={"fields": VIDEO_FIELDS}, json={"max_count": 20})
        return list(answer.get("videos", ()))

    def query_video(self, video_id: str) -> dict[str, Any]:
        """Return a public video, {} where it is not to be seen."""
        filters = {"filters": {"video_ids": [video_id]}}
        answer = self._call("POST", "video/query", params={"fields": VIDEO_FIELDS}, json=filters)
        return next(iter(answer.get("videos", ())), {})

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        repeatable: bool = True,
    ) -> dict[str, Any]:
        response = self.http.request(
            method,
            f"https://{HOST}/v2/{path}/",
            repeatable=repeatable,
            params=params,
            json=json,
            token=self._access_token,
        )
        return _data(response, repeatable=repeatable, provider=self.http.provider)


def _data(response: Response, *, repeatable: bool, provider: str) -> dict[str, Any]:
    """Return what an answer holds, or raise what its code calls for."""
    body = response.json if isinstance(response.json, dict) else {}
    error = body.get("error")
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    if code == "ok" and response.status < 400 and isinstance(body.get("data"), dict):
        data: dict[str, Any] = body["data"]
        return data
    trace_id = str(error.get("log_id") or error.get("logid") or "") if isinstance(error, dict) else ""
    known: dict[str, Any] = {"provider": provider, "platform_code": code or str(response.status)}
    known["trace_id"] = trace_id
    meaning = ERRORS.get(code)
    if meaning and (meaning.certain or repeatable):
        if meaning.code == "app_rate_limited":
            known["scope"] = "app"
        raise meaning.raised(certain=True, **known)
    if not repeatable:
        raise OutcomeUnknown(**known)
    if response.status == 429:
        raise ERRORS["rate_limit_exceeded"].raised(**known)
    if code and response.status >= 400:
        raise ContentRejected("request_refused", **known)
    raise Unavailable(**known)

"""Calls to the Graph API: one host, one version, answers parsed, errors typed."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from django_connected_accounts.exceptions import OutcomeUnknown, Unavailable
from django_connected_accounts.providers.http import Http

from .errors import error_in

logger = logging.getLogger("django_connected_accounts")

API_VERSIONS: Mapping[str, date | None] = {
    # version: the day its availability ends, None where Meta has not said.
    # https://developers.facebook.com/docs/graph-api/changelog, read 2026-11-22
    "v17.0": date(2025, 9, 12),
    "v18.0": date(2026, 1, 26),
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
CURRENT_VERSION = "v26.0"

MAX_PAGES = 100

Files = Mapping[str, tuple[str, bytes, str]]


class Graph:
    """One Graph host. With an ``app_secret`` every call proves that it comes from the app's server.

    ``token`` is for calls that name none, ``fallback_token`` reads where that sees nothing: there were days
    when Pages' tokens could write but not read what they had written.
    """

    def __init__(
        self,
        http: Http,
        *,
        host: str,
        version: str = "",
        app_secret: str = "",
        token: str = "",
        fallback_token: str = "",
    ) -> None:
        self.http = http
        self.host = host
        self.base_url = f"https://{host}/{version}" if version else f"https://{host}"
        self._version = version
        self._app_secret = app_secret
        self._token = token
        self._fallback_token = fallback_token

    def acting(self, token: str, *, fallback_token: str = "") -> Graph:
        """Return the same API with a token of its own."""
        return Graph(
            self.http,
            host=self.host,
            version=self._version,
            app_secret=self._app_secret,
            token=token,
            fallback_token=fallback_token,
        )

    def unversioned(self) -> Graph:
        """Return the same host without a version, where some token endpoints live."""
        return Graph(self.http, host=self.host, app_secret=self._app_secret)

    def get(
        self, path: str, *, needs: str, token: str = "", repeatable: bool = True, **params: Any
    ) -> dict[str, Any]:
        """Return the object at this path. Parameters that are None are left out.

        An answer without the field it ``needs`` is no answer.
        """
        try:
            return self._call("GET", path, token, needs=needs, repeatable=repeatable, params=params)
        except Unavailable as error:
            if error.code != "object_not_visible" or token or not self._fallback_token:
                raise
        token = self._fallback_token
        return self._call("GET", path, token, needs=needs, repeatable=repeatable, params=params)

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Return the first page of a list."""
        return list(self.get(path, needs="data", **params)["data"])

    def post(
        self,
        path: str,
        *,
        needs: str,
        token: str = "",
        repeatable: bool,
        files: Files | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Return the answer to a write; its parameters travel in the body, and ``files`` beside them."""
        return self._call("POST", path, token, needs=needs, repeatable=repeatable, data=params, files=files)

    def create(self, path: str, *, repeatable: bool, files: Files | None = None, **params: Any) -> str:
        """Make something and return its id."""
        return str(self.post(path, needs="id", repeatable=repeatable, files=files, **params)["id"])

    def delete(self, path: str, *, token: str = "") -> None:
        """Delete; what is gone already is no error."""
        try:
            self._call("DELETE", path, token, needs="success", repeatable=True, params={})
        except Unavailable as error:
            if error.code != "object_not_visible":
                raise

    def pages(
        self, path: str, *, token: str = "", limit: int = 100, **params: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list, page after page.

        Pages are asked for by cursor: the ``next`` address of an answer holds the token and is never
        followed.
        """
        after = None
        for _ in range(MAX_PAGES):
            page = self.get(path, needs="data", token=token, limit=limit, after=after, **params)
            yield from page["data"]
            paging = page.get("paging", {})
            after = paging.get("cursors", {}).get("after")
            if not after or "next" not in paging:
                return
        logger.warning("%s/%s has more than %d pages, the rest is left out", self.base_url, path, MAX_PAGES)

    def _call(
        self,
        method: str,
        path: str,
        token: str,
        *,
        needs: str,
        repeatable: bool,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        files: Files | None = None,
    ) -> dict[str, Any]:
        token = token or self._token
        sent = {name: _encoded(value) for name, value in (params or data or {}).items() if value is not None}
        if token and self._app_secret:
            sent["appsecret_proof"] = hmac.digest(self._app_secret.encode(), token.encode(), "sha256").hex()
        response = self.http.request(
            method,
            f"{self.base_url}/{quote(path)}",
            repeatable=repeatable,
            params=sent if data is None else None,
            data=sent if data is not None else None,
            files=files,
            token=token,
        )
        error = error_in(response, repeatable=repeatable, provider=self.http.provider)
        if error:
            raise error
        answer: dict[str, Any] = response.json
        rows = answer.get("data")
        if needs not in answer and isinstance(rows, list) and rows:
            answer = rows[0]  # Instagram's hosts answer some calls either way
        if answer.get(needs) in (None, "") or answer[needs] is False:
            silence = Unavailable if repeatable else OutcomeUnknown
            raise silence(detail=f"{method} {path}: no {needs} in the answer", provider=self.http.provider)
        return answer


def _encoded(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)

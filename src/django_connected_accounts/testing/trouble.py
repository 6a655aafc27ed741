"""A network that fails at the call you name, whatever platform is behind it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests import PreparedRequest as Request
from requests import Response
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

Send = Callable[[], Response]
Trouble = Callable[[Send, Request], Response]


class TroubledAdapter(BaseAdapter):
    """Passes calls to another adapter and counts them; the ``at``-th call meets ``trouble``."""

    def __init__(self, adapter: BaseAdapter, *, at: int = -1, trouble: str = "") -> None:
        super().__init__()
        self.adapter = adapter
        self.at = at
        self.trouble = trouble
        self.calls = 0

    def send(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        number, self.calls = self.calls, self.calls + 1
        if number != self.at:
            return self.adapter.send(request, *args, **kwargs)
        return TROUBLES[self.trouble](lambda: self.adapter.send(request, *args, **kwargs), request)

    def close(self) -> None:
        self.adapter.close()


def answer(
    request: Request, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Response:
    """Return what an adapter of a fake platform answers to a request."""
    raw = HTTPResponse(
        body=io.BytesIO(body), status=status, headers=dict(headers or {}), preload_content=False
    )
    response: Response = HTTPAdapter().build_response(request, raw)
    return response


def _lost_before(send: Send, request: Request) -> Response:
    raise requests.ReadTimeout("no answer", request=request)


def _lost_after(send: Send, request: Request) -> Response:
    send().close()
    raise requests.ConnectionError("connection reset", request=request)


def _cut(send: Send, request: Request) -> Response:
    response = send()
    body = response.content
    return answer(request, response.status_code, body[: len(body) // 2], {"Content-Type": "application/json"})


def _instead(status: int, body: bytes) -> Trouble:
    def trouble(send: Send, request: Request) -> Response:
        send().close()
        return answer(request, status, body)

    return trouble


TROUBLES: Mapping[str, Trouble] = {
    "lost_before": _lost_before,
    "lost_after": _lost_after,
    "cut": _cut,
    "500_after": _instead(500, b'{"error": {"code": 1, "message": "unknown"}}'),
    "503_page_after": _instead(503, b"<html>Service Unavailable</html>"),
    "redirect_after": _instead(302, b""),
    "html_after": _instead(200, b"<html>Welcome</html>"),
    "nothing_after": _instead(200, b""),
    "empty_after": _instead(200, b"{}"),
    "list_after": _instead(200, b"[]"),
    "400_page_after": _instead(400, b"<html>Bad Request</html>"),
    "400_empty_after": _instead(400, b"{}"),
}
"""By name; all but ``lost_before`` let the call take effect first."""

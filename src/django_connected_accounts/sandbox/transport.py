"""The sandbox without a network: a transport adapter for `requests` that answers in process."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

import requests
from django.core.handlers.wsgi import WSGIRequest
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import ReadTimeout
from urllib3 import HTTPResponse as RawResponse

from .app import Sandbox, configure, hosts, http_request
from .faults import ConnectionLost
from .world import World

URL = "http://sandbox.invalid"


class SandboxAdapter(BaseAdapter):
    """Mount it on `URL`: ``session.mount(URL, SandboxAdapter(world))``.

    Everything under ``http://sandbox.invalid/<host>/<path>`` is answered by the world; mounted on
    ``https://`` it answers for the real host names. A lost answer, one later than the read time-out and one
    that breaks off raise what `requests` raises for them.
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        configure()
        self.world = world

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        limit = timeout[1] if isinstance(timeout, tuple) else timeout

        def sleep(seconds: float) -> None:
            if limit is not None and seconds >= limit:
                raise ReadTimeout(f"Read timed out. (read timeout={limit})", request=request)
            self.world.sleep(seconds)

        try:
            response = Sandbox(self.world, sleep=sleep).respond(_django(request, hosts(self.world)))
        except ConnectionLost as lost:
            message = f"Connection aborted: remote end closed connection without response ({lost})"
            raise requests.ConnectionError(message, request=request) from None
        response.setdefault("Content-Length", str(len(response.content)))
        raw = RawResponse(
            body=io.BytesIO(response.content),
            headers=dict(response.items()),
            status=response.status_code,
            reason=response.reason_phrase,
            preload_content=False,
            enforce_content_length=True,
            request_method=request.method,
        )
        answer: requests.Response = HTTPAdapter().build_response(request, raw)
        if not stream:
            # A broken answer fails here, as it does on a network.
            answer.content  # noqa: B018
        return answer

    def close(self) -> None:
        """Nothing to close."""


def _django(request: requests.PreparedRequest, known: Collection[str]) -> WSGIRequest:
    parts = urlsplit(request.url or "")
    prefix = f"/{parts.hostname}" if parts.hostname in known else ""
    target = prefix + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = request.body or b""
    if not isinstance(body, (bytes, str)):
        body = b"".join(body)
    data = body.encode() if isinstance(body, str) else body
    return http_request(request.method or "GET", target, request.headers.items(), data)

"""The one HTTP client of all providers: allow-listed hosts, bounded answers, and never a doubt left unnamed.

A call either returns a `Response` that was read to its end, or raises: `Unavailable` when it is safe to
repeat, `OutcomeUnknown` when it must not be repeated and may have taken effect.
"""

from __future__ import annotations

import json as jsonlib
import logging
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from django_connected_accounts.exceptions import NotAuthorized, OutcomeUnknown, ProviderError, Unavailable

from .redaction import without_queries
from .transport import Request, Transport
from .types import Usage
from .usage import retry_after, usage

logger = logging.getLogger("django_connected_accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer. ``json`` is None where the body is empty, or is no JSON in an answer below 500."""

    status: int
    json: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=CaseInsensitiveDict, repr=False)
    usage: tuple[Usage, ...] = ()
    retry_after: float | None = None


class Http:
    """Calls to the hosts of one provider.

    ``sandbox_url`` sends every call, and every browser, to that address, the real host as first path segment;
    ``adapter`` replaces the network; ``clock`` is what the provider takes for now. Safe to share between
    threads.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        provider: str = "",
        sandbox_url: str = "",
        adapter: BaseAdapter | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        max_bytes: int = 5 * 1024 * 1024,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self.hosts = frozenset(hosts)
        self.provider = provider
        self.now = clock
        self._sandbox_url = sandbox_url.rstrip("/")
        self._transport = Transport(trust_env=not sandbox_url, adapter=adapter)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_bytes = max_bytes

    def browser_url(self, url: str) -> str:
        """Return where a browser finds this platform page: there, or in the sandbox."""
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.netloc not in self.hosts:
            raise ProviderError(
                "host_refused", f"{parts.hostname} is no host of this provider", provider=self.provider
            )
        return f"{self._sandbox_url}/{url.removeprefix('https://')}" if self._sandbox_url else url

    def request(
        self,
        method: str,
        url: str,
        *,
        repeatable: bool,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | bytes | Iterable[bytes] | None = None,
        json: Any = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        token: str = "",
        timeout: float | None = None,
    ) -> Response:
        """Return the platform's answer. ``token`` travels as bearer, ``timeout`` bounds the wait for it.

        ``files`` are parts of a multipart body. ``data`` that yields bytes and has a length is streamed.

        A repeatable call whose connection breaks is made once more at once. What then has no answer, or a
        5xx, a redirect or a success that can't be read, raises `Unavailable`, or `OutcomeUnknown` where it is
        not repeatable.
        """
        if token and not (token.isascii() and token.isprintable()):
            raise NotAuthorized("token_malformed", "the stored token can't be sent", provider=self.provider)
        call = _Call(self.provider, method, url, repeatable)
        request = Request(method, self.browser_url(url), params, data, json, files, headers, token)
        # Once for the head of the answer, and once more for the last piece of its body.
        if not repeatable and _ends_too_late(self._connect_timeout + 2 * (timeout or self._read_timeout)):
            raise Unavailable("out_of_time", f"{call.name} was not begun", provider=self.provider)
        failure: ProviderError | None = None
        for last in (False, True) if repeatable else (True,):
            answer = self._send(request, call, timeout or self._read_timeout)
            if isinstance(answer, Response):
                return answer
            failure = answer.error
            if last or not answer.broken:
                break
        assert failure is not None  # noqa: S101
        # Raised here, outside any handler, so that no exception of requests with its URL hangs on it.
        raise failure

    def _send(self, request: Request, call: _Call, timeout: float) -> Response | _Failure:
        began = time.monotonic()
        timeouts = (self._connect_timeout, timeout)
        try:
            with without_queries(), self._transport.send(request, timeouts) as response:
                body = self._read(response, until=began + sum(timeouts))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return call.failed(type(error).__name__, sent=not _nothing_sent(error), broken=_is_broken(error))
        call.log(response.status_code, time.monotonic() - began)
        return self._understand(response, body, call)

    def _read(self, response: requests.Response, *, until: float) -> bytes:
        # read1 returns what has arrived, so that an answer dripping in byte by byte meets the deadline.
        read = getattr(response.raw, "read1", response.raw.read)
        chunks, size = [], 0
        while chunk := read(65536, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                raise TooLarge
            if time.monotonic() > until:
                raise requests.ReadTimeout("too slow")
        return b"".join(chunks)

    def _understand(self, response: requests.Response, body: bytes, call: _Call) -> Response | _Failure:
        status, now = response.status_code, self.now()
        wait = retry_after(response.headers, now=now)
        said = usage(response.headers, now=now)
        if (seen := _seen.get()) is not None:
            seen.extend(said)
        if status >= 500 or 300 <= status < 400:
            return call.failed(f"status {status}", retry_after=wait)
        try:
            value = jsonlib.loads(body) if body else None
        except (ValueError, RecursionError):
            if status < 400:
                return call.failed(f"status {status} with a broken body")
            value = None
        return Response(status=status, json=value, headers=response.headers, usage=said, retry_after=wait)


@contextmanager
def send_before(end: Callable[[], datetime]) -> Iterator[None]:
    """Within it, no unrepeatable call begins that could still be under way at ``end()``: `Unavailable`."""
    marker = _end.set(end)
    try:
        yield
    finally:
        _end.reset(marker)


@contextmanager
def usage_seen() -> Iterator[list[Usage]]:
    """Within it, collect what the headers of every answer say of budgets, whoever made the call."""
    found: list[Usage] = []
    marker = _seen.set(found)
    try:
        yield found
    finally:
        _seen.reset(marker)


_end: ContextVar[Callable[[], datetime] | None] = ContextVar("connected_accounts_send_before", default=None)
_seen: ContextVar[list[Usage] | None] = ContextVar("connected_accounts_usage_seen", default=None)


def _ends_too_late(seconds: float) -> bool:
    end = _end.get()
    return end is not None and datetime.now(timezone.utc) + timedelta(seconds=seconds) > end()


class TooLarge(requests.RequestException):
    """The answer is longer than `Http` reads."""


@dataclass(frozen=True, slots=True)
class _Failure:
    error: ProviderError
    broken: bool


class _Call:
    """What may be said about a call: everything but its query, headers and body."""

    def __init__(self, provider: str, method: str, url: str, repeatable: bool) -> None:
        parts = urlsplit(url)
        self.provider = provider
        self.name = f"{method} {parts.netloc}{parts.path}"
        self.repeatable = repeatable

    def failed(
        self, why: str, *, sent: bool = True, broken: bool = False, retry_after: float | None = None
    ) -> _Failure:
        logger.warning("%s: %s", self.name, why)
        detail = f"{self.name}: {why}"
        if sent and not self.repeatable:
            return _Failure(OutcomeUnknown(detail=detail, provider=self.provider), broken)
        return _Failure(Unavailable(detail=detail, provider=self.provider, retry_after=retry_after), broken)

    def log(self, status: int, seconds: float) -> None:
        logger.debug("%s (%d) in %d ms", self.name, status, seconds * 1000)


def _nothing_sent(error: Exception) -> bool:
    """Whether the connection was never made, so that not a byte of the request can have arrived."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    reason = getattr(reason, "original_error", reason)  # a proxy's
    if isinstance(reason, urllib3.exceptions.SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    if type(reason) is OSError and str(reason).startswith("Tunnel connection failed"):
        return True  # the proxy refused, in the words of http.client
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _is_broken(error: Exception) -> bool:
    """Whether an open connection broke, as a pooled one does when the other side has closed it meanwhile."""
    return (
        isinstance(error, requests.ConnectionError)
        and not isinstance(error, requests.Timeout)
        and not _nothing_sent(error)
    )

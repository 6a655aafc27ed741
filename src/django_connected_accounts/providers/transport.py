"""How calls go out by `requests`: as its adapters send them, without what a session adds of its own.

That follows redirects, keeps cookies from one account to the next, and takes logins from a ``.netrc``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers

from django_connected_accounts import __version__

HEADERS = {**default_headers(), "User-Agent": f"django-connected-accounts/{__version__}"}
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """What is sent: this and nothing else. ``url`` is that of a host that is allowed."""

    method: str
    url: str
    params: Mapping[str, Any] | None
    data: Mapping[str, Any] | bytes | Iterable[bytes] | None
    json: Any
    files: Mapping[str, tuple[str, bytes, str]] | None
    headers: Mapping[str, str] | None
    token: str

    def prepared(self) -> requests.PreparedRequest:
        """Return it ready to be sent once."""
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = self.method, self.url
        if query := _encoded(self.params or {}):
            prepared.url += f"{'&' if '?' in self.url else '?'}{query}"
        prepared.headers = CaseInsensitiveDict({**HEADERS, **(self.headers or {})})
        if isinstance(self.data, Mapping) and not self.files:
            prepared.body = _encoded(self.data)
            prepared.headers.update({"Content-Type": FORM, "Content-Length": str(len(prepared.body))})
        elif self.data or self.files or self.json is not None or self.method != "GET":
            prepared.prepare_body(self.data, self.files, self.json)
        if self.token:
            prepared.headers["Authorization"] = f"Bearer {self.token}"
        return prepared


class Transport:
    """Sends requests over connections that are kept open, each thread over its own.

    ``trust_env`` says whether the environment names proxies and certificates, as `requests` understands it;
    it is asked once for each host. ``adapter`` replaces the network. Safe to share between threads.
    """

    def __init__(self, *, trust_env: bool = True, adapter: BaseAdapter | None = None) -> None:
        self._trust_env = trust_env
        self._adapter = adapter
        self._local = threading.local()

    def send(self, request: Request, timeout: tuple[float, float]) -> requests.Response:
        """Return the answer, its body still to be read from ``raw``, or raise what `requests` raises."""
        local = self._local
        if getattr(local, "process", None) != os.getpid():
            local.process, local.around, local.adapter = os.getpid(), {}, self._adapter or _Adapter()
        prepared = request.prepared()
        host = urlsplit(request.url)[:2]
        if host not in local.around:
            local.around[host] = self._environment(request.url)
        answer: requests.Response = local.adapter.send(prepared, timeout=timeout, **local.around[host])
        return answer

    def _environment(self, url: str) -> Mapping[str, Any]:
        session = requests.Session()
        session.trust_env = self._trust_env
        return session.merge_environment_settings(url, {}, True, None, None)


class _Adapter(HTTPAdapter):
    """Finds the connections to a host by its name, as a host's proxy and certificates stay the same here.

    Of an answer it notes what is read here, which is neither cookies nor how a text is encoded.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pools: dict[tuple[str, str], Any] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> Any:
        host = urlsplit(str(request.url))[:2]
        pool = self._pools.get(host)
        if pool is None or pool.pool is None:  # closed, as those to too many hosts are
            pool = self._pools[host] = super().get_connection_with_tls_context(request, *args, **kwargs)
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw = resp.status, resp
        response.headers = CaseInsensitiveDict(resp.headers)
        response.request, response.url = req, str(req.url)
        return response


def _encoded(values: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in values.items() if value is not None}, doseq=True)

"""How the simulated platforms pull media: a real GET, no redirects, with time-outs and a cap on size."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import requests

Fetch = Callable[[str], tuple[int, Mapping[str, str], bytes]]

CAP = 300 * 1024 * 1024
"""No platform takes a film larger than this."""


def get(url: str) -> tuple[int, Mapping[str, str], bytes]:
    """Return status, headers and at most `CAP` bytes, or raise `requests.RequestException`."""
    with requests.Session() as session:
        # A proxy of the environment knows nothing of this machine's own addresses.
        session.trust_env = not is_private(url)
        response = session.get(url, timeout=(5, 20), allow_redirects=False, stream=True)
        body = bytearray()
        for chunk in response.iter_content(64 * 1024):
            body += chunk
            if len(body) > CAP:
                break
        return response.status_code, response.headers, bytes(body)


def is_private(url: str) -> bool:
    """Whether the real platform could surely not reach this address."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith((".local", ".internal", ".invalid"))

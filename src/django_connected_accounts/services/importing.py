"""Media fetched from an address a user gave, so that nobody reaches through us what is closed to themselves.

The host is resolved once, every address it has must be public, and the socket is opened to the address that
was checked: a second look-up that answers otherwise (DNS rebinding) has no effect. Redirects and proxies are
not followed.
"""

from __future__ import annotations

import http
import http.client
import ipaddress
import posixpath
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.utils.encoding import iri_to_uri
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from django_connected_accounts.exceptions import InvalidRequest

PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
DEADLINE_SECONDS = 120.0
"""For the whole answer, however often a slow host sends another byte."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class _Place:
    scheme: str
    host: str
    port: int
    target: str
    authority: str


def fetch(url: str) -> UploadedFile[Any]:
    """Return what a public http(s) address answers, in a temporary file; what it is, `media.probe` finds out.

    Raise InvalidRequest: ``media_url_refused`` for an address we don't go to, ``media_url_unreachable`` where
    nothing usable answers, ``media_too_large``, ``media_empty``.
    """
    place = _place(url)
    file = TemporaryUploadedFile(_name(place), "", 0, None)
    try:
        with _connected(place) as connection:
            file.size = _download(connection, place, file)
    except (OSError, http.client.HTTPException) as error:
        file.close()
        raise _unreachable(type(error).__name__) from error
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _place(url: str) -> _Place:
    try:
        parts: SplitResult = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise _refused("not an address") from error
    if parts.scheme not in PORTS or not host:
        raise _refused("neither http nor https")
    if "@" in parts.netloc:
        raise _refused("it holds a user name")
    target = iri_to_uri((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    authority = f"[{host}]" if ":" in host else host
    if port != PORTS[parts.scheme]:
        authority += f":{port}"
    return _Place(parts.scheme, host, port, target, authority)


@contextmanager
def _connected(place: _Place) -> Iterator[http.client.HTTPConnection]:
    """Open a connection to one of the host's addresses, all of which were checked."""
    with _reach(_addresses(place), place.port) as plain, _secured(plain, place) as reached:
        # Hanging up from aside ends every wait, however slowly handshake, headers and body drip in.
        timer = threading.Timer(DEADLINE_SECONDS, _hang_up, (reached,))
        timer.daemon = True
        timer.start()
        try:
            if isinstance(reached, ssl.SSLSocket):
                reached.do_handshake()
            connection = http.client.HTTPConnection(place.host, place.port)
            connection.sock = reached
            yield connection
            if not timer.is_alive():
                raise TimeoutError
        finally:
            timer.cancel()


def _addresses(place: _Place) -> list[str]:
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _unreachable("no such host") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not settings.CONNECTED_ACCOUNTS_MEDIA_IMPORT_PRIVATE and not all(map(is_public, addresses)):
        raise _refused("its host is not on the public internet")
    return addresses


def is_public(address: str) -> bool:
    """Say whether everybody on the internet reaches this IP address, or the one that it holds."""
    ip: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _reach(addresses: list[str], port: int) -> socket.socket:
    failure: OSError = ConnectionRefusedError()
    for address in addresses:
        try:
            plain = socket.create_connection(
                (address, port), settings.CONNECTED_ACCOUNTS_HTTP_CONNECT_TIMEOUT
            )
        except OSError as error:
            failure = error
        else:
            plain.settimeout(settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT)
            return plain
    raise failure


def _secured(plain: socket.socket, place: _Place) -> socket.socket:
    if place.scheme == "http":
        return plain
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    return context.wrap_socket(plain, server_hostname=place.host, do_handshake_on_connect=False)


def _hang_up(reached: socket.socket) -> None:
    # The plain kind of shutdown: that of an SSL socket would let a reader go on in clear.
    with suppress(OSError):
        socket.socket.shutdown(reached, socket.SHUT_RDWR)


def _download(connection: http.client.HTTPConnection, place: _Place, file: UploadedFile[Any]) -> int:
    headers = {"Host": place.authority, "Accept": "image/*, video/*", "Accept-Encoding": "identity"}
    connection.request("GET", place.target, headers={**headers, "User-Agent": "django-connected-accounts"})
    most, size = settings.CONNECTED_ACCOUNTS_MEDIA_MAX_BYTES, 0
    with connection.getresponse() as response:
        if response.status != http.HTTPStatus.OK:
            raise _unreachable(f"status {response.status}")
        expected = response.length or 0
        while block := response.read(64 * 1024):
            size += len(block)
            if max(size, expected) > most:
                raise InvalidRequest("media_too_large", size=max(size, expected), max=most)
            file.write(block)
    if size < expected:
        raise _unreachable("cut off")
    if not size:
        raise InvalidRequest("media_empty")
    return size


def _name(place: _Place) -> str:
    name = unquote(posixpath.basename(urlsplit(place.target).path))
    return re.sub(r"[^\w.-]", "_", name)[-100:].strip(".") or "import"


def _unreachable(why: str) -> InvalidRequest:
    return InvalidRequest("media_url_unreachable", why, reason=why)


def _refused(why: str) -> InvalidRequest:
    return InvalidRequest("media_url_refused", why, reason=why)

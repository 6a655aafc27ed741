"""Connections to addresses that users gave, so that nobody reaches through us what is closed to themselves.

The host is resolved once, every address it has must be public, and the socket is opened to the address that
was checked: a second look-up that answers otherwise (DNS rebinding) has no effect. Proxies are not used, and
redirects are the caller's to refuse.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri
from requests.utils import DEFAULT_CA_BUNDLE_PATH

PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """Where we don't go, and why."""


class NoSuchHost(OSError):
    """The name has no address."""


@dataclass(frozen=True, slots=True)
class Place:
    """A web address, taken apart."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query."""
    authority: str
    """What the Host header says."""


def place(url: str) -> Place:
    """Return the parts of a web address, or raise Refused for what is none or names a user."""
    try:
        parts: SplitResult = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise Refused("not an address") from error
    if parts.scheme not in PORTS or not host:
        raise Refused("neither http nor https")
    if "@" in parts.netloc:
        raise Refused("it holds a user name")
    target = iri_to_uri((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    authority = f"[{host}]" if ":" in host else host
    if port != PORTS[parts.scheme]:
        authority += f":{port}"
    return Place(parts.scheme, host, port, target, authority)


@contextmanager
def connected(place: Place, *, private: bool, seconds: float) -> Iterator[http.client.HTTPConnection]:
    """Open a connection to one of the host's addresses, all of which must be public unless ``private``.

    All that is done with it must be done within so many seconds, however slowly the host drips. Raise
    Refused, or OSError and http.client.HTTPException as they come.
    """
    ips = addresses(place, private=private)
    with _reach(ips, place.port, seconds) as plain, _secured(plain, place) as reached:
        # Hanging up from aside ends every wait, however slowly handshake, headers and body drip in.
        timer = threading.Timer(seconds, _hang_up, (reached,))
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


def addresses(place: Place, *, private: bool) -> list[str]:
    """Return the addresses of a host; raise NoSuchHost, and Refused for one that is not public."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoSuchHost("no such host") from error
    ips = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not private and not all(map(is_public, ips)):
        raise Refused("its host is not on the public internet")
    return ips


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


def _reach(ips: list[str], port: int, seconds: float) -> socket.socket:
    failure: OSError = ConnectionRefusedError()
    until = time.monotonic() + seconds
    for ip in ips:
        if time.monotonic() > until:
            break
        try:
            plain = socket.create_connection((ip, port), settings.CONNECTED_ACCOUNTS_HTTP_CONNECT_TIMEOUT)
        except OSError as error:
            failure = error
        else:
            plain.settimeout(settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT)
            return plain
    raise failure


def _secured(plain: socket.socket, place: Place) -> socket.socket:
    if place.scheme == "http":
        return plain
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    return context.wrap_socket(plain, server_hostname=place.host, do_handshake_on_connect=False)


def _hang_up(reached: socket.socket) -> None:
    # The plain kind of shutdown: that of an SSL socket would let a reader go on in clear.
    with suppress(OSError):
        socket.socket.shutdown(reached, socket.SHUT_RDWR)

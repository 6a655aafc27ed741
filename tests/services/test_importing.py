"""Fetching what a user points to, and only what everybody could fetch."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import importing, reaching
from django_connected_accounts.services.media import probe

Serve = Callable[[bytes], "Server"]
PICTURE = samples.jpeg(64, 48)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Server(socketserver.ThreadingTCPServer):
    """Gives every visitor the same bytes, and remembers what they asked."""

    daemon_threads = True
    allow_reuse_address = True
    pause = 0.0

    def __init__(self, response: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.response = response
        self.requests: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Visit(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        try:
            server.requests.append(self.request.recv(65536).decode())
            if not server.pause:
                self.request.sendall(server.response)
                return
            for byte in server.response:
                self.request.sendall(bytes([byte]))
                time.sleep(server.pause)
        except OSError:
            pass


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(response: bytes) -> Server:
        server = Server(response)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def private(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_MEDIA_IMPORT_PRIVATE = True


def refusal(url: str) -> tuple[str, Any]:
    with pytest.raises(InvalidRequest) as refused:
        importing.fetch(url)
    return refused.value.code, refused.value.params.get("reason")


@pytest.mark.usefixtures("private")
def test_a_picture_is_fetched_with_its_name(serve: Serve) -> None:
    server = serve(answer(PICTURE, "200 OK", f"Content-Length: {len(PICTURE)}"))
    with importing.fetch(f"{server.url}/holiday/s%C3%A3o paulo.jpg?size=large") as file:
        assert file.name == "são_paulo.jpg"
        assert file.size == len(PICTURE)
        assert probe(file).mime == "image/jpeg"
    asked, *headers = server.requests[0].split("\r\n")
    assert asked == "GET /holiday/s%C3%A3o%20paulo.jpg?size=large HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in headers
    assert not any(header.lower().startswith(("cookie", "authorization")) for header in headers)


@pytest.mark.usefixtures("private")
def test_an_answer_in_chunks_is_read_too(serve: Serve) -> None:
    chunked = f"{len(PICTURE):x}\r\n".encode() + PICTURE + b"\r\n0\r\n\r\n"
    server = serve(answer(chunked, "200 OK", "Transfer-Encoding: chunked"))
    with importing.fetch(f"{server.url}/a.jpg") as file:
        assert file.read() == PICTURE


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.jpg",
        "http://127.1/a.jpg",
        "http://2130706433/a.jpg",
        "http://0x7f000001/a.jpg",
        "http://0/a.jpg",
        "http://localhost:8000/a.jpg",
        "http://[::1]/a.jpg",
        "http://[::ffff:127.0.0.1]/a.jpg",
        "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.8/a.jpg",
        "http://[fd00::1]/a.jpg",
        "http://[fe80::1%25eth0]/a.jpg",
    ],
)
def test_nobody_reaches_into_a_private_network(url: str) -> None:
    assert refusal(url)[0] in {"media_url_refused", "media_url_unreachable"}


def test_a_sandbox_opens_no_door(settings: Any, serve: Serve) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = "http://127.0.0.1:8765"
    server = serve(answer(PICTURE))
    assert refusal(f"{server.url}/a.jpg") == ("media_url_refused", "its host is not on the public internet")
    assert server.requests == []


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "holiday.jpg",
        "file:///etc/passwd",
        "ftp://example.com/a.jpg",
        "gopher://example.com/",
        "data:image/png;base64,AAAA",
        "http://",
        "http:///a.jpg",
        "http://user@127.0.0.1/a.jpg",
        "http://user:secret@127.0.0.1/a.jpg",
        "http://example.com\\@127.0.0.1/a.jpg",
        "http://127.0.0.1:port/a.jpg",
        "http://127.0.0.1:99999/a.jpg",
        "http://[::1/a.jpg",
        "http://" + "a" * 64 + ".example/a.jpg",
    ],
)
def test_only_plain_web_addresses_are_gone_to(url: str) -> None:
    assert refusal(url)[0] == "media_url_refused"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("64:ff9b::5db8:d822", True),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
        ("::", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("0.0.0.0", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_public_addresses_are_told_from_all_others(address: str, public: bool) -> None:
    assert reaching.is_public(address) is public


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_judged_as_itself(address: ipaddress.IPv4Address) -> None:
    inner = int(address)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | inner)
    sixtofour = ipaddress.IPv6Address(0x2002 << 112 | inner << 80)
    assert reaching.is_public(str(mapped)) == reaching.is_public(str(address))
    assert reaching.is_public(str(sixtofour)) == reaching.is_public(str(address))


def test_a_host_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: both)
    assert refusal("http://two.example/a.jpg")[0] == "media_url_refused"


@pytest.mark.usefixtures("private")
def test_the_name_is_looked_up_once_and_the_address_that_was_checked_is_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, real, asked = serve(answer(PICTURE)), socket.getaddrinfo, []

    def rebinding(host: Any, *args: Any, **options: Any) -> Any:
        if host != "rebind.example":
            return real(host, *args, **options)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    importing.fetch(f"http://rebind.example:{server.port}/a.jpg").close()
    assert asked == ["rebind.example"]
    assert f"Host: rebind.example:{server.port}" in server.requests[0]


@pytest.mark.usefixtures("private")
def test_a_proxy_of_the_environment_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    importing.fetch(f"{serve(answer(PICTURE)).url}/a.jpg").close()


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "401 Unauthorized", "404 Not Found", "500 Oops"]
)
def test_only_a_straight_answer_counts(serve: Serve, status: str) -> None:
    other = serve(answer(PICTURE))
    server = serve(answer(b"", status, f"Location: {other.url}/b.jpg", "Content-Length: 0"))
    assert refusal(f"{server.url}/a.jpg") == ("media_url_unreachable", f"status {status[:3]}")
    assert other.requests == []


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    "response",
    [
        answer(PICTURE[:100], "200 OK", f"Content-Length: {len(PICTURE)}"),
        answer(b"ffff\r\nabc", "200 OK", "Transfer-Encoding: chunked"),
        b"nonsense\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["cut off", "cut-off chunk", "no http", "nothing", "many headers", "a long header"],
)
def test_an_answer_that_is_none_is_unreachable(serve: Serve, response: bytes) -> None:
    assert refusal(f"{serve(response).url}/a.jpg")[0] == "media_url_unreachable"


@pytest.mark.usefixtures("private")
def test_an_empty_answer_is_an_empty_file(serve: Serve) -> None:
    assert refusal(f"{serve(answer(b'')).url}/a.jpg")[0] == "media_empty"


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("announced", [True, False])
def test_what_is_too_large_is_not_read_to_the_end(serve: Serve, settings: Any, announced: bool) -> None:
    settings.CONNECTED_ACCOUNTS_MEDIA_MAX_BYTES = 1000
    headers = ["Content-Length: 5000000"] if announced else []
    assert refusal(f"{serve(answer(bytes(200_000), '200 OK', *headers)).url}/a.jpg")[0] == "media_too_large"


@pytest.mark.usefixtures("private")
def test_a_host_that_drips_is_hung_up_on(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "DEADLINE_SECONDS", 0.3)
    server = serve(answer(bytes(1000)))
    server.pause = 0.05
    began = time.monotonic()
    assert refusal(f"{server.url}/a.jpg")[0] == "media_url_unreachable"
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("private")
def test_a_host_that_says_nothing_is_given_up(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert refusal(f"http://127.0.0.1:{silent.getsockname()[1]}/a.jpg")[0] == "media_url_unreachable"


@pytest.mark.usefixtures("private")
def test_a_host_that_is_not_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}/a.jpg") == ("media_url_unreachable", "ConnectionRefusedError")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for ``media.example`` that is its own authority, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "media.example")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("media.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path / "media.pem"
    path.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    ("host", "trusted", "code"),
    [
        ("media.example", True, ""),
        ("other.example", True, "media_url_unreachable"),
        ("media.example", False, "media_url_unreachable"),
    ],
)
def test_over_tls_the_host_must_prove_its_name_though_an_address_is_called(
    serve: Serve,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    trusted: bool,
    code: str,
) -> None:
    server, real = serve(answer(PICTURE)), socket.getaddrinfo
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda name, *args, **options: real(
            "127.0.0.1" if str(name).endswith(".example") else name, *args, **options
        ),
    )
    if trusted:
        monkeypatch.setattr(reaching, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    url = f"https://{host}:{server.port}/a.jpg"
    if code:
        assert refusal(url)[0] == code
        assert server.requests == []
    else:
        importing.fetch(url).close()
        assert f"Host: media.example:{server.port}" in server.requests[0]

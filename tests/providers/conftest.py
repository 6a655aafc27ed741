"""What the providers' tests share: a fixed time, and a server that answers raw bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone

import pytest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)

Answer = Sequence[bytes | float]
"""Bytes to send and seconds to wait between them; what ends without more closes the connection."""


class RawServer:
    """Answers each connection with the next script, and keeps what it was sent."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.answers = list(answers)
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self._socket.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        for answer in self.answers:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.received.append(connection.recv(65536))
                try:
                    for part in answer:
                        if isinstance(part, bytes):
                            connection.sendall(part)
                        else:
                            time.sleep(part)
                except OSError:
                    continue


@pytest.fixture
def raw_server() -> Iterator[Callable[..., RawServer]]:
    """``raw_server([b"HTTP/1.1 200 OK…", 0.5, b"…"], …)``: one script per connection."""
    servers: list[RawServer] = []

    def serve(*answers: Answer) -> RawServer:
        servers.append(RawServer(answers))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


def http_answer(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    """Return an HTTP/1.1 answer; ``length`` may lie."""
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body

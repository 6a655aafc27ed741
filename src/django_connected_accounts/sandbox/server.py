"""The sandbox over real HTTP: a thread per connection, Django's requests and responses, nobody's settings."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, JsonResponse

from .app import Sandbox, configure, http_request
from .faults import ConnectionLost
from .world import World


class Server(ThreadingHTTPServer):
    """Serves a world on ``host:port``, port 0 meaning any free one; the world then knows its own address."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0) -> None:
        configure()
        self.sandbox = Sandbox(world)
        super().__init__((host, port), _Handler)
        self.url = f"http://{host}:{self.server_port}"
        world.base_url = self.url

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to write about; anything else is a bug and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serving(world: World, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve a world in the background for as long as the block runs, and give its address."""
    with Server(world, host, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self._respond()

    def _respond(self) -> None:
        response: HttpResponse
        try:
            response = self.server.sandbox.respond(self._request())
        except ConnectionLost as lost:
            self.close_connection = True
            self._hang_up(reset=lost.reset)
            return
        except Exception:
            traceback.print_exc()
            error = {"message": "The sandbox itself failed, see its terminal", "type": "SandboxFailed"}
            response = JsonResponse({"error": error}, status=500)
        promised = int(response.get("Content-Length") or len(response.content))
        response["Content-Length"] = str(promised)
        self.close_connection = self.close_connection or promised > len(response.content)
        self.send_response(response.status_code)
        for name, value in response.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.content)

    def _hang_up(self, *, reset: bool) -> None:
        with contextlib.suppress(OSError):
            if reset:
                # Closed without lingering, the connection ends by a RST.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                socket.close(self.connection.detach())
            else:
                self.connection.shutdown(socket.SHUT_RDWR)

    def _request(self) -> WSGIRequest:
        length = int(self.headers.get("Content-Length") or 0)
        return http_request(self.command, self.path, self.headers.items(), self.rfile.read(length))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: request lines hold tokens."""

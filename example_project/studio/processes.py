"""Several processes that live and end together."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any


class Stopped(Exception):
    """Somebody asked us to stop."""


class Processes:
    """Processes of our own process group: leaving the ``with`` block ends all that still run.

    Ctrl-C reaches a whole group, so they are started deaf to it: only this process hears it, as `Stopped`,
    and asks them to end by SIGTERM.
    """

    patience = 10.0
    """Seconds a process may take to end by itself."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        for name in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *exception: Any) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        for process in self.running.values():
            process.terminate()
        deadline = time.monotonic() + self.patience
        for process in self.running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Python with these arguments, under a name to speak of it; only its errors are shown."""
        hear = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        finally:
            signal.signal(signal.SIGINT, hear)
        self.running[name] = process
        return process

    def run(self, *arguments: str) -> int:
        """Run Python with these arguments to its end and return its exit status."""
        status = self.start("", *arguments).wait()
        del self.running[""]
        return status

    def wait_for_first_end(self) -> tuple[str, int]:
        """Wait until one of them ends and return its name and exit status."""
        while True:
            for name, process in self.running.items():
                status = process.poll()
                if status is not None:
                    return name, status
            time.sleep(0.2)

    @staticmethod
    def _stop(*_: Any) -> None:
        raise Stopped

"""Worker processes that can be killed at any moment, and are replaced at once.

They are forked from a process that has loaded everything and never does anything else, so that a new one is
ready within milliseconds.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Message = dict[str, Any]


class Line:
    """Messages to and from a worker; both ends have one."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self._rest = b""

    def send(self, **message: Any) -> None:
        self.end.sendall(json.dumps(message).encode() + b"\n")

    def messages(self) -> Iterator[Message]:
        """Yield what comes until the other end is closed."""
        while True:
            while b"\n" in self._rest:
                line, self._rest = self._rest.split(b"\n", 1)
                yield json.loads(line)
            try:
                received = self.end.recv(65536)
            except ConnectionError:
                return
            if not received:
                return
            self._rest += received

    def waiting(self) -> bool:
        """Whether there is something to read."""
        return b"\n" in self._rest or bool(select.select([self.end], [], [], 0)[0])


Body = Callable[[Line], None]


class Workers:
    """So many processes that run ``body``; what dies is started anew, what returns is not.

    Make it before any thread is started, or any database opened.
    """

    def __init__(self, count: int, body: Body) -> None:
        pairs = [socket.socketpair() for _ in range(count)]
        self.lines = [Line(ours) for ours, _ in pairs]
        self._pids = [0] * count
        self._inboxes: list[deque[Message]] = [deque() for _ in pairs]
        self._nursery = os.fork()
        if not self._nursery:
            for ours, _ in pairs:
                ours.close()
            _nurse([Line(theirs) for _, theirs in pairs], body)
        for _, theirs in pairs:
            theirs.close()

    def answer(self, number: int) -> Message:
        """Return what a worker says next; ``{"died": exit code}`` if it does, below 0 by a signal."""
        while not self._inboxes[number]:
            self._read(number)
        return self._inboxes[number].popleft()

    def heard(self, number: int) -> list[Message]:
        """Return what a worker has said meanwhile."""
        while self.lines[number].waiting():
            self._read(number)
        said = list(self._inboxes[number])
        self._inboxes[number].clear()
        return said

    def ask(self, **question: Any) -> list[Message]:
        """Ask all at once, and return what each answers."""
        for line in self.lines:
            line.send(**question)
        return [self.answer(number) for number in range(len(self.lines))]

    def strike(self, number: int, sign: int = signal.SIGKILL) -> None:
        """Send a signal to the process that is this worker just now."""
        while not self._pids[number] or self.lines[number].waiting():
            self._read(number)
        os.kill(self._pids[number], sign)

    def _read(self, number: int) -> None:
        for message in self.lines[number].messages():
            if "born" in message:
                self._pids[number] = message["born"]
            else:
                self._inboxes[number].append(message)
                if "died" in message:
                    self._pids[number] = 0
            return
        raise RuntimeError(f"worker {number} has ended")

    def close(self) -> None:
        """End all of them."""
        for line in self.lines:
            line.end.close()
        os.kill(self._nursery, signal.SIGTERM)
        os.waitpid(self._nursery, 0)


@contextmanager
def working(count: int, body: Body) -> Iterator[Workers]:
    workers = Workers(count, body)
    try:
        yield workers
    finally:
        workers.close()


def _nurse(lines: list[Line], body: Body) -> None:
    born: dict[int, int] = {}

    def end(*_: Any) -> None:
        for pid in born:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    for number, line in enumerate(lines):
        born[_bear(line, body)] = number
    while True:
        pid, status = os.wait()
        number = born.pop(pid)
        if code := os.waitstatus_to_exitcode(status):
            lines[number].send(died=code)
            born[_bear(lines[number], body)] = number
        elif not born:
            os._exit(0)


def _bear(line: Line, body: Body) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        status = 1
        try:
            line.send(born=os.getpid())
            body(line)
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(status)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    return pid

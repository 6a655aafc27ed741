"""The points at which a worker can be hit: after each platform call, and after what it writes from there on.

A point is ``(calls, writes)``: so many platform calls were made by all workers together, and this worker has
written so often since. Between two of them nothing changes that anybody else could see.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection
from requests.adapters import HTTPAdapter

Point = tuple[int, int]
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
KILL, LOSE = 1, 2
"""What happens at a point: the worker is killed after it, or the write that leads to it is lost."""


class Points:
    """Make it before the workers are forked: they share what is armed, and how many calls were made."""

    _format = struct.Struct("5i")

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self._format.size)
        self.trace: list[tuple[int, int, str]] = []
        self._calls = self._writes = 0
        self._dirty = False

    # For who commands the workers

    def arm(self, what: int = 0, point: Point = (0, 0)) -> None:
        """Begin anew; with ``what``, the first worker that gets to this point is hit."""
        self._put(0, what, *point, 0)

    @property
    def fired(self) -> bool:
        return bool(self._get()[4])

    # For a worker

    def watch(self) -> None:
        """Note from here on what this process calls and writes."""
        send, commit = HTTPAdapter.send, connection._commit

        def sent(adapter: HTTPAdapter, *args: Any, **kwargs: Any) -> Any:
            self.trace.append((*self._here(), "send"))
            try:
                return send(adapter, *args, **kwargs)
            finally:
                calls, *armed = self._get()
                self._put(calls + 1, *armed)
                self._reached("answer", counts=False)

        def committed() -> None:
            if self._dirty:
                self._write(commit, "commit")
                self._dirty = False
            else:
                commit()

        def written(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            if not sql.startswith(WRITES):
                return execute(sql, params, many, context)
            inside, first = connection.in_atomic_block, not self._dirty
            self._dirty = inside
            if inside and not first:
                # The transaction is open and will be undone: no other point than after its first write.
                return execute(sql, params, many, context)
            name = f"{sql.split(maxsplit=1)[0].lower()}{' in a transaction' if inside else ''}"
            return self._write(lambda: execute(sql, params, many, context), name)

        HTTPAdapter.send = sent  # type: ignore[method-assign]
        connection._commit = committed
        connection.execute_wrappers.append(written)

    def _write(self, write: Callable[[], Any], name: str) -> Any:
        calls, writes = self._here()
        if self._armed(LOSE, (calls, writes + 1)):
            self._fire()
            raise OperationalError("the connection to the database is lost")
        result = write()
        self._reached(name)
        return result

    def _reached(self, name: str, *, counts: bool = True) -> None:
        calls, writes = self._here()
        self._writes = writes + counts
        self.trace.append((calls, self._writes, name))
        if self._armed(KILL, (calls, self._writes)):
            self._fire()
            os.kill(os.getpid(), signal.SIGKILL)

    def _here(self) -> Point:
        calls = self._get()[0]
        if calls != self._calls:
            self._calls, self._writes = calls, 0
        return self._calls, self._writes

    def _armed(self, what: int, point: Point) -> bool:
        _, armed, *rest = self._get()
        return armed == what and rest == [*point, 0]

    def _fire(self) -> None:
        self._put(*self._get()[:4], 1)

    def _get(self) -> tuple[int, ...]:
        return self._format.unpack(self._memory[:])

    def _put(self, *values: int) -> None:
        self._memory[:] = self._format.pack(*values)

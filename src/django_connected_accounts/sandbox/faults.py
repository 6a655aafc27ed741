"""Trouble on demand: which calls it meets, and what it does to them."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass, field
from typing import Any, Final

ACTIONS: Final[dict[str, str]] = {
    "status": "answer with `status` and `body` (or `code`/`subcode`); nothing takes effect",
    "status_after": "take effect, then answer with `status` and `body` (or `code`/`subcode`)",
    "delay": "take effect, then wait `seconds` before answering",
    "lose_before": "drop the connection; nothing takes effect",
    "lose_after": "take effect, then drop the connection without an answer",
    "reset_after": "take effect, then reset the connection",
    "truncate_body": "take effect, then break the connection in the middle of the answer",
    "never_finish": "the container made, polled or published by this call stays IN_PROGRESS",
    "container_error": "the container made, polled or published by this call ends in ERROR with `subcode`",
    "expire": "the container made, polled or published by this call is EXPIRED",
}
CONTAINER_ACTIONS: Final = frozenset({"never_finish", "container_error", "expire"})

_numbers = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Fault:
    """Trouble for matching calls: the ``nth`` one, and from there ``times`` of them (0: for ever).

    ``path`` is a regular expression searched in the path after the host; ``token`` is the kind of token the
    call carries ("user", "page", "instagram", "app"). Anything left out matches everything. ``share`` strikes
    only that part of them, 0.01 one in a hundred, the same ones each time. A call is struck by one fault, the
    first; later ones do not count it. ``seconds`` pass before the answer, or the end of the connection.
    ``status`` left out is 400 with a ``code``, else 500.
    """

    action: str
    host: str = ""
    path: str = ""
    method: str = ""
    token: str = ""
    nth: int = 1
    times: int = 1
    share: float = 1.0
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    code: int | None = None
    subcode: int | None = None
    seconds: float = 0.0
    id: int = field(default_factory=lambda: next(_numbers))
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown fault action {self.action!r}; known are {', '.join(ACTIONS)}")
        re.compile(self.path)

    def meets(self, *, host: str, path: str, method: str, token: str) -> bool:
        """Count this call if it matches, and say whether the fault strikes it."""
        if self.host not in ("", host) or self.token not in ("", token):
            return False
        if self.method.upper() not in ("", method) or not re.search(self.path, path):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times and self.fired >= self.times):
            return False
        if self.share < 1 and self._chance() >= self.share:
            return False
        self.fired += 1
        return True

    def _chance(self) -> float:
        return random.Random(f"{self.action} {self.path} {self.seen}").random()  # noqa: S311


class ConnectionLost(Exception):
    """The connection ends without an answer. ``after``: the call took effect first; ``reset``: by a RST."""

    def __init__(self, *, after: bool, reset: bool = False) -> None:
        super().__init__("after taking effect" if after else "before taking effect")
        self.after = after
        self.reset = reset

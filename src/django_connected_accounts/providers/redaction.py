"""Keeps tokens and codes, which some platforms want in the query, out of what urllib3 logs of our calls."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LOGGERS = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")

_hiding: ContextVar[bool] = ContextVar("connected_accounts_hiding_queries", default=False)


@contextmanager
def without_queries() -> Iterator[None]:
    """Within it, no address is logged with its query. Other people's calls are logged as ever."""
    marker = _hiding.set(True)
    try:
        yield
    finally:
        _hiding.reset(marker)


class _WithoutQuery(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if _hiding.get():
            record.msg = re.sub(r"\?[^\s\"']*", "?…", record.getMessage())
            record.args = record.exc_info = None
        return True


for _name in LOGGERS:
    logging.getLogger(_name).addFilter(_WithoutQuery())

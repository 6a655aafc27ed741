"""Errors that carry no secret in their frames.

What reports an error shows the locals of every frame it came through: Django's error page, a mail to the
admins, an error tracker. Functions that handle secrets let an error out only after these were deleted,
whatever the settings, and whoever reports it.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def without_locals(function: Callable[P, T]) -> Callable[P, T]:
    """Let an error out of this function only with the locals of all that was called in it deleted."""

    @functools.wraps(function)
    def door(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            args, kwargs = (), {}  # type: ignore[assignment]
            clear(error)
            raise

    return door


def clear(error: BaseException) -> None:
    """Delete the locals of the frames that this error, and those before it, came through and that ended."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            traceback.clear_frames(found.__traceback__)
            waiting += [found.__cause__, found.__context__]

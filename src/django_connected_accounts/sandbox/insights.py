"""Numbers as the Graph hosts give them: one row for a metric, a name that is none fails the whole call.

Follows the contracts of Instagram (section 5), Facebook Pages (section 6) and Threads (section 8) of
2026-11-22. The numbers are invented and stay the same; the days that ``since`` and ``until`` ask for,
breakdowns and time frames change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import GraphError
from .meta import timestamp
from .records import DAY
from .routing import Answer, Call

Shape = Callable[[Call, Any], dict[str, Any]]
"""How the value of a metric is written."""


def lifetime(call: Call, value: Any) -> dict[str, Any]:
    return {"values": [{"value": value}]}


def daily(call: Call, value: Any) -> dict[str, Any]:
    ended = timestamp(call.world.now() // DAY * DAY)
    return {"values": [{"value": value, "end_time": ended}]}


def total(call: Call, value: Any) -> dict[str, Any]:
    """Where only a breakdown has any, None, there is no number."""
    return {} if value is None else {"total_value": {"value": value}}


def by_link(call: Call, value: Mapping[str, int]) -> dict[str, Any]:
    return {"link_total_values": [{"value": number, "link_url": url} for url, number in value.items()]}


def each_its_own(call: Call, value: tuple[Shape, Any]) -> dict[str, Any]:
    """Where a value says how it is written."""
    shape, number = value
    return shape(call, number)


def names_in(call: Call, known: Mapping[str, Any]) -> list[str]:
    """Return the metrics asked for, a list written with commas or as JSON; every one must be known."""
    given = call.text("metric")
    names = call.structure("metric") if given.startswith("[") else [n for n in given.split(",") if n]
    for at, name in enumerate(names or [""]):
        if name not in known:
            choices = ", ".join(sorted(known))
            message = f"(#100) metric[{at}] must be one of the following values: {choices}"
            raise GraphError(100, message=message)
    return list(names)


def answer(call: Call, node: str, values: Mapping[str, Any], *, period: str, shape: Shape) -> Answer:
    """Return a row for each of these metrics."""
    return {
        "data": [
            {
                "name": name,
                "period": period,
                "title": name.replace("_", " ").capitalize(),
                "description": "",
                **shape(call, value),
                "id": f"{node}/insights/{name}/{period}",
            }
            for name, value in values.items()
        ]
    }

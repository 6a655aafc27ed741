"""What a request's body says, checked by name and type before anything acts on it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, RawPostDataException
from django.utils.dateparse import parse_datetime

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.types import Problem

Kind = Callable[[Any], Any]
"""Returns the value as it is used, or raises ValueError with the name of the type that was wanted."""


def read(request: HttpRequest, known: Mapping[str, Kind], *, required: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields present in a JSON body, or refuse it with everything that is wrong, by field."""
    return check(json_object(request), known, required=required)


def check(
    given: Mapping[str, Any], known: Mapping[str, Kind], *, required: Sequence[str] = (), prefix: str = ""
) -> dict[str, Any]:
    """Return the fields of ``given``, or refuse it with a problem per unknown, missing or mistyped one."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        where = prefix + name
        if name not in known:
            problems.append(Problem(code="unknown_field", field=where, params={"field": where}))
            continue
        try:
            values[name] = known[name](value)
        except ValueError as wanted:
            params = {"field": where, "wanted": str(wanted)}
            problems.append(Problem(code="wrong_type", field=where, params=params))
    for name in required:
        if name not in given:
            where = prefix + name
            problems.append(Problem(code="missing_field", field=where, params={"field": where}))
    if problems:
        raise InvalidRequest(problems=problems)
    return values


def json_object(request: HttpRequest, *, required: bool = False) -> dict[str, Any]:
    """Return the body as a JSON object; no body is an empty one, unless it is ``required``."""
    try:
        raw = request.body
    except (
        RawPostDataException
    ) as error:  # the CSRF middleware looked for its token in what called itself a form
        raise InvalidRequest("unsupported_media_type", given=request.content_type or "") from error
    if not raw.strip() and not required:
        return {}
    if raw and request.content_type != "application/json":
        raise InvalidRequest("unsupported_media_type", given=request.content_type or "")
    return parse(raw)


def parse(raw: bytes | str) -> dict[str, Any]:
    """Return a JSON object that every database can store, or refuse it."""
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
        _refuse_unstorable(value)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("invalid_json") from error
    if not isinstance(value, dict):
        raise InvalidRequest("invalid_json")
    return value


def query(request: HttpRequest, name: str, values: Sequence[str] = ()) -> str:
    """Return a query parameter, "" when it is absent; refuse one that is none of ``values``."""
    given = storable(request.GET.get(name, ""))
    if given and values and given not in values:
        raise InvalidRequest("wrong_type", wanted=", ".join(values), field=name)
    return given


def storable(text: str) -> str:
    """Return text that every database can store, or refuse it: no NUL, no half of a character."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequest("invalid_characters")
    return text


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text")
    return value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("whole number")
    return value


def fold(value: Any) -> int:
    if integer(value) not in (0, 1):
        raise ValueError("0 or 1")
    return int(value)


def mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("object")
    return value


def uuid(value: Any) -> UUID:
    try:
        return UUID(text(value))
    except ValueError as error:
        raise ValueError("UUID") from error


def instant(value: Any) -> datetime:
    """Return the time; naive, a wall clock's, where it names no offset."""
    with suppress(ValueError):
        if at := parse_datetime(text(value)):
            return at
    raise ValueError("ISO 8601 date and time")


def listing(of: Kind) -> Kind:
    """Return the kind of a list whose every item is ``of`` that kind."""

    def items(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError("list")
        try:
            return [of(item) for item in value]
        except ValueError as wanted:
            raise ValueError(f"list of {wanted}") from wanted

    return items


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refuse_unstorable(value: Any) -> None:
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("number out of range")
    elif isinstance(value, list):
        for item in value:
            _refuse_unstorable(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            storable(name)
            _refuse_unstorable(item)

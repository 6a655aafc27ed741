"""The columns whose values a secret is tied to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models

from django_connected_accounts import crypto

Snapshot = tuple[Any, ...]
"""The values of the columns, in order, as the instance holds them."""

EXACT = {models.CharField: str, models.TextField: str, models.IntegerField: int, models.UUIDField: UUID}
"""Columns that give back exactly what was stored, with the type they give it."""


class Binding:
    """The binding columns of an instance, encoded the same whatever type they were assigned with."""

    def __init__(self, model: type[models.Model], names: tuple[str, ...]) -> None:
        self._model = model
        self.names = names
        self.loaded = _getter(names)
        """Return the snapshot of an instance's ``__dict__``, or raise KeyError where a column is deferred."""

    def of(self, instance: models.Model) -> Snapshot:
        """Return the snapshot of an instance, deferred columns loaded."""
        try:
            return self.loaded(instance.__dict__)
        except KeyError:
            return tuple(getattr(instance, name) for name in self.names)

    def encode(self, snapshot: Snapshot) -> bytes:
        """Return what `crypto` ties a secret to; raise FieldError where a column has no value yet."""
        if [*map(type, snapshot)] != self._kinds:
            snapshot = tuple(map(self._exact, self.names, snapshot))
        return crypto.bind(snapshot)

    def problems(self) -> Iterable[str]:
        """Yield what is wrong with the columns."""
        for name in self.names:
            try:
                column = _resolved(self._model, name)
            except FieldDoesNotExist:
                yield f"No binding column “{name}”: name it as on an instance (“owner_id”, not “owner”)."
                continue
            if not isinstance(column, tuple(EXACT)):
                yield f"The binding column “{name}” must be text, an integer or a UUID."

    @cached_property
    def _kinds(self) -> list[type | None]:
        columns = [_resolved(self._model, name) for name in self.names]
        return [
            next((kind for base, kind in EXACT.items() if isinstance(column, base)), None)
            for column in columns
        ]

    def _exact(self, name: str, value: Any) -> Any:
        exact = _resolved(self._model, name).to_python(value)
        if exact is None:
            raise FieldError(f"Set {self._model.__name__}.{name} first: a secret is encrypted for its row.")
        return str.__str__(exact) if isinstance(exact, str) else exact  # an enum's text, not its name


def _resolved(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """Return the field behind a column, through foreign keys."""
    column: Any = model._meta.get_field(name)
    if getattr(column, "attname", None) != name:
        raise FieldDoesNotExist(name)
    while column.remote_field:
        column = column.target_field
    return column  # type: ignore[no-any-return]


def _getter(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Snapshot]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda data: tuple(data[name] for name in names)

"""What every step reads and writes: Django builds each statement once, as building takes longer than running.

Values that differ from time to time are left open by a `Slot`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    DurationField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    QuerySet,
    UUIDField,
    Value,
)
from django.db.models.sql import UpdateQuery

Build = Callable[[], tuple[QuerySet[Any], Mapping[str, Any]]]
_queries: dict[tuple[str, object], tuple[QuerySet[Any], Any, str, tuple[Any, ...]]] = {}
_statements: dict[tuple[str, object], Any] = {}


class Slot(Value):
    """A value that is named when the statement is run; ``field`` says how the database wants it."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__("", output_field=field)  # no None, which JSON fields write out
        self.name = name
        self.column = _Column(field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def slot(model: Any, column: str, name: str = "") -> Slot:
    """Return a slot for a value of this column, called as the column is if it has no ``name``."""
    return Slot(name or column, model._meta.get_field(column))


def slots(model: Any, column: str, values: Sequence[Any]) -> tuple[list[Slot], dict[str, Any]]:
    """Return slots for so many values of this column, and the values by their names."""
    named = {f"{column} {number}": value for number, value in enumerate(values)}
    return [slot(model, column, name) for name in named], named


def rows(key: object, build: Callable[[], QuerySet[Any]], values: Mapping[str, Any]) -> list[Any]:
    """Return what the query finds that ``build`` describes, with these values in its slots.

    ``build`` is called once for each ``key`` and database.
    """
    database = connections[DEFAULT_DB_ALIAS]
    known = (database.vendor, key)
    if known not in _queries:
        queryset = build()
        compiler = queryset.query.get_compiler(connection=database)
        sql, params = compiler.as_sql()
        _queries[known] = queryset, compiler, sql, tuple(params)
    queryset, compiler, sql, params = _queries[known]
    bound = tuple(_bound(params, values, database))
    compiler, queryset = copy.copy(compiler), queryset.all()
    compiler.connection = database  # this thread's
    compiler.as_sql = lambda *args, **options: (sql, bound)
    queryset.query.get_compiler = lambda *args, **options: compiler  # type: ignore[method-assign]
    return list(queryset)


def update(key: object, build: Build, values: Mapping[str, Any], told: Sequence[Model] = ()) -> int:
    """Run the UPDATE that ``build`` describes, with these values in its slots. Return how many rows it met.

    ``build`` is called once for each ``key`` and database, and returns the rows and what is set on them.
    ``told``, rows whose keys are set, are inserted with it, unless it met none.
    """
    database = connections[DEFAULT_DB_ALIAS]
    sql, params = _known((database.vendor, key), lambda: _compiled(*build()))
    bound = _bound(params, values, database)
    if not told:
        return _run(database, sql, bound)
    if len(told) == 1 and database.vendor == "postgresql":
        # In one go, and so in no transaction that would have to be begun and ended.
        table, places, columns = _insert(told[0], database)
        both = f"WITH met AS ({sql} RETURNING 1) INSERT INTO {table} SELECT {places} FROM met"  # noqa: S608
        met = _run(database, both, bound + columns)
        told[0]._state.adding = not met
        return met
    with transaction.atomic():
        met = _run(database, sql, bound)
        for row in told if met else ():
            insert(row)
    return met


def insert(row: Model) -> None:
    """Insert a row whose key is set, as ``bulk_create([row])`` does."""
    database = connections[DEFAULT_DB_ALIAS]
    table, places, columns = _insert(row, database)
    _run(database, f"INSERT INTO {table} VALUES ({places})", columns)  # noqa: S608
    row._state.adding, row._state.db = False, database.alias


def _insert(row: Model, database: Any) -> tuple[str, str, list[Any]]:
    """Return the table with its columns, what is put there as SQL, and the values left open in that."""
    model = type(row)
    columns = _known((database.vendor, model), lambda: _columns(model))
    values = _stored([(column, column.field.pre_save(row, True)) for column in columns], database)
    # Most columns of most rows hold one of these: written out, they cost nothing to pass.
    plain = tuple("NULL" if value is None else "''" if value == "" else "%s" for value in values)
    table = _known((database.vendor, (model, "table")), lambda: _table(model, columns, database))
    open_ones = [value for value, place in zip(values, plain, strict=True) if place == "%s"]
    return table, ", ".join(plain), open_ones


def _columns(model: type[Model]) -> list[_Column]:
    return [_Column(field) for field in model._meta.concrete_fields if not field.generated]


def _table(model: type[Model], columns: Sequence[_Column], database: Any) -> str:
    quote = database.ops.quote_name
    return f"{quote(model._meta.db_table)} ({', '.join(quote(c.field.column) for c in columns)})"


def _compiled(rows: QuerySet[Any], values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    query: Any = rows.order_by().query.chain(UpdateQuery)
    query.add_update_values(values)
    sql, params = query.get_compiler(connection=connections[DEFAULT_DB_ALIAS]).as_sql()
    return sql, tuple(params)


def _known(key: tuple[str, object], make: Callable[[], Any]) -> Any:
    if key not in _statements:
        _statements[key] = make()
    return _statements[key]


def _run(database: Any, sql: str, params: Sequence[Any]) -> int:
    with transaction.mark_for_rollback_on_error(database.alias), database.cursor() as cursor:
        cursor.execute(sql, params)
        return max(int(cursor.rowcount), 0)


def _bound(params: Iterable[Any], values: Mapping[str, Any], database: Any) -> list[Any]:
    return _stored(
        [(p.column, values[p.name]) if isinstance(p, Slot) else (None, p) for p in params], database
    )


def _stored(pairs: Iterable[tuple[_Column | None, Any]], database: Any) -> list[Any]:
    """Return values as the database wants them in these columns, those without one as they are."""
    taken = _TAKEN.get(database.vendor, ())
    return [
        value
        if column is None or (column.is_simple and type(value) in taken)
        else column.stored(value, database)
        for column, value in pairs
    ]


class _Column:
    """What a field of Django says to the database; for simple ones much of the time that is nothing."""

    __slots__ = ("field", "is_simple")

    def __init__(self, field: Any) -> None:
        self.field = field
        while isinstance(field, ForeignKey):
            field = field.target_field
        self.is_simple = isinstance(field, _SIMPLE) and type(field).__module__ == Field.__module__

    def stored(self, value: Any, database: Any) -> Any:
        value = self.field.get_db_prep_save(value, database)
        return value.value if isinstance(value, Enum) else value


_SIMPLE = (BooleanField, CharField, DateTimeField, DurationField, IntegerField, UUIDField)
_TAKEN = {"postgresql": frozenset({bool, datetime, int, str, timedelta, type(None), UUID})}

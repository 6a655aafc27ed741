"""What every step reads and writes: Django builds each statement once, as building takes longer than running.

Values that differ from time to time are left open by a `Slot`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import connection, connections, transaction
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.sql import UpdateQuery

Build = Callable[[], tuple[QuerySet[Any], Mapping[str, Any]]]
M = TypeVar("M", bound=Model)

_queries: dict[tuple[str, object], tuple[QuerySet[Any], Any, str, tuple[Any, ...]]] = {}
_statements: dict[tuple[str, object], tuple[str, tuple[Any, ...]]] = {}


class Slot(Value):
    """A value that is named when the statement is run; ``field`` says how the database wants it."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__("", output_field=field)  # no None, which JSON fields write out
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def slot(model: Any, column: str, name: str = "") -> Slot:
    """Return a slot for a value of this column, called as the column is if it has no ``name``."""
    return Slot(name or column, model._meta.get_field(column))


def rows(key: object, build: Callable[[], QuerySet[M]], values: Mapping[str, Any]) -> list[M]:
    """Return what the query finds that ``build`` describes, with these values in its slots.

    ``build`` is called once for each ``key`` and database.
    """
    known = (connection.vendor, key)
    if known not in _queries:
        queryset = build()
        compiler = queryset.query.get_compiler(connection=connections[queryset.db])
        sql, params = compiler.as_sql()
        _queries[known] = queryset, compiler, sql, tuple(params)
    queryset, compiler, sql, params = _queries[known]
    bound = tuple(_bound(param, values) for param in params)
    compiler, queryset = copy.copy(compiler), queryset.all()
    compiler.connection = connections[queryset.db]  # this thread's
    compiler.as_sql = lambda *args, **options: (sql, bound)
    queryset.query.get_compiler = lambda *args, **options: compiler  # type: ignore[method-assign]
    return list(queryset)


def update(key: object, build: Build, values: Mapping[str, Any]) -> int:
    """Run the UPDATE that ``build`` describes, with these values in its slots. Return how many rows it met.

    ``build`` is called once for each ``key`` and database, and returns the rows and what is set on them.
    """
    known = (connection.vendor, key)
    if known not in _statements:
        _statements[known] = _compiled(*build())
    sql, params = _statements[known]
    bound = [_bound(param, values) for param in params]
    with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
        cursor.execute(sql, bound)
        return max(int(cursor.rowcount), 0)


def insert(row: Model) -> None:
    """Insert a row whose key is set, as ``bulk_create([row])`` does."""
    model = type(row)
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    # Most columns of most rows hold one of these: written out, they cost nothing to pass.
    plain = tuple("NULL" if value is None else "''" if value == "" else "%s" for value in values)
    known = (connection.vendor, (model, plain))
    if known not in _statements:
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in fields)
        table = quote(model._meta.db_table)
        _statements[known] = f"INSERT INTO {table} ({columns}) VALUES ({', '.join(plain)})", ()  # noqa: S608
    sql, _ = _statements[known]
    bound = [value for value, place in zip(values, plain, strict=True) if place == "%s"]
    with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
        cursor.execute(sql, bound)
    row._state.adding, row._state.db = False, connection.alias


def _compiled(rows: QuerySet[Any], values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    query: Any = rows.order_by().query.chain(UpdateQuery)
    query.add_update_values(values)
    sql, params = query.get_compiler(connection=connection).as_sql()
    return sql, tuple(params)


def _bound(param: Any, values: Mapping[str, Any]) -> Any:
    if not isinstance(param, Slot):
        return param
    return param.output_field.get_db_prep_save(values[param.name], connection)

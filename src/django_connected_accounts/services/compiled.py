"""What every step writes: Django builds each statement once, as building it takes longer than running it.

Values that differ from time to time are left open by a `Slot`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.sql import InsertQuery, UpdateQuery

Build = Callable[[], tuple[QuerySet[Any], Mapping[str, Any]]]

_statements: dict[tuple[str, object], tuple[str, tuple[Any, ...]]] = {}


class Slot(Value):
    """A value that is named when the statement is run; ``field`` says how the database wants it."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(None, output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def slot(model: Any, column: str, name: str = "") -> Slot:
    """Return a slot for a value of this column, called as the column is if it has no ``name``."""
    return Slot(name or column, model._meta.get_field(column))


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
    model, known = type(row), (connection.vendor, type(row))
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    if known not in _statements:
        query = InsertQuery(model)
        query.insert_values(fields, [row])
        ((sql, _),) = query.get_compiler(connection=connection).as_sql()
        _statements[known] = sql, ()
    sql, _ = _statements[known]
    bound = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
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

from __future__ import annotations

from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from django_connected_accounts.checks.databases import SQLITE_OPTIONS
from django_connected_accounts.models import Measurement


@pytest.fixture
def sqlite(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``sqlite(timeout=5)`` has the default database set up so."""
    if connection.vendor != "sqlite":
        pytest.skip("this is about SQLite")

    def options(**chosen: Any) -> None:
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", chosen)

    return options


@pytest.fixture
def mysql(db: None) -> None:
    if connection.vendor != "mysql":
        pytest.skip("this is about MySQL and MariaDB")


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, True),
        ({"timeout": 20}, True),
        ({"transaction_mode": "IMMEDIATE"}, True),
        ({"transaction_mode": "DEFERRED", "timeout": 20}, True),
        ({"transaction_mode": "immediate", "timeout": 20}, False),
    ],
)
def test_sqlite_that_gives_up_waiting_is_told_what_to_set(
    sqlite: Any, found: Any, options: Any, wrong: bool
) -> None:
    sqlite(**options)
    assert ("W040" in found(databases=["default"])) is wrong
    assert "W040" not in found(databases=[])
    if wrong:
        hint = found(databases=["default"])["W040"].hint
        assert '"transaction_mode": "IMMEDIATE", "timeout": 20' in hint


@pytest.mark.django_db
def test_the_options_we_recommend_work_as_they_are(tmp_path: Path) -> None:
    options = literal_eval(f"{{{SQLITE_OPTIONS}}}")
    database = DatabaseWrapper({**connection.settings_dict, "NAME": tmp_path / "db", **options}, "other")
    with database.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.transaction_mode == "IMMEDIATE"
    database.close()


def test_sqlite_in_production_is_a_warning(sqlite: Any, found: Any) -> None:
    assert "W041" in found(deploy=True)


@pytest.mark.databases
@pytest.mark.django_db
def test_a_database_as_it_should_be_gives_no_cause_for_complaint(found: Any) -> None:
    assert not {"E040", "E041", "E042"} & found(databases=["default"]).keys()


@pytest.mark.django_db
def test_nothing_is_asked_of_a_database_unless_it_is_named(
    found: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        found(deploy=True)
        found(databases=["other"])


@pytest.mark.databases
@pytest.mark.django_db
def test_transactions_that_do_not_see_others_are_an_error(found: Any) -> None:
    change = {
        "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "mysql": "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    }
    if connection.vendor not in change:
        pytest.skip("SQLite has one writer at a time")
    mine = connections["default"]
    other = mine.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(change[connection.vendor])
        connections["default"] = other
        assert "repeatable read" in found(databases=["default"])["E040"].msg
    finally:
        connections["default"] = mine
        other.close()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_tables_unfit_for_posts_are_an_error(
    mysql: None, found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Measurement._meta, "db_table", "connected_accounts_old")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE connected_accounts_old (id int) ENGINE=MyISAM CHARACTER SET latin1")
        try:
            wrong = found(databases=["default"])
        finally:
            cursor.execute("DROP TABLE connected_accounts_old")
    assert "connected_accounts_old (MyISAM)" in wrong["E041"].msg
    assert "connected_accounts_old (latin1" in wrong["E042"].msg


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_not_ours_to_report(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: Any) -> None:
        raise OperationalError("the server is gone")

    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setattr(connection, "cursor", down)
    assert found(databases=["default"]) == {}

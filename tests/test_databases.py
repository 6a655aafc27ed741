"""The tests marked ``databases`` pass on the other database servers too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

MARKED = [
    str(path) for path in Path(__file__).parent.rglob("test_*.py") if "mark.databases" in path.read_text()
]


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_what_depends_on_the_database_holds_on(
    server: str, needs: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("runs from the SQLite run only")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["CONNECTED_ACCOUNTS_TEST_DATABASE"] = needs(server)
    environment["CONNECTED_ACCOUNTS_TEST_NAME"] = f"test_connected_accounts_{os.getpid()}"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "databases", "-p", "no:cacheprovider", *MARKED],
        cwd=request.config.rootpath,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, f"on {server}:\n{run.stdout[-8000:]}\n{run.stderr[-2000:]}"

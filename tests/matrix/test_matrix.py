"""A sample of the matrix, another one each time; ``make matrix`` runs all of it."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

import pytest

from django_connected_accounts.sandbox import faults

from .faults import FAULTS


def test_every_fault_the_sandbox_knows_is_in_it() -> None:
    assert {fault["action"] for fault in FAULTS.values() if fault} == set(faults.ACTIONS)


@pytest.mark.parametrize("database", ["sqlite:", "postgresql", "mariadb"])
def test_f7_killed_at_any_point_while_anything_fails_a_post_is_public_once_at_most(
    database: str, needs: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    url = database if database == "sqlite:" else needs(database)
    monkeypatch.setenv("CONNECTED_ACCOUNTS_TEST_DATABASE", url)
    monkeypatch.delenv("CONNECTED_ACCOUNTS_TEST_NAME", raising=False)
    seed, kinds = random.randrange(10**6), ["photo", "carousel", "reel", "story"]
    kind = random.choice(kinds)
    command = [sys.executable, "-m", "tests.matrix", "--platform", "instagram_login"]
    run = subprocess.run(
        [*command, "--kind", kind, "--cells", "4", "--seed", str(seed)],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout[-3000:]}{run.stderr[-3000:]}"
    assert f"seed {seed}" in run.stdout
    assert ": 0 wrong" in run.stdout

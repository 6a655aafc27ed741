"""A little chaos, another each time; ``make chaos`` makes it large."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("database", "torment"),
    [
        ("sqlite:", ["--kill-every", "1"]),
        ("postgresql", ["--kill-every", "2", "--freezes", "2", "--freeze-before-sending", "0.05"]),
        ("mariadb", ["--kill-every", "1", "--faults", "0.1"]),
    ],
)
def test_posts_whose_workers_are_killed_and_frozen_at_any_moment_are_public_once(
    database: str,
    torment: list[str],
    needs: Any,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    url = database if database == "sqlite:" else needs(database)
    monkeypatch.setenv("CONNECTED_ACCOUNTS_TEST_DATABASE", url)
    monkeypatch.delenv("CONNECTED_ACCOUNTS_TEST_NAME", raising=False)
    seed = str(random.randrange(10**6))
    run = subprocess.run(
        [sys.executable, "-m", "tests.reliability", "--posts", "10", "--seed", seed, *torment],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout[-3000:]}{run.stderr[-3000:]}"
    assert "10 posts: 10 public, 0 doubled, 0 lost, 0 untrue (10 published)" in run.stdout

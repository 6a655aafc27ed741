"""The borders of the house that no linter draws; which layer may import which is in pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import django_connected_accounts

PACKAGE = Path(django_connected_accounts.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
CATCH_ALLS = {"common", "constants", "helpers", "managers", "misc", "shared", "util", "utils"}
LONGEST_FILE = 300


def _run(code: str) -> None:
    """Run code in a Python that has loaded nothing yet."""
    path = f"{PACKAGE.parent}{os.pathsep}{Path(__file__).parents[1]}"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("package", ["exceptions", "providers"])
def test_this_works_where_django_is_not_installed(package: str) -> None:
    _run(f"""
import importlib, pkgutil, sys
sys.modules["django"] = sys.modules["appconf"] = None
root = importlib.import_module("django_connected_accounts.{package}")
for module in pkgutil.walk_packages(getattr(root, "__path__", []), root.__name__ + "."):
    importlib.import_module(module.name)
""")


def test_a_project_that_uses_it_loads_no_sandbox_no_test_kit_and_no_extra() -> None:
    _run("""
import sys, django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_connected_accounts"],
    ROOT_URLCONF="django_connected_accounts.urls",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
import django_connected_accounts.urls, django_connected_accounts.api.urls
own = [name for name in sys.modules if name.startswith("django_connected_accounts.")]
foreign = {"celery", "mcp", "prometheus_client", "pytest", "hypothesis", "selenium"} & set(sys.modules)
assert not foreign, foreign
known = [name for name in own if name.split(".")[1] in {"sandbox", "testing", "contrib"}]
assert not known, known
""")


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = [module.relative_to(PACKAGE) for module in MODULES if module.stem in CATCH_ALLS]
    assert drawers == []


def test_every_file_is_short_enough_to_be_read_in_one_go() -> None:
    written = [module for module in MODULES if module.parent.name != "migrations"]
    lengths = {str(m.relative_to(PACKAGE)): len(m.read_text().splitlines()) for m in written}
    too_long = {name: length for name, length in lengths.items() if length > LONGEST_FILE}
    assert too_long == {}

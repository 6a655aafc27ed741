"""What is shipped: the wheel has all it needs, and makes a bare project work."""

from __future__ import annotations

import re
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
NEEDED = {"cryptography", "django", "django-appconf", "pillow", "python-dateutil", "requests", "tzdata"}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    written = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "django_connected_accounts").rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".pyo")
    }
    assert shipped == written


@pytest.mark.parametrize(
    "needed",
    [
        r"py\.typed",
        r"migrations/0001_\w+\.py",
        r"api/openapi\.yaml",
        r"templates/connected_accounts/base\.html",
        r"static/connected_accounts/.+\.css",
        r"sandbox/templates/.+\.html",
    ],
)
def test_the_wheel_holds_what_is_not_imported_but_needed(wheel: Path, needed: str) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(re.fullmatch(f"django_connected_accounts/{needed}", name) for name in names)


def test_the_wheel_requires_little_and_names_its_license(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(path).decode())
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split(r"[^\w-]", line)[0] for line in required} == NEEDED
    assert metadata["License-Expression"] == "BSD-3-Clause"


@pytest.mark.django_db
def test_the_migrations_make_what_the_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)

"""Every failure on the list has a test named after its number, somewhere."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROWS = {*range(1, 11), *range(12, 18), *range(19, 33), 34, 35, *range(37, 43)}
"""The numbers 11, 18, 33 and 36 were given to nothing."""


def test_every_failure_on_the_list_has_a_test_named_after_it() -> None:
    sources = (path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    named = {int(number) for source in sources for number in re.findall(r"def test_f(\d+)_", source)}
    assert sorted(ROWS - named) == []
    assert sorted(named - ROWS) == []

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from django_connected_accounts import codes


def test_no_code_is_defined_twice() -> None:
    parts = [import_module(f"{codes.__name__}.{module.name}") for module in iter_modules(codes.__path__)]
    defined = [code for part in parts for code in getattr(part, "CODES", ())]
    assert len(defined) > 200
    assert sorted(code for code in set(defined) if defined.count(code) > 1) == []
    assert set(codes.CODES) == {"error", *defined}

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django_connected_accounts import exceptions, providers
from django_connected_accounts.codes import CODES
from django_connected_accounts.providers.meta import ERRORS
from django_connected_accounts.providers.meta.login import EXCHANGE_CODES

RAISED = {name for name in vars(exceptions) if name[0].isupper()}


def codes_in(source: str) -> Iterator[str]:
    """Yield what is written as a code: of an exception, a problem, a warning, a reason or a requirement."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            values = [node.args[0]] if called in RAISED and node.args else []
            values += [k.value for k in node.keywords if k.arg in ("code", "warning", "unusable")]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values = [node.value] if node.targets[0].id in ("unusable", "requirements") else []
        else:
            continue
        for value in values:
            yield from texts_in(value)


def texts_in(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*texts_in(value.body), *texts_in(value.orelse))
    elif isinstance(value, ast.Tuple):
        yield from (text for element in value.elts for text in texts_in(element))


def test_every_code_a_provider_uses_is_explained() -> None:
    used = {meaning.code for meaning in ERRORS.values()} | set(EXCHANGE_CODES.values())
    for path in Path(providers.__path__[0]).rglob("*.py"):
        used.update(codes_in(path.read_text()))
    assert len(used) > 70
    assert sorted(used - set(CODES)) == []

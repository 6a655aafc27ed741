"""Writes the reference pages that are made from the code: ``python docs/generate.py``. A test compares them."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PACKAGE = ROOT / "src" / "django_connected_accounts"


def pages() -> dict[str, str]:
    """Return the text of each generated page, by its path under docs/."""
    return {
        "reference/settings.md": settings_page(),
        "reference/errors.md": errors_page(),
        "reference/platforms.md": platforms_page(),
    }


def settings_page() -> str:
    rows: list[str] = []
    source = (PACKAGE / "conf.py").read_text()
    lines = source.splitlines()
    (conf,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    for statement, following in zip(conf.body, [*conf.body[1:], None], strict=True):
        heading = lines[statement.lineno - 2].strip()
        if heading.startswith("# "):
            rows += ["", f"## {heading[2:]}"]
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value
        ):
            rows += ["", f"### `CONNECTED_ACCOUNTS_{statement.target.id}`", ""]
            rows += [f"Default: `{ast.unparse(statement.value)}`"]
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                rows += ["", " ".join(str(following.value.value).split())]
    intro = "Read when needed, so `override_settings` works in tests. `python manage.py check` names what is missing or unsafe."
    return "\n".join(["# Settings", "", intro, *rows, ""])


def errors_page() -> str:
    from django_connected_accounts.codes import CODES

    who = {
        "author": "the author",
        "owner": "the account's owner",
        "operator": "the operator",
        "nobody": "nobody",
    }
    intro = [
        "# Codes",
        "",
        "Every refusal, failure and warning has a code. It is stable: pages, the JSON API and Python give the same one,",
        "with a cause, what to do, and who must act, all three translated. `…` stands for what is filled in.",
        "",
        "In Python a code comes with an exception of `django_connected_accounts.exceptions`, one class per remedy:",
        "",
        *_error_tree(),
        "",
        "| code | what happened | what to do | who |",
        "|---|---|---|---|",
    ]
    rows = []
    for code, meaning in sorted(CODES.items()):
        cause, action = (_filled(str(text)) for text in (meaning.cause, meaning.action))
        rows.append(f"| `{code}` | {cause} | {action} | {who[meaning.who]} |")
    return "\n".join([*intro, *rows, ""])


def platforms_page() -> str:
    from django_connected_accounts import registry
    from django_connected_accounts.providers.base import Publishes

    providers = registry.all()
    names = [provider.name for provider in providers]
    parts = [
        "# Platforms",
        "",
        "Made from the data that the forms, the API and the checks before publishing read.",
        "",
        "## What each can do",
        "",
        f"| | {' | '.join(f'{p.name}<br>`{p.id}`' for p in providers)} |",
        f"|---|{'---|' * len(names)}",
    ]
    publishing = [provider for provider in providers if isinstance(provider, Publishes)]
    for kind in dict.fromkeys(kind for provider in publishing for kind in provider.kinds):
        marks = ("yes" if isinstance(p, Publishes) and kind in p.kinds else "no" for p in providers)
        parts.append(f"| {kind} | {' | '.join(marks)} |")
    for option in dict.fromkeys(option for provider in publishing for option in provider.options):
        marks = ("yes" if isinstance(p, Publishes) and option in p.options else "no" for p in providers)
        parts.append(f"| option `{option}` | {' | '.join(marks)} |")
    for capability in dict.fromkeys(name for provider in providers for name in provider.scopes):
        scopes = ("<br>".join(f"`{s}`" for s in p.scopes.get(capability, ())) for p in providers)
        parts.append(f"| scopes to {capability} | {' | '.join(scopes)} |")
    told: set[int] = set()
    for provider in publishing:
        if id(provider.limits) in told:
            continue
        told.add(id(provider.limits))
        same = [p.name for p in publishing if p.limits is provider.limits]
        parts += [
            "",
            f"## Limits: {', '.join(same)}",
            "",
            "| limit | value | source | read | note |",
            "|---|--:|---|---|---|",
        ]
        for name, limit in sorted(provider.limits.items()):
            value = f"{limit.value:g} {limit.unit}"
            parts.append(f"| `{name}` | {value} | {limit.source} | {limit.date} | {limit.note} |")
    return "\n".join([*parts, ""])


def _error_tree() -> Iterator[str]:
    from django_connected_accounts import exceptions

    assert exceptions.__doc__
    tree = exceptions.__doc__.split("::\n\n", 1)[1].split("\n\n``", 1)[0]
    yield "```text"
    for line in tree.splitlines():
        yield line.removeprefix("    ")
    yield "```"


def _filled(text: str) -> str:
    class Dots(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return "…"

    return (text % Dots()).replace("|", "\\|")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    for path, text in pages().items():
        (DOCS / path).write_text(text)
        print(f"docs/{path}")

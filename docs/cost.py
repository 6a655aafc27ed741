"""Print what each platform costs: lines of code of its provider and its sandbox, to fifty, and its files.

A line counts if it holds code: no blank lines, comments or docstrings. ``docs/generate.py`` writes the page
that shows the table.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "django_connected_accounts"
PROVIDERS, SANDBOX = PACKAGE / "providers", PACKAGE / "sandbox"
SANDBOXES: Mapping[str, tuple[str, ...]] = {
    "instagram": ("instagram*", "containers", "comments"),
    "facebook": ("pages", "page_*", "films"),
    "linkedin": ("linkedin*",),
    "threads": ("threads*",),
    "tiktok": ("tiktok*",),
    "twitter": ("twitter*",),
    "meta": ("meta", "facebook_login", "discovery", "tokens", "errors", "insights", "own_login"),
}
"""Whose files of the sandbox are whose; what is left is everybody's."""

NAMES = {
    "instagram": "Instagram, both logins",
    "facebook": "Facebook Pages",
    "linkedin": "LinkedIn",
    "threads": "Threads",
    "tiktok": "TikTok",
    "twitter": "X",
    "meta": "shared by Instagram, Facebook and Threads",
}
NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def lines(path: Path) -> int:
    """Return how many lines of a file hold code."""
    source = path.read_text()
    told = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    held = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in NOT_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(held - told)


def rows() -> Iterator[tuple[str, list[Path], list[Path]]]:
    """Yield each platform with the files of its provider and of its sandbox, then what all share."""
    taken: set[Path] = set()
    for name, patterns in SANDBOXES.items():
        provider = _code(PROVIDERS.glob(f"{name}/*.py"))
        sandbox = _code(path for pattern in patterns for path in SANDBOX.glob(f"{pattern}.py"))
        taken |= {*provider, *sandbox}
        yield NAMES[name], provider, sandbox
    example = ROOT / "example_project" / "corkle"
    yield "Corkle, of the example project", [example / "provider.py"], [example / "sandbox.py"]
    provider, sandbox = (_code(set(folder.rglob("*.py")) - taken) for folder in (PROVIDERS, SANDBOX))
    yield "shared by all", provider, sandbox


def table() -> str:
    """Return it all as a table."""
    parts = ["| | provider | sandbox | together | files |", "|---|--:|--:|--:|--:|"]
    for name, provider, sandbox in rows():
        ours, theirs = (50 * round(sum(map(lines, files)) / 50) for files in (provider, sandbox))
        parts.append(
            f"| {name} | {ours:,} | {theirs:,} | {ours + theirs:,} | {len(provider) + len(sandbox)} |"
        )
    return "\n".join(parts)


def _code(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if lines(path) and "__init__" not in path.name)


if __name__ == "__main__":
    print(table())

"""Write the reference pages that are made from the code: ``python docs/generate.py``.

``tests/test_docs.py`` fails while a page is not what would be written.
"""

from __future__ import annotations

import ast
import os
import re
import runpy
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import django

from django_connected_accounts.providers.base import Deletes, Measures, Provider, Publishes, Receives
from django_connected_accounts.providers.types import Limits, Option

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SOURCES = {
    "corkle/provider.py": ROOT / "example_project" / "corkle" / "provider.py",
    "corkle/sandbox.py": ROOT / "example_project" / "corkle" / "sandbox.py",
    "test_corkle.py": ROOT / "tests" / "providers" / "test_corkle.py",
}
"""What pages show as it is."""

PACKAGE = ROOT / "src" / "django_connected_accounts"


def pages() -> dict[str, str]:
    """Return the text of each generated page, by its path under docs/."""
    return {
        "reference/settings.md": settings_page(),
        "reference/checks.md": checks_page(),
        "reference/errors.md": errors_page(),
        "reference/platforms.md": platforms_page(),
        "how-to/write-a-provider.md": with_files("how-to/write-a-provider.md"),
        "explanation/what-a-platform-costs.md": cost_page(),
    }


def settings_page() -> str:
    parts = [
        "# Settings",
        "",
        "Each is read when it is needed, so `override_settings` works in tests. The first group is what",
        "every project sets; the rest has defaults that fit most.",
    ]
    source = (PACKAGE / "conf.py").read_text()
    lines = source.splitlines()
    (conf,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    for statement, following in zip(conf.body, conf.body[1:], strict=False):
        heading = lines[statement.lineno - 2].strip()
        if heading.startswith("# "):
            parts += ["", f"## {heading[2:]}"]
        if isinstance(statement, ast.AnnAssign) and statement.value:
            parts += ["", f"### `CONNECTED_ACCOUNTS_{ast.unparse(statement.target)}`", ""]
            parts += [f"{_docstring(following)} Default: `{_default(statement.value)}`"]
    return "\n".join([*parts, ""])


def _docstring(statement: ast.stmt) -> str:
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        raise ValueError(f"conf.py, line {statement.lineno}: the setting before has no docstring")
    return " ".join(str(statement.value.value).split()).replace("``", "`")


def _default(value: ast.expr) -> str:
    """Return a default as it is written, with thousands set apart."""
    written = ast.unparse(value)
    return f"{int(written):,}".replace(",", "_") if written.isdigit() and len(written) > 4 else written


def checks_page() -> str:
    found: dict[str, list[tuple[str, str]]] = {}
    for module in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(module.read_text())
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for check, message, hint in _checks(function, _assigned(tree.body)):
                    found.setdefault(check, []).append((message, hint))
    parts = [
        "# Checks",
        "",
        "What `python manage.py check` says about this package. Errors (E) stop most commands, warnings (W)",
        "do not. Some look only with `--deploy`, some only with `--database default`. `…` stands for what is",
        "filled in. To silence one, put its id into Django's `SILENCED_SYSTEM_CHECKS`.",
        "",
        "| id | what it says | what to do |",
        "|---|---|---|",
    ]
    for check, texts in sorted(found.items(), key=lambda item: item[0].partition(".")[2]):
        messages, hints = (
            " / ".join(dict.fromkeys(filter(None, column))) for column in zip(*texts, strict=True)
        )
        parts.append(_row(f"`{check}`", (messages if re.search(r"\w", messages) else "what is wrong", hints)))
    return "\n".join([*parts, ""])


def _checks(function: ast.FunctionDef, texts: dict[str, ast.expr]) -> Iterator[tuple[str, str, str]]:
    """Yield id, message and hint of each check this function may return; ``texts`` are its module's."""
    for node in sorted(_inside(function), key=lambda node: (node.lineno, node.col_offset)):
        texts |= _assigned([node])
        if isinstance(node, ast.Call):
            options = {keyword.arg: keyword.value for keyword in node.keywords}
            check = _text(options.get("id"), texts)
            if re.fullmatch(r"connected_accounts\.[EW]\d{3}", check) and node.args:
                yield check, _text(node.args[0], texts), _text(options.get("hint"), texts)


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    assignments = (node for node in nodes if isinstance(node, ast.Assign))
    return {
        target.id: node.value
        for node in assignments
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _inside(function: ast.FunctionDef) -> Iterator[ast.stmt | ast.expr]:
    return (node for node in ast.walk(function) if isinstance(node, (ast.stmt, ast.expr)))


def _text(node: ast.expr | None, texts: Mapping[str, ast.expr]) -> str:
    """Return a text of the source, "…" in the place of what is filled in; "" for what is none."""
    if isinstance(node, ast.Name):
        node = texts.get(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("|", "\\|")
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, texts) or "…" for part in node.values)
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
        known = texts.get(node.value.id)
        return _text(known, texts) if isinstance(known, ast.Constant) else ""
    return ""


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
        "Every refusal, failure and warning has a code. It is stable: pages, the JSON API and Python give",
        "the same one, with a cause, what to do, and who must act. The texts can be translated; `…` stands",
        "for what is filled in.",
        "",
        "In Python a code comes with an exception of `django_connected_accounts.exceptions`, one class per",
        "remedy:",
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

    providers = registry.all()
    publishing = [provider for provider in providers if isinstance(provider, Publishes)]
    parts = [
        "# Platforms",
        "",
        "Made from the data that the forms, the API and the checks before publishing read.",
        "",
        "## What each can do",
        "",
        _row("", (f"[{provider.name}](#{_anchor(provider)})" for provider in providers)),
        f"|---|{'---|' * len(providers)}",
        _row("id in settings and URLs", (f"`{provider.id}`" for provider in providers)),
        _row("people sign in at", (str(urlsplit(p.authorize_url).hostname) for p in providers)),
        _row("API version, unless `API_VERSION` is set", (f"`{p.api_version}`" for p in providers)),
    ]
    for kind in dict.fromkeys(kind for provider in publishing for kind in provider.kinds):
        parts.append(_row(f"publishes a {kind}", (_mark(kind in provider.kinds) for provider in publishing)))
    parts.append(_row("deletes posts", (_mark(isinstance(provider, Deletes)) for provider in providers)))
    parts.append(_row("tells numbers", (_mark(isinstance(provider, Measures)) for provider in providers)))
    parts.append(_row("tells us things", (_mark(isinstance(provider, Receives)) for provider in providers)))
    for capability in dict.fromkeys(name for provider in providers for name in provider.scopes):
        scopes = ("<br>".join(f"`{s}`" for s in p.scopes.get(capability, ())) or "none" for p in providers)
        parts.append(_row(f"scopes to {capability}", scopes))
    seen: dict[int, str] = {}
    for provider in publishing:
        parts += ["", f"## {provider.name} (`{provider.id}`)"]
        parts += _takes(provider)
        parts += _options(provider)
        heading = f"{provider.name} (`{provider.id}`)"
        if id(provider.limits) in seen:
            parts += ["", f"Its limits are those of {seen[id(provider.limits)]}."]
            continue
        seen[id(provider.limits)] = heading
        parts += ["", *_limits_table(provider.limits)]
    return "\n".join([*parts, ""])


def _anchor(provider: Provider) -> str:
    """Return the anchor that a heading gets by its words."""
    words = f"{provider.name} {provider.id}".lower()
    return re.sub(r"[^\w]+", "-", words).strip("-")


def _takes(provider: Publishes) -> Iterator[str]:
    if not provider.takes:
        return
    yield ""
    yield "| kind of post | made of | in these formats | |"
    yield "|---|---|---|---|"
    for kind in provider.kinds:
        rule = provider.takes[kind]
        least, most = rule.items
        count = str(most) if least == most else f"{least} to {most}"
        media = " or ".join(WORDS[one] + ("s" if most > 1 else "") for one in rule.media)
        formats = ", ".join(_format(mime) for mimes in rule.media.values() for mime in mimes)
        codecs = f"films as {', '.join(rule.codecs)}" if rule.codecs and "video" in rule.media else ""
        yield _row(kind, (f"{count} {media}" if most else "text", formats, codecs))


WORDS = {"image": "picture", "video": "film", "document": "document"}
"""One of each kind of media."""


def _format(mime: str) -> str:
    from django_connected_accounts.services.media import EXTENSIONS

    return EXTENSIONS.get(mime, mime).upper()


def _options(provider: Publishes) -> Iterator[str]:
    if not provider.options:
        return
    yield ""
    yield "| option | kind of value | for | |"
    yield "|---|---|---|---|"
    for name, option in provider.options.items():
        required = " **To be chosen by the author.**" if option.required else ""
        kinds = "all" if set(provider.kinds) <= set(option.kinds) else ", ".join(option.kinds)
        yield _row(f"`{name}`", (_value(option), kinds, f"{option.help}{required}"))
        for part, made_of in option.parts.items():
            yield _row(f"`{name}.{part}`", (_value(made_of), kinds, made_of.help))


def _value(option: Option) -> str:
    return f"one of {', '.join(f'`{one}`' for one in option.choices)}" if option.choices else option.type


def _limits_table(limits: Limits) -> Iterator[str]:
    sources = list(dict.fromkeys(limit.source for limit in limits.values()))
    yield "| limit | value | read | source | note |"
    yield "|---|--:|---|---|---|"
    for name, limit in sorted(limits.items()):
        value, number = _number(limit.value, limit.unit), sources.index(limit.source) + 1
        yield _row(f"`{name}`", (value, str(limit.date), str(number), limit.note))
    yield ""
    yield "Sources:"
    yield ""
    for number, source in enumerate(sources, 1):
        yield f"{number}. {f'<{source}>' if source.startswith('https://') else source}"


def _row(*cells: str | Iterable[str]) -> str:
    flat = [cell for part in cells for cell in ([part] if isinstance(part, str) else part)]
    return f"| {' | '.join(flat)} |"


def _number(value: float, unit: str) -> str:
    """Return 8000000 bytes as "8,000,000 bytes", and 0.8 as it is."""
    return f"{int(value):,} {unit}" if value == int(value) else f"{value:,} {unit}"


def _mark(offered: bool) -> str:
    return "yes" if offered else "no"


def _error_tree() -> Iterator[str]:
    from django_connected_accounts import exceptions

    tree = str(exceptions.__doc__).split("::\n\n", 1)[1].split("\n\n``", 1)[0]
    yield "```text"
    for line in tree.splitlines():
        yield line.removeprefix("    ")
    yield "```"


def _filled(text: str) -> str:
    class Dots(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return "…"

    return (text % Dots()).replace("|", "\\|")


def with_files(page: str) -> str:
    """Return a page as it is, but for the code that names a file of the example: that is the file."""

    def filled(block: re.Match[str]) -> str:
        name = block["name"]
        return f"```python\n# {name}\n{SOURCES[name].read_text()}```" if name in SOURCES else block[0]

    text = (DOCS / page).read_text()
    return re.sub(
        r"^```python\n# (?P<name>[\w/]+\.py)\n.*?^```", filled, text, flags=re.DOTALL | re.MULTILINE
    )


COST = """# What a platform costs

Lines that hold code (no blank ones, comments or docstrings) of each provider and of its simulation,
rounded to fifty, and in how many files they are. `python docs/cost.py` prints the table.

{table}

Besides its files, a built-in platform touches four: `registry.py`, `sandbox/platforms.py` (a line each), its
contract test, and its page under `docs/how-to/`. A third party's touches the settings and its test.

The aim was 450 lines and 6 files for the largest. A small platform is within it, as Corkle shows; the large
ones are far from it. What makes them large is not OAuth, which is data, but what each does its own way:
uploads in pieces that go on where they broke off, threads, publishing in phases, ways to find out what
became of a lost answer, and tables of errors with their remedies. Each of these has its tests.
"""


def cost_page() -> str:
    return COST.format(table=runpy.run_path(str(DOCS / "cost.py"))["table"]())


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    for path, text in pages().items():
        (DOCS / path).write_text(text)
        print(f"docs/{path}")

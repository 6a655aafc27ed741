"""What the documentation says is so: its code runs, its names exist, its links lead somewhere."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.core.management import get_commands
from django.dispatch import Signal
from PIL import Image

import django_connected_accounts
from django_connected_accounts import signals
from django_connected_accounts.codes import CODES
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.providers import preflight, types
from django_connected_accounts.sandbox import World, samples
from django_connected_accounts.sandbox.platforms import ALL
from django_connected_accounts.testing import connect, publish_everything
from django_connected_accounts.testing import sandbox as sandbox  # the fixture

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PACKAGE = Path(django_connected_accounts.__file__).parent
PAGES = {str(p.relative_to(ROOT)): p.read_text() for p in (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))}
ALL_PAGES = {
    **PAGES,
    **{name: (ROOT / name).read_text() for name in ("CONTRIBUTING.md", "CHANGELOG.md")},
}

BLOCK = re.compile(
    r"(?:^ *<!-- not run: (?P<why>[^\n]+?) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!https?:|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")
APPLIED = ("CONNECTED_ACCOUNTS_ACCESS", "CONNECTED_ACCOUNTS_PROVIDERS")
"""Settings of a page that hold for the rest of the page; others would leave the tests' own world."""


@dataclass(frozen=True)
class Block:
    """A piece of code on a page; ``file`` is what its first line says it is, "" where it is to be run."""

    page: str
    language: str
    code: str
    file: str = ""
    why_not: str = ""


def blocks(page: str) -> Iterator[Block]:
    for found in BLOCK.finditer(PAGES[page]):
        code = dedent(found["code"])
        named = re.match(r"# ([\w/]+\.py)\n", code)
        yield Block(page, found["language"], code, named[1] if named else "", found["why"] or "")


PYTHON_PAGES = [page for page in PAGES if any(block.language == "python" for block in blocks(page))]
SHELL = [block for page in PAGES for block in blocks(page) if block.language in ("sh", "console")]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Code


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files that pages open, where a page's own modules are found until the test ends."""
    (tmp_path / "bread.jpg").write_bytes(samples.jpeg())
    Image.new("RGB", (3000, 1000), "teal").save(tmp_path / "wide.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for signal in vars(signals).values():
        if isinstance(signal, Signal):
            monkeypatch.setattr(signal, "receivers", [*signal.receivers])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def user(django_user_model: Any, db: None) -> Any:
    return django_user_model.objects.create_user("ada", "ada@example.com", is_staff=True)


@pytest.fixture
def account(sandbox: World, user: Any) -> ConnectedAccount:
    return connect(sandbox, user)


def read(
    page: str, desk: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, **known: Any
) -> dict[str, Any]:
    """Do what a reader does from the top of a page to its end; return what they have then."""
    names = dict(known)
    for block in blocks(page):
        if block.language != "python" or block.why_not:
            continue
        if block.file in ("settings.py", "urls.py"):
            for name, value in _configured(block, monkeypatch).items():
                if name in APPLIED:
                    setattr(settings, name, value)
        elif block.file:
            path = desk / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code)
        else:
            exec(compile(block.code, block.page, "exec"), names)
    return names


def _configured(block: Block, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    from django.urls import path

    for name in re.findall(r"os\.environ\[\"(\w+)\"\]", block.code):
        monkeypatch.setenv(name, "from the environment")
    names: dict[str, Any] = {"INSTALLED_APPS": [], "DATABASES": {"default": {}}, "urlpatterns": []}
    names |= {"path": path, "os": os}
    exec(compile(block.code, f"{block.page}, {block.file}", "exec"), names)
    return {name: value for name, value in names.items() if name.isupper()}


@pytest.mark.parametrize("page", PYTHON_PAGES)
@pytest.mark.django_db
def test_the_python_on_a_page_runs(
    page: str,
    desk: Path,
    user: Any,
    account: ConnectedAccount,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read(page, desk, settings, monkeypatch, user=user, account=account)
    if any(desk.glob("test_*.py")):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        run = subprocess.run(
            [*command, "-p", "pytest_django.plugin", str(desk)],
            env={
                **os.environ,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": os.pathsep.join((str(desk), str(ROOT))),
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "CONNECTED_ACCOUNTS_TEST_DATABASE": "sqlite:",
            },
            cwd=desk,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout


@pytest.mark.django_db
def test_what_the_readme_publishes_becomes_public(
    desk: Path,
    user: Any,
    account: ConnectedAccount,
    sandbox: World,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = read("README.md", desk, settings, monkeypatch, user=user)
    publish_everything()
    publication = Publication.objects.get(pk=names["publication"].pk)
    assert [post["permalink"] for post in sandbox.posts()] == [publication.permalink]


@pytest.mark.django_db
def test_the_team_of_the_docs_shares_its_accounts_and_nobody_elses(
    desk: Path,
    user: Any,
    account: ConnectedAccount,
    django_user_model: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.contrib.auth.models import AnonymousUser, Group

    from django_connected_accounts.access import access

    colleague, stranger = (django_user_model.objects.create_user(name) for name in ("grace", "mallory"))
    for name in ("bakery", "marketing"):
        Group.objects.create(name=name).user_set.add(user, colleague)
    Group.objects.create(name="others").user_set.add(stranger)
    read("docs/how-to/share-accounts-in-a-team.md", desk, settings, monkeypatch)

    assert list(access().accounts(colleague)) == [account]
    assert list(access().accounts(user)) == [account]
    assert list(access().accounts(stranger)) == list(access().accounts(AnonymousUser())) == []
    assert access().may_connect(user, "instagram")
    assert not access().may_connect(colleague, "instagram")


@pytest.mark.django_db(transaction=True)
def test_the_receivers_of_the_docs_are_told(
    desk: Path,
    user: Any,
    account: ConnectedAccount,
    sandbox: World,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    mailoutbox: list[Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    read("docs/how-to/listen-to-signals.md", desk, settings, monkeypatch)
    settings.MANAGERS = [("Managers", "managers@example.com")]
    receivers = importlib.import_module("shop.receivers")
    live = account.publish(text="Live", media=[samples_file()])
    publish_everything()
    late = account.publish(text="Never", media=[samples_file()])
    sandbox.fault(action="container_error", path="/media$", subcode=2207026, times=0)
    publish_everything(steps=10)
    sandbox.revoke("shop", 458)
    account.publish(text="Waits", media=[samples_file()])
    publish_everything(steps=3)

    live.refresh_from_db()
    late.refresh_from_db()
    assert f"Live on {account}: {live.remote_id}" in capsys.readouterr().out
    assert late.status == Publication.Status.FAILED
    subjects = {message.subject for message in mailoutbox}
    assert {"Your post is not live", "[Django] Reconnect an account"} <= subjects
    assert receivers


def samples_file() -> Any:
    from django.core.files.base import ContentFile

    return ContentFile(samples.jpeg(), name="photo.jpg")


# Names


def words(pattern: str, pages: dict[str, str] = ALL_PAGES) -> set[tuple[str, str]]:
    return {(page, found) for page, text in pages.items() for found in re.findall(pattern, text)}


def test_every_setting_that_is_named_exists() -> None:
    conf = ast.parse((PACKAGE / "conf.py").read_text())
    known = {
        f"CONNECTED_ACCOUNTS_{node.target.id}"
        for node in ast.walk(conf)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    named = words(r"\bCONNECTED_ACCOUNTS_(?!TEST_)[A-Z_]*[A-Z]\b")
    assert {(page, name) for page, name in named if name not in known} == set()


def test_every_command_that_is_named_exists() -> None:
    others = {model._meta.db_table for model in apps.get_models()}
    others |= {"connected_accounts_api"}  # the namespace of the API's URLs
    named = words(r"\bconnected_accounts_[a-z_]+\b")
    commands = {*get_commands(), "demo", "tour"}
    assert {(page, name) for page, name in named if name not in commands | others} == set()
    managed = {(block.page, name) for block in SHELL for name in re.findall(r"manage\.py (\w+)", block.code)}
    assert {(page, name) for page, name in managed if name not in commands} == set()


def test_every_command_of_ours_is_in_the_reference() -> None:
    ours = {name for name, app in get_commands().items() if app == "django_connected_accounts"}
    page = PAGES["docs/reference/commands.md"]
    assert {name for name in ours if f"| `{name}` |" not in page} == set()


def test_every_check_is_in_the_reference() -> None:
    written = {
        found
        for module in PACKAGE.rglob("*.py")
        for found in re.findall(r"connected_accounts\.[EW]\d{3}", module.read_text())
    }
    assert {check for check in written if f"| `{check}` |" not in PAGES["docs/reference/checks.md"]} == set()
    named = words(r"\bconnected_accounts\.[EW]\d{3}\b")
    assert {(page, check) for page, check in named if check not in written} == set()


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = words(r"(?:`|^ {4}|^)make ([\w-]+)") | {
        (block.page, name)
        for block in SHELL
        for name in re.findall(r"^make ([\w-]+)", block.code, re.MULTILINE)
    }
    assert {(page, name) for page, name in named if name not in targets} == set()


def test_every_signal_and_verb_is_in_the_reference() -> None:
    page = PAGES["docs/reference/signals.md"]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    told: dict[str, set[str]] = {}
    names = {id(value): name for name, value in vars(signals).items() if isinstance(value, signals.Signal)}
    for verb, signal in signals.VERBS.items():
        told.setdefault(names.get(id(signal), ""), set()).add(verb)
    quiet = told.pop("", set())
    assert {
        name: set(re.findall(r"`([\w.]+)`", rows.get(name, "").partition(":")[0])) for name in told
    } == told
    assert {verb for verb in quiet if f"`{verb}`" not in page} == set()


def test_every_field_and_name_of_the_models_page_exists() -> None:
    page = PAGES["docs/reference/models.md"]
    models = {model.__name__: model for model in apps.get_app_config("connected_accounts").get_models()}
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        model = models[title.split()[0]]
        for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text.partition("| `health` |")[0], re.MULTILINE):
            for name in re.findall(r"`(\w+)`", row):
                assert hasattr(model, name), f"{title}.{name}"
    healths = re.findall(
        r"^\| `(\w+)` \|", page.partition("| `health` | meaning")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert set(healths) == set(ConnectedAccount.Health.values)
    statuses = (
        PAGES["docs/how-to/publish-from-python.md"]
        .partition("| `status` | meaning |")[2]
        .partition("\n\n")[0]
    )
    assert set(
        re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| ([^|]+) \|", statuses, re.MULTILINE)))
    ) == set(Publication.Status.values)


def test_every_value_of_a_provider_is_in_its_contract() -> None:
    page = PAGES["docs/reference/provider-contract.md"]
    values = {name: value for name, value in vars(types).items() if is_dataclass(value)}
    for name, value in values.items():
        row = re.search(rf"^\| `{name}` \| (.*) \|$", page, re.MULTILINE)
        assert row, name
        assert re.findall(r"`(\w+)`", row[1]) == [field.name for field in fields(value)], name
    limits = re.findall(r"`(?:<media>)?(_\w+)`", page)
    assert {f"_{side[0]}" for side in preflight.SIDES} <= set(limits)


def test_every_toggle_of_the_sandbox_is_in_its_reference() -> None:
    page = PAGES["docs/reference/sandbox.md"]
    named = set(re.findall(r"`([\w.]+)`", page))
    short = ("pages", "twitter")  # have a table of their own
    toggles = {name if p.id in short else f"{p.id}.{name}" for p in ALL for name in p.toggles}
    assert toggles - named == set()
    hosts = {route.host for platform in ALL for route in platform.routes}
    assert {host for host in hosts if f"`{host}`" not in page} == set()


def test_every_style_that_is_named_exists() -> None:
    styles = (PACKAGE / "static" / "connected_accounts" / "pages.css").read_text()
    named = set(re.findall(r"--ca-[a-z-]*[a-z]", PAGES["docs/how-to/change-the-look.md"]))
    assert {name for name in named if f"{name}:" not in styles} == set()


# Links


@pytest.mark.parametrize("page", ALL_PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    here = ROOT / page
    text = re.sub(r"```.*?```", "", ALL_PAGES[page], flags=re.DOTALL)
    for found in LINK.finditer(text):
        target = (here.parent / found["path"]).resolve() if found["path"] else here
        assert target.exists(), found[0]
        if found["anchor"] and target.suffix == ".md":
            assert found["anchor"] in _anchors(target.read_text()), found[0]


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in headings}


def test_every_page_is_in_the_navigation_and_the_readme_names_the_main_ones() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    pages = [page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")]
    assert [page for page in pages if f": {page}\n" not in navigation] == []
    assert [page for page in pages if page != "index.md" and f"(docs/{page})" not in PAGES["README.md"]] == []


# What is made from the code


def test_the_generated_pages_are_those_of_the_code() -> None:
    stale = [page for page, text in generator().pages().items() if (DOCS / page).read_text() != text]
    assert stale == [], "run: python docs/generate.py"


CODED = {
    "ConnectedAccountsError",
    "InvalidRequest",
    "ConnectionFailed",
    "UndecryptableToken",
    "ProviderError",
}
CODED |= {"NotAuthorized", "ActionNeeded", "PermissionMissing", "ContentRejected", "RateLimited"}
CODED |= {"Unavailable", "OutcomeUnknown"}


def codes_in(source: str) -> Iterator[str]:
    """Yield every code a module raises, returns as a problem, or writes to a row."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            found = [
                keyword.value for keyword in node.keywords if keyword.arg in ("code", "unusable", "refusal")
            ]
            if name in CODED or name == "refusal":
                found += node.args[:1]
            elif name == "Meaning":  # Meta's table; ours has no class first
                found += node.args[1:2] if isinstance(node.args[0], ast.Name) else []
            yield from _texts(found if name != "ValidationError" else [])
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = getattr(target, "id", getattr(target, "attr", ""))
            if name in ("default_code", "requirements"):
                yield from _texts([node.value])
            elif name == "EXCHANGE_CODES" and isinstance(node.value, ast.Dict):
                yield from _texts(node.value.values)


def _texts(nodes: list[Any]) -> Iterator[str]:
    for node in nodes:
        for part in (
            node,
            *getattr(node, "elts", ()),
            *(getattr(node, side, None) for side in ("body", "orelse")),
        ):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
                yield part.value


def test_every_code_the_package_uses_is_explained() -> None:
    used = {
        code: module.name
        for module in PACKAGE.rglob("*.py")
        if not {"sandbox", "testing", "migrations"} & set(module.parts)
        for code in codes_in(module.read_text())
    }
    used |= {
        f"account_{health}": "publishing.py"
        for health in ConnectedAccount.Health
        if health not in ConnectedAccount.USABLE
    }
    assert {code: where for code, where in used.items() if code not in CODES} == {}
    assert len(used) > 100


def test_every_code_is_in_the_reference() -> None:
    page = PAGES["docs/reference/errors.md"]
    assert {code for code in CODES if f"| `{code}` |" not in page} == set()

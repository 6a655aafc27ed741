"""The built wheel and the README's ten lines give a bare ``startproject`` a working connect and publish."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from example_project.studio.browser import Browser
from example_project.studio.ports import free_port, wait_for

ROOT = Path(__file__).parents[1]
PASSWORD = "a-password-for-this-test"
PUBLISH = """
import io
from PIL import Image
from django.core.files.base import ContentFile
from django_connected_accounts.models import ConnectedAccount
picture = io.BytesIO()
Image.new("RGB", (1080, 1080), "teal").save(picture, "JPEG")
account = ConnectedAccount.objects.get()
account.publish(text="From a bare project", media=[ContentFile(picture.getvalue(), name="teal.jpg")])
"""


class Project:
    """A project made by ``django-admin startproject`` that sees the wheel, not the source tree."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder / "project"
        zipfile.ZipFile(wheel).extractall(folder / "wheel")
        self.web, self.sandbox = free_port(0), free_port(0)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "CONNECTED_ACCOUNTS_"))},
            "PYTHONPATH": str(folder / "wheel"),
            "CONNECTED_ACCOUNTS_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        self.folder.mkdir()
        self.run("-m", "django", "startproject", "bare", ".")
        self.add("settings.py")
        self.add("urls.py")

    def add(self, file: str) -> None:
        """Add the README's block for this file, on ports of our own."""
        readme = (ROOT / "README.md").read_text()
        found = re.search(rf"```python\n# {re.escape(file)}\n(.*?)```", readme, re.DOTALL)
        assert found, f"README has no block for {file}"
        lines = found[1].replace(":8000", f":{self.web}").replace(":8765", f":{self.sandbox}")
        with (self.folder / "bare" / file).open("a") as target:
            target.write(f"\n{lines}")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, *arguments]

    def run(self, *arguments: str) -> str:
        run = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def project(tmp_path: Path, wheel: Path) -> Iterator[Project]:
    project = Project(tmp_path, wheel)
    with ExitStack() as running:
        for port, *arguments in (
            (project.sandbox, "-m", "django_connected_accounts.sandbox", "--port", str(project.sandbox)),
            (project.web, "manage.py", "runserver", "--noreload", f"127.0.0.1:{project.web}"),
        ):
            process = project.start(*arguments)
            running.callback(process.wait)
            running.callback(process.terminate)
            assert wait_for(port, lambda process=process: process.poll() is None)
        yield project


def test_ten_lines_make_a_bare_project_connect_and_publish(project: Project) -> None:
    project.run("manage.py", "migrate", "--verbosity", "0")
    project.run(
        "manage.py", "createsuperuser", "--no-input", "--username", "owner", "--email", "owner@example.com"
    )
    assert project.run("manage.py", "check").startswith("System check identified no issues")

    browser = Browser()
    browser.open(f"http://127.0.0.1:{project.web}/connected-accounts/connect/instagram_login/")
    browser.send(username="owner", password=PASSWORD)
    browser.send()
    browser.send("shop")
    browser.send("allow")
    assert "juniper.shop" in browser.html

    project.run("manage.py", "shell", "-c", PUBLISH)
    public: list[str] = []
    deadline = time.monotonic() + 60
    while not public and time.monotonic() < deadline:
        project.run("manage.py", "connected_accounts_tick")
        posts = requests.get(f"http://127.0.0.1:{project.sandbox}/_sandbox/posts", timeout=10).json()["posts"]
        public = [post["caption"] for post in posts]
    assert public == ["From a bare project"]

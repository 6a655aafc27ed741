"""The example project as processes of its own, for tests that kill, stop and signal them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

MANAGE = Path(__file__).parents[1] / "example_project" / "manage.py"

WEBSITE = """
import time
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management import call_command
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.sandbox import samples
from studio.website import website

call_command("migrate", verbosity=0)
account = ConnectedAccount.objects.create(
    user=get_user_model().objects.create_user("owner"), platform="instagram_login",
    account_id="{account_id}", username="{username}", access_token="{token}",
    permissions={{"publish": True}},
)
for number in range({posts}):
    account.publish(text=f"Post {{number}}", media=[ContentFile(samples.jpeg(), "photo.jpg")])
with website() as url:
    print(url, flush=True)
    time.sleep(600)
"""


class Project:
    """The example project as processes, with a database and media of its own."""

    def __init__(self, state: Path, sandbox: str) -> None:
        self.database = state / "db.sqlite3"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STUDIO_STATE": str(state),
            "STUDIO_SANDBOX": sandbox,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(MANAGE), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environment, text=True, stdout=pipe, stderr=pipe)

    @contextmanager
    def website(self, **content: object) -> Iterator[None]:
        """Make the database with its content, serve the media on a free port, and tell the others where."""
        process = self.start("shell", "-v0", "-c", WEBSITE.format(**content))
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            assert address, process.communicate()[1]
            self.environment["STUDIO_URL"] = address
            yield
        finally:
            process.kill()
            process.communicate()

    def statuses(self) -> Counter[str]:
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            return Counter(
                row[0] for row in database.execute("SELECT status FROM connected_accounts_publication")
            )

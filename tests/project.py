"""The example project as processes of its own, for tests that kill, stop and signal them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

MANAGE = Path(__file__).parents[1] / "example_project" / "manage.py"

PREPARE = """
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.sandbox import samples
account = ConnectedAccount.objects.create(
    user=get_user_model().objects.create_user("owner"), platform="instagram_login",
    account_id="{account_id}", username="{username}", access_token="{token}",
    permissions={{"publish": True}},
)
for number in range({posts}):
    account.publish(text=f"Post {{number}}", media=[ContentFile(samples.jpeg(), "photo.jpg")])
"""

WEBSITE = """
import time
from studio.website import website
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

    def run(self, *arguments: str) -> None:
        process = self.start(*arguments)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors

    @contextmanager
    def website(self) -> Iterator[None]:
        """Serve the project's media on a free port, and tell the other processes where."""
        process = self.start("shell", "-v0", "-c", WEBSITE)
        try:
            assert process.stdout
            self.environment["STUDIO_URL"] = process.stdout.readline().strip()
            yield
        finally:
            process.kill()
            process.communicate()

    def let_time_pass(self) -> None:
        """Make leases run out and waits end, as ten minutes do."""
        past = datetime.now(timezone.utc) - timedelta(minutes=10)
        stamp = past.strftime("%Y-%m-%d %H:%M:%S.%f")
        with closing(sqlite3.connect(self.database, timeout=30, isolation_level=None)) as database:
            table = "connected_accounts_publication"
            database.execute(f"UPDATE {table} SET run_at = ? WHERE run_at IS NOT NULL", [stamp])
            database.execute(f"UPDATE {table} SET lease_until = ? WHERE lease_until IS NOT NULL", [stamp])
            database.execute(f"UPDATE {table} SET intent_at = ? WHERE intent_at IS NOT NULL", [stamp])

    def statuses(self) -> Counter[str]:
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            return Counter(
                row[0] for row in database.execute("SELECT status FROM connected_accounts_publication")
            )

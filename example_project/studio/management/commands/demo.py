from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from django_connected_accounts import registry
from studio.ports import HOST, free_port, wait_for
from studio.processes import Processes, Stopped

BASE = str(settings.BASE_DIR)
MANAGE = str(Path(BASE) / "manage.py")


class Command(BaseCommand):
    help = (
        "Run sandbox, website and worker together until Ctrl-C; every run begins afresh, as the sandbox does."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the website, or the next free one")
        parser.add_argument("--sandbox-port", type=int, default=8765, help="of the sandbox, likewise")

    def handle(self, *, port: int, sandbox_port: int, **options: Any) -> None:
        port = self.free_port(port, "the website")
        sandbox_port = self.free_port(sandbox_port, "the sandbox")
        address = f"http://{HOST}:{port}"
        sandbox = f"http://{HOST}:{sandbox_port}"
        with TemporaryDirectory(prefix="studio-", ignore_cleanup_errors=True) as state:
            environment = {
                **os.environ,
                "STUDIO_STATE": state,
                "STUDIO_URL": address,
                "STUDIO_SANDBOX": sandbox,
                "PYTHONPATH": os.pathsep.join(filter(None, (BASE, os.environ.get("PYTHONPATH")))),
                "PYTHONUNBUFFERED": "1",
            }
            try:
                with Processes(environment) as processes:
                    if processes.run(MANAGE, "migrate", "--verbosity", "0") != 0:
                        raise CommandError("The database could not be prepared; see above.")
                    served = ("-m", "django_connected_accounts.sandbox", f"--port={sandbox_port}")
                    further = (f"--platform={path}" for path in registry.sandbox_platforms())
                    server = processes.start("The sandbox", *served, *further)
                    web = processes.start("The website", MANAGE, "runserver", "--noreload", f"{HOST}:{port}")
                    processes.start("The worker", MANAGE, "connected_accounts_worker")
                    if wait_for(sandbox_port, lambda: server.poll() is None) and wait_for(
                        port, lambda: web.poll() is None
                    ):
                        self.greet(address, sandbox)
                    name, status = processes.wait_for_first_end()
            except Stopped:
                self.stdout.write("Stopped. Nothing is left running.")
                return
        raise CommandError(
            f"{name} ended with exit status {status}, so everything was stopped.", returncode=status or 1
        )

    def free_port(self, wanted: int, what: str) -> int:
        port = free_port(wanted)
        if wanted and port != wanted:
            self.stdout.write(f"Port {wanted} is in use; {what} takes {port} instead.")
        return port

    def greet(self, address: str, sandbox: str) -> None:
        self.stdout.write(
            f"\n    Open   {address}/\n"
            f"    You are logged in as the demo user. The platforms are simulated at {sandbox}/\n"
            "    Ctrl-C stops everything.\n\n"
        )

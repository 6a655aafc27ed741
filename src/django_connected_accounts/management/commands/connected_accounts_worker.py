from __future__ import annotations

import gc
import os
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_connected_accounts.services.running import Worker


class Command(BaseCommand):
    help = "Publish what is due until SIGTERM or Ctrl-C ends it, after the steps at hand. Any number may run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--concurrency",
            type=int,
            default=4,
            metavar="N",
            help="how many posts are worked on at the same time (default: 4)",
        )
        parser.add_argument(
            "--health-file",
            type=Path,
            metavar="FILE",
            help="touch this file about every second while all is well, for a container's probe",
        )

    def handle(self, *args: Any, concurrency: int, health_file: Path | None, **options: Any) -> None:
        if concurrency < 1:
            raise CommandError("--concurrency must be 1 or more")
        worker = Worker(concurrency, health_file)
        told = False

        def stop(number: int, frame: Any) -> None:
            nonlocal told
            if told:
                os._exit(128 + number)
            told = True
            worker.stop()

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop)
        gc.freeze()  # What is loaded stays: looking for garbage in it takes longer than publishing ten posts.
        worker.run()

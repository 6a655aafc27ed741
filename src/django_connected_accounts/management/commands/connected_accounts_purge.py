from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_connected_accounts.services import retention


class Command(BaseCommand):
    help = (
        "Remove what is older than the *_KEEP_DAYS settings say. Safe beside running workers, and to "
        "interrupt and repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count.")
        parser.add_argument(
            "--files",
            action="store_true",
            help="Also delete files in the media storage's folder that no post refers to.",
        )

    def handle(self, *args: Any, dry_run: bool, files: bool, **options: Any) -> None:
        for name, removal in retention.removals(files=files).items():
            count = sum(removal(dry_run))
            if options["verbosity"]:
                self.stdout.write(f"{name:13} {count}{' to remove' if dry_run else ' removed'}")

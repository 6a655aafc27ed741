from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS

from django_connected_accounts.fields import EncryptedField, rotation

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Re-encrypt every secret that is not under the first of CONNECTED_ACCOUNTS_ENCRYPTION_KEYS. "
        "Safe beside a running site, and to interrupt and repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only count; fail while an old key is used.")
        parser.add_argument("--batch-size", type=int, default=500, help="Rows per transaction (500).")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="Alias of the database (default).")

    def handle(self, *args: Any, check: bool, batch_size: int, database: str, **options: Any) -> None:
        if batch_size < 1:
            raise CommandError("--batch-size must be at least 1.")
        unreadable = [] if check else self.rotate(database, batch_size)
        remaining = self.count(database)
        if unreadable:
            shown = ", ".join(f"{label} of {pk} ({code})" for label, pk, code in unreadable[:SHOWN])
            raise CommandError(f"{len(unreadable)} secrets can't be read and were left as they are: {shown}")
        if remaining:
            raise CommandError(f"{remaining} rows are not under the primary key yet.")
        self.stdout.write(self.style.SUCCESS("Every row is under the primary key."))

    def rotate(self, database: str, batch_size: int) -> Sequence[tuple[str, Any, str]]:
        unreadable = []
        for column in rotation.encrypted_fields():
            total = _outdated(column, database)
            progress = rotation.Progress()
            for progress in rotation.rotate(column, database, batch_size):
                done = progress.rotated + len(progress.unreadable)
                self.stdout.write(
                    f"{column.label}: {done} of {total}", ending="\r" if self.stdout.isatty() else "\n"
                )
            unreadable += [(column.label, pk, code) for pk, code in progress.unreadable]
        return unreadable

    def count(self, database: str) -> int:
        """Print rows per label and key; return how many are not under the primary one."""
        self.stdout.write(f"{'label':50} {'key':10} rows")
        remaining = 0
        for column in rotation.encrypted_fields():
            primary = rotation.primary(column)
            for kid, rows in sorted(rotation.count(column, database).items()):
                self.stdout.write(
                    f"{column.label:50} {kid:10} {rows}{' (primary)' if kid == primary else ''}"
                )
                remaining += 0 if kid == primary else rows
        return remaining


def _outdated(column: EncryptedField, database: str) -> int:
    counted = rotation.count(column, database)
    return counted.total() - counted[rotation.primary(column)]

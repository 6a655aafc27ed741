from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from django_connected_accounts.crypto import generate_key


class Command(BaseCommand):
    help = "Print a new key for CONNECTED_ACCOUNTS_ENCRYPTION_KEYS."
    requires_system_checks: list[str] = []  # it is what one runs before there is a key

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(generate_key())

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from django_connected_accounts.services import presence, publishing, telling


class Command(BaseCommand):
    help = "Take one step with every publication that is due. Run it from cron, every minute or so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, help="take at most this many steps")

    def handle(self, *args: Any, limit: int | None, **options: Any) -> None:
        presence.show(lasting=False)
        taken = publishing.tick(limit)
        telling.finish(settings.CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT + 5)
        if options["verbosity"]:
            self.stdout.write(f"{taken} steps taken")

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from django_connected_accounts.services import retiming


class Command(BaseCommand):
    help = "Move what is scheduled to when its clocks show its time now: after an update of time zones."

    def handle(self, **options: Any) -> None:
        moved = retiming.follow_clocks()
        self.stdout.write(f"{moved} moved to keep their time on the wall.")

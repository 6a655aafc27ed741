"""Cron, only faster: ``python -m tests.engines.ticking``."""

from __future__ import annotations

import time

import django
from django.core.management import call_command
from django.db import close_old_connections

if __name__ == "__main__":
    django.setup()
    while True:
        close_old_connections()
        call_command("connected_accounts_tick", verbosity=0)
        time.sleep(0.1)

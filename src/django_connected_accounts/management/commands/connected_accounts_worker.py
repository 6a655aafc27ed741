from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from django_connected_accounts.services import presence, publishing

log = logging.getLogger("django_connected_accounts")


class Command(BaseCommand):
    help = "Publish what is due until SIGTERM or Ctrl-C ends it, after the step at hand. Any number may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopping.set())
        while not stopping.is_set():
            close_old_connections()
            try:
                presence.show()
                taken = publishing.tick(limit=1)
            except Error:  # an InterfaceError, of a connection that has ended, is no DatabaseError
                log.exception("The database did not answer; trying again")
                taken = 0
            if not taken:
                stopping.wait(settings.CONNECTED_ACCOUNTS_POLL_SECONDS)

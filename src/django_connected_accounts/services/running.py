"""A worker: threads that take steps, fed by one loop that claims; chores run beside them.

Threads are for waiting on platforms; for more than one core's work start more processes.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from pathlib import Path

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connections

from django_connected_accounts.models import Publication

from . import presence, publishing, rows, stepping

log = logging.getLogger("django_connected_accounts")

CHORES_SECONDS = 5.0
"""How often a worker does its chores."""

IDLE_SECONDS = 60.0
"""After how long without work a thread opens its connections to the database anew."""


class Worker:
    """Publishes what is due until `stop`, ``concurrency`` steps at a time.

    ``health_file`` is touched as long as all is well: for a probe to see how old it is.
    """

    def __init__(self, concurrency: int = 1, health_file: Path | None = None) -> None:
        self.concurrency = concurrency
        self.health_file = health_file
        self._stopping = threading.Event()
        self._waiting: queue.SimpleQueue[Publication | None] = queue.SimpleQueue()
        self._free = threading.Semaphore(concurrency)

    def stop(self) -> None:
        """Begin nothing more; what is under way ends."""
        self._stopping.set()

    def run(self) -> None:
        """Work until told to stop, and return when the steps under way have ended."""
        threads = [
            threading.Thread(target=self._take_steps, name=f"connected-accounts-{number}", daemon=True)
            for number in range(1, self.concurrency + 1)
        ]
        chores = threading.Thread(target=self._do_chores, name="connected-accounts-chores", daemon=True)
        for thread in (*threads, chores):
            thread.start()
        try:
            while not self._stopping.is_set():
                try:
                    found = self._feed()
                except AnyDatabaseError:  # also an InterfaceError, of a connection that has ended
                    log.exception("The database did not answer; trying again")
                    rows.drop_connection()
                    found = False
                if not found:
                    self._stopping.wait(settings.CONNECTED_ACCOUNTS_POLL_SECONDS)
        finally:
            self._stopping.set()
            for _ in threads:
                self._waiting.put(None)
            for thread in (*threads, chores):
                thread.join()
            presence.leave()

    def _feed(self) -> bool:
        """Claim as much as there are free threads. Return False where nothing was due."""
        if not self._free.acquire(timeout=settings.CONNECTED_ACCOUNTS_POLL_SECONDS):
            self._be_seen()
            return True
        places = 1
        while places < settings.CONNECTED_ACCOUNTS_BATCH_SIZE and self._free.acquire(blocking=False):
            places += 1
        try:
            claimed, going = publishing.next_batch(places, at_once=True)
            for publication in going:
                self._waiting.put(publication)
                places -= 1
        finally:
            if places:
                self._free.release(places)
        self._be_seen()
        return bool(claimed)

    def _be_seen(self) -> None:
        """Say that this worker is well: the database answers, and the loop goes round."""
        presence.show()
        if self.health_file:
            self.health_file.touch()

    def _take_steps(self) -> None:
        try:
            while publication := self._next():
                try:
                    if self._stopping.is_set():
                        rows.give_back(publication)
                    else:
                        stepping.take(publication, self._more)
                except Exception:
                    log.exception("Publication %s: the worker goes on without it", publication.pk)
                finally:
                    self._free.release()
        finally:
            connections.close_all()

    def _next(self) -> Publication | None:
        began = time.monotonic()
        publication = self._waiting.get()
        if time.monotonic() - began > IDLE_SECONDS:
            connections.close_all()  # The server may have closed them meanwhile.
        return publication

    def _more(self, taken: int) -> bool:
        return not self._stopping.is_set() and publishing.more(taken)

    def _do_chores(self) -> None:
        try:
            while not self._stopping.is_set():
                for chore in publishing.CHORES:
                    try:
                        if not self._stopping.is_set():
                            chore()
                    except Exception:
                        log.exception("A chore failed: %s", getattr(chore, "__qualname__", chore))
                        rows.drop_connection()
                self._stopping.wait(CHORES_SECONDS)
        finally:
            connections.close_all()

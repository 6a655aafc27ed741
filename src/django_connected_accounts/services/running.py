"""A worker: threads that take steps, fed by one loop that claims; chores run beside them.

Threads are for waiting on platforms; for more than one core's work start more processes.
"""

from __future__ import annotations

import contextlib
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

SHORTEST_REST = 0.02
"""Seconds for which a worker rests at least that found nothing to do."""

IDLE_SECONDS = 60.0
"""After how long without work a thread opens its connections to the database anew."""

AHEAD_SECONDS = 0.1
"""Claimed ahead is what the threads take up within this time, so that quick steps are claimed in batches."""

STALE_SECONDS = 1.0
"""What was claimed ahead and not taken up for so long is left to others."""


class Worker:
    """Publishes what is due until `stop`, ``concurrency`` steps at a time.

    ``health_file`` is touched as long as all is well: for a probe to see how old it is.
    """

    def __init__(self, concurrency: int = 1, health_file: Path | None = None) -> None:
        self.concurrency = concurrency
        self.health_file = health_file
        self._stopping = threading.Event()
        self._waiting: queue.SimpleQueue[Publication | None] = queue.SimpleQueue()
        self._ended = threading.Condition()
        self._claimed = 0
        self._visit_seconds = STALE_SECONDS
        """What a visit takes, the last ones counting most."""
        self._fed_at = 0.0

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
                    self._rest()
        finally:
            self._stopping.set()
            for _ in threads:
                self._waiting.put(None)
            for thread in (*threads, chores):
                thread.join()
            presence.leave()

    def _feed(self) -> bool:
        """Claim what the threads have room for. Return False where nothing was due."""
        with self._ended:
            hungry = self._ended.wait_for(self._is_hungry, settings.CONNECTED_ACCOUNTS_POLL_SECONDS)
            room = min(self._room(), settings.CONNECTED_ACCOUNTS_BATCH_SIZE)
        if hungry:
            claimed, going = publishing.next_batch(room, at_once=True)
            with self._ended:
                self._claimed += len(going)
            for publication in going:
                self._waiting.put(publication)
            self._fed_at = time.monotonic()
        elif time.monotonic() - self._fed_at > STALE_SECONDS:
            self._give_back()
        self._be_seen()
        return bool(claimed) if hungry else True

    def _rest(self) -> None:
        """Wait until something is due that is known already, or might have come meanwhile."""
        longest = settings.CONNECTED_ACCOUNTS_POLL_SECONDS
        try:
            seconds = publishing.due_in(longest)
        except AnyDatabaseError:
            rows.drop_connection()
            seconds = longest
        # What others claim just now is due for a moment longer.
        self._stopping.wait(min(longest, max(seconds, SHORTEST_REST)))

    def _ahead(self) -> int:
        ahead = int(self.concurrency * AHEAD_SECONDS / self._visit_seconds)
        return min(ahead, int(settings.CONNECTED_ACCOUNTS_BATCH_SIZE))

    def _room(self) -> int:
        return self.concurrency + self._ahead() - self._claimed

    def _is_hungry(self) -> bool:
        """Whether a thread has nothing to do, or half of what was claimed ahead is taken up."""
        return self._room() > self._ahead() // 2

    def _give_back(self) -> None:
        """Leave to others what waits here behind visits that take longer than those before."""
        with contextlib.suppress(queue.Empty):
            while publication := self._waiting.get_nowait():
                rows.give_back(publication)
                self._done(STALE_SECONDS)

    def _done(self, seconds: float) -> None:
        """Make room for another one; what a visit took counts by a fifth."""
        with self._ended:
            self._claimed -= 1
            self._visit_seconds = max(0.8 * self._visit_seconds + 0.2 * seconds, 0.001)
            self._ended.notify()

    def _be_seen(self) -> None:
        """Say that this worker is well: the database answers, and the loop goes round."""
        presence.show()
        if self.health_file:
            self.health_file.touch()

    def _take_steps(self) -> None:
        try:
            while publication := self._next():
                began = time.monotonic()
                try:
                    if self._stopping.is_set():
                        rows.give_back(publication)
                    else:
                        stepping.take(publication, self._more)
                except Exception:
                    log.exception("Publication %s: the worker goes on without it", publication.pk)
                finally:
                    self._done(time.monotonic() - began)
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

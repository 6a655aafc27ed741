"""The ways to have things published, each with its own processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import django
import pytest
from celery import Celery
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.test import override_settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from django_connected_accounts.contrib.celery import tasks as celery_tasks
from django_connected_accounts.models import Publication
from django_connected_accounts.models.leases import DatabaseNow
from tests.engines import queueing

CELERY = ("-m", "celery", "-A", "tests.engines.queueing")
QUIETLY = ("--without-gossip", "--without-mingle", "--without-heartbeat")


class Engine:
    """Two runners of one kind, as processes of their own, on the database of the tests."""

    needed: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, Any]] = {}
    """What the runners have otherwise in their settings."""
    commands: tuple[tuple[str, ...], ...] = ()

    def __init__(self, folder: Path, sandbox: str, site: str, service: str = "") -> None:
        self.folder = folder
        self.service = service
        self.processes: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "DJANGO_SETTINGS_MODULE": "tests.engines.project",
            "ENGINES_DATABASE": str(connection.settings_dict["NAME"]),
            "ENGINES_MEDIA": str(settings.MEDIA_ROOT),
            "ENGINES_SANDBOX": sandbox,
            "ENGINES_SITE": site,
            "ENGINES_SETTINGS": json.dumps(self.settings),
        }

    def start(self) -> None:
        for command in self.commands:
            self.start_one(*command)

    def start_one(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "runners.log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, *command],
                env=self.environment,
                cwd=Path(__file__).parents[2],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def kill(self) -> None:
        """End every process and its children at once, without any of them noticing."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def whole_log(self) -> str:
        path = self.folder / "runners.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def log(self) -> str:
        """Return the end of what the processes have written."""
        return self.whole_log()[-6000:]

    @contextmanager
    def site(self) -> Iterator[None]:
        """While it lasts, this process is the site of the runners."""
        yield


class Tick(Engine):
    commands = (("-m", "tests.engines.ticking"),) * 2


class Worker(Engine):
    commands = (("-m", "django", "connected_accounts_worker"),) * 2


class CeleryEngine(Engine):
    """One worker with two processes, and beat; site and worker have the same app."""

    options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.queue = f"engines-{uuid.uuid4().hex[:12]}"
        options = {"broker": self.service, "name": self.queue, **self.options}
        self.app: Celery = queueing.make(**options)
        self.environment["ENGINES_APPS"] = "django_connected_accounts.contrib.celery"
        self.environment["ENGINES_CELERY"] = json.dumps(options)

    def start(self) -> None:
        self.start_one(*CELERY, "worker", "--loglevel", "INFO", *QUIETLY, "--concurrency", "2")
        self.start_one(*CELERY, "beat", "--schedule", str(self.folder / "beat"), "--pidfile", "")

    @contextmanager
    def site(self) -> Iterator[None]:
        self.app.set_current()
        self.app.set_default()
        celery_tasks.queue.listen()
        try:
            yield
        finally:
            celery_tasks.queue.ignore()

    def kill(self) -> None:
        super().kill()
        with suppress(OperationalError), self.app.connection_for_write(connect_timeout=1) as broker:
            broker.default_channel.queue_delete(self.queue)
        self.app.close()


class CeleryRedis(CeleryEngine):
    needed = "redis"


class CeleryRabbitMQ(CeleryEngine):
    needed = "rabbitmq"


class DjangoTasks(Engine):
    """The immediate backend takes the steps that are due in the site, and cron those that come later."""

    commands = Tick.commands[:1]
    backend = "django.tasks.backends.immediate.ImmediateBackend"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        if django.VERSION < (6, 0):
            pytest.skip("django.tasks came with Django 6.0")
        super().__init__(*arguments, **keywords)
        self.environment["ENGINES_APPS"] = "django_connected_accounts.contrib.tasks"
        self.environment["ENGINES_TASKS"] = self.backend

    @contextmanager
    def site(self) -> Iterator[None]:
        from django_connected_accounts.contrib.tasks import tasks

        with override_settings(TASKS={"default": {"BACKEND": self.backend}}):
            tasks.queue.listen()
            try:
                yield
            finally:
                tasks.queue.ignore()


class DjangoTasksDatabase(DjangoTasks):
    """A worker of the backend that keeps tasks in the database, and cron."""

    commands = (("-m", "django", "db_worker", "--interval", "0.1"), *Tick.commands[:1])
    backend = "django_tasks_db.DatabaseBackend"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        if not apps.is_installed("django_tasks_db"):
            pytest.skip("django-tasks-db is not installed")

    @contextmanager
    def site(self) -> Iterator[None]:
        with super().site():
            yield
        # Its worker ends when the rows of its tasks are taken away under it.
        results = apps.get_model("django_tasks_database", "DBTaskResult").objects
        now_or_soon = Q(run_after=None) | Q(run_after__lte=timezone.now() + timedelta(seconds=1))
        busy = results.filter(Q(status="RUNNING") | Q(status="READY") & now_or_soon)
        assert wait_until(lambda: not busy.exists(), between=lambda: None), self.log()


ENGINES: dict[str, type[Engine]] = {
    "tick": Tick,
    "worker": Worker,
    "celery-redis": CeleryRedis,
    "celery-rabbitmq": CeleryRabbitMQ,
    "django-tasks": DjangoTasks,
    "django-tasks-db": DjangoTasksDatabase,
}


def hurry() -> None:
    """End every wait between two steps; what has a time of its own keeps it."""
    waiting = Publication.objects.filter(lease_token="", run_at__gt=timezone.now())
    waiting.exclude(status=Publication.Status.SCHEDULED, step=0).update(run_at=DatabaseNow())


def wait_until(
    happened: Callable[[], bool], seconds: float = 60, *, between: Callable[[], None] = hurry
) -> bool:
    """Return whether it has happened in time; ``between`` is done each time it has not yet."""
    deadline = time.monotonic() + seconds
    while not (done := happened()) and time.monotonic() < deadline:
        between()
        time.sleep(0.1)
    return done


def statuses(publications: Iterable[Publication]) -> set[str]:
    ids = [publication.pk for publication in publications]
    return set(Publication.objects.filter(pk__in=ids).values_list("status", flat=True))

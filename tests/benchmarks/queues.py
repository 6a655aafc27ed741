"""Queues at work on trivial jobs: how each is filled, run, and asked how much it has done."""

from __future__ import annotations

import logging
import os
import uuid
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec

from django.contrib.auth import get_user_model
from django.db import connection

from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.services import publishing, reviewing
from django_connected_accounts.services.running import Worker

from . import measure

ACCOUNTS = 1_000
BATCH = 20
REDIS = os.environ.get("CONNECTED_ACCOUNTS_TEST_REDIS", "redis://127.0.0.1:6379/0")


class Queue(ABC):
    """Something that is given jobs and has processes do them."""

    name: str

    def missing(self) -> str:
        """Return why it can't be measured here, "" if it can."""
        return ""

    @abstractmethod
    def fill(self, jobs: int) -> None:
        """Have so many jobs due, and nothing else."""

    @abstractmethod
    def work(self) -> None:
        """Do jobs until the process is killed."""

    @abstractmethod
    def done(self) -> int:
        """Return how many jobs are done."""

    def empty(self) -> None:  # noqa: B027
        """Leave nothing behind, where the end of the database is not enough."""


class Rows(Queue):
    """Our own rows, due since a moment ago, dealt out to a thousand accounts."""

    def fill(self, jobs: int) -> None:
        self.empty()
        user = get_user_model().objects.create_user(f"ada-{uuid.uuid4()}")
        accounts = [
            ConnectedAccount(
                user=user,
                platform="instant",
                account_id=str(number),
                access_token=f"token-{number}",
                permissions={"connect": True, "publish": True},
            )
            for number in range(ACCOUNTS)
        ]
        ConnectedAccount.objects.bulk_create(accounts)
        post = Post(user=user, kind="text", text="Good morning", review=Post.Review.APPROVED)
        content = {"user_id": user.pk, "kind": "text", "text": post.text, "review": post.review}
        content["approved_hash"] = reviewing.content_hash(Post(kind="text", text=post.text))
        measure.fill(Post, jobs, content, id="md5(n::text)::uuid")
        keys = f"(ARRAY[{','.join(repr(str(a.pk)) for a in accounts)}])[n % {ACCOUNTS} + 1]::uuid"
        due = f"now() - interval '1 second' + n * interval '1 second' / {jobs}"
        measure.fill(
            Publication,
            jobs,
            {"content_hash": content["approved_hash"]},
            post_id="md5(n::text)::uuid",
            account_id=keys,
            due_at=due,
            run_at=due,
            deadline_at="now() + interval '1 day'",
        )
        measure.settle()

    def done(self) -> int:
        return Publication.objects.filter(run_at=None).count()

    def empty(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Publication._meta.db_table}, {Post._meta.db_table} CASCADE")


class Raw(Rows):
    """Two statements for twenty rows: take them, and mark them as done."""

    name = "raw SQL, batches of 20"

    def work(self) -> None:
        table = Publication._meta.db_table
        claim = f"""
            UPDATE {table} SET lease_token = %s, lease_until = now() + interval '3 minutes',
                run_at = now() + interval '3 minutes'
            WHERE id IN (SELECT id FROM {table} WHERE run_at <= now() ORDER BY run_at LIMIT {BATCH}
                FOR UPDATE SKIP LOCKED) RETURNING id"""
        mark = f"""
            UPDATE {table} SET lease_token = '', lease_until = NULL, run_at = NULL
            WHERE id = ANY(%s) AND lease_token = %s"""
        with connection.cursor() as cursor:
            while True:
                lease = uuid.uuid4().hex
                cursor.execute(claim, [lease])
                cursor.execute(mark, [[row[0] for row in cursor.fetchall()], lease])


class Claims(Rows):
    """What a runner takes, with all it would need to publish it, marked as done like `Raw`."""

    name = "ours: claim, mark done"

    def work(self) -> None:
        while True:
            claimed, lease = publishing.claim(BATCH)
            rows = Publication.objects.filter(pk__in=claimed, lease_token=lease)
            rows.update(lease_token="", lease_until=None, run_at=None)


class Ours(Rows):
    """The whole engine: claim, turn, intent, publish, outcome with its event."""

    name = "ours: published"

    def work(self) -> None:
        Worker(concurrency=1).run()


class Procrastinate(Queue):
    name = "procrastinate"

    def missing(self) -> str:
        return "" if find_spec("procrastinate") else "procrastinate is not installed"

    def _app(self, *, sync: bool) -> object:
        import procrastinate

        known = connection.get_connection_params()
        names = {"dbname": "dbname", "user": "user", "password": "password", "host": "host", "port": "port"}
        where = {ours: known[theirs] for ours, theirs in names.items() if known.get(theirs)}
        kind = procrastinate.SyncPsycopgConnector if sync else procrastinate.PsycopgConnector
        app = procrastinate.App(connector=kind(kwargs=where))

        @app.task(name="trivial")
        async def trivial() -> None:
            pass

        return app

    def fill(self, jobs: int) -> None:
        app = self._app(sync=True)
        with app.open():  # type: ignore[attr-defined]
            app.schema_manager.apply_schema()  # type: ignore[attr-defined]
        with connection.cursor() as cursor, measure.unchecked():
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
                f"SELECT 'default', 'trivial', '{{}}' FROM generate_series(1, {jobs})"
            )
        measure.settle()

    def work(self) -> None:
        app = self._app(sync=False)
        app.run_worker(concurrency=PROCRASTINATE_AT_ONCE, install_signal_handlers=False)  # type: ignore[attr-defined]

    def done(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'")
            return int(cursor.fetchone()[0])


PROCRASTINATE_AT_ONCE = 10
"""Of its asynchronous jobs in one process: with one at a time it is slower."""


class DjangoTasks(Queue):
    name = "django-tasks-db"

    def missing(self) -> str:
        from django.conf import settings

        return "" if "django_tasks_db" in settings.INSTALLED_APPS else "django-tasks-db is not installed"

    def fill(self, jobs: int) -> None:
        from django_tasks_db.models import DBTaskResult

        from .jobs import trivial

        DBTaskResult.objects.all().delete()
        trivial.enqueue()
        (one,) = DBTaskResult.objects.all()
        skipped = ("id", "enqueued_at")
        values = {f.attname: getattr(one, f.attname) for f in one._meta.local_concrete_fields}
        values = {name: value for name, value in values.items() if name not in skipped}
        measure.fill(DBTaskResult, jobs, values, enqueued_at="now()")
        measure.settle()

    def work(self) -> None:
        from django_tasks_db.management.commands.db_worker import Worker

        Worker(
            queue_names=["default"],
            excluded_queue_names=[],
            interval=0.1,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=str(os.getpid()),
        ).run()

    def done(self) -> int:
        from django_tasks_db.models import DBTaskResult

        return DBTaskResult.objects.successful().count()


class CeleryRedis(Queue):
    name = "Celery + Redis (no database)"

    def __init__(self) -> None:
        self.queue = f"connected-accounts-bench-{os.getpid()}"
        self.filled = 0

    def missing(self) -> str:
        if not find_spec("celery") or not find_spec("redis"):
            return "celery[redis] is not installed"
        import redis

        try:
            redis.Redis.from_url(REDIS).ping()
        except redis.RedisError:
            return f"no Redis can be reached at {REDIS}"
        return ""

    def _app(self):  # type: ignore[no-untyped-def]
        from celery import Celery

        app = Celery(self.queue, broker=REDIS, set_as_current=False)
        app.conf.update(
            task_default_queue=self.queue,
            task_ignore_result=True,
            worker_prefetch_multiplier=64,
            worker_hijack_root_logger=False,
            broker_transport_options={"global_keyprefix": f"{self.queue}:"},
            broker_connection_retry_on_startup=True,
        )
        app.task(name="trivial")(_nothing)
        return app

    def _redis(self):  # type: ignore[no-untyped-def]
        import redis

        return redis.Redis.from_url(REDIS)

    def fill(self, jobs: int) -> None:
        self.empty()
        self._app().send_task("trivial")
        server, key = self._redis(), f"{self.queue}:{self.queue}"
        message = server.rpop(key).decode()
        tag = __import__("json").loads(message)["properties"]["delivery_tag"]
        for start in range(0, jobs, 5_000):
            count = min(5_000, jobs - start)
            server.lpush(key, *(message.replace(tag, str(uuid.uuid4())) for _ in range(count)))
        self.filled = jobs

    def work(self) -> None:
        logging.disable()
        warnings.simplefilter("ignore")  # such as that it runs as root
        app = self._app()
        app.Worker(
            pool="solo",
            loglevel="ERROR",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        ).start()

    def done(self) -> int:
        server = self._redis()
        left = server.llen(f"{self.queue}:{self.queue}") + server.hlen(f"{self.queue}:unacked")
        return self.filled - int(left)

    def empty(self) -> None:
        server = self._redis()
        for key in server.scan_iter(f"{self.queue}:*"):
            server.delete(key)


def _nothing() -> None:
    """The job."""


OURS: tuple[Callable[[], Queue], ...] = (Claims, Ours)
PEERS: tuple[Callable[[], Queue], ...] = (Procrastinate, DjangoTasks, CeleryRedis)

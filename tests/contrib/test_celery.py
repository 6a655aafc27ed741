from __future__ import annotations

import socketserver
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from django.utils import timezone

from django_connected_accounts.contrib.celery import apps, checks, tasks  # noqa: F401
from django_connected_accounts.models import Publication
from django_connected_accounts.services import presence, scheduling

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(hours=1)


@pytest.fixture
def make_app() -> Iterator[Callable[..., Celery]]:
    """``make_app(broker_url=…)`` is the project's Celery app, on a broker in memory unless told otherwise."""
    made = []

    def make(**conf: Any) -> Celery:
        app = Celery("tests", set_as_current=True)
        options = {"broker_url": "memory://", "task_default_queue": uuid.uuid4().hex, **conf}
        app.conf.update(options)
        app.set_default()
        made.append(app)
        return app

    yield make
    for app in made:
        app.close()


@pytest.fixture
def app(make_app: Callable[..., Celery]) -> Iterator[Celery]:
    app = make_app()
    tasks.queue._silent_until = 0.0
    tasks.queue.listen()
    yield app
    tasks.queue.ignore()


def messages(app: Celery) -> list[tuple[str, list[str], datetime | None]]:
    """Take what is in the queue: name of the task, arguments, not before when."""
    found = []
    with app.connection_for_read() as broker, broker.SimpleQueue(app.conf.task_default_queue) as queue:
        while queue.qsize():
            message = queue.get_nowait()
            message.ack()
            eta = message.headers["eta"]
            arguments = message.decode()[0]
            found.append((message.headers["task"], arguments, eta and datetime.fromisoformat(eta)))
    return found


def test_what_is_to_go_out_now_is_told_after_the_commit_by_its_id_alone(
    app: Celery, account: Any, photo: Any
) -> None:
    publication = account.publish(media=[photo()])
    assert messages(app) == [("connected_accounts.step", [str(publication.pk)], None)]


def test_what_goes_out_later_is_left_to_sweeps_until_its_time_is_near(
    app: Celery, account: Any, photo: Any
) -> None:
    publication = account.publish(media=[photo()], at=timezone.now() + LATER)
    tasks.sweep()
    assert messages(app) == []

    Publication.objects.update(run_at=timezone.now() + timedelta(seconds=9))
    tasks.sweep()
    ((name, arguments, eta),) = messages(app)
    assert (name, arguments) == ("connected_accounts.step", [str(publication.pk)])
    assert eta is not None
    assert timedelta(seconds=8) < eta - timezone.now() < timedelta(seconds=9.2)


def test_what_is_moved_to_now_is_told_at_once(app: Celery, account: Any, photo: Any) -> None:
    publication = account.publish(media=[photo()], at=timezone.now() + LATER)
    scheduling.reschedule(publication, at=None, zone="UTC", by=account.user)
    assert [arguments for _, arguments, _ in messages(app)] == [[str(publication.pk)]]


def test_a_step_that_was_taken_is_followed_by_a_message_for_the_next(
    app: Celery, account: Any, photo: Any
) -> None:
    publication = account.publish(media=[photo()])
    messages(app)
    tasks.step(str(publication.pk))

    publication.refresh_from_db()
    ((_, arguments, eta),) = messages(app)
    assert publication.step == 1
    assert arguments == [str(publication.pk)]
    assert eta is not None
    assert publication.run_at < eta < publication.run_at + timedelta(seconds=1)


def test_a_message_that_comes_again_takes_no_step_and_sends_nothing(
    app: Celery, account: Any, photo: Any
) -> None:
    publication = account.publish(media=[photo()])
    messages(app)
    for _ in range(3):
        tasks.step(str(publication.pk))

    publication.refresh_from_db()
    assert publication.step == 1
    assert len(messages(app)) == 1


def test_a_message_about_what_was_deleted_does_nothing(app: Celery, account: Any, photo: Any) -> None:
    publication = account.publish(media=[photo()])
    publication.post.delete()
    messages(app)
    tasks.step(str(publication.pk))
    assert messages(app) == []


def test_a_sweep_that_leaves_some_is_followed_by_another(
    app: Celery, account: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_connected_accounts.contrib.enqueueing.PIECE", 2)
    for _ in range(3):
        account.publish(media=[photo()])
    messages(app)
    tasks.sweep()
    assert [name for name, _, _ in messages(app)] == ["connected_accounts.sweep"]
    assert sorted(Publication.objects.values_list("step", flat=True)) == [0, 1, 1]

    tasks.sweep()
    assert messages(app) == []
    assert set(Publication.objects.values_list("step", flat=True)) == {1}


def test_whoever_sweeps_is_seen_at_work(app: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_last", -presence.EVERY_SECONDS)
    tasks.sweep()
    assert [runner.name for runner in presence.at_work()] == [presence.name(lasting=False)]


def test_a_broker_that_is_away_keeps_nobody_from_scheduling(
    app: Celery, make_app: Callable[..., Celery], account: Any, photo: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with hanging_up() as (port, calls):
        make_app(
            broker_url=f"amqp://127.0.0.1:{port}//",
            broker_transport_options={"max_retries": 1, "interval_start": 0.1},
        )
        first = account.publish(media=[photo()])
        tried = len(calls)
        second = account.publish(media=[photo()])

    assert {first.status, second.status} == {"scheduled"}
    assert "no message was sent, a sweep will find it" in caplog.text
    assert 0 < tried == len(calls), "for a while the broker is not asked again"


@contextmanager
def hanging_up() -> Iterator[tuple[int, list[Any]]]:
    """A server that ends every connection; yield its port and the connections so far."""
    calls: list[Any] = []

    class HangUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            calls.append(self.client_address)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangUp) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_address[1], calls
        server.shutdown()


def complaints() -> set[str]:
    return {str(found.id).partition(".")[2] for found in checks.celery()}


@pytest.mark.parametrize(
    ("conf", "wrong"),
    [
        ({"broker_url": "redis://localhost"}, False),
        ({"broker_url": "redis://localhost", "broker_transport_options": {"visibility_timeout": 314}}, True),
        ({"broker_url": "redis://localhost", "broker_transport_options": {"visibility_timeout": 315}}, False),
        ({"broker_url": "amqp://localhost"}, False),
        ({"broker_url": "memory://"}, False),
        ({"broker_url": "pigeons://localhost"}, False),
    ],
)
def test_a_broker_that_takes_a_running_step_back_is_refused(
    make_app: Callable[..., Celery], settings: Any, conf: dict[str, Any], wrong: bool
) -> None:
    settings.CONNECTED_ACCOUNTS_LEASE_SECONDS = 300
    make_app(**conf)
    assert ("E060" in complaints()) is wrong


def test_a_schedule_without_a_sweep_is_a_warning(make_app: Callable[..., Celery]) -> None:
    make_app()
    assert "W060" in complaints()
    make_app(beat_schedule={"any name": {"task": "connected_accounts.sweep", "schedule": 5.0}})
    assert "W060" not in complaints()
    make_app(beat_scheduler="django_celery_beat.schedulers:DatabaseScheduler")
    assert "W060" not in complaints()


def test_the_project_of_the_docs_has_both_tasks_and_passes_the_checks(
    make_app: Callable[..., Celery],
) -> None:
    app = make_app(
        broker_url="redis://127.0.0.1:6379/0",
        beat_schedule={"publish": {"task": "connected_accounts.sweep", "schedule": 5.0}},
    )
    assert {"connected_accounts.step", "connected_accounts.sweep"} <= set(app.tasks)
    assert not {"E060", "W060"} & complaints()
    for name in ("connected_accounts.step", "connected_accounts.sweep"):
        assert app.tasks[name].acks_late
        assert app.tasks[name].reject_on_worker_lost
        assert app.tasks[name].ignore_result

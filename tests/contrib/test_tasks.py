from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import django
import pytest
from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from django_connected_accounts.contrib import tasks as package
from django_connected_accounts.contrib.tasks.apps import ConnectedAccountsTasksConfig
from django_connected_accounts.models import Publication

pytestmark = pytest.mark.django_db(transaction=True)
needs_tasks = pytest.mark.skipif(django.VERSION < (6, 0), reason="django.tasks came with Django 6.0")


def config() -> AppConfig:
    return ConnectedAccountsTasksConfig("django_connected_accounts.contrib.tasks", package)


def test_an_older_django_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django, "VERSION", (5, 2, 19, "final", 0))
    with pytest.raises(ImproperlyConfigured, match=r"needs Django 6\.0 or newer"):
        config().ready()


@pytest.fixture
def queue(settings: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    backend = getattr(request, "param", "django.tasks.backends.immediate.ImmediateBackend")
    settings.TASKS = {"default": {"BACKEND": backend}}
    config().ready()
    from django_connected_accounts.contrib.tasks.tasks import queue

    queue._silent_until = 0.0
    yield queue
    queue.ignore()


@needs_tasks
def test_what_is_due_is_begun_at_once_and_what_comes_later_is_left_to_the_tick(
    queue: Any, account: Any, world: Any, photo: Any, run: Any
) -> None:
    publication = account.publish(text="By a task", media=[photo()])
    publication.refresh_from_db()
    assert publication.step == 1
    assert publication.run_at > timezone.now()

    run()
    assert [post["caption"] for post in world.posts()] == ["By a task"]


@needs_tasks
def test_what_has_a_time_is_not_begun_before_it(queue: Any, account: Any, photo: Any) -> None:
    account.publish(media=[photo()], at=timezone.now() + timedelta(hours=1))
    assert Publication.objects.get().step == 0


class Deferring:
    """Made where there are tasks: a backend that keeps what it is given, with its time."""


if django.VERSION >= (6, 0):
    from django.tasks.backends.dummy import DummyBackend

    class Deferring(DummyBackend):  # type: ignore[no-redef]
        supports_defer = True


@needs_tasks
@pytest.mark.parametrize("queue", ["tests.contrib.test_tasks.Deferring"], indirect=True)
def test_a_backend_that_defers_is_given_every_time(queue: Any, account: Any, photo: Any) -> None:
    from django_connected_accounts.contrib.tasks import tasks

    later = timezone.now() + timedelta(days=30)
    publication = account.publish(media=[photo()], at=later)
    (kept,) = tasks.step.get_backend().results
    assert kept.args == [str(publication.pk)]
    assert later < kept.task.run_after < later + timedelta(seconds=1)

"""How publishing goes, in numbers, and who hears of it when nobody publishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.services import alarm, mailing, notices, presence, publishing, status

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

Photo = Callable[..., Any]


@pytest.fixture(autouse=True)
def alarmed(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_ALARM_SECONDS = 300
    settings.CONNECTED_ACCOUNTS_OPERATORS = ["ops@example.com"]


def stands(publication: Publication, **fields: Any) -> Publication:
    Publication.objects.filter(pk=publication.pk).update(**fields)
    publication.refresh_from_db()
    return publication


def ago(**units: float) -> Any:
    return timezone.now() - timedelta(**units)


def test_a_site_where_nothing_happens_is_well() -> None:
    found = status.read()

    assert (found.level, found.due, found.stuck, found.unknown, found.held) == ("ok", 0, 0, 0, [])
    assert found.lateness.p99 is None
    assert found.open == {"held": 0, "scheduled": 0, "sending": 0, "waiting": 0}


def test_it_counts_what_is_due_later_held_and_unknown(account: ConnectedAccount, photo: Photo) -> None:
    later = timezone.now() + timedelta(hours=2)
    account.publish(media=[photo()])
    account.publish(media=[photo()], at=later)
    for _ in range(2):
        stands(account.publish(media=[photo()]), status="held", code="rate_limited", run_at=later)
    stands(account.publish(media=[photo()]), status="unknown", run_at=None)

    found = status.read()

    assert (found.due, found.open["scheduled"], found.open["held"], found.unknown) == (1, 2, 2, 1)
    [held] = found.held
    assert (held.code, held.platform, held.count) == ("rate_limited", account.platform, 2)
    assert abs((held.resumes_at - later).total_seconds()) < 0.01
    assert (found.level, dict(found.alarms)) == ("warning", {"outcomes_unknown": "warning"})
    assert found.accounts == {"active": 1}


def test_what_was_due_long_ago_is_critical_whoever_wrote_it(account: ConnectedAccount, photo: Photo) -> None:
    fresh = account.publish(media=[photo()])
    Publication.objects.filter(pk=fresh.pk).update(run_at=ago(seconds=290))
    assert status.read().level == "ok"

    Publication.objects.filter(pk=fresh.pk).update(run_at=ago(seconds=310))
    found = status.read()

    assert (found.level, found.stuck, found.abandoned) == ("critical", 1, 0)
    assert timedelta(seconds=309) < found.at - found.oldest_due_at < timedelta(seconds=320)


def test_what_a_runner_left_behind_is_told_apart(account: ConnectedAccount, photo: Photo) -> None:
    account.publish(media=[photo()])
    publishing.claim(1)
    assert status.read().due == 0

    Publication.objects.update(run_at=ago(minutes=6), lease_until=ago(minutes=6))

    assert (status.read().stuck, status.read().abandoned) == (1, 1)


def test_lateness_is_from_due_to_the_first_step(
    account: ConnectedAccount, photo: Photo, run: Callable[..., int]
) -> None:
    on_time, late = account.publish(media=[photo()]), account.publish(media=[photo()])
    Publication.objects.filter(pk=late.pk).update(due_at=ago(seconds=100))
    run()

    found = status.read().lateness

    assert found.sample == 2
    assert found.p50 < 5
    assert 99 < found.p99 < 110
    on_time.refresh_from_db()
    assert on_time.started_at >= on_time.due_at
    assert status.read(sample=1).lateness.sample == 1


def test_percentiles_are_values_that_occurred() -> None:
    ordered = [float(n) for n in range(1, 101)]
    assert [status._percentile(ordered, p) for p in (50, 99, 100)] == [50.0, 99.0, 100.0]
    assert status._percentile([7.0], 99) == 7.0


def test_what_ended_within_a_day_is_counted(
    account: ConnectedAccount, photo: Photo, run: Callable[..., int], world: Any
) -> None:
    account.publish(media=[photo()])
    run()
    world.fault(action="container_error", path="/media$", subcode=2207026, times=0)
    account.publish(media=[photo()])
    run()
    assert status.read().ended_24h == {"published": 1, "failed": 1, "missed": 0}

    Event.objects.update(at=ago(hours=25))
    assert status.read().ended_24h == {"published": 0, "failed": 0, "missed": 0}


def test_runners_are_seen_until_they_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_last", -presence.EVERY_SECONDS)
    presence.show()
    monkeypatch.setattr(presence, "_last", -presence.EVERY_SECONDS)
    presence.show()
    [seen] = status.read().runners
    assert seen.name == presence.name()

    presence.Runner.objects.update(seen_at=ago(minutes=2))
    assert status.read().runners == []
    presence.Runner.objects.update(seen_at=ago(days=2))
    assert (presence.forget(), presence.Runner.objects.count()) == (1, 0)


def test_the_cost_does_not_grow_with_the_rows(account: ConnectedAccount, photo: Photo) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            status.read()
        return len(asked)

    account.publish(media=[photo()])
    few = cost()
    for _ in range(10):
        account.publish(media=[photo()])
    assert cost() == few <= 20


def test_operators_are_told_once_a_day_that_nobody_publishes(
    account: ConnectedAccount, photo: Photo, mailoutbox: list[Any], django_user_model: Any
) -> None:
    staff = django_user_model.objects.create_user("root", is_staff=True)
    assert not alarm.raise_if_still()
    account.publish(media=[photo()])
    Publication.objects.update(run_at=ago(minutes=6))

    assert alarm.raise_if_still()
    assert not alarm.raise_if_still()
    mailing.send_due()

    [mail] = mailoutbox
    assert mail.to == ["ops@example.com"]
    assert "connected_accounts_worker" in mail.body
    assert [event.notice for event in notices.visible_to(staff)] == ["queue_still"]
    assert not notices.visible_to(account.user).exists()

    Publication.objects.update(run_at=Now() + timedelta(hours=1))
    assert not notices.visible_to(staff).exists()


@pytest.mark.django_db(transaction=True)
def test_any_request_to_the_site_finds_out(
    account: ConnectedAccount, photo: Photo, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    account.publish(media=[photo()])
    Publication.objects.update(run_at=ago(minutes=6))
    monkeypatch.setattr(alarm, "_looked", time.monotonic())
    Client().get("/nowhere/")
    assert not Event.objects.filter(verb="queue.still").exists()

    monkeypatch.setattr(alarm, "_looked", alarm._looked - alarm.EVERY_SECONDS)
    request_finished.send(sender=None)
    for thread in threading.enumerate():
        if thread.name == "connected-accounts-alarm":
            thread.join(10)

    assert Event.objects.filter(verb="queue.still").count() == 1
    assert [mail.to for mail in mailoutbox] == [["ops@example.com"]]


def test_nobody_else_s_transaction_is_touched(
    account: ConnectedAccount, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.publish(media=[photo()])
    Publication.objects.update(run_at=ago(minutes=6))
    monkeypatch.setattr(alarm, "_looked", alarm._looked - alarm.EVERY_SECONDS)
    alarm.look_now_and_then()
    assert not Event.objects.filter(verb="queue.still").exists()
    assert not connection.needs_rollback


def test_whoever_wants_no_alarm_gets_none(account: ConnectedAccount, photo: Photo, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_ALARM_SECONDS = 0
    account.publish(media=[photo()])
    Publication.objects.update(run_at=ago(days=1))

    assert status.read().stuck == 0
    assert not alarm.raise_if_still()
    assert list(notices.current()) == []

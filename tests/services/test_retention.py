"""What is old goes, what somebody may still need stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.core.management import call_command
from django.utils import timezone

from django_connected_accounts.models import (
    ConnectedAccount,
    ConnectionAttempt,
    Event,
    Measurement,
    Post,
    PostMedia,
    Publication,
    Runner,
    WebhookDelivery,
    WebhookEndpoint,
)
from django_connected_accounts.models.records import IdempotencyKey
from django_connected_accounts.services import health, publishing, retention

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

YEARS = timedelta(days=800)
Photo = Callable[..., Any]


@pytest.fixture
def published(account: ConnectedAccount, photo: Photo, run: Callable[..., int]) -> Publication:
    publication = account.publish(media=[photo()])
    run()
    publication.refresh_from_db()
    Event.objects.create(verb="publication.attempt", account=account, publication=publication)
    return publication


def age(by: timedelta = YEARS) -> None:
    Event.objects.update(at=timezone.now() - by, dispatched_at=timezone.now(), notify_at=None, tell_at=None)


def verbs() -> set[str]:
    return set(Event.objects.values_list("verb", flat=True))


def test_steps_go_after_a_while_and_the_history_stays(published: Publication) -> None:
    before = verbs()
    assert "publication.attempt" in before
    age(timedelta(days=89))
    assert retention.purge()["details"] == 0

    age(timedelta(days=91))
    steps = Event.objects.filter(verb__in=retention.DETAILS).count()
    assert retention.purge()["details"] == steps > 0
    assert verbs() == before - set(retention.DETAILS)
    assert {"publication.published", "publication.scheduled", "account.connected"} <= verbs()


def test_the_history_goes_only_where_that_is_wanted(published: Publication, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_HISTORY_KEEP_DAYS = 700
    age()
    retention.purge()
    assert verbs() == set()
    published.refresh_from_db()
    assert published.status == "published"


@pytest.mark.parametrize("status", ["scheduled", "sending", "waiting", "held", "unknown"])
def test_what_belongs_to_an_open_or_unknown_post_stays(
    published: Publication, settings: Any, status: str
) -> None:
    settings.CONNECTED_ACCOUNTS_HISTORY_KEEP_DAYS = 700
    age()
    Publication.objects.update(status=status)
    count = published.events.count()
    retention.purge()
    assert published.events.count() == count > 3


@pytest.mark.parametrize("pending", ["dispatched_at", "notify_at", "tell_at", "delivery"])
def test_what_waits_to_be_told_stays(published: Publication, pending: str) -> None:
    age()
    event = Event.objects.filter(verb="publication.attempt").first()
    assert event
    if pending == "delivery":
        endpoint = WebhookEndpoint.objects.create(url="https://example.com/", secret="whsec_c2VjcmV0")
        WebhookDelivery.objects.create(endpoint=endpoint, event=event, run_at=timezone.now())
    else:
        now = None if pending == "dispatched_at" else timezone.now()
        Event.objects.filter(pk=event.pk).update(**{pending: now})
    retention.purge()
    assert list(Event.objects.filter(verb="publication.attempt")) == [event]


def test_a_notice_that_is_still_true_stays(account: ConnectedAccount, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_HISTORY_KEEP_DAYS = 1
    health.change(account, "reconnect_needed", "token_refused")
    age()
    retention.purge()
    assert verbs() == {"account.health"}

    health.change(account, "active")
    age()
    retention.purge()
    assert verbs() == set()


def test_all_pieces_are_gone_through(account: ConnectedAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    at = timezone.now() - YEARS
    told = {"dispatched_at": at, "account": account}
    Event.objects.bulk_create(
        Event(verb="account.refreshed", at=at + timedelta(seconds=n // 5), **told) for n in range(20)
    )
    assert retention.purge(dry_run=True)["details"] == 20
    assert retention.purge()["details"] == 20
    assert retention.purge()["details"] == 0


def test_old_numbers_attempts_answers_deliveries_and_runners_go(
    account: ConnectedAccount, user: Any, settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_MEASUREMENT_KEEP_DAYS = 365
    now = timezone.now()
    endpoint = WebhookEndpoint.objects.create(url="https://example.com/", secret="whsec_c2VjcmV0")
    events = [Event.objects.create(verb="post.edited", dispatched_at=now) for _ in range(3)]
    for at, event, run_at in ((now - YEARS, 0, None), (now, 1, None), (now - YEARS, 2, now)):
        state = "waiting" if run_at else "delivered"
        WebhookDelivery.objects.create(
            endpoint=endpoint, event=events[event], state=state, created_at=at, run_at=run_at
        )
    for at in (now - YEARS, now):
        Measurement.objects.create(account=account, name="reach", value=1, at=at)
        Runner.objects.create(name=str(at), seen_at=at)
        attempt = {"user": user, "platform": "instagram", "expires_at": at, "state_hash": str(at)}
        ConnectionAttempt.objects.create(ended_at=at, **attempt)
        IdempotencyKey.objects.create(user=user, key=str(at), fingerprint="")
    IdempotencyKey.objects.filter(key=str(now - YEARS)).update(created_at=now - YEARS)
    attempts = ConnectionAttempt.objects.count()

    counted, gone = retention.purge(dry_run=True), retention.purge()

    assert counted == gone
    names = ("measurements", "runners", "attempts", "answers", "deliveries")
    assert [gone[name] for name in names] == [1, 1, 1, 1, 1]
    assert ConnectionAttempt.objects.count() == attempts - 1
    assert WebhookDelivery.objects.count() == 2


def test_what_a_cancelled_post_left_behind_is_wiped(account: ConnectedAccount, photo: Photo) -> None:
    publication = account.publish(media=[photo()])
    publication.checkpoint = {"container": "1"}
    publication.save()
    Publication.objects.update(status="cancelled", run_at=None, updated_at=timezone.now() - YEARS)
    kept = account.publish(media=[photo()])
    kept.checkpoint = {"container": "2"}
    kept.save()
    Publication.objects.filter(pk=kept.pk).update(status="unknown", updated_at=timezone.now() - YEARS)

    assert retention.purge()["checkpoints"] == 1
    publication.refresh_from_db()
    kept.refresh_from_db()
    assert (publication.checkpoint, kept.checkpoint) == (None, {"container": "2"})


def test_files_that_no_post_names_go_only_when_asked(
    account: ConnectedAccount, photo: Photo, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FileSystemStorage(tmp_path)
    monkeypatch.setitem(storages._storages, "default", storage)
    used = account.publish(media=[photo()]).post.media.get()
    used.file.storage = storage
    names = {PostMedia.objects.get().file.name, "connected_accounts/left.jpg", "elsewhere/mine.jpg"}
    for name in names:
        if not storage.exists(name):
            storage.save(name, ContentFile(b"x"))
    assert "files" not in retention.purge()
    assert retention.purge(files=True)["files"] == 0  # too young

    monkeypatch.setattr(retention, "FRESH", timedelta(seconds=-5))
    assert retention.purge(files=True, dry_run=True)["files"] == 1
    assert retention.purge(files=True)["files"] == 1
    assert {name for name in names if storage.exists(name)} == names - {"connected_accounts/left.jpg"}


def test_the_command_counts_and_removes(published: Publication) -> None:
    age()
    steps = Event.objects.filter(verb__in=retention.DETAILS).count()
    for option, word in (("--dry-run", "to remove"), ("--files", "removed"), ("--verbosity=0", "")):
        out = StringIO()
        call_command("connected_accounts_purge", option, stdout=out)
        assert (f"details       {steps} {word}\n" in out.getvalue()) == bool(word)
    assert Post.objects.exists()


def test_it_does_no_harm_beside_a_worker(account: ConnectedAccount, photo: Photo) -> None:
    publication = account.publish(media=[photo()])
    age()
    (claimed,), lease = publishing.claim(1)
    retention.purge()
    publishing.take(claimed, lease)
    publication.refresh_from_db()
    assert (publication.status, publication.step) == ("waiting", 1)

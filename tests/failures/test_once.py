"""What made posts appear twice, or never, in other systems."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, connection
from django.utils import timezone

from django_connected_accounts import signals
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Post, Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.providers.instagram import InstagramLogin
from django_connected_accounts.services import composing, publishing, reviewing, scheduling, status
from tests.matrix.points import WRITES

pytestmark = pytest.mark.django_db
Status = Publication.Status


def sent(world: Any) -> int:
    """Return how often the call that must not be repeated was made."""
    return sum(call["path"].endswith("/media_publish") for call in world.calls)


def run_until_sent(run: Any, world: Any) -> None:
    while not sent(world):
        run(steps=1)


def test_f1_what_was_sent_is_not_sent_again_when_its_job_is_run_again(account, world, photo, run) -> None:
    world.fault(action="lose_after", path="media_publish")
    publication = account.publish(media=[photo()], text="Once")
    run()
    for _ in range(3):
        Publication.objects.update(run_at=DatabaseNow())
        publishing.tick()
    publication.refresh_from_db()
    assert (publication.status, sent(world), len(world.posts())) == (Status.PUBLISHED, 1, 1)


def test_f2_a_refusal_of_what_is_live_is_not_believed(account, world, photo, run) -> None:
    refused = {"status": 400, "code": 4, "subcode": 2207051}
    world.fault(action="status_after", path="media_publish", **refused)
    publication = account.publish(media=[photo()], text="Live")
    run_until_sent(run, world)
    publication.refresh_from_db()
    assert publication.status not in (Status.FAILED, Status.MISSED)
    run()
    publication.refresh_from_db()
    assert (publication.status, sent(world), len(world.posts())) == (Status.PUBLISHED, 1, 1)


def test_f3_whatever_a_project_does_afterwards_sends_nothing_again(
    account, world, photo, run, settings, django_capture_on_commit_callbacks
) -> None:
    raised = []

    def streak(**kwargs: Any) -> None:
        raised.append(kwargs["event"].verb)
        raise RuntimeError("the workflow of streaks is down")

    every = {signals.notice_raised, *signals.VERBS.values()} - {None}
    for signal in every:
        signal.connect(streak)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            publication = account.publish(media=[photo()])
            run()
            publishing.tick()
    finally:
        for signal in every:
            signal.disconnect(streak)
    publication.refresh_from_db()
    assert "publication.published" in raised
    assert (publication.status, sent(world), len(world.posts())) == (Status.PUBLISHED, 1, 1)


def test_f4_a_time_out_is_waited_out_and_never_sent_again(account, world, photo, run) -> None:
    world.fault(action="delay", seconds=3600, path="media_publish")
    publication = account.publish(media=[photo()], text="Slow")
    run_until_sent(run, world)
    publication.refresh_from_db()
    assert publication.in_doubt
    assert publication.run_at > timezone.now() + timedelta(seconds=10)
    assert publishing.tick() == 0
    run()
    publication.refresh_from_db()
    assert (publication.status, sent(world), len(world.posts())) == (Status.PUBLISHED, 1, 1)


def test_f5_a_success_that_could_not_be_written_is_looked_up(account, world, photo, run) -> None:
    lost: list[str] = []

    def lose(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith(WRITES) and sent(world) and not lost:
            lost.append(sql)
            raise DatabaseError("the disk is full")
        return execute(sql, *args)

    publication = account.publish(media=[photo()], text="Unwritten")
    with connection.execute_wrapper(lose):
        run()
    publication.refresh_from_db()
    assert lost
    assert (publication.status, sent(world), len(world.posts())) == (Status.PUBLISHED, 1, 1)
    assert publication.remote_id == world.posts()[0]["id"]


def test_f6_of_two_runners_with_the_same_post_the_late_one_writes_nothing(
    account, world, photo, run, settings
) -> None:
    """The first waits for its answer longer than its lease, and the second takes over meanwhile."""
    settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT = 100
    settings.CONNECTED_ACCOUNTS_LEASE_SECONDS = 600
    ended: list[str] = []

    def second(seconds: float) -> None:
        run()
        ended.append(Publication.objects.get().status)

    slept, world.sleep = world.sleep, second
    try:
        world.fault(action="delay", seconds=10, path="media_publish")
        publication = account.publish(media=[photo()], text="Stalled")
        run_until_sent(run, world)
    finally:
        world.sleep = slept
    assert ended == [Status.PUBLISHED]
    publication.refresh_from_db()
    assert (publication.status, sent(world), len(world.posts())) == (Status.PUBLISHED, 1, 1)
    assert publication.step == 4


def test_f8_whoever_wrote_it_a_post_goes_out_and_one_nobody_takes_is_an_alarm(
    account, world, photo, run, settings
) -> None:
    settings.CONNECTED_ACCOUNTS_ALARM_SECONDS = 5 * 60
    account.publish(media=[photo()], text="By Python")
    post = composing.compose(account.user, text="By hand", media=[composing.NewMedia(file=photo())])
    reviewing.approve(post, by=account.user)
    now = timezone.now()
    Publication.objects.create(post=post, account=account, due_at=now, deadline_at=now + timedelta(hours=1))
    assert status.read().level == "ok"

    Publication.objects.update(run_at=now - timedelta(minutes=6))
    assert status.read().stuck == 2
    assert status.read().level == "critical"

    run()
    assert {post["caption"] for post in world.posts()} == {"By Python", "By hand"}
    assert status.read().stuck == 0


def test_f9_what_was_deleted_or_moved_meanwhile_is_not_sent(account, world, photo, run) -> None:
    deleted = account.publish(media=[photo()], text="Deleted")
    [claimed], lease = publishing.claim(1)
    with pytest.raises(InvalidRequest):
        scheduling.cancel(deleted, by=account.user)  # a runner has it
    Post.objects.get(pk=deleted.post_id).delete()
    publishing.take(claimed, lease)

    cancelled = account.publish(media=[photo()], text="Cancelled")
    scheduling.cancel(cancelled, by=account.user)
    moved = account.publish(media=[photo()], text="Moved")
    scheduling.reschedule(moved, at=timezone.now() + timedelta(days=2), zone="UTC", by=account.user)
    assert publishing.tick() == 0
    assert world.posts() == []
    assert not [call for call in world.calls if call["method"] == "POST" and call["path"].endswith("/media")]


class Breaking(InstagramLogin):
    """Breaks before anything is known of the post."""

    def publish(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no error of ours")


def test_f10_what_broke_is_not_called_published(account, world, photo, run, settings) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"CLASS": f"{__name__}.Breaking"}}
    publication = account.publish(media=[photo()], text="Broken")
    run(steps=3)
    publication.refresh_from_db()
    assert publication.status in Publication.OPEN
    assert (publication.code, publication.remote_id, world.posts()) == ("internal_error", "", [])

    settings.CONNECTED_ACCOUNTS_PROVIDERS = {}
    run()
    publication.refresh_from_db()
    assert (publication.status, publication.remote_id) == (Status.PUBLISHED, world.posts()[0]["id"])


class Hanging(BaseEmailBackend):
    """A mail server that is down."""

    tried = 0

    def send_messages(self, messages: Any) -> int:
        type(self).tried += 1
        raise OSError("no route to host")


def test_f42_a_mail_server_that_is_down_holds_up_no_post(account, world, photo, run, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Hanging"
    world.fault(action="status", path="/media$", method="POST", status=400, code=36003, subcode=2207009)
    refused, fine = (
        account.publish(media=[photo()], text="Refused"),
        account.publish(media=[photo()], text="Fine"),
    )
    run()
    publishing.tick()
    assert Hanging.tried
    assert mail.outbox == []
    refused.refresh_from_db()
    fine.refresh_from_db()
    assert (refused.status, fine.status) == (Status.FAILED, Status.PUBLISHED)
    assert (sent(world), len(world.posts())) == (1, 1)

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_connected_accounts.models import Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.services import publishing

pytestmark = pytest.mark.django_db
Status = Publication.Status


def late(publication, **ago):
    due = timezone.now() - timedelta(**ago)
    Publication.objects.filter(pk=publication.pk).update(due_at=due, run_at=due)
    return publication


def reread(*publications):
    for publication in publications:
        publication.refresh_from_db()
    return publications


@pytest.mark.databases
def test_a_backlog_of_an_account_drains_spaced(account, world, photo):
    posts = [late(account.publish(media=[photo()]), minutes=10 - n) for n in range(4)]
    publishing.tick()
    first, *rest = reread(*posts)
    assert first.step == 1
    assert {post.step for post in rest} == {0}
    assert {(post.status, post.code) for post in rest} == {(Status.SCHEDULED, "backlog")}
    gaps = [(post.run_at - timezone.now()).total_seconds() for post in rest]
    assert gaps == pytest.approx([30, 60, 90], abs=5)


@pytest.mark.databases
def test_each_late_post_is_put_off_once_and_then_sent(account, world, photo, run):
    posts = [late(account.publish(media=[photo()]), minutes=10) for n in range(3)]
    publishing.tick()
    Publication.objects.filter(code="backlog").update(run_at=DatabaseNow())
    publishing.tick()
    assert [post.step for post in reread(*posts)] == [1, 1, 1]


def test_what_is_on_time_does_not_wait_for_the_backlog(account, world, photo):
    for _ in range(3):
        late(account.publish(media=[photo()]), minutes=10)
    punctual = account.publish(media=[photo()])
    publishing.tick()
    (punctual,) = reread(punctual)
    assert punctual.step == 1


def test_one_account_with_a_backlog_holds_up_no_other(account, connect, world, photo, settings):
    settings.CONNECTED_ACCOUNTS_BATCH_SIZE = 5
    for _ in range(12):
        late(account.publish(media=[photo()]), minutes=10)
    other = late(connect("creator").publish(media=[photo()]), minutes=9)
    publishing.tick()
    (other,) = reread(other)
    assert other.step == 1


def test_no_turn_is_given_after_the_deadline(account, world, photo):
    posts = [late(account.publish(media=[photo()]), minutes=58) for _ in range(2)]
    deadline = timezone.now() + timedelta(seconds=10)
    Publication.objects.update(deadline_at=deadline)
    publishing.tick()
    first, second = sorted(reread(*posts), key=lambda post: -post.step)
    assert first.step == 1
    assert second.run_at == deadline
    account.refresh_from_db()
    assert account.turns_until < timezone.now() + timedelta(seconds=40)


def test_a_post_rescheduled_after_its_turn_is_spaced_anew(account, world, photo):
    late(account.publish(media=[photo()]), minutes=10)
    again = late(account.publish(media=[photo()]), minutes=10)
    Publication.objects.filter(pk=again.pk).update(turn_at=timezone.now() - timedelta(hours=1))
    publishing.tick()
    (again,) = reread(again)
    assert again.turn_at > timezone.now()


@pytest.mark.databases
def test_steps_of_an_account_at_the_same_time_are_limited(account, world, photo):
    for _ in range(5):
        account.publish(media=[photo()])
    claimed, going = publishing.next_batch(5, at_once=True)
    assert (claimed, len(going)) == (5, 2)
    Publication.objects.filter(lease_until=None).update(run_at=DatabaseNow())
    assert publishing.next_batch(5, at_once=True) == (3, [])
    assert Publication.objects.filter(run_at__gt=timezone.now(), lease_until=None).count() == 3


def test_one_after_the_other_they_need_one_place(account, world, photo):
    for _ in range(3):
        account.publish(media=[photo()])
    assert len(publishing.next_batch(5)[1]) == 3


@pytest.mark.databases
def test_steps_of_a_platform_at_the_same_time_are_limited(account, connect, world, photo, settings):
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"STEPS": 1}}
    for owner in (account, connect("creator")):
        owner.publish(media=[photo()])
    assert len(publishing.next_batch(5, at_once=True)[1]) == 1

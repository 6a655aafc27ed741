from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_connected_accounts.exceptions import OperatorNeeded, RateLimited
from django_connected_accounts.models import ConnectedAccount, Event, Hold, Publication
from django_connected_accounts.providers.instagram import InstagramLogin
from django_connected_accounts.providers.types import Usage
from django_connected_accounts.services import budgets, notices, publishing

pytestmark = pytest.mark.django_db
Status = Publication.Status
BUSY = {"call_count": 96, "total_time": 3, "total_cputime": 3}


def due_again(*publications):
    Publication.objects.filter(pk__in=[p.pk for p in publications]).update(run_at=timezone.now())


@pytest.mark.databases
def test_what_an_answer_says_is_nearly_spent_puts_the_app_on_hold(account, world, photo):
    world.usage = {"X-App-Usage": BUSY}
    first, second = (account.publish(media=[photo()]) for _ in range(2))
    publishing.tick(limit=1)
    calls = len(world.calls)
    hold = Hold.objects.get()
    assert (hold.account, hold.code, hold.percent) == (None, "app_rate_limited", 96)

    due_again(first, second)
    publishing.tick()

    assert len(world.calls) == calls
    second.refresh_from_db()
    assert (second.status, second.code, second.attempts) == (Status.HELD, "app_rate_limited", 0)
    assert second.run_at >= hold.until


def test_a_refusal_for_one_account_leaves_the_others_alone(account, connect, world, photo, run):
    other = connect("creator")
    world.fault(action="status", path="/media$", method="POST", status=400, code=80002)
    limited, waiting = account.publish(media=[photo()]), account.publish(media=[photo()])
    publishing.tick(limit=1)
    free = other.publish(media=[photo()], text="Free")
    publishing.tick()
    for publication in (limited, waiting, free):
        publication.refresh_from_db()
    assert (limited.status, waiting.status) == (Status.HELD, Status.HELD)
    assert waiting.attempts == 0
    assert free.step == 1
    assert Hold.objects.get().account == account


def test_a_hold_that_is_over_holds_nothing_and_what_it_held_goes_out(account, world, photo, run):
    budgets.place(account, "account", "account_rate_limited", 600)
    publication = account.publish(media=[photo()])
    publishing.tick()
    publication.refresh_from_db()
    assert publication.status == Status.HELD
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED


@pytest.mark.databases
def test_accounts_know_what_they_meet_the_longest_where_there_are_two(account, connect):
    other = connect("creator")
    budgets.place(account, "account", "account_rate_limited", 600)
    budgets.place(account, "app", "app_rate_limited", 60)
    Hold.objects.create(  # of a version that is no longer used
        key=f"{account.platform} v1.0",
        platform=account.platform,
        code="app_not_live",
        since=timezone.now(),
        until=timezone.now() + timedelta(days=1),
    )
    met = dict(budgets.annotate(ConnectedAccount.objects.all()).values_list("pk", "hold_code"))
    assert met == {account.pk: "account_rate_limited", other.pk: "app_rate_limited"}
    Hold.objects.update(until=timezone.now())
    assert not budgets.annotate(ConnectedAccount.objects.all()).exclude(hold_until=None).exists()


@pytest.mark.databases
def test_a_shorter_hold_does_not_end_a_longer_one(account):
    budgets.place(account, "account", "account_rate_limited", 600)
    budgets.place(account, "account", "account_rate_limited", 60)
    budgets.place(account, "account", "publishing_quota_reached", 60)
    assert Hold.objects.get().until > timezone.now() + timedelta(seconds=500)


def test_doubt_is_not_settled_while_the_platform_takes_no_calls(account, world, photo, run):
    world.fault(action="lose_after", path="media_publish")
    publication = account.publish(media=[photo()])
    run(steps=4)
    publication.refresh_from_db()
    assert publication.in_doubt
    budgets.place(account, "account", "account_rate_limited", 600)
    due_again(publication)
    calls = len(world.calls)
    publishing.tick()
    publication.refresh_from_db()
    assert len(world.calls) == calls
    assert publication.in_doubt
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert len(world.posts()) == 1


class Refused(InstagramLogin):
    """Its app is not let in."""

    def publish(self, *args, **kwargs):
        raise OperatorNeeded("app_misconfigured", provider=self.id)


def test_an_app_that_is_not_let_in_holds_every_post_and_its_operators_are_told_once(
    account, connect, world, photo, run, settings
):
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"CLASS": f"{__name__}.Refused"}}
    posts = [owner.publish(media=[photo()]) for owner in (account, connect("creator"))]
    publishing.tick()
    for publication in posts:
        publication.refresh_from_db()
        assert (publication.status, publication.code) == (Status.HELD, "app_misconfigured")
        assert publication.run_at > timezone.now() + timedelta(minutes=25)
    told = Event.objects.filter(notice="app_refused")
    assert told.count() == 1
    assert set(notices.current()) == set(told)
    assert notices.Notice(told.get()).reason.who == "operator"

    settings.CONNECTED_ACCOUNTS_PROVIDERS = {}
    run()
    assert {publication.status for publication in Publication.objects.all()} == {Status.PUBLISHED}


def test_another_api_version_is_another_app(account, settings):
    budgets.place(account, "app", "app_misconfigured", 600)
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"API_VERSION": "v25.0"}}
    assert budgets.standing([account]) == {}


def test_as_many_posts_as_a_platform_allows_in_a_day_are_not_exceeded_by_a_call(account, world, photo):
    old = timezone.now() - timedelta(hours=20)
    limit = int(InstagramLogin.limits["posts_per_day"].value)
    publication = account.publish(media=[photo()])
    for number in range(limit):
        done = account.publish(media=[photo()])
        Publication.objects.filter(pk=done.pk).update(
            status=Status.PUBLISHED, remote_id=f"{number}", run_at=None, published_at=old, due_at=old
        )
    calls = len(world.calls)
    publishing.tick()
    publication.refresh_from_db()
    assert len(world.calls) == calls
    assert (publication.status, publication.code) == (Status.HELD, "publishing_quota_reached")
    wait = publication.run_at - timezone.now()
    assert timedelta(hours=3, minutes=55) < wait < timedelta(hours=4, minutes=5)


def test_a_wait_beyond_all_reason_is_no_overflow(account):
    error = RateLimited(retry_after=float(10**15))
    budgets.place(account, error.scope, error.code, error.retry_after)
    assert Hold.objects.get().until < timezone.now() + timedelta(days=32)


def test_usage_below_the_setting_holds_nothing(account, settings):
    budgets.note(account, [Usage(percent=94.9)])
    assert not Hold.objects.exists()
    settings.CONNECTED_ACCOUNTS_BUDGET_PERCENT = 90
    budgets.note(account, [Usage(percent=94.9)])
    assert Hold.objects.exists()

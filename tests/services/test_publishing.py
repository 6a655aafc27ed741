from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from django_connected_accounts import signals
from django_connected_accounts.models import Event, Publication
from django_connected_accounts.services import accounts, composing, publishing, scheduling

pytestmark = pytest.mark.django_db
Status = Publication.Status


def test_a_photo_is_published_in_steps_and_its_link_is_the_public_one(account, world, photo, run):
    publication = account.publish(text="Fresh bread #bakery", media=[photo()])
    assert publication.status == Status.SCHEDULED

    run()

    publication.refresh_from_db()
    (post,) = world.posts()
    assert publication.status == Status.PUBLISHED
    assert publication.remote_id == post["id"]
    assert publication.permalink == post["permalink"]
    assert post["caption"] == "Fresh bread #bakery"
    assert publication.run_at is None
    assert publication.checkpoint is None


@pytest.mark.parametrize(
    ("platform", "person"), [("instagram", "two_businesses"), ("instagram_login", "shop")]
)
def test_a_carousel_is_one_post_with_its_pictures_in_order(connect, world, photo, run, platform, person):
    account = connect(person, platform)
    account.publish(media=[photo("a.jpg", colour="red"), photo("b.jpg", colour="blue"), photo("c.jpg")])
    run()
    (post,) = world.posts()
    assert post["kind"] == "carousel"
    assert len(post["children"]) == 3


def test_nothing_is_sent_before_its_time(account, world, photo):
    publication = account.publish(
        media=[photo()], at=timezone.now() + timedelta(hours=2), zone="Europe/Berlin"
    )
    world.calls.clear()
    assert publishing.tick() == 0
    assert world.calls == []
    publication.refresh_from_db()
    assert publication.status == Status.SCHEDULED


def test_a_wait_for_the_platform_is_no_sleep_but_a_later_step(account, world, photo):
    publication = account.publish(media=[photo()])
    assert publishing.tick() == 1
    publication.refresh_from_db()
    assert publication.status == Status.WAITING
    assert publication.run_at > timezone.now()
    assert publishing.tick() == 0


@pytest.mark.parametrize("action", ["lose_after", "status_after", "truncate_body"])
def test_an_answer_lost_after_publishing_is_looked_up_and_never_repeated(account, world, photo, run, action):
    world.fault(action=action, path="media_publish")
    publication = account.publish(text="Once", media=[photo()])
    run()
    publication.refresh_from_db()
    assert [post["caption"] for post in world.posts()] == ["Once"]
    assert publication.status == Status.PUBLISHED
    assert publication.remote_id == world.posts()[0]["id"]
    assert len([c for c in world.calls if c["path"].endswith("media_publish")]) == 1


def test_a_refusal_that_came_after_the_fact_is_not_believed(account, world, photo, run):
    world.fault(action="status_after", path="media_publish", status=400, code=9, subcode=2207042)
    publication = account.publish(text="Live after all", media=[photo()])
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert len(world.posts()) == 1


def test_a_call_that_never_arrived_is_made_again_once_the_platform_shows_nothing(account, world, photo, run):
    world.fault(action="lose_before", path="media_publish")
    publication = account.publish(media=[photo()], text="Second try")
    run(steps=4)
    publication.refresh_from_db()
    assert publication.in_doubt
    world.advance(31)
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert len(world.posts()) == 1


def test_a_runner_killed_after_sending_leaves_a_step_that_the_next_one_looks_after(
    account, world, photo, run
):
    publication = account.publish(text="Killed", media=[photo()])
    run(steps=3)
    publication.refresh_from_db()
    assert publication.repeatable is False
    claimed, lease = _claim(publication)
    publishing.take(claimed, lease)
    assert len(world.posts()) == 1
    # The database never heard of it: as it was when the runner died.
    Publication.objects.filter(pk=publication.pk).update(
        status=Status.SENDING, remote_id="", run_at=timezone.now(), intent_at=timezone.now(), repeatable=False
    )
    row = Publication.objects.get(pk=publication.pk)
    row.checkpoint = publication.checkpoint
    row.save(update_fields=["checkpoint"])

    run()

    row.refresh_from_db()
    assert row.status == Status.PUBLISHED
    assert len(world.posts()) == 1


def test_a_runner_that_lost_its_lease_writes_nothing(account, world, photo):
    publication = account.publish(media=[photo()])
    claimed, lease = _claim(publication)
    Publication.objects.filter(pk=publication.pk).update(lease_token="another")
    publishing.take(claimed, lease)
    publication.refresh_from_db()
    assert publication.status == Status.SCHEDULED
    assert publication.lease_token == "another"


def test_a_content_refusal_fails_with_its_code_and_is_told(
    account, world, photo, run, django_capture_on_commit_callbacks
):
    told = []

    def listen(event, **kwargs):
        told.append(event.code)

    signals.publication_failed.connect(listen)
    world.fault(action="status", path="/media$", method="POST", status=400, code=36003, subcode=2207009)
    with django_capture_on_commit_callbacks(execute=True):
        publication = account.publish(media=[photo()])
        run()
    signals.publication_failed.disconnect(listen)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.FAILED, "aspect_ratio")
    assert world.posts() == []
    assert told == ["aspect_ratio"]


def test_a_rate_limit_holds_the_post_and_it_goes_out_later(account, world, photo, run):
    world.fault(action="status", path="/media$", method="POST", status=400, code=80002)
    publication = account.publish(media=[photo()])
    run(steps=1)
    publication.refresh_from_db()
    assert publication.status == Status.HELD
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED


def test_a_revoked_token_holds_the_post_until_the_account_is_reconnected(account, connect, world, photo, run):
    publication = account.publish(media=[photo()], text="Patience")
    world.revoke("shop")
    run(steps=1)
    publication.refresh_from_db()
    account.refresh_from_db()
    assert publication.status == Status.HELD
    assert account.health == account.Health.RECONNECT_NEEDED

    connect()
    run()

    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED


def test_a_paused_account_holds_its_posts(account, world, photo, run):
    publication = account.publish(media=[photo()])
    accounts.pause(account, by=account.user)
    run(steps=1)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.HELD, "account_paused")
    accounts.resume(account, by=account.user)
    run()
    assert len(world.posts()) == 1


def test_an_outage_is_waited_out_and_past_the_deadline_the_post_is_missed(account, world, photo, run):
    world.fault(action="status", host="graph.instagram.com", status=503, times=0)
    publication = account.publish(media=[photo()])
    run(steps=3)
    publication.refresh_from_db()
    assert publication.status in (Status.SCHEDULED, Status.SENDING)
    Publication.objects.update(deadline_at=timezone.now())
    run()
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.MISSED, "platform_unavailable")
    assert world.posts() == []


def test_what_can_never_be_settled_is_left_to_a_person(account, world, photo, run):
    world.fault(action="lose_after", path="media_publish")
    publication = account.publish(media=[photo()], text="Open")
    run(steps=4)
    world.fault(action="status", method="GET", status=500, times=0)
    Publication.objects.update(intent_at=timezone.now() - timedelta(hours=2))
    run(steps=3)
    publication.refresh_from_db()
    assert publication.status == Status.UNKNOWN

    world.faults.clear()
    scheduling.check_again(publication, by=account.user)
    run()

    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert len(world.posts()) == 1


def test_an_edit_after_scheduling_is_not_sent_until_it_is_approved(account, world, photo, run):
    publication = account.publish(media=[photo()], text="Before", at=timezone.now() + timedelta(hours=1))
    composing.edit(publication.post, by=account.user, text="After")
    Publication.objects.update(due_at=timezone.now(), run_at=timezone.now())
    run(steps=1)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.HELD, "not_approved")
    scheduling.retry(publication, by=account.user)
    run()
    assert [post["caption"] for post in world.posts()] == ["After"]


def test_a_first_comment_follows_and_its_failure_does_not_undo_the_post(account, world, photo, run):
    world.fault(action="status", path="/comments$", method="POST", status=400, code=10)
    publication = account.publish(media=[photo()], text="With comment", first_comment="#more")
    run()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED
    assert publication.code == "first_comment_failed"
    assert len(world.posts()) == 1


def test_a_first_comment_whose_answer_is_lost_is_written_once(account, world, photo, run):
    world.fault(action="lose_after", path="/comments$", method="POST")
    publication = account.publish(media=[photo()], text="With comment", first_comment="#more")
    run()
    publication.refresh_from_db()
    (post,) = world.posts()
    assert publication.status == Status.PUBLISHED
    assert [comment["text"] for comment in post["comments"]] == ["#more"]


def test_a_receiver_that_raises_harms_nothing(account, world, photo, run, django_capture_on_commit_callbacks):
    raised = []

    def broken(**kwargs):
        raised.append(True)
        raise RuntimeError("not today")

    signals.publication_published.connect(broken)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            publication = account.publish(media=[photo()])
            run()
    finally:
        signals.publication_published.disconnect(broken)
    publication.refresh_from_db()
    assert raised
    assert publication.status == Status.PUBLISHED
    assert len(world.posts()) == 1


def test_the_permalink_is_told_when_it_is_known(
    account, world, photo, run, django_capture_on_commit_callbacks
):
    told = []

    def listen(event, **kwargs):
        told.append((event.verb, event.data.get("permalink", "")))

    for signal in (signals.publication_published, signals.publication_changed):
        signal.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        account.publish(media=[photo()])
        run()
    for signal in (signals.publication_published, signals.publication_changed):
        signal.disconnect(listen)
    (post,) = world.posts()
    assert ("publication.linked", post["permalink"]) in told


def test_the_timeline_tells_every_step_and_no_secret(account, world, photo, run):
    publication = account.publish(media=[photo()])
    run()
    events = Event.objects.filter(publication=publication).order_by("at")
    verbs = [event.verb for event in events]
    assert verbs[0] == "publication.scheduled"
    assert "publication.published" in verbs
    assert account.access_token not in str([event.data for event in events])


def test_one_publication_can_be_stepped_by_its_id_until_nothing_remains(account, world, photo):
    other = account.publish(media=[photo()])
    publication = account.publish(media=[photo()], text="By its id")

    following = publishing.run(publication.pk)
    assert following > timezone.now()
    assert publishing.run(str(publication.pk)) == following  # not before its time
    while following is not None:
        world.advance(5)
        Publication.objects.filter(pk=publication.pk).update(run_at=timezone.now())
        following = publishing.run(publication.pk)

    assert [post["caption"] for post in world.posts()] == ["By its id"]
    other.refresh_from_db()
    assert other.step == 0
    assert publishing.run(other.pk) is not None
    other.post.delete()
    assert publishing.run(other.pk) is None


def test_claims_never_overlap(account, photo):
    for _ in range(5):
        account.publish(media=[photo()])
    first, _ = publishing.claim(3)
    second, _ = publishing.claim(3)
    assert len(first) == 3
    assert len(second) == 2
    assert not set(first) & set(second)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("lose_before", marks=pytest.mark.databases),
        pytest.param("lose_after", marks=pytest.mark.databases),
        "status",
        "status_after",
        "truncate_body",
    ],
)
def test_losing_any_one_call_leaves_one_public_post(account, world, photo, run, fault):
    for nth in itertools.count(1):
        before = len(world.posts())
        world.faults.clear()
        struck = world.fault(action=fault, host="graph.instagram.com", nth=nth)
        publication = account.publish(media=[photo()], text=f"{fault} {nth}")
        for _ in range(4):
            run(steps=8)
            world.advance(31)
        publication.refresh_from_db()
        assert publication.status == Status.PUBLISHED, (nth, publication.code, publication.detail)
        assert len(world.posts()) == before + 1, nth
        if not struck.fired:
            break
    assert nth > 3


def _claim(publication):
    Publication.objects.filter(pk=publication.pk).update(run_at=timezone.now() - timedelta(seconds=1))
    (claimed,), lease = publishing.claim(1)
    return claimed, lease


@pytest.mark.databases
def test_an_idle_runner_knows_when_something_will_be_due(account, world, photo):
    assert publishing.due_in(60) == 60
    publication = account.publish(media=[photo()])
    assert publishing.due_in(60) < 1
    in_a_while = timezone.now() + timedelta(seconds=20)
    Publication.objects.filter(pk=publication.pk).update(run_at=in_a_while)
    assert 10 < publishing.due_in(60) < 20.1
    assert publishing.due_in(5) == 5

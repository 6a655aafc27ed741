"""What is published is deleted where it is: once somebody says so, for good, and said as it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest, NotAuthorized, Unavailable
from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import (
    accounts,
    composing,
    deleting,
    delivery,
    leases,
    publishing,
    remarks,
    scheduling,
)
from django_connected_accounts.testing import connect, publish_everything

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = {"facebook": "two_businesses", "linkedin": "shop", "threads": "shop", "twitter": "shop"}


@pytest.fixture
def user(django_user_model: Any, settings: Any) -> Any:
    settings.CONNECTED_ACCOUNTS_CAPABILITIES = ("connect", "publish", "comment", "delete")
    return django_user_model.objects.create(username="ada")


@pytest.fixture
def account(user: Any, sandbox: World) -> ConnectedAccount:
    return connect(sandbox, user, "shop", "linkedin")


def live(account: ConnectedAccount, **post: Any) -> Publication:
    publication = account.publish(**{"text": "Rye at seven", **post})
    publish_everything()
    publication.refresh_from_db()
    assert publication.status == "published"
    return publication


def deletions(sandbox: World) -> int:
    return sum(call["method"] == "DELETE" for call in sandbox.calls)


@pytest.mark.parametrize(("platform", "person"), PEOPLE.items())
def test_it_is_gone_there_and_said_to_be(platform: str, person: str, user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, person, platform)
    publication = live(account)
    where = publication.permalink
    deleting.take_down(publication, by=user)
    publication.refresh_from_db()
    assert sandbox.posts() == []
    assert (publication.status, publication.code, publication.run_at) == ("deleted", "", None)
    assert publication.permalink == where
    event = Event.objects.get(verb="publication.deleted")
    assert (event.actor, event.publication, event.data["permalink"]) == (user, publication, where)
    assert delivery.summary(publication.post).status == "deleted"


@pytest.mark.parametrize(("platform", "person"), PEOPLE.items())
def test_what_is_gone_already_counts_as_deleted(
    platform: str, person: str, user: Any, sandbox: World
) -> None:
    account = connect(sandbox, user, person, platform)
    publication = live(account)
    sandbox.fault(action="lose_after", method="DELETE", times=2)
    with pytest.raises(Unavailable):
        deleting.take_down(publication, by=user)
    publication.refresh_from_db()
    assert (publication.status, sandbox.posts()) == ("published", [])
    assert not publication.lease_token
    deleting.take_down(publication, by=user)
    publication.refresh_from_db()
    assert publication.status == "deleted"


def test_it_is_done_once_however_often_it_is_asked(
    account: ConnectedAccount, sandbox: World, user: Any
) -> None:
    publication = live(account)
    deleting.take_down(publication, by=user)
    deleting.take_down(publication, by=user)
    assert deletions(sandbox) == 1
    assert Event.objects.filter(verb="publication.deleted").count() == 1


def test_nothing_brings_it_back(account: ConnectedAccount, sandbox: World, user: Any) -> None:
    publication = live(account)
    deleting.take_down(publication, by=user)
    for again in (scheduling.retry, scheduling.cancel, scheduling.check_again, scheduling.post_again):
        with pytest.raises(InvalidRequest, match="not_possible_now"):
            again(publication, by=user)
    with pytest.raises(InvalidRequest, match="already_scheduled"):
        scheduling.schedule(publication.post, [account], by=user)
    publish_everything()
    assert sandbox.posts() == []


def test_the_same_text_is_still_warned_of(account: ConnectedAccount, user: Any) -> None:
    publication = live(account)
    deleting.take_down(publication, by=user)
    twin = account.publish(text="Rye at seven")
    (found,) = remarks.before(twin.post, [account]).values()
    assert "duplicate_text" in [problem.code for problem in found]


def test_what_was_to_follow_it_is_never_sent(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "twitter")
    publication = account.publish(text="One", options={"thread": ["Two"]})
    publish_everything(steps=2)
    publication.refresh_from_db()
    assert (publication.status, publication.checkpoint is None) == ("published", False)
    deleting.take_down(publication, by=user)
    publish_everything()
    publication.refresh_from_db()
    assert publication.checkpoint is None
    assert [post.text for post in sandbox.platforms["twitter"].posts.values()] == []


def test_a_runner_that_sweeps_meanwhile_leaves_it_alone(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "twitter")
    publication = account.publish(text="One", options={"thread": ["Two"]})
    publish_everything(steps=2)
    swept: list[int] = []
    sandbox.sleep = lambda seconds: swept.append(publishing.tick())
    sandbox.fault(action="delay", method="DELETE", seconds=1)
    deleting.take_down(publication, by=user)
    assert swept == [0]
    publish_everything()
    assert sandbox.platforms["twitter"].posts == {}


def test_what_was_to_follow_goes_on_at_its_time_where_deleting_fails(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "twitter")
    publication = account.publish(text="One", options={"thread": ["Two"]})
    publish_everything(steps=2)
    publication.refresh_from_db()
    due = publication.run_at
    sandbox.fault(action="status", method="DELETE", status=503, times=2)
    with pytest.raises(Unavailable):
        deleting.take_down(publication, by=user)
    publication.refresh_from_db()
    assert (publication.run_at, publication.lease_until) == (due, None)
    publish_everything()
    assert [post.text for post in sandbox.platforms["twitter"].posts.values()] == ["One", "Two"]


def test_of_a_thread_the_rest_stays_and_is_told(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "twitter")
    publication = live(account, options={"thread": ["And spelt at eight"]})
    assert deleting.leaves(publication)
    deleting.take_down(publication, by=user)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == ("deleted", "replies_stay")
    assert [post.text for post in sandbox.platforms["twitter"].posts.values()] == ["And spelt at eight"]


def test_comments_go_with_a_post_on_linkedin(account: ConnectedAccount, sandbox: World, user: Any) -> None:
    publication = live(account, first_comment="Come early")
    assert not deleting.leaves(publication)
    deleting.take_down(publication, by=user)
    assert sandbox.posts() == []


def test_access_that_was_taken_away_is_told_and_changes_nothing_there(
    account: ConnectedAccount, sandbox: World, user: Any
) -> None:
    publication = live(account)
    for token in sandbox.tokens.values():
        token.dead = 65601
    with pytest.raises(NotAuthorized):
        deleting.take_down(publication, by=user)
    publication.refresh_from_db()
    account.refresh_from_db()
    assert (publication.status, len(sandbox.posts())) == ("published", 1)
    assert account.health == "reconnect_needed"


def test_an_outage_changes_nothing_here(account: ConnectedAccount, sandbox: World, user: Any) -> None:
    publication = live(account)
    sandbox.fault(action="status", method="DELETE", status=503, times=0)
    with pytest.raises(Unavailable):
        deleting.take_down(publication, by=user)
    publication.refresh_from_db()
    account.refresh_from_db()
    assert (publication.status, account.health, len(sandbox.posts())) == ("published", "active", 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "failed"}, "publication_not_live"),
        ({"status": "unknown"}, "publication_not_live"),
        ({"remote_id": "https://x.example/1", "permalink": "https://x.example/1"}, "only_link_known"),
    ],
)
def test_what_can_not_be_deleted_is_refused_before_anything_is_called(
    change: dict[str, str], code: str, account: ConnectedAccount, sandbox: World, user: Any
) -> None:
    publication = live(account)
    Publication.objects.update(**change)
    publication.refresh_from_db()
    assert not deleting.can_take_down(publication)
    with pytest.raises(InvalidRequest, match=code):
        deleting.take_down(publication, by=user)
    assert deletions(sandbox) == 0


def test_a_platform_without_it_says_so(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "instagram_login")
    post, now = composing.compose(user, text="Rye at seven"), timezone.now()
    publication = Publication.objects.create(
        post=post, account=account, status="published", remote_id="1", due_at=now, deadline_at=now
    )
    with pytest.raises(InvalidRequest, match="platform_does_not_delete"):
        deleting.take_down(publication, by=user)


def test_where_deleting_was_not_allowed_it_is_not_tried(user: Any, sandbox: World, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_CAPABILITIES = ("connect", "publish")
    account = connect(sandbox, user, "shop", "threads")
    publication = live(account)
    with pytest.raises(InvalidRequest, match="delete_permission_missing"):
        deleting.take_down(publication, by=user)
    assert deletions(sandbox) == 0


def test_a_platform_that_was_switched_off_says_so(
    account: ConnectedAccount, user: Any, settings: Any
) -> None:
    publication = live(account)
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"linkedin": {"CLASS": "nowhere.LinkedIn"}}
    assert not deleting.can_take_down(publication)
    with pytest.raises(InvalidRequest, match="not_configured"):
        deleting.take_down(publication, by=user)


def test_a_disconnected_account_deletes_nothing(account: ConnectedAccount, sandbox: World, user: Any) -> None:
    publication = live(account)
    accounts.disconnect(account, by=user)
    publication.refresh_from_db()
    with pytest.raises(InvalidRequest, match="account_disconnected"):
        deleting.take_down(publication, by=user)


def test_nobody_deletes_what_is_somebody_elses(
    account: ConnectedAccount, sandbox: World, django_user_model: Any
) -> None:
    publication = live(account)
    stranger = django_user_model.objects.create(username="ben")
    with pytest.raises(InvalidRequest, match="post_not_found"):
        deleting.take_down(publication, by=stranger)
    assert deletions(sandbox) == 0


def test_whoever_is_at_it_is_not_disturbed(account: ConnectedAccount, sandbox: World, user: Any) -> None:
    publication = live(account)
    leases.acquire(publication, 60)
    with pytest.raises(InvalidRequest, match="publication_busy"):
        deleting.take_down(publication, by=user)
    assert deletions(sandbox) == 0

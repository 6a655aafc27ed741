from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.exceptions import OutcomeUnknown
from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.providers.types import Connection, Draft, HandedOver, Published
from django_connected_accounts.services import evidence, publishing, scheduling
from tests.brief_platform import APPS, Brief, brief_account

pytestmark = pytest.mark.django_db
Status = Publication.Status
CIRCLE = {"audience": "circle"}
LINK = "https://brief.example/7"


class Sightless(Brief):
    """A platform that names no post before it is live: what it shows is the one post "7"."""

    answers: Published | HandedOver | None = None

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Any:
        if self.answers is None:
            raise OutcomeUnknown(provider="brief")
        return self.answers

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | None:
        return Published(remote_id="7", permalink=LINK)


@pytest.fixture(autouse=True)
def platform(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Sightless]:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {
        "brief": {**APPS["brief"], "CLASS": f"{__name__}.Sightless", "CLIENT_SECRET": "s"}
    }
    registry.reset()
    monkeypatch.setattr(Sightless, "answers", None)
    return Sightless


@pytest.fixture
def account(user: Any) -> ConnectedAccount:
    return brief_account(user)


def in_doubt(account: ConnectedAccount, text: str = "Once") -> Publication:
    """Return a publication of which nobody knows whether it is live, due to be looked up."""
    publication = account.publish(text=text, options=CIRCLE)
    publishing.run(publication.pk)
    Publication.objects.filter(pk=publication.pk).update(run_at=Now())
    publication.refresh_from_db()
    assert publication.in_doubt
    return publication


def live(account: ConnectedAccount, **facts: Any) -> Publication:
    publication = account.publish(text="Once", options=CIRCLE)
    facts = {"remote_id": "7", "status": Status.PUBLISHED, "run_at": None, **facts}
    Publication.objects.filter(pk=publication.pk).update(published_at=timezone.now(), **facts)
    return publication


def test_what_the_platform_shows_is_ours_where_nobody_else_has_it(account: ConnectedAccount) -> None:
    publication = in_doubt(account)
    publishing.tick()
    publication.refresh_from_db()
    assert (publication.status, publication.remote_id) == (Status.PUBLISHED, "7")


@pytest.mark.parametrize("facts", [{}, {"remote_id": LINK, "permalink": LINK}])
def test_a_post_that_another_publication_has_is_not_taken_for_ours(
    account: ConnectedAccount, facts: dict[str, str]
) -> None:
    live(account, **facts)
    publication = in_doubt(account)
    publishing.tick()
    publication.refresh_from_db()
    assert publication.in_doubt
    assert publication.code == "found_another"

    long_ago = timezone.now() - timedelta(hours=2)
    Publication.objects.filter(pk=publication.pk).update(intent_at=long_ago, run_at=Now())
    publishing.tick()
    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.UNKNOWN, "found_another")
    assert Event.objects.filter(publication=publication, notice="unknown").exists()

    scheduling.mark_live(publication, "https://brief.example/8", by=account.user)
    assert publication.status == Status.PUBLISHED


def test_nor_is_one_of_the_same_account_that_another_user_connected(
    account: ConnectedAccount, connect: Any
) -> None:
    live(brief_account(get_user_model().objects.create_user("ben")))
    publication = in_doubt(account)
    publishing.tick()
    publication.refresh_from_db()
    assert publication.code == "found_another"


def test_a_post_of_the_same_id_on_another_account_says_nothing(account: ConnectedAccount, user: Any) -> None:
    live(brief_account(user, "2"))
    publication = in_doubt(account)
    publishing.tick()
    publication.refresh_from_db()
    assert publication.status == Status.PUBLISHED


def test_a_post_the_platform_says_it_had_already_is_looked_at_in_the_same_way(
    account: ConnectedAccount, platform: type[Sightless]
) -> None:
    live(account)
    platform.answers = Published(remote_id="7", existing=True)
    publication = account.publish(text="Once", options=CIRCLE)
    publishing.tick(limit=1)
    publication.refresh_from_db()
    assert (publication.in_doubt, publication.code) == (True, "found_another")

    platform.answers = Published(remote_id="8", existing=True)
    other = account.publish(text="Once", options=CIRCLE)
    publishing.tick(limit=1)
    other.refresh_from_db()
    assert other.status == Status.PUBLISHED


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_of_two_that_find_the_same_post_at_once_one_has_it(user: Any, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_ACCOUNT_STEPS = 0
    account = brief_account(user)
    ids = [in_doubt(account).pk for _ in range(3)]
    Publication.objects.update(run_at=Now())

    def look(pk: Any) -> None:
        publishing.run(pk)
        connections.close_all()

    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(look, ids))
    statuses = [Publication.objects.get(pk=pk).status for pk in ids]
    assert sorted(statuses) == [Status.PUBLISHED, Status.SENDING, Status.SENDING]


def handed_over(account: ConnectedAccount, platform: type[Sightless]) -> Publication:
    platform.answers = HandedOver(remote_id="inbox-1")
    publication = account.publish(text="Draft", options=CIRCLE)
    publishing.tick(limit=1)
    publication.refresh_from_db()
    assert publication.status == Status.HANDED_OVER
    return publication


@pytest.mark.databases
def test_what_its_owner_published_after_all_is_published_once(
    account: ConnectedAccount, platform: type[Sightless]
) -> None:
    publication = handed_over(account, platform)
    for _ in range(2):
        evidence.tell(account, "inbox-1", Published(remote_id="7"))
    publication.refresh_from_db()
    assert (publication.status, publication.remote_id) == (Status.PUBLISHED, "7")
    assert publication.code == "permalink_unknown"
    assert publication.lease_token == ""
    told = Event.objects.filter(publication=publication, verb="publication.published")
    assert told.get().data["remote_id"] == "7"


def test_what_a_person_has_decided_meanwhile_stays(
    account: ConnectedAccount, platform: type[Sightless]
) -> None:
    publication = handed_over(account, platform)
    Publication.objects.filter(pk=publication.pk).update(status=Status.SCHEDULED)
    evidence.tell(account, "inbox-1", Published(remote_id="7", permalink=LINK))
    publication.refresh_from_db()
    assert publication.status == Status.SCHEDULED

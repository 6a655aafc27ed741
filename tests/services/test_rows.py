"""What is written of a publication under way: what has changed, and all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from django_connected_accounts.exceptions import Unavailable
from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.providers.types import Pending, Published
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import (
    accounts,
    outcomes,
    publishing,
    states,
    stepping,
    timeline,
)

Status = Publication.Status
TABLE = Publication._meta.db_table


@pytest.fixture
def publication(account: ConnectedAccount, photo: Callable[..., Any]) -> Publication:
    return account.publish(media=[photo()])


def writes(queries: CaptureQueriesContext) -> list[str]:
    return [sql for sql in asked(queries) if sql.startswith(("UPDATE", "INSERT", "WITH")) and TABLE in sql]


def asked(queries: CaptureQueriesContext) -> list[str]:
    return [q["sql"].replace("`", '"') for q in queries]


def test_a_step_writes_what_it_changed_and_nothing_else(publication: Publication, run: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        run(steps=1)
    outcome = writes(queries)[-1]
    assert '"checkpoint"' in outcome
    assert '"step"' in outcome
    assert '"permalink"' not in outcome
    assert '"deadline_at"' not in outcome


def test_only_what_people_see_or_must_not_be_repeated_is_written_before_a_step(
    publication: Publication, run: Any
) -> None:
    intents = []
    while publication.run_at:
        with CaptureQueriesContext(connection) as queries:
            run(steps=1)
        intents.append(any('"intent_at" = \'' in sql for sql in writes(queries)))
        publication.refresh_from_db()
        if publication.status == "published" and not publication.permalink:
            publishes = len(intents) - 1
    # The first, by which it is seen to be sent, and the one that publishes: the others may be repeated.
    assert [number for number, written in enumerate(intents) if written] == [0, publishes]
    assert 0 < publishes < len(intents) - 1


def test_what_must_not_go_out_any_more_since_it_was_claimed_is_not_even_prepared(
    publication: Publication, world: World
) -> None:
    claimed, lease = publishing.claim(1)
    (taken,) = stepping.leased(claimed, lease)
    accounts.pause(publication.account, by=None)
    world.calls.clear()
    stepping.take(taken, publishing.more)
    publication.refresh_from_db()
    assert (publication.status, publication.code) == ("held", "account_paused")
    assert world.calls == []


@pytest.mark.django_db(transaction=True)
def test_what_was_undone_with_a_lost_event_is_written_again_whole(
    publication: Publication, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_connected_accounts.services.rows.RETRY_PAUSES", (0.0,))
    lost = []

    def lose_one(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if f'INSERT INTO "{Event._meta.db_table}"' in sql.replace("`", '"') and not lost:
            lost.append(sql)
            raise OperationalError("the connection to the database is lost")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(lose_one):
        run()
    publication.refresh_from_db()
    assert lost
    assert publication.status == "published"
    assert publication.remote_id
    assert publication.published_at
    assert Event.objects.filter(verb="publication.published").count() == 1


def test_steps_that_went_well_are_in_the_timeline_at_once_and_in_the_next_event_later(
    publication: Publication, run: Any
) -> None:
    run(steps=1)
    publication.refresh_from_db()
    assert [entry.verb for entry in timeline.of(publication)] == ["publication.scheduled", timeline.STEP]
    run()
    publication.refresh_from_db()
    told = timeline.of(publication)
    verbs = [entry.verb for entry in told]
    assert verbs[:2] == ["publication.scheduled", timeline.STEP]
    assert verbs[-2:] == ["publication.published", "publication.linked"]
    assert set(verbs[1:-2]) == {timeline.STEP}
    steps = [entry.step for entry in told][1:]
    assert steps == sorted(set(steps))  # a look at what is not ready yet is a step that is not told
    assert len({entry.id for entry in told}) == len(told)
    assert [entry.at for entry in told] == sorted(entry.at for entry in told)
    assert publication.steps == []
    assert not Event.objects.filter(verb=timeline.STEP).exists()


def told(publication: Publication) -> list[tuple[str, str]]:
    events = publication.events.order_by("at", "pk").exclude(verb="publication.scheduled")
    return [(event.verb.partition(".")[2], event.data.get("permalink", "")) for event in events]


def tick_to_the_end(publication: Publication) -> None:
    while publication.run_at:
        Publication.objects.exclude(run_at=None).update(run_at=Now())
        publishing.tick()
        publication.refresh_from_db()


def test_what_is_live_is_told_once_with_its_link(publication: Publication) -> None:
    tick_to_the_end(publication)
    assert publication.permalink
    assert told(publication) == [("published", publication.permalink)]
    notes = [step["note"] for step in publication.events.get(verb="publication.published").data["steps"]]
    assert f"post {publication.remote_id}" in notes
    assert publication.steps == []


def test_what_is_live_is_told_before_its_link_where_that_takes_longer(
    publication: Publication, world: World
) -> None:
    fault = world.fault(action="status", status=503, method="GET", path=r"/\d+$", nth=3, times=2)
    tick_to_the_end(publication)
    assert fault.fired
    assert told(publication) == [("published", ""), ("linked", publication.permalink)]


def test_what_is_live_is_told_before_what_goes_wrong_with_what_follows(
    publication: Publication, world: World
) -> None:
    claimed, lease = publishing.claim(1)
    (live,) = stepping.leased(claimed, lease)
    states.change(live, Status.SENDING)
    following = Pending(checkpoint={"stage": "permalink"})
    kept = outcomes.finish(live, Published(remote_id="17", follow_up=following, note="post 17"), go_on=True)
    assert kept
    assert told(publication) == []
    outcomes.apply(live, Unavailable("platform_error"))
    assert told(publication) == [("published", ""), ("retrying", "")]
    first, second = publication.events.exclude(verb="publication.scheduled").order_by("at", "pk")
    assert (first.code, first.data["note"], first.data["remote_id"]) == ("", "post 17", "17")
    assert (second.code, second.data["attempts"]) == ("platform_error", 1)


def test_of_very_many_steps_the_last_are_kept(publication: Publication) -> None:
    for number in range(timeline.MOST_STEPS + 5):
        timeline.note(publication, {"step": number})
    assert publication.steps[0] == {**publication.steps[0], "step": 5}
    assert len(publication.steps) == timeline.MOST_STEPS


def test_a_batch_is_asked_once_how_much_went_out_today(
    account: ConnectedAccount, photo: Callable[..., Any], publication: Publication
) -> None:
    for _ in range(4):
        account.publish(media=[photo()])
    with CaptureQueriesContext(connection) as queries:
        publishing.tick(limit=5)
    assert sum('"published_at" >' in sql for sql in asked(queries)) == 1

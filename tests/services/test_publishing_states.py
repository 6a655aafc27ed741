"""Anything people, platforms and time may do to posts, in any order: what we say of them stays true."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.models import Event, Publication
from django_connected_accounts.sandbox import World, samples
from django_connected_accounts.services import accounts, composing, publishing, scheduling
from tests.reliability.stage import Stage

Status = Publication.Status

EXAMPLES = int(os.environ.get("CONNECTED_ACCOUNTS_TEST_EXAMPLES", "4"))
"""How many stories are told; make chaos tells more."""

TERMINAL = {
    Status.PUBLISHED,
    Status.FAILED,
    Status.MISSED,
    Status.CANCELLED,
    Status.UNKNOWN,
    Status.HANDED_OVER,
}
TOLD = {Status.FAILED, Status.MISSED, Status.UNKNOWN}
"""Somebody has to be told of these."""

UNDER_WAY = {Status.SENDING, Status.WAITING}
BY_ITSELF: Mapping[str, set[Status]] = {
    Status.SCHEDULED: UNDER_WAY | {Status.HELD, Status.FAILED, Status.MISSED},
    Status.HELD: UNDER_WAY | {Status.FAILED, Status.MISSED},
    Status.SENDING: {
        Status.WAITING,
        Status.PUBLISHED,
        Status.HELD,
        Status.FAILED,
        Status.MISSED,
        Status.UNKNOWN,
    },
    Status.WAITING: {
        Status.SENDING,
        Status.PUBLISHED,
        Status.HELD,
        Status.FAILED,
        Status.MISSED,
        Status.UNKNOWN,
    },
    Status.PUBLISHED: set(),
    Status.UNKNOWN: set(),
    Status.FAILED: set(),
    Status.MISSED: set(),
    Status.CANCELLED: set(),
}
"""What one step may make of a publication, beside leaving it as it is."""

UNSENT = {Status.SCHEDULED, Status.SENDING, Status.WAITING, Status.HELD}
BY_PEOPLE: Mapping[str, tuple[set[Status], Status]] = {
    "cancel": (UNSENT, Status.CANCELLED),
    "reschedule": (UNSENT | {Status.FAILED, Status.MISSED, Status.CANCELLED}, Status.SCHEDULED),
    "retry": ({Status.HELD, Status.FAILED, Status.MISSED}, Status.SCHEDULED),
    "check_again": ({Status.UNKNOWN}, Status.SENDING),
    "mark_live": ({Status.UNKNOWN}, Status.PUBLISHED),
    "post_again": ({Status.UNKNOWN}, Status.SCHEDULED),
}
"""From which states a person may do what, and where it leads."""

TROUBLE: tuple[dict[str, Any], ...] = (
    {"action": "lose_before"},
    {"action": "lose_after"},
    {"action": "truncate_body"},
    {"action": "status", "status": 503},
    {"action": "status", "status": 429},
    {"action": "status", "status": 400, "code": 9004, "subcode": 2207052},
    {"action": "status_after", "status": 500},
    {"action": "status_after", "status": 400, "code": 4},
    {"action": "status", "status": 503, "times": 0},
    {"action": "lose_after", "times": 0},
    {"action": "never_finish"},
    {"action": "container_error", "subcode": 2207026},
    {"action": "expire"},
    {"action": "delay", "seconds": 1.0},
)
"""The last kills the runner: it waits for the answer, and never wakes up."""


class Killed(BaseException):
    """Ends a runner as a signal does: nothing it would do afterwards is done."""


class Posts(RuleBasedStateMachine):
    world: World
    photo = samples.jpeg(200, 200)

    @initialize()
    def begin(self) -> None:
        get_user_model().objects.all().delete()
        Event.objects.all().delete()
        self.world.reset()
        self.world.sleep = _die
        self.stage = Stage(self.world, "instagram_login")
        self.seen: dict[Any, str] = {}
        self.before: dict[Any, int] = {}
        """How many posts were public when a person decided to post again."""
        self.marked: set[Any] = set()

    # What people do

    @rule(ahead=st.sampled_from([None, None, 90, 5000]))
    @precondition(lambda self: len(self.seen) < 4)
    def publish(self, ahead: int | None) -> None:
        text = f"Post {len(self.seen)}"
        at = ahead and timezone.now() + timedelta(seconds=ahead)
        media = [composing.NewMedia(file=ContentFile(self.photo, "photo.jpg"))]
        post = composing.compose(self.stage.user, text=text, media=media, accounts=[self.stage.account])
        try:
            (publication,) = scheduling.schedule(post, [self.stage.account], at=at, by=self.stage.user)
        except InvalidRequest:
            assert not self.stage.account.is_active
            post.delete()
        else:
            self.seen[publication.pk] = Status.SCHEDULED

    @rule(which=st.integers(0, 3), what=st.sampled_from(sorted(BY_PEOPLE)))
    @precondition(lambda self: self.seen)
    def decide(self, which: int, what: str) -> None:
        publication = self._one(which)
        was, public = publication.status, self._public(publication)
        act: Mapping[str, Callable[[], None]] = {
            "cancel": lambda: scheduling.cancel(publication, by=None),
            "reschedule": lambda: scheduling.reschedule(publication, at=None, zone="UTC", by=None),
            "retry": lambda: scheduling.retry(publication, by=None),
            "check_again": lambda: scheduling.check_again(publication, by=None),
            "mark_live": lambda: scheduling.mark_live(publication, "https://instagram.com/p/x/", by=None),
            "post_again": lambda: scheduling.post_again(publication, by=None),
        }
        try:
            act[what]()
        except InvalidRequest:
            return
        publication.refresh_from_db()
        may, leads_to = BY_PEOPLE[what]
        assert was in may, f"{what} of one {was}"
        assert publication.status == leads_to
        self.seen[publication.pk] = leads_to
        if what == "mark_live":
            self.marked.add(publication.pk)
        elif what == "post_again":
            self.before[publication.pk] = public

    @rule(which=st.integers(0, 3))
    @precondition(lambda self: self.seen)
    def edit(self, which: int) -> None:
        publication = self._one(which)
        text = f"{publication.post.text}, edited"
        try:
            composing.edit(publication.post, by=self.stage.user, text=text)
        except InvalidRequest:
            return
        assert publication.status in (*UNSENT, Status.FAILED, Status.MISSED, Status.CANCELLED)

    @rule()
    def disconnect(self) -> None:
        accounts.disconnect(self.stage.account, by=self.stage.user)

    @rule()
    def connect(self) -> None:
        with suppress(ConnectedAccountsError, Killed):  # the platform may be in trouble just now
            self.stage.account = self.stage.connect(self.stage.person)
        self.stage.account.refresh_from_db()

    @rule()
    def pause_or_resume(self) -> None:
        self.stage.account.refresh_from_db()
        paused = self.stage.account.health == self.stage.account.Health.PAUSED
        try:
            (accounts.resume if paused else accounts.pause)(self.stage.account, by=self.stage.user)
        except InvalidRequest:
            assert self.stage.account.health not in self.stage.account.USABLE

    # What platforms and time do

    @rule(trouble=st.sampled_from(TROUBLE), nth=st.integers(1, 3))
    def trouble(self, trouble: dict[str, Any], nth: int) -> None:
        self.world.fault(nth=nth, **trouble)

    @rule()
    def recover(self) -> None:
        self.world.faults.clear()

    @rule()
    def revoke(self) -> None:
        self.world.revoke(self.stage.person)

    @rule(seconds=st.sampled_from([0, 5, 31, 400, 4000, 90_000]))
    def pass_time(self, seconds: float) -> None:
        self.stage.pass_time(seconds)

    @rule(steps=st.integers(1, 4))
    def work(self, steps: int) -> None:
        for _ in range(steps):
            self._tick()

    @rule()
    def work_until_something_comes_of_it(self) -> None:
        for _ in range(6):
            self.stage.pass_time(self.stage.wait_until_due() or 0)
            self._tick()

    # What is always true

    @invariant()
    def what_we_say_is_true(self) -> None:
        for publication in self._all():
            public, before = self._public(publication), self.before.get(publication.pk, 0)
            assert public <= before + 1, f"{public} public, generation {publication.generation}"
            if publication.status == Status.PUBLISHED:
                assert publication.remote_id
                assert public == before + 1 or publication.pk in self.marked
            elif publication.status in (Status.FAILED, Status.MISSED, Status.CANCELLED):
                assert public == before, f"called {publication.status} {publication.code}"

    @invariant()
    def what_is_open_is_looked_after_and_what_is_not_is_explained(self) -> None:
        for publication in self._all():
            if publication.status in Publication.OPEN:
                assert publication.run_at, f"nobody will look at one {publication.status}"
            if publication.status in (*TOLD, Status.HELD):
                assert publication.code in CODES
            if publication.status in TOLD:
                assert Event.objects.filter(publication=publication, notice=publication.status).exists()
            if publication.status in TERMINAL:
                happened = Event.objects.filter(
                    publication=publication, verb=f"publication.{publication.status}"
                )
                assert happened.exists()

    def teardown(self) -> None:
        """Once all is well again, nothing stays open, and the rest is true as well."""
        if not hasattr(self, "stage"):
            return
        self.world.faults.clear()
        self.connect()
        if self.stage.account.health == self.stage.account.Health.PAUSED:
            accounts.resume(self.stage.account, by=self.stage.user)
        for _ in range(1000):  # four that are held are looked at every half an hour for three days
            if (wait := self.stage.wait_until_due()) is None:
                break
            self.stage.pass_time(wait)
            self._tick()
        assert not [p for p in self._all() if p.status in Publication.OPEN]
        self.what_we_say_is_true()
        self.what_is_open_is_looked_after_and_what_is_not_is_explained()

    def _tick(self) -> None:
        try:
            publishing.tick(limit=1)
        except Killed:
            self.world.faults.clear()
        for publication in self._all():
            was = self.seen[publication.pk]
            assert publication.status == was or publication.status in BY_ITSELF[was], (
                f"{was} to {publication.status}"
            )
            self.seen[publication.pk] = publication.status

    def _all(self) -> list[Publication]:
        return list(Publication.objects.select_related("post", "account"))

    def _one(self, which: int) -> Publication:
        found = self._all()
        return found[which % len(found)]

    def _public(self, publication: Publication) -> int:
        words = publication.post.text.split(",")[0]
        return sum(post["caption"].split(",")[0] == words for post in self.world.posts())


def _die(seconds: float) -> None:
    raise Killed


@pytest.mark.django_db
def test_whatever_happens_what_we_say_of_a_post_is_true(sandbox: World) -> None:
    slept = sandbox.sleep
    machine = type("Machine", (Posts,), {"world": sandbox})
    try:
        run_state_machine_as_test(
            machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=20, deadline=None)
        )
    finally:
        sandbox.sleep = slept

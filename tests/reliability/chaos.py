"""Many posts due at once, and workers that are killed and frozen while they publish them."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.management import call_command
from django.db import connections
from requests.adapters import HTTPAdapter

from django_connected_accounts.models import Publication

from .stage import Stage
from .workers import Line, Workers

Status = Publication.Status

FAULTS: Sequence[dict[str, Any]] = (
    {"action": "lose_before"},
    {"action": "lose_after"},
    {"action": "truncate_body"},
    {"action": "status", "status": 503},
    {"action": "status_after", "status": 500},
)
"""Each has its part of the share of calls that meet trouble."""

LONGER, LONGEST = 1.2, 100.0
"""How much longer each power failure takes than the last: what can't be settled has to come to its end."""

IN_FLIGHT = 0.2
"""Seconds in which the platform surely has dealt with what a dead worker had sent."""


@dataclass
class Plan:
    """How hard the times are."""

    posts: int = 1000
    faults: float = 0.05
    kill_every: float = 1.0
    """Seconds between two kills, on average; 0 for none."""
    freezes: int = 0
    """How often a worker is frozen for longer than its lease, at any moment."""
    freeze_before_sending: float = 0.0
    """How many of the posted calls have their worker frozen when the next thing would be to send it."""
    lease: float = 7.0
    patience: float = 900.0


@dataclass
class Outcome:
    """What became of the posts, by what people see."""

    posts: int
    statuses: Counter[str]
    public: Counter[str]
    untrue: list[str]
    """Publications whose status is not what the platform shows."""
    lost: int
    """How many are neither public nor left to a person."""
    kills: int
    freezes: int
    faults: int
    seconds: float

    @property
    def doubled(self) -> int:
        return sum(count > 1 for count in self.public.values())

    def __str__(self) -> str:
        statuses = ", ".join(f"{count} {status}" for status, count in self.statuses.most_common())
        return (
            f"{self.posts} posts: {len(self.public)} public, {self.doubled} doubled, {self.lost} lost, "
            f"{len(self.untrue)} untrue ({statuses}); {self.kills} kills, {self.freezes} freezes, "
            f"{self.faults} faults, {self.seconds:.0f} s"
        )


@dataclass
class Chaos:
    """Has workers publish what is scheduled while it torments them."""

    stage: Stage
    workers: Workers
    plan: Plan
    chance: random.Random
    kills: int = 0
    freezes: int = 0
    frozen: dict[int, float] = field(default_factory=dict)
    """Worker to when it goes on."""
    longer: float = 1.0
    """How many times as long as until something is due the next power failure takes."""

    def run(self) -> Outcome:
        world, began = self.stage.world, time.monotonic()
        share = self.plan.faults / len(FAULTS)
        faults = [world.fault(**fault, times=0, share=share) for fault in FAULTS] if share else []
        for number in range(len(self.workers.lines)):
            self._go(number)
        next_kill, left = self._next_kill(), self.plan.freezes
        while (wait := self.stage.wait_until_due()) is not None:
            now = time.monotonic()
            if now - began > self.plan.patience:
                break
            self._thaw(now)
            if not self.frozen and wait > self.plan.lease:
                self._skip(wait)
            elif left and len(self.frozen) < len(self.workers.lines) - 1 and self.chance.random() < 0.2:
                left -= 1
                self._freeze(self.chance.randrange(len(self.workers.lines)))
            elif now >= next_kill:
                self._kill()
                next_kill = self._next_kill()
            time.sleep(0.05)
        return self._outcome(sum(fault.fired for fault in faults), time.monotonic() - began)

    def _go(self, number: int) -> None:
        self.workers.lines[number].send(go=True)

    def _next_kill(self) -> float:
        every = self.plan.kill_every
        return time.monotonic() + (self.chance.uniform(0.5, 1.5) * every if every else self.plan.patience * 2)

    def _kill(self) -> None:
        awake = [n for n in range(len(self.workers.lines)) if n not in self.frozen]
        if awake:
            self._end(self.chance.choice(awake))
            self.kills += 1

    def _end(self, number: int) -> None:
        self.workers.strike(number)
        while "died" not in self.workers.answer(number):
            pass  # it said that it would freeze, and was killed
        self.frozen.pop(number, None)
        self._go(number)

    def _freeze(self, number: int) -> None:
        if number not in self.frozen:
            self.workers.strike(number, signal.SIGSTOP)
            self._frozen(number)

    def _frozen(self, number: int) -> None:
        self.frozen[number] = time.monotonic() + self.plan.lease * self.chance.uniform(1.2, 2.0)
        self.freezes += 1

    def _thaw(self, now: float) -> None:
        for number in range(len(self.workers.lines)):
            if any("frozen" in said for said in self.workers.heard(number)):
                self._frozen(number)
        for number in [number for number, until in self.frozen.items() if until <= now]:
            del self.frozen[number]
            self.workers.strike(number, signal.SIGCONT)

    def _skip(self, seconds: float) -> None:
        """Nothing is due for a while: the power fails, that while passes, or more, and all begin anew."""
        for number in range(len(self.workers.lines)):
            self.workers.strike(number)
            while "died" not in self.workers.answer(number):
                pass
        time.sleep(IN_FLIGHT)
        self.stage.pass_time(seconds * self.longer)
        self.longer = min(self.longer * LONGER, LONGEST)
        for number in range(len(self.workers.lines)):
            self._go(number)

    def _outcome(self, faults: int, seconds: float) -> Outcome:
        public = {post["caption"]: 0 for post in self.stage.world.posts()}
        for post in self.stage.world.posts():
            public[post["caption"]] += 1
        rows = list(Publication.objects.values_list("post__text", "status", "code"))
        untrue = [
            f"{text}: {status} {code}, {public.get(text, 0)} public"
            for text, status, code in rows
            if status != Status.UNKNOWN and (status == Status.PUBLISHED) != (text in public)
        ]
        return Outcome(
            posts=len(rows),
            statuses=Counter(status for _, status, _ in rows),
            public=Counter(public),
            untrue=untrue,
            lost=sum(text not in public and status != Status.UNKNOWN for text, status, _ in rows),
            kills=self.kills,
            freezes=self.freezes,
            faults=faults,
            seconds=seconds,
        )


def work(freeze_before_sending: float) -> Callable[[Line], None]:
    """Return what a worker does once it is told to go: the command that projects run."""

    def body(line: Line) -> None:
        if next(line.messages(), None) is None:
            return
        if freeze_before_sending:
            _freeze(line, freeze_before_sending)
        call_command("connected_accounts_worker")

    return body


def _freeze(line: Line, share: float) -> None:
    """Freeze this process before so many of the calls it is about to post."""
    send, chance = HTTPAdapter.send, random.Random()

    def sent(adapter: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and chance.random() < share:
            line.send(frozen=True)
            os.kill(os.getpid(), signal.SIGSTOP)
        return send(adapter, request, *args, **kwargs)

    HTTPAdapter.send = sent  # type: ignore[method-assign]


def scheduled(stage: Stage, kind: str, count: int) -> Iterator[Publication]:
    """Schedule so many posts of a kind, each with words of its own, dealt out to the accounts."""
    pattern = stage.compose(kind, "A pattern")
    for number in range(count):
        yield stage.schedule(
            stage.copy(pattern, f"Post {number}"), stage.accounts[number % len(stage.accounts)]
        )
    pattern.delete()
    connections.close_all()

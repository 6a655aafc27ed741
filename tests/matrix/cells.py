"""One cell of the matrix: a post of a kind, a fault at a call, a blow at a point, two workers at once."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import DatabaseError

from django_connected_accounts.models import Post, Publication
from django_connected_accounts.services import publishing
from tests.reliability.stage import Stage
from tests.reliability.workers import Line, Workers

from .faults import FAULTS
from .points import KILL, LOSE, Point, Points

Status = Publication.Status
ROUNDS = 500
"""How often time passes at most: a post that is still not settled then is stuck."""

BLOWS = {"killed": KILL, "write lost": LOSE, "left alone": 0}
NONE_PUBLIC = (Status.FAILED, Status.MISSED, Status.CANCELLED)


@dataclass(frozen=True)
class Cell:
    kind: str
    fault: str
    call: int
    """Which call the fault meets, from 1."""
    blow: str
    point: Point

    def __str__(self) -> str:
        what = f"{self.kind}, {self.fault}" + (f" at call {self.call}" if self.fault != "none" else "")
        return f"{what}, {self.blow}" + (
            f" at {self.point[0]}.{self.point[1]}" if self.point != (0, 0) else ""
        )


@dataclass
class Shape:
    """How a post of a kind goes out when nothing happens."""

    calls: int
    points: list[Point]
    between: list[Point]
    """The points between the intent and the call."""
    trace: list[str] = field(default_factory=list)


@dataclass
class Ending:
    """What became of a cell."""

    status: str
    code: str
    public: int
    struck: bool
    """Whether the fault met a call."""
    hit: bool
    """Whether the blow met a worker."""
    rounds: int

    @property
    def wrong(self) -> str:
        """Return what must never be, "" where all is well."""
        if self.public > 1:
            return f"{self.public} public"
        if self.status in Publication.OPEN:
            return f"stuck in {self.status}"
        if self.status == Status.PUBLISHED and not self.public:
            return "called published, none public"
        if self.status in NONE_PUBLIC and self.public:
            return f"called {self.status}, one public"
        return ""


class Matrix:
    """Runs cells on a stage with workers."""

    def __init__(self, stage: Stage, workers: Workers, points: Points) -> None:
        self.stage = stage
        self.workers = workers
        self.points = points
        self.posts: dict[str, Post] = {}

    def shape(self, kind: str) -> Shape:
        """Publish one without any trouble, and note how."""
        trace: list[tuple[int, int, str]] = []
        cell = Cell(kind, "none", 0, "left alone", (0, 0))
        ending = self.run(cell, trace)
        if (ending.status, ending.public) != (Status.PUBLISHED, 1):
            raise SystemExit(f"A {kind} without any trouble ends as {ending.status} {ending.code}")
        points = [(calls, writes) for calls, writes, name in trace if name != "send"]
        between = [(calls, writes) for calls, writes, name in trace if name == "send"]
        return Shape(
            calls=len(between),
            points=sorted(set(points)),
            between=sorted(set(between)),
            trace=[f"{calls}.{writes} {name}" for calls, writes, name in trace],
        )

    def cells(self, kind: str, shape: Shape) -> Iterator[Cell]:
        """Yield every fault at every call, with every blow at every point."""
        blows = [("left alone", (0, 0))]
        blows += [("killed", point) for point in shape.points]
        blows += [("write lost", point) for point in shape.points if point[1]]
        for fault in FAULTS:
            for call in range(1, shape.calls + 1) if fault != "none" else (0,):
                for blow, point in blows:
                    yield Cell(kind, fault, call, blow, point)

    def run(self, cell: Cell, trace: list[tuple[int, int, str]] | None = None) -> Ending:
        """Publish the cell's post, time passing as it must, until nothing remains to be done."""
        post = self._post(cell.kind)
        self.stage.restore()
        publication = self.stage.schedule(post)
        fault = FAULTS[cell.fault]
        struck = fault and self.stage.world.fault(nth=cell.call, **fault)
        self.points.arm(BLOWS[cell.blow], cell.point)
        public: set[str] = set()
        for rounds in itertools.count(1):
            for answer in self.workers.ask():
                if trace is not None:
                    trace += [tuple(step) for step in answer.get("trace", ())]
            # A story is seen for a day only.
            public |= {post["id"] for post in self.stage.world.posts()}
            wait = self.stage.wait_until_due()
            if wait is None or rounds == ROUNDS:
                break
            self.stage.pass_time(wait)
        publication.refresh_from_db()
        return Ending(
            status=publication.status,
            code=publication.code,
            public=len(public),
            struck=bool(struck and struck.fired),
            hit=self.points.fired,
            rounds=rounds,
        )

    def _post(self, kind: str) -> Post:
        if kind not in self.posts:
            self.posts[kind] = self.stage.compose(kind, f"A {kind}")
        return self.posts[kind]


def work(points: Points, line: Line) -> None:
    """What a worker of the matrix does: tick when asked."""
    points.watch()
    for _ in line.messages():
        points.trace = []
        # The command looks again after a while, and so does the next round.
        with contextlib.suppress(DatabaseError):
            publishing.tick()
        line.send(trace=points.trace)

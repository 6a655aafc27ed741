from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError

from django_connected_accounts import registry
from django_connected_accounts.codes import explain
from django_connected_accounts.services import alarm, mailing, status
from django_connected_accounts.services.status import Level, Status

EXIT: Mapping[Level, int] = {"ok": 0, "warning": 1, "critical": 2}


class Command(BaseCommand):
    help = (
        "Say how publishing goes, in numbers. Ends with 0 when all is well, with 1 where somebody should "
        "look, with 2 where posts are due and nobody publishes them."
    )
    requires_system_checks: list[str] = []  # monitoring asks often

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="Print JSON, not words.")
        parser.add_argument("--sample", type=int, default=status.SAMPLE, help="Posts to take lateness from.")
        parser.add_argument(
            "--notify", action="store_true", help="Write to the operators where nobody publishes what is due."
        )

    @no_translations
    def handle(self, *args: Any, as_json: bool, sample: int, notify: bool, **options: Any) -> None:
        if sample < 1:
            raise CommandError("--sample must be at least 1.", returncode=EXIT["critical"])
        try:
            found = status.read(sample=sample)
        except DatabaseError as error:
            raise CommandError(f"The database refused: {error}", returncode=EXIT["critical"]) from error
        if as_json:
            said = {"level": found.level, "alarms": found.alarms, **asdict(found)}
            self.stdout.write(json.dumps(said, cls=DjangoJSONEncoder, indent=2))
        else:
            for name, value in _lines(found):
                self.stdout.write(f"{name:12} {value}")
            for code, level in found.alarms.items():
                meaning = explain(code, {"account": "Some endpoint"})
                style = self.style.ERROR if level == "critical" else self.style.WARNING
                self.stdout.write(f"{style(level.upper())} ({code}): {meaning.cause} {meaning.action}")
        if notify and alarm.raise_if_still():
            mailing.send_due()
        if found.alarms:
            alarms = ", ".join(found.alarms)
            raise CommandError(f"{found.level}: {alarms}", returncode=EXIT[found.level])
        if not as_json:
            self.stdout.write(self.style.SUCCESS("OK"))


def _lines(found: Status) -> Iterator[tuple[str, str]]:
    oldest = f", the oldest for {_since(found.oldest_due_at, found.at)}" if found.oldest_due_at else ""
    stuck = f", {found.stuck} stuck" if found.stuck else ""
    abandoned = f", {found.abandoned} left by a runner that is gone" if found.abandoned else ""
    yield "due", f"{found.due}{oldest}{stuck}{abandoned}"
    yield "open", ", ".join(f"{count} {name}" for name, count in found.open.items())
    for held in found.held:
        resumes = f", the first goes on at {held.resumes_at:%Y-%m-%d %H:%M:%S}Z" if held.resumes_at else ""
        yield "held", f"{held.count} on {registry.name(held.platform)} ({held.code}){resumes}"
    yield "unknown", str(found.unknown)
    yield "last 24 h", ", ".join(f"{count} {name}" for name, count in found.ended_24h.items())
    late = found.lateness
    if late.sample:
        seconds = f"p50 {late.p50:.1f} s, p99 {late.p99:.1f} s, most {late.most:.1f} s"
        yield "lateness", f"{seconds}, of the last {late.sample} posts"
    yield "accounts", ", ".join(f"{count} {name}" for name, count in found.accounts.items()) or "none"
    for runner in found.runners:
        running = _since(runner.since, found.at)
        yield "runner", f"{runner.name}, seen {_since(runner.seen_at, found.at)} ago, since {running}"
    if not found.runners:
        yield "runner", "none seen"
    if found.events_untold:
        yield "events", f"{found.events_untold} not told to receivers"
    hooks = found.webhooks
    told = f"{hooks.waiting} waiting, {hooks.given_up_24h} given up in 24 h"
    yield "webhooks", f"{told}; endpoints: {hooks.failing} failing, {hooks.stopped} stopped"


def _since(moment: datetime, now: datetime) -> str:
    """Return how long ago that was, in whole seconds: "0:05:12"."""
    return str(timedelta(seconds=max(0, int((now - moment).total_seconds()))))

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from django_connected_accounts.services import diagnosis
from django_connected_accounts.services.diagnosis import Finding

WORDS = {"good": "ok", "note": "note", "warning": "warning", "error": "ERROR"}


class Command(BaseCommand):
    help = "Say how everything is and what to do about it, then ask the platforms about each account."
    requires_system_checks: list[str] = []  # it reports them itself, and goes on

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--offline", action="store_true", help="Ask no platform.")
        parser.add_argument("--account", type=UUID, help="Ask about this account only, by its id.")
        parser.add_argument("--limit", type=int, default=100, help="Ask about this many accounts (100).")
        parser.add_argument("--json", action="store_true", dest="as_json", help="Print JSON, not words.")

    @no_translations
    def handle(
        self, *args: Any, offline: bool, account: UUID | None, limit: int, as_json: bool, **options: Any
    ) -> None:
        sections = dict(diagnosis.SECTIONS)
        if not offline:
            sections["Live"] = lambda: self.ask(account, limit)
        told, acting = [], 0
        for title, section in sections.items():
            if not as_json:
                self.stdout.write(self.style.MIGRATE_HEADING(f"\n{title}"))
            for finding in diagnosis.examine(section):
                told.append({"section": title, **asdict(finding)})
                acting += finding.needs_acting
                if not as_json:
                    self.tell(finding)
        if as_json:
            self.stdout.write(json.dumps({"needs_acting": acting, "findings": told}, indent=2))
        if acting:
            raise CommandError(f"Findings that need acting: {acting}.")
        if not as_json:
            self.stdout.write(self.style.SUCCESS("\nNothing needs acting."))

    def ask(self, only: UUID | None, limit: int) -> Iterator[Finding]:
        """Yield how each account is as soon as its platform has said it."""
        accounts = diagnosis.to_ask(limit, only)
        if only and not accounts:
            yield Finding("error", f"There is no connected account {only}.", "Copy the id from its address.")
            return
        more = " Raise --limit for more." if len(accounts) == limit else ""
        yield Finding("note", f"Accounts to ask about: {len(accounts)}.{more}")
        silent: Counter[str] = Counter()
        for account in accounts:
            yield diagnosis.ask(account, silent)

    def tell(self, finding: Finding) -> None:
        style = {"good": self.style.SUCCESS, "warning": self.style.WARNING, "error": self.style.ERROR}
        word = style.get(finding.level, str)(f"{WORDS[finding.level]:7}")
        self.stdout.write(f"  {word}  {finding.text}")
        if finding.action:
            self.stdout.write(f"           → {finding.action}")
        self.stdout.flush()

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.test.utils import override_settings
from django.utils.module_loading import import_string

from django_connected_accounts import registry
from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.sandbox.server import serving
from django_connected_accounts.sandbox.world import World
from django_connected_accounts.services.publishing import tick
from studio.browser import Browser
from studio.stories import Story, stories
from studio.website import website

PATIENCE = 120
"""Seconds after which the tour gives up."""
WAIT = timedelta(seconds=5)
"""How much time passes at once, here and on the platforms, while nothing is due."""


class Command(BaseCommand):
    help = "Without a browser window: connect an account on a sandbox, publish from it, look at it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--platform", default="instagram", choices=[*stories(), "all"], help="which; default: instagram"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = options["platform"]
        world = World(platforms=[import_string(path) for path in registry.sandbox_platforms()])
        with serving(world) as sandbox, website() as site, fresh_project(site, sandbox):
            self.say(f"The platforms are simulated at {sandbox}, this project is served at {site}.")
            told = {chosen: stories()[chosen]} if chosen != "all" else stories()
            for platform, story in told.items():
                self.say(f"\n{registry.name(platform)} ({platform})")
                account = self.connect(site, platform, story)
                publications = self.publish(account, story)
                self.work(publications, world)
                self.look(sandbox, publications)

    def connect(self, site: str, platform: str, story: Story) -> ConnectedAccount:
        """Connect an account as a person does, through every redirect."""
        self.say("\nConnect")
        browser = Browser()
        browser.open(f"{site}/connected-accounts/connect/{platform}/")
        browser.send()
        browser.send(story.person)  # who are you?
        browser.send("allow")
        self.say(f"  allowed on the platform, and sent back to {browser.url.partition('#')[0]}")
        if story.pick:
            browser.send(picked(browser.html, story.pick))
        user = get_user_model().objects.get(username="demo")
        account: ConnectedAccount = user.connected_accounts.filter(platform=platform).latest("created_at")
        self.say(f"  @{account.username} is {account.account_id}: {account.get_health_display()}")
        return account

    def publish(self, account: ConnectedAccount, story: Story) -> list[Publication]:
        """Ask for the posts, as a project's own code does."""
        self.say("\nCompose")
        publications = [account.publish(**post) for post in story.posts]
        for publication in publications:
            self.say(f"  {publication.post.get_kind_display()}: {publication.post.text}")
        return publications

    def work(self, publications: list[Publication], world: World) -> None:
        """Do what ``connected_accounts_worker`` does until nothing is left to do, but skip the waits."""
        self.say("\nPublish")
        told: set[Any] = set()
        deadline = time.monotonic() + PATIENCE
        mine = Publication.objects.filter(pk__in=[publication.pk for publication in publications])
        while mine.filter(run_at__isnull=False).exists():
            if time.monotonic() > deadline:
                raise CommandError(f"Not done after {PATIENCE} seconds.")
            if not tick():
                world.advance(WAIT.total_seconds())
                for waiting in mine.filter(run_at__isnull=False):
                    mine.filter(pk=waiting.pk).update(run_at=waiting.run_at - WAIT)
            for event in Event.objects.filter(publication__in=mine).exclude(pk__in=told).order_by("at"):
                told.add(event.pk)
                self.tell(event)

    def tell(self, event: Event) -> None:
        verb = event.verb.removeprefix("publication.")
        if verb == "published":
            what = f"published as {event.data['remote_id']}"
        elif verb == "step":
            what = event.data.get("permalink") or event.data.get("note", "")
        else:
            what = f"{verb} {event.code}"
        if event.post and what:
            self.say(f"  {event.post.get_kind_display():<9} {what}")

    def look(self, sandbox: str, publications: list[Publication]) -> None:
        """Compare what we believe with what the public sees."""
        self.say("\nLook")
        public = requests.get(f"{sandbox}/_sandbox/posts", timeout=30).json()["posts"]
        for publication in publications:
            publication.refresh_from_db()
        mine = {publication.account.account_id for publication in publications}
        believed = sorted((p.remote_id, p.permalink, p.post.text) for p in publications)
        seen = sorted((p["id"], p["permalink"], p["caption"]) for p in public if p["account_id"] in mine)
        if believed != seen:
            raise CommandError(f"We believe\n  {believed}\nbut the public sees\n  {seen}")
        for publication in publications:
            requests.get(publication.permalink, timeout=30).raise_for_status()
            self.say(f"  {publication.permalink}")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def fresh_project(site: str, sandbox: str) -> Iterator[None]:
    """Give this project a new database and new files, removed at the end, and tell it where it is."""
    with TemporaryDirectory(prefix="tour-") as state:
        connections.settings["default"]["NAME"] = str(Path(state) / "db.sqlite3")
        with override_settings(
            CONNECTED_ACCOUNTS_BASE_URL=site,
            CONNECTED_ACCOUNTS_SANDBOX=sandbox,
            MEDIA_ROOT=str(Path(state) / "media"),
        ):
            call_command("migrate", verbosity=0)
            yield
        connections.close_all()


def picked(html: str, name: str) -> str:
    """Return the value of the box beside this name."""
    box = re.search(
        rf'type="checkbox"[^>]*value="([^"]+)"(?:(?!type="checkbox").)*?{re.escape(name)}', html, re.S
    )
    if box is None:
        raise CommandError(f"Nothing called {name} can be chosen.")
    return unescape(box[1])

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.test.utils import override_settings
from PIL import Image, ImageDraw

from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.sandbox import samples
from django_connected_accounts.sandbox.server import serving
from django_connected_accounts.sandbox.world import World
from django_connected_accounts.services.composing import NewMedia
from django_connected_accounts.services.publishing import tick
from studio.browser import Browser
from studio.website import website

PATIENCE = 120
"""Seconds after which the tour gives up."""


class Command(BaseCommand):
    help = "Without a browser window: connect an Instagram account on a sandbox, publish from it, look at it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        world = World()
        with serving(world) as sandbox, website() as site, fresh_project(site, sandbox):
            self.say(f"The platforms are simulated at {sandbox}, this project is served at {site}.")
            account = self.connect(site, world)
            publications = self.publish(account)
            self.work(publications)
            self.look(sandbox, publications)

    def connect(self, site: str, world: World) -> ConnectedAccount:
        """Connect an account as a person does, through every redirect."""
        self.say("\nConnect")
        browser = Browser()
        browser.open(f"{site}/connected-accounts/connect/instagram/")
        browser.send()
        browser.send("two_businesses")  # who are you?
        browser.send("allow")
        self.say(f"  allowed on the platform, and sent back to {browser.url.partition('#')[0]}")
        bakery = world.people["two_businesses"].accounts()[0]
        browser.send(bakery.id)
        user = get_user_model().objects.get(username="demo")
        account: ConnectedAccount = user.connected_accounts.get(account_id=bakery.id)
        self.say(f"  @{account.username} is {account.account_id}: {account.get_health_display()}")
        return account

    def publish(self, account: ConnectedAccount) -> list[Publication]:
        """Ask for three posts, as a project's own code does."""
        self.say("\nCompose")
        bread, coffee, cake = (
            drawing("Bread", "#8a5a2b"),
            drawing("Coffee", "#3f2a1d"),
            drawing("Cake", "#b5577a"),
        )
        photo = account.publish(
            text="Fresh bread before sunrise. #bakery",
            media=[NewMedia(file=bread, alt_text="The word bread in a circle, on brown")],
        )
        carousel = account.publish(text="Three things we made today.", media=[bread, coffee, cake])
        film = ContentFile(samples.mp4(seconds=5), name="bakery.mp4")
        reel = account.publish(text="Five seconds in the bakery.", media=[film])
        for publication in (photo, carousel, reel):
            self.say(f"  {publication.post.get_kind_display()}: {publication.post.text}")
        return [photo, carousel, reel]

    def work(self, publications: list[Publication]) -> None:
        """Do what ``connected_accounts_worker`` does, until nothing is left to do."""
        self.say("\nPublish")
        told: set[Any] = set()
        deadline = time.monotonic() + PATIENCE
        mine = Publication.objects.filter(pk__in=[publication.pk for publication in publications])
        while mine.filter(run_at__isnull=False).exists():
            if time.monotonic() > deadline:
                raise CommandError(f"Not done after {PATIENCE} seconds.")
            if not tick():
                time.sleep(0.2)
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
        believed = sorted((p.remote_id, p.permalink, p.post.kind, p.post.text) for p in publications)
        seen = sorted((post["id"], post["permalink"], post["kind"], post["caption"]) for post in public)
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


def drawing(word: str, colour: str) -> ContentFile[bytes]:
    """Return a picture with a word in a circle, as a file."""
    image = Image.new("RGB", (1080, 1080), colour)
    pen = ImageDraw.Draw(image)
    pen.ellipse((190, 190, 890, 890), outline="white", width=12)
    pen.text((540, 540), word, fill="white", anchor="mm", font_size=120)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return ContentFile(out.getvalue(), name=f"{word.lower()}.jpg")

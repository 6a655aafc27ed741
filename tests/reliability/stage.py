"""A project and its platforms for whole runs: a database, a served sandbox, time that passes on command."""

from __future__ import annotations

import copy
import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db import connection, connections, transaction
from django.db.models import DateTimeField, F, Min
from django.test import Client, override_settings
from django.test.utils import setup_test_environment
from django.urls import get_resolver
from django.utils import timezone

from django_connected_accounts import registry, testing
from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.sandbox import World, samples
from django_connected_accounts.sandbox.server import Server
from django_connected_accounts.services import composing, scheduling
from django_connected_accounts.services.serving import public_url

SITE = "http://testserver"
PEOPLE = {"instagram": "two_businesses", "facebook": "two_businesses"}
"""Who connects on each platform; the one with the shop where none is named."""

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "tiktok": {
        "post_mode": "DIRECT_POST",
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "music_usage_consent": True,
    }
}
"""What an author must choose there."""

PROVIDERS = {"tiktok": {"AUDITED": True}}

DUPLICATES_ALLOWED: Mapping[str, Mapping[str, Any]] = {"twitter": {"duplicate_seconds": 0.0}}
"""How a platform shows that a post was sent twice, not refusing it; LinkedIn's refusal is relied on."""

MEDIA: Mapping[str, tuple[str, ...]] = {
    "text": (),
    "photo": ("photo.jpg",),
    "story": ("photo.jpg",),
    "carousel": ("photo.jpg", "photo.jpg"),
    "reel": ("film.mp4",),
    "video": ("film.mp4",),
    "document": ("paper.pdf",),
}
FILES: Mapping[str, Callable[[], bytes]] = {
    "photo.jpg": lambda: samples.jpeg(400, 400),
    "film.mp4": samples.mp4,
    "paper.pdf": samples.pdf,
}
STAYS = {"connectedaccount", "post", "postmedia"}
"""What `Stage.restore` leaves, as far as it is there; all else of the app is emptied."""


class Stage:
    """A user with an account on a platform, and what the two of them need."""

    def __init__(self, world: World, platform: str, accounts: int = 1) -> None:
        self.world = world
        self.platform = platform
        self.site = Site()
        world.fetch = self.site.fetch
        if own := world.platforms.get(platform):
            own.toggle |= DUPLICATES_ALLOWED.get(platform, {})
        self.user = get_user_model().objects.get_or_create(username="ada", email="ada@example.com")[0]
        self.account = self.connect(self.person)
        self.accounts = [self.account, *(self.connect(self._another(n)) for n in range(1, accounts))]
        self._pristine = copy.deepcopy(self.account)
        self._memory = self._copied({n: value for n, value in vars(world).items() if _is_memory(n)})

    @property
    def person(self) -> str:
        return PEOPLE.get(self.platform, "shop")

    def connect(self, person: str) -> ConnectedAccount:
        return testing.connect(self.world, self.user, person, self.platform)

    @property
    def kinds(self) -> tuple[str, ...]:
        provider = registry.get(self.platform)
        assert isinstance(provider, Publishes)
        return provider.kinds

    def compose(self, kind: str, text: str) -> Post:
        """Return a post of this kind, with media and whatever the platform insists on."""
        media = [composing.NewMedia(file=ContentFile(FILES[name](), name)) for name in MEDIA[kind]]
        post = composing.compose(
            self.user,
            kind=kind,
            text="" if kind == "story" else text,
            media=media,
            accounts=[self.account],
            options=OPTIONS.get(self.platform, {}),
        )
        self.site.offer(post)
        return post

    def copy(self, post: Post, text: str) -> Post:
        """Return another post that differs in its words only. It shares the files."""
        media = list(post.media.all())
        other = Post(user=post.user, kind=post.kind, text=text, options=post.options)
        other.save(force_insert=True)
        for row in media:
            row.pk, row.post, row._state.adding = uuid.uuid4(), other, True
            row.save(force_insert=True)
        self.site.offer(other)
        return other

    def schedule(self, post: Post, account: ConnectedAccount | None = None) -> Publication:
        (publication,) = scheduling.schedule(post, [account or self.account], by=self.user)
        return publication

    def restore(self) -> None:
        """Make everything as it was when the account was connected, posts excepted."""
        with self.world.lock:
            vars(self.world).update(self._copied(self._memory))
        with transaction.atomic():
            for model in _models():
                if model._meta.model_name not in STAYS and not model._meta.auto_created:
                    model._base_manager.all().delete()
            copy.deepcopy(self._pristine).save()

    def wait_until_due(self) -> float | None:
        """Return the seconds until a publication has to be looked at, None if none has to be any more."""
        first = Publication.objects.aggregate(at=Min("run_at"))["at"]
        return first and max((first - timezone.now()).total_seconds() + 0.001, 0.0)

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass for the platform, and for everything the database knows a time of.

        No worker must be at work: its own clock does not move.
        """
        self.world.advance(seconds)
        by = timedelta(seconds=seconds)
        with transaction.atomic():
            for model in _models():
                times = [f.name for f in model._meta.local_fields if isinstance(f, DateTimeField)]
                if times:
                    model._base_manager.update(**{name: F(name) - by for name in times})

    def _copied(self, memory: dict[str, Any]) -> dict[str, Any]:
        same = (self.world, self.world.lock)
        return copy.deepcopy(memory, {id(thing): thing for thing in same})

    def _another(self, number: int) -> str:
        """Return a new person of the sandbox, like the first one but for names and ids."""
        first = self.world.people[self.person]
        person = _like(first, number)
        self.world.people[person.key] = person
        if platform := self.world.platforms.get(self.platform):
            member = platform.members.get(first.key)
            if member:
                platform.members[person.key] = dataclasses.replace(
                    member,
                    id=f"{member.id[:-4]}{number:04}",
                    username=f"{member.username}{number}",
                    name=f"{member.name} {number}",
                )
        return str(person.key)


class Site:
    """Where the platform fetches media from: what it was offered is at hand, for the rest it asks the app."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self._lock = threading.Lock()

    def offer(self, post: Post) -> None:
        for row in post.media.all():
            with row.file.open("rb") as file:
                found = 200, {"Content-Type": row.mime}, file.read()
            self._kept[_file_of(public_url(row))] = found

    def fetch(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        with self._lock:
            if _file_of(url) not in self._kept:
                parts = urlsplit(url)
                response = Client().get(f"{parts.path}?{parts.query}")
                found = response.status_code, dict(response.items()), b"".join(response)
                self._kept[_file_of(url)] = found
                if not connection.in_atomic_block:
                    connections.close_all()
        return self._kept[_file_of(url)]


@contextmanager
def database() -> Iterator[None]:
    """Have the tests' database, as new, while the block runs; then none."""
    setup_test_environment()
    before = settings.DATABASES["default"]["NAME"]
    # The tables of the models, at once: that the migrations make the same is seen elsewhere.
    connection.settings_dict["TEST"]["MIGRATE"] = False
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connections.close_all()
    try:
        yield
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(before, verbosity=0)


def load() -> None:
    """Import what first uses would: what is forked from here on has it at once."""
    get_resolver().url_patterns  # noqa: B018
    for platform in registry.BUILT_IN:
        registry.get(platform)


@contextmanager
def served(world: World, **changed: Any) -> Iterator[Callable[[], None]]:
    """Have the settings say that this world, on a port of its own, is every platform.

    Nothing is served before the function that is given is called: fork what must be forked, then call it.
    """
    with Server(world) as server:
        names = {f"CONNECTED_ACCOUNTS_{name.upper()}": value for name, value in changed.items()}
        with override_settings(
            CONNECTED_ACCOUNTS_SANDBOX=server.url,
            CONNECTED_ACCOUNTS_BASE_URL=SITE,
            CONNECTED_ACCOUNTS_PROVIDERS=PROVIDERS,
            **names,
        ):
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            )
            yield thread.start
        if thread.ident:
            server.shutdown()
            thread.join()


def _file_of(url: str) -> str:
    """Return the part of a link that says which file it is for, without when it was made."""
    return unquote(urlsplit(url).path).partition(":")[0]


def _models() -> list[Any]:
    return list(apps.get_app_config("connected_accounts").get_models(include_auto_created=True))


def _like(thing: Any, number: int) -> Any:
    """Return a copy of a person, page or account that is another one."""
    names = ("key", "name", "username", "screen_name", "handle")
    changed: dict[str, Any] = {n: f"{getattr(thing, n)}{number}" for n in names if hasattr(thing, n)}
    for spec in dataclasses.fields(thing):
        value = getattr(thing, spec.name)
        if spec.name == "id" or spec.name.endswith("_id"):
            changed[spec.name] = ""
        elif dataclasses.is_dataclass(value):
            changed[spec.name] = _like(value, number)
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            changed[spec.name] = tuple(_like(one, number) for one in value)
    return dataclasses.replace(thing, **changed)


def _is_memory(name: str) -> bool:
    return name not in {"lock", "seed", "fetch", "send", "clock", "sleep", "base_url", "_count"}

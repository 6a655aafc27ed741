"""A simulated platform beside Instagram: its app, its consent page, its routes, its members, its posts.

A new one is a file with a subclass of `Platform`, and a line in `platforms.ALL`; somebody else's is given to
the `World`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from .logins import Login
from .records import App, Item, Token
from .routing import Route

if TYPE_CHECKING:
    from .people import Person
    from .world import World

P = TypeVar("P", bound="Platform")


@dataclass(slots=True, kw_only=True)
class Member:
    """Somebody's account on one platform."""

    id: str
    username: str
    name: str = ""


@dataclass(slots=True, kw_only=True)
class Post:
    """Something published, as the public sees it. ``path`` is its permalink's, ``facts`` are further ones."""

    id: str
    account_id: str
    username: str
    kind: str
    path: str
    timestamp: float
    text: str = ""
    items: tuple[Item, ...] = ()
    alt_texts: tuple[str, ...] = ()
    comments: list[dict[str, Any]] = field(default_factory=list)
    public: bool = True
    facts: dict[str, Any] = field(default_factory=dict)


class Platform:
    """One simulated platform. The world makes a new one whenever it begins anew: attributes are its memory.

    ``members`` are by the keys of `people.seed`: whoever has one can log in. ``posts`` are by id. ``toggles``
    are choices where the real platform is unclear; ``/_sandbox/toggles`` and tests set them.
    """

    id: ClassVar[str]
    host: ClassVar[str]
    """Where the public sees its posts."""

    login: ClassVar[Login]
    routes: ClassVar[tuple[Route, ...]] = ()
    lifetimes: ClassVar[Mapping[str, float]] = {}
    """Seconds by kind of token; `World.token_lifetimes` has them as ``<id>_<kind>``, to be changed there."""

    toggles: ClassVar[Mapping[str, Any]] = {}

    handshake: ClassVar[bool] = True
    """Whether an address for webhooks has to prove that it is the app's own, as Meta's have."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.posts: dict[str, Post] = {}
        self.members = dict(self.seed())
        self.toggle = dict(self.toggles)

    @classmethod
    def of(cls: type[P], world: World) -> P:
        """Return this platform as it is in that world."""
        return cast("P", world.platforms[cls.id])

    def seed(self) -> Iterable[tuple[str, Member]]:
        """Return the accounts there are in the beginning, by key of their person."""
        return ()

    def assets(self, person: Person) -> Mapping[str, str]:
        """Return what this person may tick on the consent page beside scopes, id to name: none by default."""
        return {}

    def mint(self, person: Person, scopes: Collection[str] | None = None) -> Token:
        """Return a token of this person, no consent needed."""
        from . import oauth  # which knows what a platform is

        kind = next((name for name in ("access", "long") if name in self.lifetimes), "")
        if not kind:
            raise ValueError(f"{self.id} mints no tokens; go through the consent page")
        return oauth.issue(
            self,
            "access",
            client_id=self.new_app().client_id,
            person=person.key,
            scopes=self.login.scopes if scopes is None else scopes,
            lifetime=self.lifetime(kind),
        )

    def kind_of(self, node: str) -> str:
        """Return what the Graph API finds under an id of this platform, "" for nothing."""
        return ""

    def lifetime(self, kind: str) -> float:
        return self.world.token_lifetimes[f"{self.id}_{kind}"]

    def pass_time(self) -> None:
        """Let happen what is due by now, before what is due to be told is told."""

    def new_app(self) -> App:
        """Return the app it knows from the beginning."""
        name = f"sandbox-{self.id}"
        return App(login=self.login.id, client_id=f"{name}-app", secret=f"{name}-secret")

    def public_posts(self) -> list[dict[str, Any]]:
        """Return what the public can see now, oldest first."""
        return [self._shown(post) for post in self.posts.values() if post.public]

    def permalink(self, post: Post) -> str:
        return f"{self.world.base_url}/{self.host}{post.path}"

    def portrait(self, member: Member) -> str:
        """Return where a picture of this member is, which the sandbox draws."""
        return f"{self.world.base_url}/_files/{self.id}/{member.id}.svg"

    def _shown(self, post: Post) -> dict[str, Any]:
        alts = [*post.alt_texts, *[""] * len(post.items)]
        return {
            "platform": self.host,
            "username": post.username,
            "account_id": post.account_id,
            "id": post.id,
            "container_id": "",
            "permalink": self.permalink(post),
            "kind": post.kind,
            "caption": post.text,
            "alt_text": alts[0] if post.items else "",
            "children": [
                {"id": f"{post.id}_{n}", "kind": item.kind, "url": item.url, "alt_text": alt}
                for n, (item, alt) in enumerate(zip(post.items, alts, strict=False))
            ]
            if len(post.items) > 1
            else [],
            "sizes": [[item.width, item.height] for item in post.items],
            "comments": list(post.comments),
            "timestamp": datetime.fromtimestamp(post.timestamp, tz=timezone.utc).isoformat(),
            **post.facts,
        }

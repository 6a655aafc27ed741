"""Facebook Pages: what they hold, who may do what with them, and when the public sees it.

Follows the Facebook Pages contract of 2026-11-22; what can be asked is in `page_posts` and `films`. Invented,
because undocumented: what reads answer once data access has ended (code 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from . import meta, tokens, webhooks
from .errors import GraphError
from .logins import FACEBOOK
from .platform import Platform, Post
from .records import DAY, App, Item, Token
from .routing import Call

if TYPE_CHECKING:
    from .world import World

SCOPES: Final = {
    "publish": {"pages_manage_posts", "pages_read_engagement"},
    "read": {"pages_read_engagement"},
    "comment": {"pages_manage_engagement"},
    "comments": {"pages_read_user_content"},
    "measure": {"read_insights"},
}
PUBLISHING: Final = (
    "(#200) If posting to a group, requires app being installed in the group, and \\\n          either "
    "publish_to_groups permission with user token, or both pages_read_engagement \\\n          and "
    "pages_manage_posts permission with page token; If posting to a page, \\\n          requires both "
    "pages_read_engagement and pages_manage_posts as an admin with \\\n          sufficient administrative "
    "permission"
)


@dataclass(slots=True, kw_only=True)
class Photo:
    """A picture on a Page; until it is in a post, nobody sees it."""

    id: str
    page: str
    item: Item
    alt_text: str
    post_id: str = ""


@dataclass(slots=True, kw_only=True)
class Film:
    """An upload to a Page, and what becomes of it. ``flaw`` is why processing it will fail."""

    id: str
    page: str
    edge: str
    app_id: str
    size: int = 0
    body: bytearray = field(default_factory=bytearray, repr=False)
    session: str = ""
    finished_at: float | None = None
    polls: int = 0
    params: dict[str, str] = field(default_factory=dict)
    item: Item | None = None
    flaw: str = ""
    forced: bool = False
    post_id: str = ""
    story_id: str = ""
    """What it will be called as a story."""

    @property
    def kind(self) -> str:
        return {"videos": "video", "video_reels": "reel", "video_stories": "story"}[self.edge]


class Pages(Platform):
    id = "pages"
    host = "www.facebook.com"
    login = FACEBOOK
    toggles = {
        "refuse_duplicates": False,
        "photos_reusable": True,
        "lag_seconds": 0.0,
        "bare_status": False,
        "error_data_as_text": True,
        "picture_bytes": 10_000_000,
        "piece": 1024 * 1024,
        "reels_per_day": 30,
    }

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.photos: dict[str, Photo] = {}
        self.films: dict[str, Film] = {}

    def new_app(self) -> App:
        return App(client_id="sandbox-app", secret="sandbox-secret", login="facebook")  # noqa: S106

    def kind_of(self, node: str) -> str:
        known: Mapping[str, Mapping[str, object]] = {
            "film": self.films,
            "post": self.posts,
            "photo": self.photos,
        }
        return next((kind for kind, nodes in known.items() if node in nodes), "")

    def public_posts(self) -> list[dict[str, Any]]:
        self.settle()
        return super().public_posts()

    def settle(self) -> None:
        """Publish what is due or processed by now, and let stories end."""
        toggles, now = self.world.toggles, self.world.now()
        for post in self.posts.values():
            if not post.public and post.facts.get("scheduled_at", now + 1) <= now:
                post.public, post.timestamp = True, post.facts["scheduled_at"]
            if post.kind == "story" and now >= post.timestamp + DAY:
                post.public = False
        for film in self.films.values():
            if film.finished_at is None or film.post_id or film.flaw or film.forced:
                continue
            if film.polls < toggles.video_polls and now < film.finished_at + toggles.video_seconds:
                continue
            film.post_id = film.story_id if film.kind == "story" else film.id
            text, items = film.params.get("description", ""), (film.item,) if film.item else ()
            facts = {"media_id": film.id, "app_id": film.app_id}
            self.add(film.page, film.kind, post_id=film.post_id, text=text, items=items, facts=facts)

    def add(self, page_id: str, kind: str, *, post_id: str = "", **given: Any) -> Post:
        """Publish something, and tell the apps that follow the Page."""
        page = self.world.page(page_id)
        number = self.world.new_id("post", prefix="9", length=15)
        post = Post(
            id=post_id or (number if kind == "story" else f"{page_id}_{number}"),
            account_id=page_id,
            username=page.username if page else "",
            kind=kind,
            path=f"/{kind}/{number}/" if kind in ("reel", "story") else f"/{page_id}/posts/{number}/",
            timestamp=self.world.now(),
            **given,
        )
        self.posts[post.id] = post
        if "feed" in self.world.subscriptions.get(page_id, []) and post.public and kind != "story":
            value = {
                "item": "status",
                "verb": "add",
                "post_id": post.id,
                "message": post.text,
                "published": 1,
            }
            sender = {"id": page_id, "name": page.name if page else ""}
            webhooks.notify(self.world, page_id, "feed", {**value, "from": sender})
        return post


def authorise(call: Call, page_id: str, ability: str) -> Token:
    """Return the Page token if it may do this with this Page, or refuse."""
    token, world = call.token, call.world
    if token is None or page_id not in token.targets:
        raise meta.invisible(page_id, call)
    if token.kind != "page":
        raise GraphError(210, message="(#210) A page access token is required to request this resource.")
    if token.page != page_id:
        raise meta.invisible(page_id, call)
    if not SCOPES[ability] <= token.scopes:
        if ability == "publish":
            raise GraphError(200, message=PUBLISHING, status=403)
        raise GraphError(283 if ability == "comments" else 10 if ability == "read" else 200)
    page = next(page for page in world.people[token.person].pages if page.id == page_id)
    if ability in ("publish", "comment") and not page.can_create:
        raise GraphError(200, message=PUBLISHING, status=403)
    if ability not in ("publish", "comment"):
        tokens.check_readable(call, token)
    return token


def visible(call: Call, node: str, ability: str) -> Post:
    """Return a post that this token may see, and sees by now."""
    post = Pages.of(call.world).posts[node]
    authorise(call, post.account_id, ability)
    if lags(call, post):
        raise meta.invisible(node, call)
    return post


def lags(call: Call, post: Post) -> bool:
    return call.world.now() < post.timestamp + float(Pages.of(call.world).toggle["lag_seconds"])

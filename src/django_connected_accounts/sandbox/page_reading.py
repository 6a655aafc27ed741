"""What Facebook Pages show: posts, stories, comments, numbers.

Follows the Facebook Pages contract of 2026-11-22, sections 5 and 6. Not done: visitors' posts, replies,
paging of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from . import meta
from .errors import GraphError
from .facebook_login import ONLY_HERE
from .insights import answer, daily, lifetime, names_in
from .meta import edges, fields_of, page_of, select, timestamp
from .pages import Pages, authorise, lags, visible
from .platform import Post
from .routing import Answer, Call

METRICS: Final[Mapping[str, Mapping[str, Any]]] = {
    "page": {
        "page_media_view": 310,
        "page_total_media_view_unique": 210,
        "page_post_engagements": 34,
        "page_follows": 812,
        "page_daily_follows": 5,
        "page_daily_follows_unique": 4,
    },
    "post": {
        "post_media_view": 58,
        "post_total_media_view_unique": 41,
        "post_clicks": 7,
        "post_clicks_by_type": {"link clicks": 3, "other clicks": 4},
        "post_reactions_by_type_total": {"like": 6, "love": 2},
    },
    "film": {"fb_reels_total_plays": 77, "post_video_avg_time_watched": 4100, "total_video_views": 64},
}
"""Kind of object to the metrics that are still there; each other name fails the whole call."""


def list_posts(call: Call, node: str) -> Answer:
    """Posts of the feed, newest first; reels and stories are none."""
    rows = _listed(
        call, node, lambda post: post.public and post.kind in ("text", "photo", "carousel", "video")
    )
    return _page(call, [post_node(call, post) for post in rows], "PagePost", ("created_time", "message"))


def list_scheduled(call: Call, node: str) -> Answer:
    rows = _listed(call, node, lambda post: not post.public and "scheduled_at" in post.facts)
    return _page(call, [post_node(call, post) for post in rows], "PagePost", ("created_time", "message"))


def list_stories(call: Call, node: str) -> Answer:
    rows = [
        {
            "id": post.id,
            "post_id": post.id,
            "status": "published",
            "creation_time": str(int(post.timestamp)),
            "media_type": post.items[0].kind if post.items else "",
            "media_id": post.facts["media_id"],
            "url": Pages.of(call.world).permalink(post),
        }
        for post in _listed(call, node, lambda post: post.public and post.kind == "story")
    ]
    answer = page_of(call, rows)
    for row in answer["data"]:
        del row["id"]
    return answer


def read_post(call: Call, node: str) -> Answer:
    post = visible(call, node, "read")
    return select(
        post_node(call, post), fields_of(call.text("fields")), "PagePost", ("created_time", "message")
    )


def read_photo(call: Call, node: str) -> Answer:
    pages = Pages.of(call.world)
    photo = pages.photos[node]
    authorise(call, photo.page, "read")
    post = pages.posts.get(photo.post_id)
    story = post.id if post and not lags(call, post) and post.kind != "story" else None
    known = {"id": photo.id, "page_story_id": story, "alt_text": photo.alt_text or None}
    return select(known, fields_of(call.text("fields")), "Photo", ("id",))


def add_comment(call: Call, node: str) -> Answer:
    post = visible(call, node, "comment")
    if post.kind == "story" or not call.text("message"):
        raise GraphError(100, message="(#100) Param message is required")
    comment = {
        "id": f"{post.id.rpartition('_')[2]}_{call.world.new_id('comment', prefix='3', length=15)}",
        "username": post.username,
        "text": call.text("message"),
        "page_id": post.account_id,
        "at": call.world.now(),
    }
    post.comments.append(comment)
    return {"id": comment["id"]}


def list_comments(call: Call, node: str) -> Answer:
    post = visible(call, node, "comments")
    page = call.world.page(post.account_id)
    rows = [
        {
            "id": comment["id"],
            "message": comment["text"],
            "created_time": timestamp(comment["at"]),
            "from": {"id": comment["page_id"], "name": page.name if page else ""},
        }
        for comment in post.comments
    ]
    return _page(call, rows, "Comment", ("created_time", "message"))


def insights(call: Call, node: str) -> Answer:
    """The metrics asked for; the media views only from v23.0 on."""
    pages = Pages.of(call.world)
    kind = pages.kind_of(node) or "page"
    owner = node if kind == "page" else pages.posts[node].account_id if node in pages.posts else ""
    authorise(call, owner, "measure")
    if call.path.endswith("/video_insights") and kind != "film":
        raise GraphError(100, message="(#100) Tried accessing nonexisting field (video_insights)")
    known = METRICS[kind]
    if not call.text("metric") and kind != "film":
        raise GraphError(3001, 1504028, message="(#3001) No metric was specified to be fetched.")
    if int(call.version.strip("v").partition(".")[0]) < 23:
        known = {name: value for name, value in known.items() if "media_view" not in name}
    given = {name: known[name] for name in (names_in(call, known) if call.text("metric") else known)}
    period = call.text("period", "day" if kind == "page" else "lifetime")
    return answer(call, node, given, period=period, shape=daily if kind == "page" else lifetime)


def _listed(call: Call, node: str, wanted: Callable[[Post], bool]) -> Sequence[Post]:
    authorise(call, node, "read")
    pages = Pages.of(call.world)
    pages.settle()
    since = float(call.text("since", "0"))
    posts = [post for post in reversed(pages.posts.values()) if post.account_id == node and wanted(post)]
    return [post for post in posts if post.timestamp >= since and not lags(call, post)]


def _page(call: Call, rows: list[dict[str, Any]], node_type: str, default: Sequence[str]) -> dict[str, Any]:
    wanted = fields_of(call.text("fields"))
    return page_of(call, [select(row, wanted, node_type, default) for row in rows])


def post_node(call: Call, post: Post) -> dict[str, Any]:
    pages = Pages.of(call.world)

    def comments(inner: list[meta.Field]) -> dict[str, Any]:
        authorise(call, post.account_id, "comments")
        return {"data": [], "summary": {"total_count": len(post.comments)}}

    photos = post.facts.get("photos", [])
    attached = [{"media_type": "photo", "target": {"id": photo}} for photo in photos]
    several = {"media_type": "album", "subattachments": {"data": attached}, "target": {"id": post.id}}
    link = {"media_type": "link", "target": {"url": post.facts.get("link")}}
    shown = [several] if len(attached) > 1 else attached or ([link] if post.facts.get("link") else [])
    node = {
        "id": post.id,
        "message": post.text or None,
        "created_time": timestamp(post.timestamp),
        "updated_time": timestamp(post.timestamp),
        "permalink_url": pages.permalink(post),
        "is_published": post.public,
        "scheduled_publish_time": int(post.facts["scheduled_at"]) if "scheduled_at" in post.facts else None,
        "status_type": "added_photos" if photos else "mobile_status_update",
        "full_picture": None,
        "shares": None,
        "application": {"id": post.facts["app_id"], "name": call.world.apps[post.facts["app_id"]].name},
        "attachments": {"data": shown} if shown else None,
        "comments": comments,
        "reactions": lambda inner: {"data": [], "summary": {"total_count": 8}},
    }
    return node


_LIST: Final = "limit after before since until summary"
EDGES: Final = edges(
    ("GET", "page", "feed", list_posts, _LIST),
    ("GET", "page", "posts", list_posts, _LIST),
    ("GET", "page", "published_posts", list_posts, _LIST),
    ("GET", "page", "scheduled_posts", list_scheduled, _LIST),
    ("GET", "page", "stories", list_stories, f"{_LIST} status"),
    ("GET", "page", "insights", insights, f"{_LIST} metric period"),
    ("GET", "post", "", read_post, ""),
    ("GET", "post", "insights", insights, "metric period summary"),
    ("GET", "post", "video_insights", insights, "metric period summary"),
    ("GET", "film", "video_insights", insights, "metric period summary"),
    ("GET", "post", "comments", list_comments, _LIST),
    ("POST", "post", "comments", add_comment, "message"),
    ("GET", "film", "comments", list_comments, _LIST),
    ("POST", "film", "comments", add_comment, "message"),
    ("GET", "photo", "", read_photo, ""),
    hosts=ONLY_HERE,
)

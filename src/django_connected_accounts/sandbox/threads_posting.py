"""Threads' containers, publishing, quotas and insights. See `threads`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from . import media, meta
from .containers import afflict, remember, status_of
from .errors import GraphError
from .ids import letters
from .insights import answer, by_link, daily, each_its_own, lifetime, names_in, total
from .meta import fields_of, page_of, select, timestamp
from .platform import Member, Post
from .records import DAY, ContainerKind, Item
from .routing import Answer, Call, Route
from .threads import (
    ANY,
    HOST,
    ME,
    Threads,
    authorise,
    debug_token,
    exchange,
    lengthen,
    member_of,
    profile,
    refresh,
)

__all__ = ["Threads"]

READ: Final = {"text": "TEXT_POST", "photo": "IMAGE", "video": "VIDEO", "carousel": "CAROUSEL_ALBUM"}
KINDS: Final[Mapping[str, ContainerKind]] = {
    "TEXT": "text",
    "IMAGE": "photo",
    "VIDEO": "video",
    "CAROUSEL": "carousel",
}
PARAMS: Final = frozenset(
    {
        "media_type", "text", "image_url", "video_url", "is_carousel_item", "children", "alt_text",
        "reply_to_id", "quote_post_id", "reply_control", "link_attachment", "topic_tag", "poll_attachment",
        "enable_reply_approvals", "is_spoiler_media", "is_ghost_post", "access_token",
    }
)  # fmt: skip
OF_POST: Final = {"views": 203, "likes": 12, "replies": 3, "reposts": 2, "quotes": 1, "shares": 4}
OF_ACCOUNT: Final[Mapping[str, Any]] = {
    "views": (daily, 950),
    "likes": (total, 120),
    "replies": (total, 31),
    "reposts": (total, 14),
    "quotes": (total, 5),
    "clicks": (by_link, {"https://juniper-shop.example": 6, "https://linden.example": 2}),
}
"""Metric to its shape and number; ``followers_count`` is the account's own."""

WHY: Final = {2207026: "FAILED_PROCESSING_VIDEO", 2207085: "INVALID_DURATION"}
"""What the ``error_message`` of a failed container says; anything else is UNKNOWN."""

REPLY_CONTROL: Final = frozenset(
    {"everyone", "accounts_you_follow", "mentioned_only", "parent_post_author_only", "followers_only"}
)
REPLIES, DELETES = 1000, 100
"""A day."""

FACTS: Final = (
    "reply_control", "reply_to_id", "quote_post_id", "topic_tag", "link_attachment", "poll_attachment",
    "enable_reply_approvals", "is_spoiler_media", "is_ghost_post",
)  # fmt: skip
"""Parameters that the post shows later."""
_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\U000e0020-\U000e007f\ufe0f\u200d]")


def create(call: Call, node: str) -> Answer:
    """Make a container; media is pulled and checked before that."""
    call.accept(PARAMS)
    member = member_of(call, node, "threads_content_publish")
    kind = KINDS.get(call.text("media_type"))
    if kind is None:
        raise GraphError(100, message="(#100) Param media_type must be one of TEXT, IMAGE, VIDEO, CAROUSEL")
    _check(call, kind)
    item, subcode = _pull(call, kind)
    container = remember(
        call,
        member.id,
        "item" if call.flag("is_carousel_item") else kind,
        item=item,
        children=_children(call, member) if kind == "carousel" else (),
        subcode=subcode,
        prefix="180",
    )
    return {"id": container.id}


def publish(call: Call, node: str) -> Answer:
    """Make a finished container public: the one call that must not be repeated."""
    call.accept({"creation_id", "access_token"})
    member, world, platform = (
        member_of(call, node, "threads_content_publish"),
        call.world,
        Threads.of(call.world),
    )
    container = world.containers.get(call.text("creation_id"))
    gone = GraphError(24, 4279009, message="The requested resource does not exist")
    if container is None or container.account_id != member.id or container.kind == "item":
        raise gone
    afflict(call, container)
    status = status_of(call, container)
    if status == "PUBLISHED" and platform.toggle["second_publish"] == "same_id":
        return {"id": container.media_id}
    if status != "FINISHED" or world.now() < container.created_at + platform.toggle["race_seconds"]:
        raise gone
    params = container.params
    reply = bool(params.get("reply_to_id"))
    if _used(platform, member, replies=reply) >= _quota(platform, reply):
        raise GraphError(9, message="(#9) Publishing limit reached (code invented by the sandbox)")
    parts = [world.containers[child] for child in container.children] or [container]
    post = Post(
        id=world.new_id("threads-media", prefix="180"),
        account_id=member.id,
        username=member.username,
        kind=container.kind,
        path="",
        timestamp=world.now(),
        text=str(params.get("text", "")),
        items=tuple(part.item for part in parts if part.item),
        alt_texts=tuple(str(part.params.get("alt_text", "")) for part in parts),
        facts={"container_id": container.id, **{name: params[name] for name in FACTS if name in params}},
    )
    code = letters(f"{world.seed}:{post.id}", prefix="D", length=11)
    post.path = f"/@{member.username}/post/{code}"
    platform.posts[post.id] = post
    container.media_id = post.id
    return {"id": post.id}


def node(call: Call, node_id: str) -> Answer:
    """A container, or a post."""
    world, platform = call.world, Threads.of(call.world)
    if node_id in (member.id for member in platform.members.values()):
        return profile(call, node_id)
    token = authorise(call, "threads_basic")
    mine = platform.members[token.person].id
    container, post = world.containers.get(node_id), platform.posts.get(node_id)
    if container and container.account_id == mine:
        afflict(call, container)
        status = status_of(call, container)
        container.polls += 1
        why = WHY.get(container.subcode or 0, "UNKNOWN") if status == "ERROR" else None
        row = {"id": container.id, "status": status, "error_message": why}
        return select(row, fields_of(call.text("fields")), "ThreadsContainer", ("id",))
    if post is None or post.account_id != mine:
        raise meta.invisible(node_id, call)
    if call.method == "DELETE":
        authorise(call, "threads_delete")
        del platform.posts[node_id]
        return {"success": True, "deleted_id": node_id}
    return select(_row(platform, post), fields_of(call.text("fields")), "ThreadsMedia", ("id",))


def posts(call: Call, node: str) -> Answer:
    """The account's own posts, newest first."""
    member, platform = member_of(call, node, "threads_basic"), Threads.of(call.world)
    since = float(call.text("since", "0"))
    mine = [
        p for p in reversed(platform.posts.values()) if p.account_id == member.id and p.timestamp >= since
    ]
    wanted = fields_of(call.text("fields"))
    return page_of(call, [select(_row(platform, post), wanted, "ThreadsMedia", ("id",)) for post in mine])


def limits(call: Call, node: str) -> Answer:
    member, platform = member_of(call, node, "threads_content_publish"), Threads.of(call.world)
    row = {
        "quota_usage": _used(platform, member),
        "config": {"quota_total": _quota(platform, False), "quota_duration": DAY},
        "reply_quota_usage": _used(platform, member, replies=True),
        "reply_config": {"quota_total": _quota(platform, True), "quota_duration": DAY},
        "delete_quota_usage": 0,
        "delete_config": {"quota_total": DELETES, "quota_duration": DAY},
    }
    return {"data": [select(row, fields_of(call.text("fields")), "ThreadsLimit", ("quota_usage",))]}


def insights(call: Call, node: str) -> Answer:
    """Numbers of a post or an account; an unknown metric fails the whole call."""
    token = authorise(call, "threads_manage_insights")
    platform = Threads.of(call.world)
    post = platform.posts.get(node)
    mine = platform.members[token.person].id
    if (post.account_id if post else node) not in (mine, "me"):
        raise meta.invisible(node, call)
    if post:
        given = {name: OF_POST[name] for name in names_in(call, OF_POST)}
        return answer(call, node, given, period="lifetime", shape=lifetime)
    account = call.world.people[token.person].accounts()[0]
    known = {**OF_ACCOUNT, "followers_count": (total, account.followers_count)}
    given = {name: known[name] for name in names_in(call, known)}
    return answer(call, node, given, period="day", shape=each_its_own)


def _pull(call: Call, kind: str) -> tuple[Item | None, int | None]:
    """Return the picture or film, and the subcode its processing will end with."""
    try:
        if kind == "photo":
            url = call.text("image_url")
            return media.pull_image(call.world, url, feed=False, formats=("JPEG", "PNG")), None
        if kind == "video":
            return media.pull_film(call.world, call.text("video_url"), "threads")
    except GraphError as error:
        if error.subcode == 2207052:  # Instagram's code beside it is another
            raise GraphError(1, 2207052, message="Media download has failed") from None
        raise
    return None, None


def _check(call: Call, kind: str) -> None:
    text = call.text("text")
    if sum(len(sign.encode()) if _EMOJI.match(sign) else 1 for sign in text) > 500:
        raise GraphError(100, message="(#100) Param text must be at most 500 characters long.")
    if kind == "text" and not text:
        raise GraphError(100, message="(#100) The parameter text is required")
    links = set(re.findall(r"https?://\S+", text)) | {call.text("link_attachment")} - {""}
    if len(links) > 5:
        raise GraphError(100, message="THREADS_API__LINK_LIMIT_EXCEEDED")
    if call.text("reply_control", "everyone") not in REPLY_CONTROL:
        raise GraphError(100, message="(#100) Param reply_control must be one of the documented values")
    topic = call.text("topic_tag")
    if len(topic) > 50 or {".", "&"} & set(topic):
        raise GraphError(100, message="(#100) Param topic_tag is invalid")


def _children(call: Call, member: Member) -> tuple[str, ...]:
    ids = call.text("children").split(",")
    known = [call.world.containers.get(child) for child in ids]
    good = all(c and c.kind == "item" and c.account_id == member.id for c in known)
    if not 2 <= len(ids) <= 20 or not good or any(status_of(call, c) != "FINISHED" for c in known if c):
        raise GraphError(100, 4279004, message="Invalid carousel children")
    return tuple(ids)


def _row(platform: Threads, post: Post) -> Mapping[str, Any]:
    return {
        "id": post.id,
        "media_product_type": "THREADS",
        "media_type": READ[post.kind],
        "permalink": platform.permalink(post),
        "owner": {"id": post.account_id},
        "username": post.username,
        "text": post.text or None,
        "timestamp": timestamp(post.timestamp),
        "shortcode": post.path.rpartition("/")[2],
        "media_url": f"{platform.world.base_url}/_files/threads/{post.id}/0" if post.items else None,
        "thumbnail_url": None,
        "children": {"data": [{"id": f"{post.id}{n}"} for n in range(len(post.items))]}
        if post.kind == "carousel"
        else None,
        "alt_text": next(iter(post.alt_texts), "") or None,
        "topic_tag": post.facts.get("topic_tag"),
        "link_attachment_url": post.facts.get("link_attachment"),
        "is_quote_post": "quote_post_id" in post.facts,
        "has_replies": any(p.facts.get("reply_to_id") == post.id for p in platform.posts.values()),
    }


def _used(platform: Threads, member: Member, *, replies: bool = False) -> int:
    since = platform.world.now() - DAY
    mine = [p for p in platform.posts.values() if p.account_id == member.id and p.timestamp > since]
    return sum(("reply_to_id" in post.facts) == replies for post in mine)


def _quota(platform: Threads, reply: bool) -> int:
    return REPLIES if reply else int(platform.toggle["posts_per_day"])


Threads.routes = (
    Route(HOST, "POST", f"{ANY}/oauth/access_token", exchange),
    Route(HOST, "GET", f"{ANY}/access_token", lengthen),
    Route(HOST, "GET", f"{ANY}/refresh_access_token", refresh),
    Route(HOST, "GET", f"{ANY}/debug_token", debug_token),
    Route(HOST, "GET", f"{ANY}/(me)", profile),
    Route(HOST, "POST", f"{ME}/threads", create),
    Route(HOST, "POST", f"{ME}/threads_publish", publish),
    Route(HOST, "GET", f"{ME}/threads_publishing_limit", limits),
    Route(HOST, "GET", f"{ME}/threads", posts),
    Route(HOST, "GET", f"{ME}/(?:threads_)?insights", insights),
    Route(HOST, "GET", rf"{ANY}/(\d+)", node),
    Route(HOST, "DELETE", rf"{ANY}/(\d+)", node),
)

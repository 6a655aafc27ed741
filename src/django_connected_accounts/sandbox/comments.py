"""Comments on Instagram media and replies to them.

Follows the Instagram Platform contract of 2026-11-22, section 4.8. Not done: mentions, private replies, spam
checks. Invented, because undocumented: what is longer than 300 characters is refused with code 100.
"""

from __future__ import annotations

from typing import Any, Final

from . import webhooks
from .errors import GraphError
from .instagram import visible
from .meta import Field, edges, fields_of, page_of, select, timestamp
from .records import Comment, Media
from .routing import Answer, Call

LENGTH: Final = 300
DEFAULT_FIELDS: Final = ("id", "text", "timestamp")


def add_comment(call: Call, node: str) -> Answer:
    media = visible(call, node, "comment")
    if media.kind == "story" or not media.comment_enabled:
        raise GraphError(100, message="(#100) This media does not take comments")
    return _comment(call, media)


def list_comments(call: Call, node: str) -> Answer:
    """Comments, newest first, replies beneath."""
    media = visible(call, node, "comment")
    return _comments(
        call, [c for c in call.world.comments.values() if c.media_id == media.id and not c.parent_id]
    )


def read_comment(call: Call, node: str) -> Answer:
    comment = _visible_comment(call, node)
    return select(_comment_node(call, comment), fields_of(call.text("fields")), "IGComment", DEFAULT_FIELDS)


def add_reply(call: Call, node: str) -> Answer:
    comment = _visible_comment(call, node)
    return _comment(call, call.world.media[comment.media_id], parent_id=comment.id)


def list_replies(call: Call, node: str) -> Answer:
    _visible_comment(call, node)
    return _comments(call, [c for c in call.world.comments.values() if c.parent_id == node])


def hide_comment(call: Call, node: str) -> Answer:
    _visible_comment(call, node).hidden = call.flag("hide")
    return {"success": True}


def delete_comment(call: Call, node: str) -> Answer:
    _visible_comment(call, node)
    comments = call.world.comments
    call.world.comments = {key: c for key, c in comments.items() if node not in (key, c.parent_id)}
    return {"success": True}


def _visible_comment(call: Call, node: str) -> Comment:
    comment = call.world.comments[node]
    visible(call, comment.media_id, "comment")
    return comment


def _comment(call: Call, media: Media, parent_id: str = "") -> Answer:
    text = call.text("message")
    if not text or len(text) > LENGTH:
        raise GraphError(100, message="(#100) Param message must have 1 to 300 characters")
    world = call.world
    comment = Comment(
        id=world.new_id("comment", prefix="178"),
        media_id=media.id,
        text=text,
        username=media.username,
        account_id=media.account_id,
        timestamp=world.now(),
        parent_id=parent_id,
    )
    world.comments[comment.id] = comment
    webhooks.comment(world, comment)
    return {"id": comment.id}


def _comments(call: Call, comments: list[Comment]) -> dict[str, Any]:
    wanted = fields_of(call.text("fields"))
    return page_of(
        call,
        [select(_comment_node(call, c), wanted, "IGComment", DEFAULT_FIELDS) for c in reversed(comments)],
    )


def _comment_node(call: Call, comment: Comment) -> dict[str, Any]:
    def replies(inner: list[Field]) -> dict[str, Any]:
        below = [c for c in call.world.comments.values() if c.parent_id == comment.id]
        return {"data": [select(_comment_node(call, c), inner, "IGComment", DEFAULT_FIELDS) for c in below]}

    return {
        "id": comment.id,
        "text": comment.text,
        "timestamp": timestamp(comment.timestamp),
        "username": comment.username,
        "from": {"id": comment.account_id, "username": comment.username},
        "parent_id": comment.parent_id or None,
        "hidden": comment.hidden,
        "like_count": 0,
        "replies": replies,
    }


EDGES: Final = edges(
    ("GET", "media", "comments", list_comments, "paged"),
    ("POST", "media", "comments", add_comment, "message"),
    ("GET", "comment", "", read_comment, ""),
    ("POST", "comment", "", hide_comment, "hide"),
    ("DELETE", "comment", "", delete_comment, ""),
    ("GET", "comment", "replies", list_replies, "paged"),
    ("POST", "comment", "replies", add_reply, "message"),
)

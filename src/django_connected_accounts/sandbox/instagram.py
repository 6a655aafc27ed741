"""Instagram's publishing, reading and quota, alike on graph.facebook.com and graph.instagram.com.

Follows the Instagram Platform contract of 2026-11-22, sections 4.5, 4.7 and 4.9. Not done: webhooks,
hashtag search, business discovery, likes, mentions, messaging, scheduled media. What a second
``media_publish`` of one container answers is undocumented, and a toggle.
"""

from __future__ import annotations

import re
from typing import Any, Final

from .containers import PARAMS, afflict, authorise, create, read, status_of
from .discovery import account_node
from .errors import GraphError
from .ids import letters
from .meta import Field, edges, fields_of, page_of, select, timestamp
from .records import DAY, Container, Media
from .routing import Answer, Call

PRODUCT: Final = {"photo": "FEED", "carousel": "FEED", "reel": "REELS", "story": "STORY"}


def publish(call: Call, node: str) -> Answer:
    """Make a ripe container public: the one call that must not be repeated."""
    authorise(call, node, "publish")
    world = call.world
    if not call.text("creation_id"):
        raise GraphError(100, message="(#100) The parameter creation_id is required")
    container = world.containers.get(call.text("creation_id"))
    if container is None or container.account_id != node:
        raise GraphError(24, 2207008)
    afflict(call, container)
    status = status_of(call, container)
    again = world.toggles.second_publish if status == "PUBLISHED" else ""
    if container.kind == "item":
        raise GraphError(100, message="(#100) The media container is part of a carousel")
    if again == "error":
        raise GraphError(100, message="(#100) The media container has already been published")
    if again == "same_id":
        return {"id": container.media_id}
    if status == "EXPIRED":
        raise GraphError(24, 2207008)
    if status not in ("FINISHED", "PUBLISHED"):
        raise GraphError(9007, 2207027)
    if _quota_usage(call, node) >= _quota_total(call, node):
        raise GraphError(9, 2207042)
    media = _media(call, container)
    world.media[media.id] = media
    container.media_id = media.id
    world.publishes.append((node, world.now()))
    return {"id": media.id}


def account(call: Call, node: str) -> Answer:
    authorise(call, node, "read")
    return select(account_node(call, node), fields_of(call.text("fields")), "IGUser", ("id",))


def listed(call: Call, node: str) -> Answer:
    """An account's stories, or everything but those, newest first."""
    stories = call.path.endswith("/stories")
    authorise(call, node, "read")
    try:
        since, until = float(call.text("since", "0")), float(call.text("until", "inf"))
    except ValueError:
        raise GraphError(100, message="(#100) Params since and until must be unix timestamps") from None
    wanted = fields_of(call.text("fields"))
    shown = [
        media
        for media in reversed(call.world.media.values())
        if media.account_id == node
        and (media.kind == "story") == stories
        and call.world.is_live(media)
        and since <= media.timestamp <= until
    ]
    return page_of(call, [select(_media_node(call, media), wanted, "IGMedia", ("id",)) for media in shown])


def read_media(call: Call, node: str) -> Answer:
    media = visible(call, node, "read")
    return select(_media_node(call, media), fields_of(call.text("fields")), "IGMedia", ("id",))


def read_child(call: Call, node: str) -> Answer:
    media = next(media for media in call.world.media.values() if node in media.child_ids)
    authorise(call, media.account_id, "read")
    return select(_child_node(call, media, node), fields_of(call.text("fields")), "IGMedia", ("id",))


def children(call: Call, node: str) -> Answer:
    return _children(call, visible(call, node, "read"), fields_of(call.text("fields")))


def change_media(call: Call, node: str) -> Answer:
    media = visible(call, node, "comment")
    media.comment_enabled = call.flag("comment_enabled")
    return {"success": True}


def delete_media(call: Call, node: str) -> Answer:
    visible(call, node, "read")
    if call.token is None or "instagram_manage_contents" not in call.token.scopes:
        raise GraphError(10)
    del call.world.media[node]
    return {"success": True}


def content_publishing_limit(call: Call, node: str) -> Answer:
    authorise(call, node, "publish")
    row = {
        "quota_usage": _quota_usage(call, node),
        "config": {"quota_total": _quota_total(call, node), "quota_duration": DAY},
    }
    return {"data": [select(row, fields_of(call.text("fields")), "ContentPublishingLimit", ("quota_usage",))]}


def subscriptions(call: Call, node: str) -> Answer:
    """Read, set or end which webhook fields an account sends; none is ever delivered."""
    fields = call.world.subscriptions
    if call.method == "POST":
        fields[node] = re.findall(r"\w+", call.text("subscribed_fields"))  # with commas, or as JSON
    elif call.method == "DELETE":
        fields.pop(node, None)
    else:
        app_id = call.token.client_id if call.token else ""
        return {"data": [{"id": app_id, "subscribed_fields": fields[node]}] if node in fields else []}
    return {"success": True}


def _media(call: Call, container: Container) -> Media:
    world = call.world
    owner = world.account(container.account_id)
    parts = [world.containers[child] for child in container.children] or [container]
    media_id = world.new_id("media", prefix="180")
    return Media(
        id=media_id,
        shortcode=letters(f"{world.seed}:{media_id}", prefix="D", length=11),
        account_id=container.account_id,
        username=owner.username if owner else "",
        kind=container.kind,
        timestamp=world.now(),
        container_id=container.id,
        params=container.params,
        items=tuple(part.item for part in parts if part.item),
        child_ids=tuple(world.new_id("child", prefix="178") for _ in container.children),
        alt_texts=tuple(str(part.params.get("alt_text", "")) for part in parts),
        cover=container.cover,
    )


def _media_node(call: Call, media: Media) -> dict[str, Any]:
    world, first = call.world, media.items[0]
    film = first.kind == "video" and media.kind != "carousel"
    return {
        "id": media.id,
        "caption": media.caption or None,
        "media_type": "CAROUSEL_ALBUM" if media.kind == "carousel" else first.kind.upper(),
        "media_product_type": PRODUCT[media.kind],
        "media_url": media_url(call, media.id),
        "thumbnail_url": media_url(call, media.id, "thumbnail") if film else None,
        "permalink": world.permalink(media),
        "shortcode": media.shortcode,
        "timestamp": timestamp(media.timestamp),
        "username": media.username,
        "owner": {"id": media.account_id},
        "like_count": 0,
        "comments_count": sum(c.media_id == media.id for c in world.comments.values()),
        "is_comment_enabled": media.comment_enabled,
        "is_shared_to_feed": str(media.params.get("share_to_feed", "true")).lower() == "true",
        "is_ai_generated": str(media.params.get("is_ai_generated", "false")).lower() == "true",
        "alt_text": (media.alt_texts[0] or None) if media.kind == "photo" else None,
        "children": (lambda inner: _children(call, media, inner)) if media.child_ids else None,
    }


def _child_node(call: Call, media: Media, child_id: str) -> dict[str, Any]:
    at = media.child_ids.index(child_id)
    return {
        "id": child_id,
        "media_type": media.items[at].kind.upper(),
        "media_url": media_url(call, child_id),
        "alt_text": media.alt_texts[at] or None,
        "timestamp": timestamp(media.timestamp),
        "username": media.username,
    }


def _children(call: Call, media: Media, wanted: list[Field]) -> dict[str, Any]:
    return {
        "data": [
            select(_child_node(call, media, child), wanted, "IGMedia", ("id",)) for child in media.child_ids
        ]
    }


def media_url(call: Call, media_id: str, kind: str = "media") -> str:
    return f"{call.world.base_url}/scontent.cdninstagram.com/{kind}/{media_id}"


def visible(call: Call, node: str, ability: str) -> Media:
    media = call.world.media[node]
    authorise(call, media.account_id, ability)
    return media


def _quota_usage(call: Call, account_id: str) -> int:
    since = call.world.now() - DAY
    return sum(owner == account_id and when > since for owner, when in call.world.publishes)


def _quota_total(call: Call, account_id: str) -> int:
    owner = call.world.account(account_id)
    return owner.quota_total if owner else 0


EDGES: Final = (
    *edges(
        ("GET", "instagram", "", account, ""),
        ("DELETE", "media", "", delete_media, ""),
        hosts=("graph.facebook.com",),
    ),
    *edges(
        ("POST", "instagram", "media", create, PARAMS),
        ("GET", "instagram", "media", listed, "paged since until"),
        ("GET", "instagram", "stories", listed, "paged since until"),
        ("POST", "instagram", "media_publish", publish, "creation_id"),
        ("GET", "instagram", "content_publishing_limit", content_publishing_limit, "since"),
        ("GET", "container", "", read, ""),
        ("GET", "child", "", read_child, ""),
        ("GET", "media", "", read_media, ""),
        ("POST", "media", "", change_media, "comment_enabled"),
        ("GET", "media", "children", children, ""),
        *(
            (method, kind, "subscribed_apps", subscriptions, "subscribed_fields summary")
            for method in ("GET", "POST", "DELETE")
            for kind in ("page", "instagram")
        ),
    ),
)

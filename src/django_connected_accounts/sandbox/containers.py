"""Instagram's media containers: made, checked, and ripened by polls or time. They never change afterwards.

Follows the Instagram Platform contract of 2026-11-22, sections 4.2 to 4.4. Not done: resumable upload,
product tags, licensed audio, trial reels, paid partnerships, add-ons; asking for them is answered loudly.
Invented, because undocumented: the code for more than 400 containers a day (9 without a subcode); captions
are counted in code points.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final

from . import media, meta, tokens
from .errors import GraphError
from .facebook_login import HOST as FACEBOOK
from .faults import CONTAINER_ACTIONS
from .meta import fields_of, select
from .records import DAY, Container, ContainerKind, Item, Token
from .routing import Answer, Call, Unknown

PREFIXES: Final = {"graph.facebook.com": "instagram", "graph.instagram.com": "instagram_business"}
ABILITIES: Final[dict[str, tuple[str, ...]]] = {
    "read": ("basic",),
    "publish": ("basic", "content_publish"),
    "comment": ("basic", "manage_comments"),
    "measure": ("basic", "manage_insights"),
}
"""What a token needs to do this, each after the prefix of its host."""

PARAMS: Final = (
    "media_type is_carousel_item image_url video_url children caption alt_text user_tags collaborators "
    "location_id cover_url thumb_offset audio_name share_to_feed is_ai_generated upload_type"
)
KINDS: Final[dict[str, ContainerKind]] = {
    "IMAGE": "photo",
    "REELS": "reel",
    "CAROUSEL": "carousel",
    "STORIES": "story",
}
CAPTION, HASHTAGS, MENTIONS, ALT_TEXT, COLLABORATORS = 2200, 30, 20, 1000, 3

SENTENCES: Final = {
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "PUBLISHED": "Published: Media has been successfully published.",
    "EXPIRED": "Expired: Media was not published within 24 hours.",
    "ERROR": "Error: Media upload has failed with error code {subcode}",
}


def create(call: Call, node: str) -> Answer:
    """Make a container and return its id; the media is pulled and checked before that."""
    authorise(call, node, "publish")
    world = call.world
    recent = [
        c for c in world.containers.values() if c.account_id == node and c.created_at > world.now() - DAY
    ]
    owner = world.account(node)
    if owner and len(recent) >= owner.containers_a_day:
        raise GraphError(
            9, message="(#9) Too many containers created in 24 hours (code invented by the sandbox)"
        )
    kind = _kind(call)
    _check_text(call, kind)
    _check_people(call, kind)
    children = _children(call, node) if kind == "carousel" else ()
    item, subcode = (None, None) if children else _pull(call, kind)
    container = remember(call, node, kind, item=item, children=children, subcode=subcode, prefix="179")
    if kind == "reel" and call.text("cover_url"):
        container.cover = media.pull_image(world, call.text("cover_url"), feed=False)
    return {"id": container.id}


def remember(
    call: Call,
    account_id: str,
    kind: ContainerKind,
    *,
    item: Item | None,
    children: tuple[str, ...],
    subcode: int | None,
    prefix: str,
) -> Container:
    """Return a new container; a film takes longer than a picture, and a text no time."""
    world, toggles, now = call.world, call.world.toggles, call.world.now()
    polls, seconds = toggles.image_polls, toggles.image_seconds
    if item is not None and item.kind == "video":
        polls, seconds = toggles.video_polls, toggles.video_seconds
    elif kind == "text":
        polls, seconds = 0, 0.0
    container = Container(
        id=world.new_id(f"container:{account_id}", prefix=prefix),
        account_id=account_id,
        kind=kind,
        created_at=now,
        polls_needed=polls,
        ready_at=now + seconds,
        params=dict(call.params),
        item=item,
        children=children,
        subcode=subcode,
    )
    world.containers[container.id] = container
    afflict(call, container)
    return container


def read(call: Call, node: str) -> Answer:
    """Say how far a container is; each reading is one poll."""
    container = call.world.containers[node]
    authorise(call, container.account_id, "read")
    afflict(call, container)
    status = status_of(call, container)
    container.polls += 1
    fields = {
        "id": container.id,
        "status_code": status,
        "status": SENTENCES[status].format(subcode=container.subcode),
        "copyright_check_status": {"status": "completed", "matches_found": False},
    }
    return select(fields, fields_of(call.text("fields")), "IGContainer", ("id",))


def status_of(call: Call, container: Container) -> str:
    now, children = call.world.now(), [call.world.containers[child] for child in container.children]
    below = [status_of(call, child) for child in children]
    if container.media_id:
        return "PUBLISHED"
    if container.forced == "EXPIRED" or container.expires_at <= now:
        return "EXPIRED"
    if container.forced:
        return container.forced
    for child, status in zip(children, below, strict=True):
        if status in ("ERROR", "EXPIRED"):
            container.subcode = child.subcode or 2207020
            return "ERROR"
    ripe = container.polls >= container.polls_needed or now >= container.ready_at
    if not ripe or "IN_PROGRESS" in below:
        return "IN_PROGRESS"
    return "ERROR" if container.subcode else "FINISHED"


def afflict(call: Call, container: Container) -> None:
    """Do to a container what the fault that struck this call says."""
    fault = call.fault
    if fault is None or fault.action not in CONTAINER_ACTIONS:
        return
    if fault.action == "container_error":
        container.subcode = fault.subcode or 2207082
    container.forced = {"never_finish": "IN_PROGRESS", "container_error": "ERROR", "expire": "EXPIRED"}[
        fault.action
    ]


def authorise(call: Call, account_id: str, ability: str) -> Token:
    """Return the token if it may do this with this account, or refuse."""
    token = call.token
    if token is None or account_id not in token.targets:
        raise meta.invisible(account_id, call)
    needed = {f"{PREFIXES[call.host]}_{name}" for name in ABILITIES[ability]}
    if call.host == FACEBOOK and ability == "publish":
        needed.add("pages_read_engagement")
    if not needed <= token.scopes:
        raise GraphError(10)
    if call.host == FACEBOOK:
        if ability in ("read", "measure"):
            tokens.check_readable(call, token)
        pages = [
            p for p in call.world.people[token.person].pages if p.instagram and p.instagram.id == account_id
        ]
        if token.page and token.page not in [page.id for page in pages]:
            raise meta.invisible(account_id, call)
        if ability != "read" and not any(page.can_create for page in pages):
            raise GraphError(200)
    return token


def _kind(call: Call) -> ContainerKind:
    media_type, item = call.text("media_type", "IMAGE").upper(), call.flag("is_carousel_item")
    if call.text("upload_type"):
        raise Unknown("resumable upload (parameter 'upload_type')")
    if media_type == "VIDEO" and call.world.toggles.single_video and not item:
        return "reel"
    if item and media_type in ("IMAGE", "VIDEO"):
        return "item"
    if item or media_type not in KINDS:
        raise GraphError(100, 2207023)
    return KINDS[media_type]


def _check_text(call: Call, kind: str) -> None:
    if len(call.text("alt_text")) > ALT_TEXT:
        raise GraphError(100, message="(#100) Param alt_text is too long")
    if kind in ("item", "story"):
        return
    caption = call.text("caption")
    if len(caption) > CAPTION or len(re.findall(r"#\w+", caption)) > HASHTAGS:
        raise GraphError(36004, 2207010)
    if len(re.findall(r"(?<!\w)@[\w.]+", caption)) > MENTIONS:
        raise GraphError(100, 2207040)


def _check_people(call: Call, kind: str) -> None:
    tags, collaborators = _list(call, "user_tags"), _list(call, "collaborators")
    if len(tags) > MENTIONS:
        raise GraphError(100, 2207040)
    placed = kind in ("photo", "item") and not call.text("video_url")
    for tag in tags:
        if not isinstance(tag, dict) or not tag.get("username"):
            raise GraphError(100, message="(#100) Param user_tags must hold usernames")
        position = [tag.get("x"), tag.get("y")]
        if placed and not all(isinstance(p, (int, float)) and 0 <= p <= 1 for p in position):
            raise GraphError(100, message="(#100) Param user_tags needs x and y between 0.0 and 1.0")
        if str(tag["username"]).startswith("private."):
            raise GraphError(110, 2207018)
    if len(collaborators) > COLLABORATORS or (collaborators and kind in ("item", "story")):
        raise GraphError(100, message="(#100) The param collaborators is not allowed")
    if location := call.text("location_id"):
        page = call.world.page(location)
        if call.host != FACEBOOK or kind in ("item", "story"):
            raise GraphError(100, message="(#100) The param location_id is not allowed")
        if page is None or not page.located:
            raise GraphError(100, message="INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID")


def _children(call: Call, account_id: str) -> tuple[str, ...]:
    given = call.params.get("children", "")
    ids = _list(call, "children") if str(given).startswith("[") else [c for c in str(given).split(",") if c]
    if not 2 <= len(ids) <= 10:
        raise GraphError(100, 2207028)
    for child_id in ids:
        child = call.world.containers.get(str(child_id))
        if child is None or child.kind != "item" or child.account_id != account_id:
            raise GraphError(24, 2207008)
        if status_of(call, child) == "EXPIRED":
            raise GraphError(24, 2207008)
    return tuple(str(child_id) for child_id in ids)


def _pull(call: Call, kind: str) -> tuple[Item, int | None]:
    """Return the container's one picture or film, and the subcode its processing will end with."""
    wants_film = kind == "reel" or (kind == "item" and call.text("media_type").upper() == "VIDEO")
    url = call.text("video_url")
    if wants_film or (kind == "story" and url):
        if not url:
            raise GraphError(100, message="(#100) The parameter video_url is required")
        item, subcode = media.pull_film(call.world, url, kind)
        offset = call.text("thumb_offset", "0")
        if not offset.isdecimal() or (item.duration is not None and int(offset) > item.duration * 1000):
            raise GraphError(1, 2207057)
        return item, subcode
    if not call.text("image_url"):
        raise GraphError(100, message="(#100) The parameter image_url is required")
    return media.pull_image(call.world, call.text("image_url"), feed=kind != "story"), None


def _list(call: Call, name: str) -> Collection[Any]:
    try:
        value = call.structure(name) if call.params.get(name) else []
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, list):
        raise GraphError(100, message=f"(#100) Param {name} must be an array")
    return value

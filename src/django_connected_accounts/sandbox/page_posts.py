"""Publishing on Facebook Pages: texts, links, pictures, albums, stories of a picture. Films are in `films`.

Follows the Facebook Pages contract of 2026-11-22, section 4. Not done: backdating, tags, calls to action,
drafts, ads, scheduling anything but posts of the feed. Invented, as nothing is known: the answer to an empty
post.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

from PIL import Image

from . import media
from .errors import GraphError
from .facebook_login import ONLY_HERE
from .meta import edges, fields_of, select
from .page_reading import post_node
from .pages import Pages, Photo, authorise
from .platform import Post
from .records import DAY, Item
from .routing import Answer, Call

MINUTE: Final = 60.0
TEXT: Final = 63_206
PICTURES: Final = {"JPEG", "PNG", "GIF", "BMP", "TIFF"}


def feed(call: Call, node: str) -> Answer:
    """A text, a link, or pictures that were staged; at a time to come if that is given."""
    app_id, pages = authorise(call, node, "publish").client_id, Pages.of(call.world)
    text, link, attached = call.text("message"), call.text("link"), _attached(call)
    if not (text or link or attached):
        raise GraphError(100, message="(#100) A post needs a message, a link or media (wording invented)")
    if len(text) > TEXT:
        raise GraphError(100, message="(#100) Param message is too long")
    if "facebook.com" in link:
        raise GraphError(100, 1609008, message="(#100) facebook.com links can't be shared")
    if link and not link.startswith(("http://", "https://")):
        raise GraphError(1609005, message="(#1609005) The link could not be scraped")
    previous = next((post for post in reversed(pages.posts.values()) if post.account_id == node), None)
    same = previous and not attached and (previous.text, previous.facts.get("link")) == (text, link)
    if same and pages.toggle["refuse_duplicates"]:
        raise GraphError(506, message="(#506) Duplicate status message")
    photos = [_staged(call, photo) for photo in attached]
    facts: dict[str, Any] = {"app_id": app_id, "link": link, "photos": attached}
    if public := call.text("published", "true") != "false":
        kind = "carousel" if len(photos) > 1 else "photo" if photos else "text"
    else:
        kind, facts["scheduled_at"] = "text", _scheduled(call)
    post = pages.add(
        node,
        kind,
        text=text,
        items=tuple(photo.item for photo in photos),
        alt_texts=tuple(photo.alt_text for photo in photos),
        public=public,
        facts=facts,
    )
    for photo in photos:
        photo.post_id = post.id
    return _with_fields(call, {"id": post.id}, lambda: post_node(call, post), "PagePost")


def stage_photo(call: Call, node: str) -> Answer:
    """A picture, by its address or its bytes: published at once, or kept until it is in a post."""
    app_id, pages = authorise(call, node, "publish").client_id, Pages.of(call.world)
    file = call.request.FILES.get("source")
    if file is None and not call.text("url"):
        raise GraphError(324, message="(#324) Requires upload file")
    body = file.read() if file else media.pull(call.world, call.text("url"))
    photo = Photo(
        id=call.world.new_id("photo", prefix="7", length=15),
        page=node,
        item=_picture(call, body),
        alt_text=call.text("alt_text_custom"),
    )
    pages.photos[photo.id] = photo
    if call.text("published", "true") == "false":
        return {"id": photo.id}
    text, facts = call.text("message") or call.text("caption"), {"app_id": app_id, "photos": [photo.id]}
    alt_texts = (photo.alt_text,)
    post = pages.add(node, "photo", text=text, items=(photo.item,), alt_texts=alt_texts, facts=facts)
    photo.post_id = post.id
    return {"id": photo.id, "post_id": post.id}


def photo_story(call: Call, node: str) -> Answer:
    app_id = authorise(call, node, "publish").client_id
    photo = _staged(call, call.text("photo_id"), again=False)
    facts = {"app_id": app_id, "media_id": photo.id}
    post = Pages.of(call.world).add(node, "story", items=(photo.item,), facts=facts)
    photo.post_id = post.id
    return {"success": True, "post_id": post.id}


def change_post(call: Call, node: str) -> Answer:
    post = _own(call, node)
    post.text = call.text("message", post.text)
    return {"success": True}


def delete_post(call: Call, node: str) -> Answer:
    del Pages.of(call.world).posts[_own(call, node).id]
    return {"success": True}


def delete_photo(call: Call, node: str) -> Answer:
    pages = Pages.of(call.world)
    authorise(call, pages.photos[node].page, "publish")
    del pages.photos[node]
    return {"success": True}


def _attached(call: Call) -> list[str]:
    try:
        given = call.structure("attached_media") if call.params.get("attached_media") else []
        return [str(each["media_fbid"]) for each in given]
    except (KeyError, TypeError, ValueError):
        raise GraphError(100, message="(#100) Param attached_media must be an array of media_fbid") from None


def _staged(call: Call, photo_id: str, *, again: bool = True) -> Photo:
    pages = Pages.of(call.world)
    photo = pages.photos.get(photo_id)
    if photo is None or call.token is None or photo.page != call.token.page:
        raise GraphError(100, message=f"(#100) {photo_id} is no photo of this Page")
    if photo.post_id and not (again and pages.toggle["photos_reusable"]):
        raise GraphError(100, 1366051, message="(#100) These photos were already posted.")
    return photo


def _picture(call: Call, body: bytes) -> Item:
    """Return a decoded picture, or refuse it."""
    try:
        with Image.open(io.BytesIO(body)) as image:
            image.load()
            kind, (width, height) = image.format or "", image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        kind, width, height = "", 0, 0
    if kind not in PICTURES or len(body) > Pages.of(call.world).toggle["picture_bytes"]:
        raise GraphError(100, 1366046, message="(#100) Your photos couldn't be uploaded.")
    mime = f"image/{kind.lower()}"
    return Item(kind="image", url=call.text("url"), body=body, mime=mime, width=width, height=height)


def _scheduled(call: Call) -> float:
    now, given = call.world.now(), call.text("scheduled_publish_time")
    at = float(given) if given.isdecimal() else 0.0
    if not now + 10 * MINUTE <= at <= now + 30 * DAY:
        raise GraphError(100, message="(#100) The specified scheduled publish time is invalid.")
    return at


def _own(call: Call, node: str) -> Post:
    post = Pages.of(call.world).posts[node]
    token = authorise(call, post.account_id, "publish")
    if post.facts["app_id"] != token.client_id:
        raise GraphError(200, message="(#200) The post was not created by the application.")
    return post


def _with_fields(call: Call, answer: dict[str, Any], node: Callable[[], dict[str, Any]], kind: str) -> Answer:
    """Read after write: with ``fields`` a POST answers with those of what it made."""
    wanted = fields_of(call.text("fields"))
    return select(node(), wanted, kind, ("id",)) if wanted else answer


EDGES: Final = edges(
    (
        "POST", "page", "feed", feed,
        "message link attached_media published scheduled_publish_time place targeting text_format_preset_id",
    ),
    ("POST", "page", "photos", stage_photo, "url message caption published temporary alt_text_custom"),
    ("POST", "page", "photo_stories", photo_story, "photo_id"),
    ("POST", "post", "", change_post, "message"),
    ("DELETE", "post", "", delete_post, ""),
    ("DELETE", "photo", "", delete_photo, ""),
    hosts=ONLY_HERE,
)  # fmt: skip

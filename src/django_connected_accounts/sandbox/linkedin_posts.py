"""LinkedIn's posts, little text, comments and statistics. See `linkedin`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.http import HttpResponse, JsonResponse

from .ids import digits
from .linkedin import API, ORGANIZATION, WWW, Error, LinkedIn, acting, denied, gateway
from .linkedin_account import TABLE
from .linkedin_media import asset_status, initialize, state, upload
from .platform import Post
from .records import Item
from .routing import Answer, Call, Route

__all__ = ["LinkedIn"]

BODY: Final = frozenset(
    {
        "author", "commentary", "visibility", "distribution", "lifecycleState", "isReshareDisabledByAuthor",
        "content", "reshareContext", "contentLandingPage", "contentCallToActionLabel",
    }
)  # fmt: skip
VISIBILITIES: Final = {"PUBLIC", "CONNECTIONS", "LOGGED_IN"}
CONTENTS: Final = {"media", "multiImage", "article", "poll"}
DURATIONS: Final = {"ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS"}
WINDOW: Final = 600.0
LONGEST, LONGEST_COMMENT = 3000, 1250
ELEMENT: Final = re.compile(
    r"\\[|{}@\[\]()<>#\\*_~]|@\[[^\]]+\]\(urn:li:(?:person|organization):[\w-]+\)"
    r"|\{hashtag\|\\?#\|(\w+)\}|#\w+|[^|{}@\[\]()<>#\\*_~]"
)
MEMBER_METRICS: Final = ("IMPRESSION", "MEMBERS_REACHED", "RESHARE", "REACTION", "COMMENT")


def create(call: Call) -> Answer:
    """Post: the one call that must not be repeated."""
    platform, author = LinkedIn.of(call.world), call.text("author")
    access = acting(call, "partnerApiPostsExternal.CREATE", author)
    call.accept(BODY)
    for name in ("author", "visibility", "distribution", "lifecycleState"):
        if not call.params.get(name):
            raise Error(422, "MISSING_FIELD", f"{name} is required", inputs=True)
    commentary, content = call.text("commentary"), call.structure("content") or {}
    if len(commentary) > LONGEST:
        text = f"commentary length {len(commentary)} exceeds maximum {LONGEST}"
        raise Error(400, "FIELD_LENGTH_TOO_LONG", text)
    _refuse_odd(call, content)
    items, alts = _items(platform, content, author)
    twin = _twin(platform, author, commentary, content)
    if twin:
        text = f"Content is a duplicate of {twin}"
        raise Error(422, "DUPLICATE_POST", text, inputs=True)
    urn = f"urn:li:share:{digits(call.world.unique('share'), prefix='73', length=19)}"
    shown, truncated = _read(commentary)
    organization = platform.organizations.get(author)
    platform.posts[urn] = Post(
        id=urn,
        account_id=author,
        username=organization.vanity if organization else platform.members[access.person].username,
        kind=items[0].kind if items else next(iter(content), "text"),
        path=f"/feed/update/{urn}/",
        timestamp=call.world.now(),
        text=shown,
        items=items,
        alt_texts=alts,
        public=call.text("visibility") != "CONNECTIONS",
        facts={"truncated": truncated, "content": content},
    )
    platform.facts[urn] = {
        "commentary": commentary,
        "content": content,
        "visibility": call.text("visibility"),
    }
    return HttpResponse(status=201, headers={"x-restli-id": urn})


def find(call: Call) -> Answer:
    platform, author = LinkedIn.of(call.world), call.text("author")
    call.accept({"q", "author", "count", "sortBy", "start", "viewContext"})
    scope = "r_organization_social" if author.startswith(ORGANIZATION) else "r_member_social"
    access = gateway(
        call, "partnerApiPostsExternal.FINDER-author", *([] if _open(platform, author) else [scope])
    )
    if author.startswith(ORGANIZATION) and not platform.role(access, author):
        raise denied("partnerApiPostsExternal.FINDER-author")
    mine = [post for post in reversed(platform.posts.values()) if post.account_id == author]
    return {"elements": [_row(platform, post) for post in mine[: int(call.text("count", "10"))]]}


def node(call: Call, urn: str) -> Answer:
    """One post: read it where that is allowed, or delete it."""
    platform = LinkedIn.of(call.world)
    post = platform.posts.get(urn)
    access = gateway(call, f"partnerApiPostsExternal.{call.method}")
    if post is None:
        raise Error(404, "NOT_FOUND", "Not found")
    page = post.account_id.startswith(ORGANIZATION)
    if call.method == "DELETE":
        acting(call, "partnerApiPostsExternal.DELETE", post.account_id)
        del platform.posts[urn]
        if not platform.toggle["ghosts"]:
            del platform.facts[urn]
        return HttpResponse(status=204)
    if (page and "r_organization_social" not in access.scopes) or not (
        page or _open(platform, post.account_id)
    ):
        raise denied("partnerApiPostsExternal.GET")
    return _row(platform, post)


def comments(call: Call, urn: str) -> Answer:
    platform = LinkedIn.of(call.world)
    post = platform.posts.get(urn)
    if call.method == "GET":
        gateway(
            call,
            "socialActions.GET",
            "r_organization_social",
            *(["w_member_social"] if platform.toggle["members_read"] else []),
        )
        return {"elements": list(post.comments) if post else []}
    actor = call.text("actor")
    access = acting(call, "socialActions.CREATE", actor)
    call.accept({"actor", "object", "message", "parentComment"})
    if post is None:
        raise Error(404, "NOT_FOUND", "Not found")
    number = digits(call.world.unique("comment"), prefix="73", length=19)
    text = (call.structure("message") or {}).get("text", "")
    if not 0 < len(text) <= LONGEST_COMMENT:
        raise Error(400, "FIELD_LENGTH_TOO_LONG", f"message length {len(text)} exceeds {LONGEST_COMMENT}")
    name = platform.members[access.person].username
    post.comments.append(
        {"id": number, "actor": actor, "username": name, "text": text, "message": {"text": text}}
    )
    return JsonResponse({"id": number}, status=201, headers={"x-restli-id": number})


def page_statistics(call: Call) -> Answer:
    access = gateway(call, "organizationalEntityShareStatistics.FINDER", "rw_organization_admin")
    call.accept({"q", "organizationalEntity", "shares", "ugcPosts", "timeIntervals"})
    platform, urn = LinkedIn.of(call.world), call.text("organizationalEntity")
    if platform.role(access, urn) != "ADMINISTRATOR":
        raise denied("organizationalEntityShareStatistics.FINDER")
    numbers = {"impressionCount": 940, "uniqueImpressionsCount": 611, "clickCount": 31, "likeCount": 12}
    total = {**numbers, "commentCount": 3, "shareCount": 1, "engagement": 0.05}
    return {"elements": [{"organizationalEntity": urn, "totalShareStatistics": total}]}


def member_statistics(call: Call) -> Answer:
    gateway(call, "memberCreatorPostAnalytics.FINDER", "r_member_postAnalytics")
    call.accept({"q", "entity", "queryType", "aggregation"})
    metric = call.text("queryType")
    if metric not in MEMBER_METRICS:
        raise Error(400, "INVALID_VALUE_FOR_FIELD", "queryType is invalid")
    return {"elements": [{"count": len(metric), "metricType": metric}]}


def _refuse_odd(call: Call, content: Mapping[str, Any]) -> None:
    images, poll = (content.get("multiImage") or {}).get("images"), content.get("poll")
    article = content.get("article", {"source": "none"})
    fits = {
        "visibility": call.text("visibility") in VISIBILITIES,
        "lifecycleState": call.text("lifecycleState") == "PUBLISHED",
        "content": len(content) <= 1 and set(content) <= CONTENTS,
        "content.multiImage": images is None or 2 <= len(images) <= 20,
        "content.article": bool(article.get("source")),
        "content.poll": poll is None or _is_poll(poll),
    }
    for name, fit in fits.items():
        if not fit:
            raise Error(400, "INVALID_VALUE_FOR_FIELD", f"{name} is invalid")


def _is_poll(poll: Mapping[str, Any]) -> bool:
    texts = [str(option.get("text", "")) for option in poll.get("options", ())]
    asked, duration = str(poll.get("question", "")), (poll.get("settings") or {}).get("duration")
    fit = 2 <= len(texts) <= 4 and all(0 < len(text) <= 30 for text in texts)
    return fit and 0 < len(asked) <= 140 and duration in DURATIONS


def _items(
    platform: LinkedIn, content: Mapping[str, Any], author: str
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    rows = (content.get("multiImage") or {}).get("images") or [content.get("media")]
    items = []
    for row in (row for row in rows if row):
        asset = platform.uploads.get(str(row.get("id")))
        if asset is None or asset.owner != author:
            raise Error(400, "INVALID_IMAGE_ID", "The media is unknown or belongs to another")
        status = state(platform, asset)
        if asset.kind == "video" and status != "AVAILABLE":
            raise Error(
                400, f"MEDIA_ASSET_{'WAITING_UPLOAD' if status != 'PROCESSING_FAILED' else status}", status
            )
        if asset.item:
            items.append(asset.item)
    if (
        content.get("media")
        and items
        and items[0].kind not in ("image", "video")
        and not content["media"].get("title")
    ):
        raise Error(400, "MISSING_FIELD", "title is required")
    return tuple(items), tuple(str(row.get("altText", "")) for row in rows if row)


def _twin(platform: LinkedIn, author: str, commentary: str, content: Mapping[str, Any]) -> str:
    if not platform.toggle["deduplicates"]:
        return ""
    since = platform.world.now() - WINDOW
    for urn, made in platform.facts.items():
        post = platform.posts.get(urn)
        recent = post is None or (post.account_id == author and post.timestamp > since)
        if recent and (made["commentary"], made["content"]) == (commentary, content):
            return urn
    return ""


def _read(commentary: str) -> tuple[str, bool]:
    """Return what LinkedIn shows of little text: nothing from the first sign on that should be escaped."""
    shown, end = [], 0
    for found in ELEMENT.finditer(commentary):
        if found.start() != end:
            break
        end = found.end()
        sign = found[0]
        shown.append(f"#{found[1]}" if found[1] else sign[1:] if sign.startswith("\\") else sign)
    return "".join(shown), end != len(commentary)


def _row(platform: LinkedIn, post: Post) -> dict[str, Any]:
    made = platform.facts[post.id]
    at = int(post.timestamp * 1000)
    commentary = re.sub(r"(?<![\\|])#(\w+)", r"{hashtag|\\#|\1}", made["commentary"])
    return {
        "id": post.id,
        "author": post.account_id,
        "commentary": commentary,
        "visibility": made["visibility"],
        "lifecycleState": "PUBLISHED",
        "content": made["content"],
        "createdAt": at,
        "publishedAt": at,
        "lastModifiedAt": at,
    }


def _open(platform: LinkedIn, author: str) -> bool:
    return bool(platform.toggle["members_read"]) and not author.startswith(ORGANIZATION)


_TABLE: Final[tuple[tuple[str, str, str, Callable[..., Answer]], ...]] = (
    (API, "POST", "/rest/posts", create),
    (API, "GET", "/rest/posts", find),
    (API, "GET", "/rest/posts/(urn:li:[^/]+)", node),
    (API, "DELETE", "/rest/posts/(urn:li:[^/]+)", node),
    (API, "POST", "/rest/(images|videos|documents)", initialize),
    (API, "GET", "/rest/(images|videos|documents)/(urn:li:[^/]+)", asset_status),
    (WWW, "PUT", r"/dms-uploads/(\w+)/(\w+)", upload),
    (API, "GET", "/rest/socialActions/(urn:li:[^/]+)/comments", comments),
    (API, "POST", "/rest/socialActions/(urn:li:[^/]+)/comments", comments),
    (API, "GET", "/rest/organizationalEntityShareStatistics", page_statistics),
    (API, "GET", "/rest/memberCreatorPostAnalytics", member_statistics),
)
LinkedIn.routes = tuple(Route(*row) for row in (*TABLE, *_TABLE))

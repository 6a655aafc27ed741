"""X's posts: created, deleted, looked up and listed, with short links and weighted texts.

Follows the X contract of 2026-11-22, sections 4, 6, 11 and 13; see `twitter` for what is not done.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timezone
from typing import Any, Final

from django.http import JsonResponse

from .platform import Post
from .records import DAY
from .routing import Answer, Call
from .twitter_api import TYPES, Asked, Problem, Twitter, Wire, fields_of, invalid, refuse_unpaid
from .twitter_uploads import Upload

CREATE: Final = {
    "text", "media", "poll", "reply", "quote_tweet_id", "reply_settings", "community_id",
    "share_with_followers", "geo", "card_uri", "direct_message_deep_link", "nullcast",
    "for_super_followers_only", "made_with_ai", "paid_partnership", "edit_options",
}  # fmt: skip
EXCLUSIVE: Final = ("media", "poll", "quote_tweet_id", "card_uri")
REPLIERS: Final = {"following", "mentionedUsers", "subscribers", "verified"}
LINK: Final = re.compile(
    r"(?<![A-Za-z0-9_@#$./-])(?:https?://)?(?:[a-z0-9-]+\.)+(?:com|org|net|info|io|co|dev|app|de|uk|jp)(?![\w@-])"
    r"(?:/(?:\S*[\w/=-])?)?",
    re.I,
)
PICTOGRAM: Final = "[\u203c-\u3299\U0001f000-\U0001faff]"
EMOJI: Final = re.compile(
    f"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}"
    f"|{PICTOGRAM}[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
    f"(?:\u200d{PICTOGRAM}[\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
CASHTAG: Final = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}\b")


def length(text: str) -> int:
    """Return the weighted length of a text."""
    plain = LINK.sub("\0" * 23, unicodedata.normalize("NFC", text))
    rest, emoji = EMOJI.subn("", plain)
    light = sum(
        c <= "\u10ff" or "\u2000" <= c <= "\u200d" or "\u2010" <= c <= "\u201f" or "\u2032" <= c <= "\u2037"
        for c in rest
    )
    return 2 * emoji + 2 * len(rest) - light


def create(asked: Asked) -> Answer:
    call, platform, member = asked.call, asked.platform, asked.member
    _refuse_odd_body(call)
    refuse_unpaid(platform)
    text, said = call.text("text"), call.params
    used = _uploads(asked)
    _refuse(asked, text, used)
    world = call.world
    parent = (said.get("reply") or {}).get("in_reply_to_tweet_id", "")
    items = tuple(upload.item for upload in used if upload.item)
    tweet_id = platform.new_id()
    post = Post(
        id=tweet_id,
        account_id=member.id,
        username=member.username,
        kind="poll" if said.get("poll") else items[0].kind if items else "text",
        path=f"/{member.username}/status/{tweet_id}",
        timestamp=world.now(),
        text=text,
        items=items,
        alt_texts=tuple(upload.alt_text for upload in used),
        public=not parent,
        facts={name: said[name] for name in ("poll", "reply_settings", "made_with_ai") if name in said},
    )
    if parent:
        root = platform.wires[parent]
        while above := platform.wires.get(root.parent):
            root = above
        root.post.comments.append({"id": post.id, "username": post.username, "text": post.text})
    platform.posts[post.id] = post
    platform.wires[post.id] = _wire(platform, post, [upload.key for upload in used], parent)
    platform.spent += 0.2 if LINK.search(text) else 0.015
    return JsonResponse({"data": _row(platform, platform.wires[post.id], set())}, status=201)


def delete(asked: Asked, tweet_id: str) -> Answer:
    asked.call.accept(())
    wire = asked.platform.wires.get(tweet_id)
    if wire is None:
        return {"data": {"deleted": False}}
    if wire.post.account_id != asked.member.id:
        raise Problem(403, "Forbidden", "You are not permitted to delete this Tweet.")
    del asked.platform.wires[tweet_id], asked.platform.posts[tweet_id]
    return {"data": {"deleted": True}}


def lookup(asked: Asked, tweet_id: str = "") -> Answer:
    """One post, or those of ``ids``; what is gone is said in ``errors`` of an answer with status 200."""
    call, platform = asked.call, asked.platform
    refuse_unpaid(platform, reading=True)
    call.accept({"ids", "tweet.fields", "media.fields", "expansions"})
    wanted, ids = fields_of(call, "tweet"), [tweet_id] if tweet_id else call.text("ids").split(",")
    rows, errors, shown = [], [], []
    for one in ids:
        wire = platform.wires.get(one)
        if wire is None:
            errors.append(_missing(one))
            continue
        row = _row(platform, wire, wanted)
        hidden = {"non_public_metrics", "organic_metrics"} & wanted
        if wire.post.account_id != asked.member.id or call.world.now() > wire.post.timestamp + 30 * DAY:
            errors += [_unauthorized(one, name) for name in sorted(hidden)]
            row = {name: value for name, value in row.items() if name not in hidden}
        rows.append(row)
        shown += wire.media_keys
    answer: dict[str, Any] = {}
    if rows:
        answer["data"] = rows[0] if tweet_id else rows
    if errors:
        answer["errors"] = errors
    if "attachments.media_keys" in call.text("expansions") and shown:
        metrics = (
            {"public_metrics": {"view_count": 12}} if "public_metrics" in fields_of(call, "media") else {}
        )
        answer["includes"] = {"media": [{"media_key": key, "type": "photo", **metrics} for key in shown]}
    return answer


def timeline(asked: Asked, user_id: str) -> Answer:
    """An account's posts and replies, newest first; they may show up with delay."""
    call, platform = asked.call, asked.platform
    refuse_unpaid(platform, reading=True)
    call.accept({"start_time", "max_results", "exclude", "tweet.fields", "pagination_token"})
    size = int(call.text("max_results", "10"))
    if not 5 <= size <= 100:
        raise invalid("max_results", size, "`max_results` must be between 5 and 100")
    since = 0.0
    if call.text("start_time"):
        try:
            since = datetime.strptime(call.text("start_time"), "%Y-%m-%dT%H:%M:%S%z").timestamp()
        except ValueError:
            raise invalid("start_time", call.text("start_time"), "invalid start_time") from None
    latest = call.world.now() - float(platform.toggle["timeline_delay"])
    rows = [
        _row(platform, wire, fields_of(call, "tweet"))
        for wire in reversed(platform.wires.values())
        if wire.post.account_id == user_id and since <= wire.post.timestamp <= latest
        if not ("replies" in call.text("exclude") and wire.parent)
    ]
    first = int(call.text("pagination_token", "0"))
    page = rows[first : first + size]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
    if first + size < len(rows):
        meta["next_token"] = str(first + size)
    return {"data": page, "meta": meta} if page else {"meta": meta}


def _refuse_odd_body(call: Call) -> None:
    said = call.params
    for name in said:
        if name not in CREATE:
            raise invalid(name, said[name], f"[$.{name}] is not defined in the schema")
    if len([name for name in EXCLUSIVE if said.get(name)]) > 1:
        raise invalid("media", "", f"{', '.join(EXCLUSIVE)} are mutually exclusive")
    settings = said.get("reply_settings")
    if settings is not None and settings not in REPLIERS:
        raise invalid("reply_settings", settings, f"must be one of {sorted(REPLIERS)}")
    poll = said.get("poll")
    if poll is not None:
        options, minutes = poll.get("options", []), poll.get("duration_minutes", 0)
        if not 2 <= len(options) <= 4 or not all(1 <= len(text) <= 25 for text in options):
            raise invalid("poll.options", options, "2 to 4 options of 1 to 25 characters")
        if not 5 <= minutes <= 10_080:
            raise invalid("poll.duration_minutes", minutes, "must be between 5 and 10080")


def _uploads(asked: Asked) -> list[Upload]:
    """Return the media of the post, or refuse what is not ready, is another's or has expired."""
    ids = (asked.call.params.get("media") or {}).get("media_ids", [])
    found = [asked.platform.uploads.get(media_id) for media_id in ids]
    now = asked.call.world.now()
    good = [u for u in found if u and u.owner == asked.member.id and u.state(now) == "succeeded"]
    if len(good) != len(ids) or len(ids) > 4 or (len(ids) > 1 and any(u.moving for u in good)):
        raise invalid("media.media_ids", ids, "Your media IDs are invalid.")
    return good


def _refuse(asked: Asked, text: str, used: list[Upload]) -> None:
    call, platform = asked.call, asked.platform
    toggle, said = platform.toggle, call.params
    if toggle["muzzled"]:
        raise Problem(403, "Forbidden", "You are not permitted to perform this action.")
    if toggle["suspended"]:
        detail = "Your account is suspended and is not permitted to access this feature."
        raise Problem(403, "Forbidden", detail)
    if not text and not used:
        raise invalid("text", "", "text or media is required")
    paying = platform.subscriptions.get(asked.token.person, "None") != "None"
    if length(text) > (25_000 if paying else 280):
        raise Problem(int(toggle["too_long_status"]), "Forbidden", "Your Tweet text is too long.")
    film = used[0].item if used else None
    if film and film.kind == "video" and (film.duration or 0) > 140 and not paying:
        detail = "This user is not allowed to post a video longer than 2 minutes."
        raise Problem(403, "Forbidden", detail)
    if toggle["self_serve"] and len(CASHTAG.findall(text)) > 1:
        raise Problem(403, "Forbidden", "Posts are limited to a maximum of one cashtag.")
    if said.get("quote_tweet_id") and toggle["self_serve"]:
        raise Problem(403, "Forbidden", "Quoting this post is not allowed because of your access level.")
    parent = (said.get("reply") or {}).get("in_reply_to_tweet_id")
    if parent:
        target = platform.wires.get(parent)
        if target is None:
            detail = "You attempted to reply to a Tweet that is deleted or not visible to you."
            raise Problem(403, "Forbidden", detail)
        summoned = f"@{asked.member.username}" in target.post.text
        if toggle["self_serve"] and target.post.account_id != asked.member.id and not summoned:
            detail = "Reply to this conversation is not allowed because you have not been mentioned or "
            raise Problem(403, "Forbidden", detail + "otherwise engaged by the author of the post.")
    since = call.world.now() - float(toggle["duplicate_seconds"])
    for post in platform.posts.values():
        same = post.account_id == asked.member.id and post.text == text and not (post.items or used)
        if text and same and post.timestamp > since:
            detail = "You are not allowed to create a Tweet with duplicate content."
            raise Problem(403, "Forbidden", detail)


def _wire(platform: Twitter, post: Post, keys: list[str], parent: str) -> Wire:
    """Return a post as the API shows it: escaped, every link a short one, one more for its media."""
    urls: list[dict[str, Any]] = []

    def shorten(full: str, shown: str = "", **more: Any) -> str:
        url = f"https://t.co/{platform.world.new_word('link', length=10)}"
        expanded = full if "://" in full else f"http://{full}"
        urls.append({"url": url, "expanded_url": expanded, "display_url": shown or full, **more})
        return url

    text = unicodedata.normalize("NFC", post.text)
    for sign, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, escaped)
    text = LINK.sub(lambda found: shorten(found[0].replace("&amp;", "&")), text)
    if keys:
        address = f"https://x.com{post.path}/{'video' if post.items[0].kind == 'video' else 'photo'}/1"
        text = f"{text} {shorten(address, 'pic.x.com', media_key=keys[0])}".strip()
    return Wire(post=post, text=text, urls=urls, media_keys=keys, parent=parent)


def _row(platform: Twitter, wire: Wire, wanted: set[str]) -> dict[str, Any]:
    post, newer = wire.post, platform.toggle["names"] == "post"
    at = datetime.fromtimestamp(post.timestamp, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    whole = {"text": wire.text, "entities": {"urls": wire.urls}}
    row: dict[str, Any] = {
        "created_at": at,
        "author_id": post.account_id,
        "entities": {"urls": wire.urls} if wire.urls else None,
        "attachments": {"media_keys": wire.media_keys} if wire.media_keys else None,
        "note_tweet": whole if length(post.text) > 280 else None,
        "public_metrics": {
            ("repost_count" if newer else "retweet_count"): 1, "reply_count": len(post.comments),
            "like_count": 7, "quote_count": 0, "bookmark_count": 0, "impression_count": 203,
        },
        "non_public_metrics": {
            "impressions": 203, "url_link_clicks": 4, "user_profile_clicks": 2, "engagements": 9,
        },
        "organic_metrics": {"impression_count": 203},
    }  # fmt: skip
    text = wire.text if len(wire.text) <= 280 else wire.text[:277] + "…"
    history = "edit_history_post_ids" if newer else "edit_history_tweet_ids"
    chosen = {name: value for name, value in row.items() if name in wanted and value is not None}
    return {"id": post.id, "text": text, history: [post.id], **chosen}


def _missing(tweet_id: str) -> dict[str, Any]:
    return {
        "value": tweet_id,
        "detail": f"Could not find tweet with ids: [{tweet_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": tweet_id,
        "type": f"{TYPES}resource-not-found",
    }


def _unauthorized(tweet_id: str, name: str) -> dict[str, Any]:
    return {
        "resource_id": tweet_id,
        "field": f"tweet.{name}",
        "title": "Field Authorization Error",
        "detail": f"Sorry, you are not authorized to access 'tweet.{name}' on the Tweet: {tweet_id}.",
        "type": f"{TYPES}not-authorized-for-field",
    }

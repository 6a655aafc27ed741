"""TikTok's publishing: creator info, direct posts, inbox drafts, uploads in pieces, status. See `tiktok`."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, Final

import requests
from django.http import HttpResponse
from PIL import Image

from .ids import digits
from .media import film
from .platform import Member
from .records import DAY, Item
from .routing import Answer, Call, Route
from .tiktok import API, UPLOAD, Error, Publish, TikTok, authorise, count, ok
from .tiktok_account import revoke, token, user_info, videos

__all__ = ["TikTok"]

POST_INFO: Final = frozenset(
    {
        "title", "description", "privacy_level", "disable_duet", "disable_comment", "disable_stitch",
        "video_cover_timestamp_ms", "brand_content_toggle", "brand_organic_toggle", "is_aigc",
        "auto_add_music",
    }
)  # fmt: skip


def creator_info(call: Call) -> Answer:
    access, platform = authorise(call, "video.publish"), TikTok.of(call.world)
    count(call, access, "creator_info")
    member = platform.members[access.person]
    _check_cap(platform, member, status=200)
    return ok(
        call,
        {
            "creator_avatar_url": platform.portrait(member),
            "creator_username": member.username,
            "creator_nickname": member.name,
            "privacy_level_options": list(platform.options()),
            "comment_disabled": False,
            "duet_disabled": platform.toggle["duet_disabled"],
            "stitch_disabled": platform.toggle["duet_disabled"],
            "max_video_post_duration_sec": platform.toggle["max_seconds"],
        },
    )


def init_video(call: Call, inbox: str) -> Answer:
    call.accept({"source_info"} if inbox else {"post_info", "source_info"})
    publish = _begin(call, direct=not inbox, mark="v_inbox" if inbox else "v_pub")
    source = call.structure("source_info") or {}
    platform = TikTok.of(call.world)
    if source.get("source") == "PULL_FROM_URL":
        publish.items = (_pull(call, source.get("video_url", ""), image=False),)
        publish.ready_at = call.world.now() + platform.toggle["processing_seconds"]
        platform.publishes[publish.id] = publish
        return ok(call, {"publish_id": publish.id})
    size, chunk, total = (int(source.get(n, 0)) for n in ("video_size", "chunk_size", "total_chunk_count"))
    whole = size == chunk and total == 1
    if size <= 0 or total != max(1, size // chunk) or (not whole and not 5_000_000 <= chunk <= 64_000_000):
        raise Error("invalid_params", message="The chunk size or count is invalid")
    publish.size, publish.chunk = size, chunk
    platform.publishes[publish.id] = publish
    url = f"https://{UPLOAD}/video/?upload_id={publish.id[-19:]}&upload_token={call.world.new_word('upload')}"
    return ok(call, {"publish_id": publish.id, "upload_url": url})


def init_photos(call: Call) -> Answer:
    call.accept({"media_type", "post_mode", "post_info", "source_info"})
    direct = call.text("post_mode") == "DIRECT_POST"
    publish = _begin(call, direct=direct, mark="p_pub_url" if direct else "p_inbox_url")
    source = call.structure("source_info") or {}
    urls = source.get("photo_images", [])
    if call.text("media_type") != "PHOTO" or not 1 <= len(urls) <= 35:
        raise Error("invalid_params")
    publish.items = tuple(_pull(call, url, image=True) for url in urls)
    platform = TikTok.of(call.world)
    publish.ready_at = call.world.now() + platform.toggle["processing_seconds"]
    platform.publishes[publish.id] = publish
    return ok(call, {"publish_id": publish.id})


def upload(call: Call) -> Answer:
    """A piece of a film: 206 and more is expected, 201 and all is there; 416 says where to go on."""
    platform = TikTok.of(call.world)
    given = call.text("upload_id")
    publish = next((p for p in platform.publishes.values() if p.size and p.id.endswith(given)), None)
    if publish is None:
        return HttpResponse(status=404)
    if call.world.now() > publish.began_at + 3600:
        return HttpResponse(status=403)
    range_ = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", call.request.headers.get("Content-Range", ""))
    body = call.request.body
    if range_ is None or int(range_[3]) != publish.size or int(range_[2]) - int(range_[1]) + 1 != len(body):
        return HttpResponse(status=400)
    stored = len(publish.body)
    last = int(range_[2]) + 1 == publish.size
    small = len(body) < publish.chunk and not last
    if int(range_[1]) != stored or small:
        return _stored(416, stored, publish.size)
    publish.body += body
    if not last:
        return _stored(206, len(publish.body), publish.size)
    publish.items = (film(bytes(publish.body), ""),)
    publish.ready_at = call.world.now() + platform.toggle["processing_seconds"]
    return _stored(201, publish.size, publish.size)


def status(call: Call) -> Answer:
    call.accept({"publish_id"})
    access, platform = authorise(call, ""), TikTok.of(call.world)
    count(call, access, "status")
    publish = platform.publishes.get(call.text("publish_id"))
    if publish is None:
        raise Error("invalid_publish_id")
    if publish.member is not platform.members[access.person]:
        raise Error("token_not_authorized_for_specified_publish_id", 401)
    how = platform.progress(publish)
    data: dict[str, Any] = {"status": how, "uploaded_bytes": len(publish.body)}
    if how == "FAILED":
        data["fail_reason"] = platform.toggle["fail_reason"]
    moderated = call.world.now() >= (publish.ready_at or 0) + platform.toggle["moderation_seconds"]
    if how == "PUBLISH_COMPLETE" and moderated and platform.posts[publish.post_id].public:
        data["publicaly_available_post_id"] = [int(publish.post_id)]
    return ok(call, data)


def _begin(call: Call, *, direct: bool, mark: str) -> Publish:
    platform = TikTok.of(call.world)
    access = authorise(call, "video.publish" if direct else "video.upload")
    count(call, access, "init")
    member = platform.members[access.person]
    _check_cap(platform, member, status=403)
    info = call.structure("post_info") or {}
    if not set(info) <= POST_INFO or len(str(info.get("title", "")).encode("utf-16-le")) > 4400:
        raise Error("invalid_params")
    if direct:
        if info.get("privacy_level") not in platform.options():
            raise Error("privacy_level_option_mismatch", 403)
        if info["privacy_level"] == "SELF_ONLY" and info.get("brand_content_toggle"):
            raise Error("invalid_params")
        if not platform.toggle["audited"] and info["privacy_level"] != "SELF_ONLY":
            raise Error("unaudited_client_can_only_post_to_private_accounts", 403)
    number = digits(call.world.unique("publish"), length=19)
    return Publish(
        id=f"{mark}~v2-1.{number}", member=member, direct=direct, info=info, began_at=call.world.now()
    )


def _check_cap(platform: TikTok, member: Member, *, status: int) -> None:
    since = platform.world.now() - DAY
    made = sum(
        p.member is member and p.direct and p.began_at > since and bool(p.ready_at)
        for p in platform.publishes.values()
    )
    if made >= platform.toggle["posts_per_day"]:
        raise Error("spam_risk_too_many_posts", status)


def _pull(call: Call, url: str, *, image: bool) -> Item:
    world = call.world
    if not any(url.startswith(prefix) for prefix in TikTok.of(world).toggle["verified_prefixes"]):
        raise Error("url_ownership_unverified", 403)
    try:
        with world.released():
            code, _, body = world.fetch(url)
    except (requests.RequestException, OSError):
        code, body = 0, b""
    if code != 200:
        raise Error("invalid_params", message="The media could not be fetched")
    if not image:
        return film(body, url)
    try:
        with Image.open(io.BytesIO(body)) as picture:
            if picture.format not in ("JPEG", "WEBP"):
                raise Error("invalid_file_upload")
            mime, (width, height) = f"image/{picture.format.lower()}", picture.size
    except OSError:
        raise Error("invalid_file_upload") from None
    return Item(kind="image", url=url, body=body, mime=mime, width=width, height=height)


def _stored(code: int, stored: int, size: int) -> HttpResponse:
    return HttpResponse(status=code, headers={"Content-Range": f"bytes 0-{stored - 1}/{size}"})


_TABLE: Final[tuple[tuple[str, str, Callable[..., Answer]], ...]] = (
    ("POST", "/v2/oauth/token/", token),
    ("POST", "/v2/oauth/revoke/", revoke),
    ("GET", "/v2/user/info/", user_info),
    ("POST", "/v2/video/(?:list|query)/", videos),
    ("POST", "/v2/post/publish/creator_info/query/", creator_info),
    ("POST", "/v2/post/publish/(inbox/)?video/init/", init_video),
    ("POST", "/v2/post/publish/content/init/", init_photos),
    ("POST", "/v2/post/publish/status/fetch/", status),
)
TikTok.routes = (
    *(Route(API, method, path, answer) for method, path, answer in _TABLE),
    Route(UPLOAD, "PUT", "/video/", upload),
)

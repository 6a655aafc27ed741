"""TikTok's publishing: creator info, direct posts, inbox drafts, uploads in pieces, status. See `tiktok`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import requests
from django.http import HttpResponse

from .ids import digits
from .media import film, picture
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
CLOSED: Final = ("comment_disabled", "duet_disabled", "stitch_disabled")
MEGABYTE: Final = 1_000_000
LARGEST: Final = 4_000 * MEGABYTE


def creator_info(call: Call) -> Answer:
    call.accept(())
    access, platform = authorise(call, "video.publish"), TikTok.of(call.world)
    count(call, access, "creator_info")
    member = platform.members[access.person]
    _check_caps(platform, member, direct=True, status=200)
    return ok(
        call,
        {
            "creator_avatar_url": platform.portrait(member),
            "creator_username": member.username,
            "creator_nickname": member.name,
            "privacy_level_options": list(platform.options()),
            **{name: platform.toggle[name] for name in CLOSED},
            "max_video_post_duration_sec": platform.toggle["max_seconds"],
        },
    )


def init_video(call: Call, inbox: str) -> Answer:
    call.accept({"source_info"} if inbox else {"post_info", "source_info"})
    source, platform = call.structure("source_info") or {}, TikTok.of(call.world)
    pull = source.get("source") == "PULL_FROM_URL"
    mark = ("v_inbox" if inbox else "v_pub") + ("_url~v2" if pull else "_file~v2-1")
    publish = _begin(call, direct=not inbox, mark=mark)
    if pull:
        publish.items = (_pull(call, source.get("video_url", ""), image=False),)
        publish.ready_at = call.world.now() + platform.toggle["processing_seconds"]
        platform.publishes[publish.id] = publish
        return ok(call, {"publish_id": publish.id})
    size, chunk, total = (int(source.get(n, 0)) for n in ("video_size", "chunk_size", "total_chunk_count"))
    least, most = (1, MEGABYTE * 5) if size < 5 * MEGABYTE else (MEGABYTE * 5, MEGABYTE * 64)
    if not 0 < size <= LARGEST or not least <= chunk <= most or total != max(1, size // chunk):
        raise Error("invalid_params", message="The chunk size or count is invalid")
    publish.size, publish.chunk = size, chunk
    platform.publishes[publish.id] = publish
    url = f"https://{UPLOAD}/video/?upload_id={publish.id[-19:]}&upload_token={call.world.new_word('upload')}"
    return ok(call, {"publish_id": publish.id, "upload_url": url})


def init_photos(call: Call) -> Answer:
    call.accept({"media_type", "post_mode", "post_info", "source_info"})
    direct = call.text("post_mode") == "DIRECT_POST"
    publish = _begin(
        call, direct=direct, mark="p_pub_url~v2" if direct else "p_inbox_url~v2", texts=(90, 4000)
    )
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
    publish, platform = _publish(call, count_as="status"), TikTok.of(call.world)
    how = platform.progress(publish)
    data: dict[str, Any] = {"status": how, "uploaded_bytes": len(publish.body)}
    if how == "FAILED":
        data["fail_reason"] = publish.fail_reason
    if how == "PUBLISH_COMPLETE" and platform.is_moderated(publish):
        data["publicaly_available_post_id"] = [int(publish.post_id)]
    return ok(call, data)


def cancel(call: Call) -> Answer:
    publish = _publish(call)
    if TikTok.of(call.world).progress(publish) not in ("PROCESSING_UPLOAD", "PROCESSING_DOWNLOAD"):
        raise Error("publish_not_cancellable")
    publish.fail_reason = "publish_cancelled"
    return ok(call, {})


def _publish(call: Call, count_as: str = "") -> Publish:
    """Return what a call is about, which has to be of this account."""
    call.accept({"publish_id"})
    access, platform = authorise(call, ""), TikTok.of(call.world)
    if count_as:
        count(call, access, count_as)
    publish = platform.publishes.get(call.text("publish_id"))
    if publish is None:
        raise Error("invalid_publish_id")
    if publish.member is not platform.members[access.person]:
        raise Error("token_not_authorized_for_specified_publish_id", 401)
    return publish


def _begin(call: Call, *, direct: bool, mark: str, texts: tuple[int, int] = (2200, 0)) -> Publish:
    """Return what begins, unless it may not. ``texts``: how long title and description may be."""
    platform = TikTok.of(call.world)
    access = authorise(call, "video.publish" if direct else "video.upload")
    count(call, access, "init")
    member = platform.members[access.person]
    _check_caps(platform, member, direct=direct, status=403)
    info = call.structure("post_info") or {}
    lengths = [len(str(info.get(name, "")).encode("utf-16-le")) // 2 for name in ("title", "description")]
    if not set(info) <= POST_INFO or any(n > most for n, most in zip(lengths, texts, strict=True)):
        raise Error("invalid_params")
    if direct:
        _check_choices(platform, info)
    number = digits(call.world.unique("publish"), length=19)
    return Publish(id=f"{mark}.{number}", member=member, direct=direct, info=info, began_at=call.world.now())


def _check_choices(platform: TikTok, info: Mapping[str, Any]) -> None:
    level, toggle = info.get("privacy_level"), platform.toggle
    if level not in platform.options():
        raise Error("privacy_level_option_mismatch", 403)
    if level == "SELF_ONLY" and info.get("brand_content_toggle"):
        raise Error("invalid_params")
    if any(toggle[name] and info.get(f"disable_{name.partition('_')[0]}") is False for name in CLOSED):
        raise Error("invalid_params", message="The creator has switched it off")
    if not toggle["audited"] and (level != "SELF_ONLY" or not toggle["private_account"]):
        raise Error("unaudited_client_can_only_post_to_private_accounts", 403)


def _check_caps(platform: TikTok, member: Member, *, direct: bool, status: int) -> None:
    toggle = platform.toggle
    if toggle["refusal"]:
        raise Error(toggle["refusal"], status)
    since = platform.world.now() - DAY
    begun = [p for p in platform.publishes.values() if p.began_at > since and p.direct is direct]
    mine = [p for p in begun if p.member is member and (p.ready_at if direct else not p.finished)]
    if not direct and len(mine) >= toggle["pending_drafts"]:
        raise Error("spam_risk_too_many_pending_share", status)
    if direct and len(mine) >= toggle["posts_per_day"]:
        raise Error("spam_risk_too_many_posts", status)
    people = {p.member.id for p in begun} | {member.id}
    if direct and not toggle["audited"] and len(people) > toggle["posting_users"]:
        raise Error("reached_active_user_cap", status)


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
    found = picture(body, ("JPEG", "WEBP")) if len(body) <= 20 * MEGABYTE else None
    if found is None:
        raise Error("invalid_file_upload")
    return replace(found, url=url)


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
    ("POST", "/v2/post/publish/cancel/", cancel),
)
TikTok.routes = (
    *(Route(API, method, path, answer) for method, path, answer in _TABLE),
    Route(UPLOAD, "PUT", "/video/", upload),
)

"""TikTok's tokens, profile and videos. See `tiktok`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse, JsonResponse

from . import oauth
from .platform import Post
from .records import DAY
from .routing import Answer, Call, Refusal
from .tiktok import Error, TikTok, authorise, log_id, ok

USER_FIELDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("open_id", "union_id", "display_name"), "user.info.basic"),
    **dict.fromkeys(("avatar_url", "avatar_url_100", "avatar_large_url"), "user.info.basic"),
    **dict.fromkeys(("username", "is_verified", "bio_description", "profile_deep_link"), "user.info.profile"),
    **dict.fromkeys(("follower_count", "following_count", "likes_count", "video_count"), "user.info.stats"),
}
MOST_VIDEOS: Final = 20
GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials")
TOKEN_FIELDS: Final = frozenset(
    {
        "client_key", "client_secret", "code", "grant_type", "redirect_uri", "code_verifier", "refresh_token",
    }
)  # fmt: skip
REFUSALS: Final = {
    "client_unknown": "invalid_client",
    "secret_wrong": "invalid_client",
    "verifier_wrong": "invalid_request",
    "redirect_mismatch": "invalid_request",
    "unsupported_grant_type": "unsupported_grant_type",
}


class OAuthError(Refusal):
    """The flat answers of the token endpoint, by the reason of a failure."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.error = REFUSALS.get(reason, "invalid_grant")

    def respond(self, call: Call) -> HttpResponse:
        told = {"error": self.error, "error_description": str(self), "log_id": log_id(call)}
        return JsonResponse(told, status=200 if TikTok.of(call.world).toggle["error_with_200"] else 400)


def token(call: Call) -> Answer:
    """A code, or a refresh token, to a pair of tokens; the app's own secret to one of the app."""
    call.accept(TOKEN_FIELDS)
    platform, now = TikTok.of(call.world), call.world.now()
    rotating = platform.toggle["profile"] == "rotating"
    if call.text("grant_type") not in GRANT_TYPES:
        raise OAuthError("unsupported_grant_type")
    try:
        if call.text("grant_type") == "client_credentials":
            oauth.client(call, platform.login)
            value = call.world.new_word("client", prefix="clt.", length=60)
            return {"access_token": value, "expires_in": 7200, "token_type": "Bearer"}
        hexadecimal = platform.toggle["hexadecimal_challenge"]
        grant = oauth.granted(call, platform, single_use=rotating, hexadecimal=hexadecimal)
    except oauth.Failure as failure:
        raise OAuthError(failure.reason) from None
    short, long = (2 * 3600, 180 * DAY) if rotating else (DAY, 365 * DAY)
    known: dict[str, Any] = {"client_id": grant.client_id, "person": grant.person, "scopes": grant.scopes}
    known["family"] = grant.family or call.world.new_word("family")
    access = oauth.issue(platform, "access", lifetime=short, prefix="act.", **known)
    refresh = grant.old
    if rotating or refresh is None:
        refresh = oauth.issue(platform, "refresh", lifetime=long, prefix="rft.", **known)
    return {
        "access_token": access.value,
        "expires_in": short,
        "open_id": platform.members[access.person].id,
        "refresh_expires_in": round((refresh.expires_at or now) - now),
        "refresh_token": refresh.value,
        "scope": ",".join(sorted(access.scopes)),
        "token_type": "Bearer",
    }


def revoke(call: Call) -> Answer:
    call.accept({"client_key", "client_secret", "token"})
    found = call.world.tokens.get(call.text("token"))
    if found and found.client_id == call.text("client_key"):
        TikTok.of(call.world).disconnect(found.person, reason=5)
    return HttpResponse(status=200)


def user_info(call: Call) -> Answer:
    call.accept({"fields"})
    access, platform = authorise(call, "user.info.basic"), TikTok.of(call.world)
    member = platform.members[access.person]
    portrait, page = (
        platform.portrait(member),
        f"{platform.world.base_url}/{platform.host}/@{member.username}",
    )
    row = {
        "open_id": member.id,
        "union_id": member.id[::-1],
        **dict.fromkeys(("avatar_url", "avatar_url_100", "avatar_large_url"), portrait),
        "display_name": member.name,
        "username": member.username,
        "is_verified": False,
        "bio_description": "",
        "profile_deep_link": page,
        "follower_count": 120,
        "following_count": 14,
        "likes_count": 40,
        "video_count": sum(post.account_id == member.id for post in platform.posts.values()),
    }
    wanted = call.text("fields").split(",")
    for name in wanted:
        if name not in row:
            raise Error("invalid_params")
        if USER_FIELDS[name] not in access.scopes:
            raise Error("scope_not_authorized", 401)
    return ok(call, {"user": {name: row[name] for name in wanted}})


def videos(call: Call) -> Answer:
    """The public posts of the account, newest first, or those of these ids."""
    call.accept({"fields", "max_count", "cursor", "filters"})
    access, platform = authorise(call, "video.list"), TikTok.of(call.world)
    mine = platform.members[access.person].id
    ids = (call.params.get("filters") or {}).get("video_ids")
    most, cursor = int(call.params.get("max_count", 10)), call.params.get("cursor")
    if not 1 <= most <= MOST_VIDEOS or len(ids or ()) > MOST_VIDEOS:
        raise Error("invalid_params")
    platform.public_posts()
    found = [
        post
        for post in reversed(platform.posts.values())
        if post.account_id == mine
        and post.public
        and (ids is None or post.id in ids)
        and (not cursor or post.timestamp * 1000 < int(cursor))
    ]
    rows = [_row(platform, post) for post in found[:most]]
    wanted = call.text("fields").split(",")
    if rows and not set(wanted) <= set(rows[0]):
        raise Error("invalid_params")
    answer: dict[str, Any] = {"videos": [{name: row[name] for name in wanted} for row in rows]}
    if ids is None:
        last = found[min(most, len(found)) - 1].timestamp if found else call.world.now()
        answer |= {"cursor": int(last * 1000), "has_more": len(found) > most}
    return ok(call, answer)


def _row(platform: TikTok, post: Post) -> dict[str, Any]:
    item, page = post.items[0], platform.permalink(post)
    return {
        "id": post.id,
        "title": post.text[:150],
        "video_description": post.text[:150],
        "create_time": int(post.timestamp),
        "duration": round(item.duration or 0),
        "width": item.width,
        "height": item.height,
        "cover_image_url": f"{page}?cover",
        "share_url": page,
        "embed_html": f'<iframe src="{page}"></iframe>',
        "embed_link": page,
        **dict.fromkeys(("view_count", "like_count", "comment_count", "share_count"), 0),
    }

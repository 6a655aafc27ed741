"""What the public sees: Instagram profiles, posts and stories, with the media that was really fetched."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.http import HttpResponse
from django.utils.html import format_html

from .people import InstagramAccount
from .platform import Platform
from .records import Item, Media
from .rendering import page
from .routing import Answer, Call, Route, Unknown

CDN: Final = "/scontent.cdninstagram.com"
FILES: Final = "_files"
"""Where the media of the platforms beside Instagram is; each of them would have hosts of its own."""


def home(call: Call) -> Answer:
    """Who lives here, and what has been published."""
    people = call.world.people.values()
    return page(
        "home.html", people=people, posts=list(reversed(call.world.posts())), base_url=call.world.base_url
    )


def profile(call: Call, username: str) -> Answer:
    world = call.world
    owner = _owner(call, username)
    if owner is None:
        return _missing()
    live = [m for m in reversed(world.media.values()) if m.account_id == owner.id and world.is_live(m)]
    posts = [_shown(call, media) for media in live if media.kind != "story"]
    stories = [_shown(call, media) for media in live if media.kind == "story"]
    avatar = f"{CDN}/avatar/{owner.id}.svg"
    return page("profile.html", account=owner, avatar=avatar, posts=posts, stories=stories)


def post(call: Call, section: str, shortcode: str) -> Answer:
    world = call.world
    media = next((m for m in world.media.values() if m.shortcode == shortcode and world.is_live(m)), None)
    if media is None:
        return _missing()
    comments = [c for c in world.comments.values() if c.media_id == media.id and not c.hidden]
    owner = world.account(media.account_id)
    avatar = f"{CDN}/avatar/{media.account_id}.svg"
    return page("post.html", post=_shown(call, media), account=owner, avatar=avatar, comments=comments)


def platform_post(call: Call, path: str) -> Answer:
    """A post on a platform beside Instagram, under its permalink."""
    for platform in call.world.platforms.values():
        for post in platform.posts.values():
            if post.public and (platform.host, post.path.partition("?")[0]) == (call.host, path):
                alts = [*post.alt_texts, *[""] * len(post.items)]
                parts = [
                    {"kind": item.kind, "url": f"/{FILES}/{platform.id}/{post.id}/{n}", "alt": alt}
                    for n, (item, alt) in enumerate(zip(post.items, alts, strict=False))
                ]
                return page("platform_post.html", post=post, platform=platform, parts=parts)
    raise Unknown(f"route {call.method} {call.host}{call.path}")


def platform_file(call: Call, platform: str, post_id: str, number: str) -> Answer:
    found = call.world.platforms[platform].posts.get(post_id) if platform in call.world.platforms else None
    items = found.items if found and found.public else ()
    return _file(items[int(number)] if int(number) < len(items) else None)


def no_icon(call: Call) -> Answer:
    """What browsers ask for unbidden."""
    return HttpResponse(status=204)


def media_file(call: Call, kind: str, media_id: str) -> Answer:
    """The bytes of a post, or of one part of a carousel; ``thumbnail`` is a film's cover."""
    for media in call.world.media.values():
        if media_id == media.id:
            return _file(media.cover if kind == "thumbnail" else media.items[0])
        if media_id in media.child_ids:
            return _file(media.items[media.child_ids.index(media_id)])
    return _missing()


def avatar(call: Call, account_id: str) -> Answer:
    """A drawn profile picture: the account's initial on a colour of its own."""
    owner = call.world.account(account_id) or call.world.page(account_id)
    return _portrait(owner.id, owner.name) if owner else _missing()


def portrait(call: Call, platform: str, member_id: str) -> Answer:
    """That of somebody on a platform beside Instagram."""
    known = call.world.platforms[platform].members.values() if platform in call.world.platforms else ()
    member = next((member for member in known if member.id == member_id), None)
    return _portrait(member.id, member.name) if member else _missing()


def _portrait(number: str, name: str) -> HttpResponse:
    svg = format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        '<rect width="96" height="96" fill="hsl({},45%,42%)"/><text x="48" y="62" font-family="sans-serif" '
        'font-size="42" fill="#fff" text-anchor="middle">{}</text></svg>',
        zlib.crc32(number.encode()) % 360,
        name[:1],
    )
    return HttpResponse(svg, content_type="image/svg+xml")


def _owner(call: Call, username: str) -> InstagramAccount | None:
    accounts = (account for person in call.world.people.values() for account in person.accounts())
    return next((account for account in accounts if account.username == username), None)


def _shown(call: Call, media: Media) -> dict[str, Any]:
    names: Sequence[str] = media.child_ids or (media.id,)
    parts = [
        {
            "kind": item.kind,
            "url": f"{CDN}/media/{name}",
            "alt": alt,
            "width": item.width,
            "height": item.height,
        }
        for name, item, alt in zip(names, media.items, media.alt_texts, strict=True)
    ]
    poster = f"{CDN}/thumbnail/{media.id}" if media.cover else ""
    return {"media": media, "permalink": call.world.permalink(media), "parts": parts, "poster": poster}


def _file(item: Item | None) -> HttpResponse:
    if item is None:
        return _missing()
    return HttpResponse(item.body, content_type=item.mime, headers={"X-Content-Type-Options": "nosniff"})


def _missing() -> HttpResponse:
    reason = "The link may be broken, or the page may have been removed."
    return page("blocked.html", status=404, title="Sorry, this page isn't available", reason=reason)


ROUTES: Final = (
    Route("", "GET", "/", home),
    Route("favicon.ico", "GET", "/", no_icon),
    Route("www.instagram.com", "GET", "/(p|reel)/([A-Za-z0-9_-]+)/?", post),
    Route("www.instagram.com", "GET", r"/(stories/[\w.]+)/([A-Za-z0-9_-]+)/?", post),
    Route("www.instagram.com", "GET", r"/([\w.]+)/?", profile),
    Route("scontent.cdninstagram.com", "GET", r"/(media|thumbnail)/(\d+)", media_file),
    Route("scontent.cdninstagram.com", "GET", r"/avatar/(\d+)\.svg", avatar),
    Route(FILES, "GET", r"/(\w+)/([^/]+)\.svg", portrait),
    Route(FILES, "GET", r"/(\w+)/([^/]+)/(\d+)", platform_file),
)


def routes(platforms: Iterable[type[Platform]]) -> tuple[Route, ...]:
    """Return what the public sees, of these platforms too."""
    hosts = sorted({platform.host for platform in platforms})
    return (*ROUTES, *(Route(host, "GET", "(/.*)", platform_post) for host in hosts))

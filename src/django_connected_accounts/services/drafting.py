"""What is sent from an account: the post as it is there, in the platform's own terms."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import BinaryIO, cast

from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Draft, Kind, Media, MediaKind

from . import overriding
from .media import Stored, sent
from .options import publishing
from .serving import public_url


def draft(
    post: Post, account: ConnectedAccount, *, public: bool = False, platforms: Collection[str] = ()
) -> Draft:
    """Return what would be sent from this account, ``public``: with links by which platforms fetch media.

    Options that only another platform of the post knows are left out; ``platforms`` are further ones it is
    about to be sent to.
    """
    merged = overriding.merged(post, account)
    own = post.overrides.get(str(account.pk), {}).get("options", {})
    publishes = publishing(account.platform)
    kind = kind_on(merged.kind, publishes)
    return Draft(
        kind=cast("Kind", kind),
        text=merged.text,
        media=tuple(_media(row, sent(row, account.platform, kind), public) for row in merged.media),
        options={
            name: value
            for name, value in merged.options.items()
            if name in own or not _is_foreign(name, publishes, post, platforms)
        },
        first_comment=merged.first_comment,
    )


def kind_on(kind: str, publishes: Publishes | None) -> str:
    """Return the kind as this platform calls it: one film is a reel here and a video there."""
    if publishes is None or kind in publishes.kinds:
        return kind
    other = {"reel": "video", "video": "reel"}.get(kind)
    return other if other and other in publishes.kinds else kind


def _is_foreign(option: str, publishes: Publishes | None, post: Post, platforms: Collection[str]) -> bool:
    """Say whether a shared option is for another platform of the post, and not for this one."""
    if publishes is None or option in publishes.options:
        return False
    meant = {*platforms, *(account.platform for account in post.accounts.all())}
    return any(option in other.options for other in filter(None, map(publishing, meant)))


def _opened(stored: Stored) -> BinaryIO:
    return cast("BinaryIO", stored.file.open("rb"))


def _media(row: PostMedia, stored: Stored, public: bool) -> Media:
    return Media(
        kind=cast("MediaKind", row.kind),
        mime=stored.mime,
        size=stored.size,
        url=public_url(stored) if public else "",
        open=partial(_opened, stored),
        width=stored.width,
        height=stored.height,
        duration=row.duration,
        colour=stored.colour,
        codec=row.codec,
        frame_rate=row.frame_rate,
        name=row.original_name,
        alt_text=row.alt_text,
        user_tags=row.user_tags,
        cover_url=public_url(row, "cover") if public and row.cover else "",
    )

"""How films are encoded, as each platform takes them: what was not checked is never in the way."""

from __future__ import annotations

from typing import Any, cast

import pytest

from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.facebook import Facebook
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.instagram import Instagram
from django_connected_accounts.providers.threads import Threads
from django_connected_accounts.providers.tiktok import TikTok
from django_connected_accounts.providers.twitter import Twitter
from django_connected_accounts.providers.types import App, Draft, Media

ABOUT_FILMS = {"media_codec", "media_frame_rate"}
TAKE = [
    (Instagram, "reel", {"h264", "hevc"}),
    (Facebook, "reel", {"h264", "hevc"}),
    (Threads, "video", {"h264", "hevc"}),
    (TikTok, "video", {"h264", "hevc", "vp8", "vp9"}),
    (Twitter, "video", {"h264"}),
]


def found(provider: type[Any], kind: Any, **facts: Any) -> set[str]:
    film = Media(kind="video", mime="video/mp4", size=10**6, width=720, height=1280, duration=20.0, **facts)
    platform = cast(Publishes, provider(App(client_id="1"), Http(provider.hosts)))
    return {problem.code for problem in platform.problems(Draft(kind=kind, media=(film,)))} & ABOUT_FILMS


@pytest.mark.parametrize(("provider", "kind", "codecs"), TAKE)
def test_only_what_is_taken_goes_out(provider: type[Any], kind: str, codecs: set[str]) -> None:
    for codec in ("h264", "hevc", "vp8", "vp9", "mpeg4", "prores"):
        assert found(provider, kind, codec=codec) == (set() if codec in codecs else {"media_codec"})
    assert found(provider, kind) == set()


@pytest.mark.parametrize(("provider", "kind", "codecs"), TAKE)
def test_a_rate_that_is_meant_to_be_sixty_is(provider: type[Any], kind: str, codecs: set[str]) -> None:
    assert [found(provider, kind, frame_rate=rate) for rate in (23.976, 29.97, 59.94, 60.02)] == [set()] * 4
    assert found(provider, kind, frame_rate=120.0) == {"media_frame_rate"}

"""However large a film is, only a piece of it is in memory while it is sent."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, BinaryIO

import pytest

from django_connected_accounts.providers.facebook import Facebook
from django_connected_accounts.providers.instagram import Instagram, InstagramLogin
from django_connected_accounts.providers.linkedin import LinkedIn
from django_connected_accounts.providers.threads import Threads
from django_connected_accounts.providers.tiktok import TikTok
from django_connected_accounts.providers.twitter import Twitter
from django_connected_accounts.providers.types import Draft, Media
from django_connected_accounts.testing import sample_draft
from tests.providers.test_remedies import Account

GIGABYTE = 1_000_000_000
MOST = 64_000_000
"""Bytes by which memory may grow, whatever is sent."""

TAKE_BYTES = [
    (TikTok, "video"),
    (LinkedIn, "video"),
    (Twitter, "video"),
    (Facebook, "video"),
    (Facebook, "reel"),
]


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory was in use is counted otherwise there")
@pytest.mark.parametrize(("provider", "kind"), TAKE_BYTES)
def test_a_film_as_large_as_may_be_is_never_whole_in_memory(provider: Any, kind: Any) -> None:
    size = int(min(GIGABYTE, provider.limits["video_bytes"].value))
    command = [sys.executable, "-m", "tests.providers.uploading", provider.id, kind, str(size)]
    sent = subprocess.run(command, capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stderr
    assert int(sent.stdout) < MOST


@pytest.mark.parametrize(
    ("provider", "kind"), [(Instagram, "reel"), (InstagramLogin, "reel"), (Threads, "video")]
)
def test_platforms_that_fetch_media_are_given_none_of_its_bytes(provider: Any, kind: Any) -> None:
    def refuse() -> BinaryIO:
        raise AssertionError("it was read")

    account = Account(provider.id)
    (film,) = sample_draft(kind).media
    film = Media(kind="video", mime="video/mp4", size=GIGABYTE // 4, url=film.url, open=refuse)
    account.provider.publish(account.connection, Draft(kind=kind, media=(film,)))

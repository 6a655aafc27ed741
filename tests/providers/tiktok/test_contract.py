"""TikTok holds to what every provider must hold to."""

from __future__ import annotations

from dataclasses import replace

from django_connected_accounts.providers.tiktok import TikTok
from django_connected_accounts.providers.types import Draft
from django_connected_accounts.testing import ProviderContract, SandboxRemote

CHOSEN = {
    "post_mode": "DIRECT_POST",
    "privacy_level": "PUBLIC_TO_EVERYONE",
    "music_usage_consent": True,
}


class TikTokRemote(SandboxRemote):
    platform, person = "tiktok", "shop"

    def __init__(self) -> None:
        super().__init__()
        self.app = replace(self.app, options={"AUDITED": True})


class TestTikTok(ProviderContract):
    provider_class, remote_class = TikTok, TikTokRemote

    def drafts(self) -> list[Draft]:
        drafts = [replace(draft, options=CHOSEN) for draft in super().drafts()]
        # TikTok's carousels hold photos only.
        return [
            replace(draft, media=(draft.media[0],) * 2) if draft.kind == "carousel" else draft
            for draft in drafts
        ]

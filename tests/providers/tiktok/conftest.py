"""TikTok on a sandbox of its own, and films to publish there."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.tiktok import TikTok
from django_connected_accounts.providers.types import Connection, Draft, HandedOver, Media, Pending, Published
from django_connected_accounts.sandbox import samples
from django_connected_accounts.sandbox.records import Delivery, Webhook
from django_connected_accounts.sandbox.tiktok import notify
from django_connected_accounts.testing import drive
from tests.providers.tiktok.test_contract import CHOSEN, TikTokRemote


class Account:
    """One account on TikTok, to publish from."""

    def __init__(self, **options: Any) -> None:
        self.remote = TikTokRemote()
        self.world = self.remote.world
        self.tiktok = self.world.platforms["tiktok"]
        app = replace(self.remote.app, options={"AUDITED": True, **options})
        http = Http(TikTok.hosts, provider="tiktok", adapter=self.remote.adapter, clock=self.remote.now)
        self.provider = TikTok(app, http)
        self.connection: Connection = self.remote.connect(self.provider)

    def post(self, draft: Draft) -> Published:
        return drive(self.provider, self.connection, draft, self.remote)

    def step(
        self, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending | HandedOver:
        return self.provider.publish(self.connection, draft, checkpoint)

    def listen(self) -> None:
        """Let TikTok tell the app things from now on."""
        self.world.apps["sandbox-tiktok-app"].webhook = Webhook(url="https://app.example/")
        self.world.send = lambda method, url, headers, body: (200, b"")

    def tell(self, event: str, content: Mapping[str, Any]) -> Delivery:
        self.listen()
        return notify(self.tiktok, self.tiktok.members["shop"], event, content)[0]  # type: ignore[arg-type]

    def calls(self, path: str) -> list[dict[str, Any]]:
        return [call for call in self.world.calls if path in call["path"]]


@pytest.fixture
def account() -> Account:
    return Account()


def film(size: int = 0, **options: Any) -> Draft:
    body = samples.mp4()
    body += bytes(max(0, size - len(body)))
    media = Media(kind="video", mime="video/mp4", size=len(body), duration=5.0, open=lambda: io.BytesIO(body))
    return Draft(kind="video", text="Fresh rye", media=(media,), options={**CHOSEN, **options})

"""What TikTok tells our site, from the sandbox: a draft that was published after all, access that ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from django_connected_accounts.models import ConnectedAccount, Event, Publication
from django_connected_accounts.sandbox import World, samples, webhooks
from tests.providers.tiktok.test_contract import CHOSEN
from tests.services.conftest import connect, run, user, world

__all__ = ["connect", "run", "user", "world"]

pytestmark = pytest.mark.django_db(transaction=True)
Status, Health = Publication.Status, ConnectedAccount.Health


@pytest.fixture
def tiktok(world: World, connect: Any, settings: Any) -> ConnectedAccount:
    """An account on TikTok, which tells our site what happens, everything twice."""
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"tiktok": {"AUDITED": True}}
    site = Client()

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        answer = site.generic(method, url, body, headers["Content-Type"], headers=dict(headers))
        return answer.status_code, answer.content

    world.send = send
    world.platforms["tiktok"].toggle["webhook_copies"] = 2
    address = "http://testserver" + reverse("connected_accounts:webhook", args=["tiktok"])
    webhooks.register(world, "sandbox-tiktok-app", url=address)
    account: ConnectedAccount = connect("shop", "tiktok")
    return account


def test_a_draft_that_its_owner_published_becomes_published(
    tiktok: ConnectedAccount, world: World, run: Any
) -> None:
    film = ContentFile(samples.mp4(), "film.mp4")
    options = {**CHOSEN, "post_mode": "MEDIA_UPLOAD"}
    publication = tiktok.publish(kind="video", text="Draft", media=[film], options=options)
    for _ in range(10):
        run(steps=1)
        world.advance(60)
        webhooks.deliver(world)
    publication.refresh_from_db()
    assert publication.status == Status.HANDED_OVER

    world.platforms["tiktok"].finish(publication.remote_id, "Draft")  # type: ignore[attr-defined]
    world.advance(60)
    webhooks.deliver(world)
    assert {status for delivery in world.deliveries for status in delivery.statuses} == {200}
    publication.refresh_from_db()
    (post,) = world.posts()
    assert (publication.status, publication.remote_id) == (Status.PUBLISHED, post["id"])
    assert Event.objects.filter(verb="publication.published", publication=publication).count() == 1


def test_an_account_whose_owner_ended_access_asks_to_be_connected_again(
    tiktok: ConnectedAccount, world: World
) -> None:
    world.platforms["tiktok"].disconnect("shop")  # type: ignore[attr-defined]
    webhooks.deliver(world)
    tiktok.refresh_from_db()
    assert (tiktok.health, tiktok.health_code) == (Health.RECONNECT_NEEDED, "access_revoked")

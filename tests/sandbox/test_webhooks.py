from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from django_connected_accounts.sandbox import World, webhooks

from .conftest import PHOTO, Remote

APP = "sandbox-instagram-app"
DAY = 24 * 3600


class Site:
    """An app's server; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[tuple[str, Mapping[str, str], bytes]] = []

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.received.append((url, headers, body))
        return self.status, b""


@pytest.fixture
def site(world: World) -> Site:
    found = Site()
    world.send = found
    webhooks.register(world, APP, deauthorize_url="https://app.example/deauthorize")
    world.apps[APP].webhook.url = "https://app.example/webhook"
    return found


def test_an_address_that_does_not_answer_the_challenge_is_not_registered(world: World, site: Site) -> None:
    with pytest.raises(ValueError, match="not verified"):
        webhooks.register(world, APP, url="https://app.example/other", verify_token="t")
    assert "hub.verify_token=t" in site.received[0][0]
    assert world.apps[APP].webhook.url == "https://app.example/webhook"


def test_what_is_not_answered_with_200_is_told_again_until_36_hours_have_passed(
    world: World, site: Site
) -> None:
    site.status = 500
    [sent] = webhooks.notify(world, "juniper.shop", "comments", {"id": "1"})
    webhooks.deliver(world)
    webhooks.deliver(world)
    assert sent.statuses == [500, 500]
    for _ in range(10):
        world.advance(DAY)
        webhooks.deliver(world)
    assert sent.statuses == [500] * 9
    assert sum(webhooks.PAUSES) <= 1.5 * DAY + 3600
    assert len({body for _, _, body in site.received}) == 1


def test_what_was_taken_is_not_told_again(world: World, site: Site) -> None:
    site.status = 0
    [sent] = webhooks.notify(world, "juniper.shop", "comments", {"id": "1"})
    webhooks.deliver(world)
    site.status = 200
    webhooks.deliver(world)
    world.advance(DAY)
    assert webhooks.deliver(world) == []
    assert sent.statuses == [0, 200]


def test_the_accounts_own_comment_is_told_too(remote: Remote, world: World, site: Site) -> None:
    token = world.mint("shop", "B")
    media = remote.publish("graph.instagram.com", "me", token, image_url=PHOTO)
    comment = remote.post(f"graph.instagram.com/v26.0/{media}/comments", token, message="First!")
    webhooks.deliver(world)
    [(_, headers, body)] = site.received
    [change] = json.loads(body)["entry"][0]["changes"]
    assert (change["field"], change["value"]["id"]) == ("comments", comment["id"])
    assert change["value"]["from"]["username"] == "juniper.shop"
    assert headers["X-Hub-Signature-256"] == webhooks.signature_of(world.apps[APP], body)


def test_removing_the_app_ends_the_tokens_and_tells_the_app(remote: Remote, world: World, site: Site) -> None:
    token = world.mint("shop", "B")
    webhooks.deauthorize(world, "shop")
    webhooks.deliver(world)
    assert [url for url, _, _ in site.received] == ["https://app.example/deauthorize"]
    assert remote.get("graph.instagram.com/v26.0/me", token)["error"]["code"] == 190


def test_an_unknown_shape_names_those_there_are(world: World, site: Site) -> None:
    with pytest.raises(ValueError, match="changes, inline, array"):
        webhooks.notify(world, "juniper.shop", "comments", {}, shape="xml")

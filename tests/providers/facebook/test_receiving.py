from __future__ import annotations

import json

import pytest

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.types import Connection, Draft
from django_connected_accounts.sandbox import World

from .conftest import Site


@pytest.fixture
def told(site: Site, world: World, connection: Connection) -> tuple[bytes, dict[str, str]]:
    """What Facebook sends when a Page that the app follows has published something."""
    world.apps["sandbox-app"].webhook.url = "https://site.example/webhooks/facebook/"
    world.subscriptions[connection.account_id] = ["feed"]
    site.publish(Draft(kind="text", text="Spring menu is live"), connection)
    (delivery,) = world.deliveries
    return delivery.body, delivery.headers


def test_a_post_of_a_page_is_told(
    site: Site, told: tuple[bytes, dict[str, str]], connection: Connection
) -> None:
    (notification,) = site.provider.receive(*told)
    assert (notification.kind, notification.account_id) == ("feed", connection.account_id)
    assert notification.payload["post_id"] == site.post()["id"]
    assert notification.payload["from"]["id"] == connection.account_id


def test_the_same_told_twice_has_the_same_key(site: Site, told: tuple[bytes, dict[str, str]]) -> None:
    assert site.provider.receive(*told)[0].key == site.provider.receive(*told)[0].key


def test_what_is_not_signed_by_the_app_is_refused(site: Site, told: tuple[bytes, dict[str, str]]) -> None:
    body = json.dumps({**json.loads(told[0]), "object": "user"}).encode()
    with pytest.raises(InvalidRequest):
        site.provider.receive(body, told[1])

"""The sandbox in one server, our site in another, and nothing but HTTP between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.sandbox import World, serving, webhooks
from tests.meta import VERIFY_TOKEN
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

Control = Callable[..., Any]


@pytest.fixture
def control(world: World, live_server: Any, settings: Any) -> Iterator[Control]:
    """``control("notify", account=…)`` asks the sandbox for something, as a developer would with curl."""
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"VERIFY_TOKEN": VERIFY_TOKEN}}
    settings.CONNECTED_ACCOUNTS_BASE_URL = live_server.url
    before = world.base_url, world.send
    world.send = webhooks.send
    with serving(world) as url:
        yield lambda path, **body: requests.post(f"{url}/_sandbox/{path}", json=body, timeout=20).json()
    world.base_url, world.send = before


def test_the_life_of_an_account_as_the_platform_tells_it(
    control: Control, live_server: Any, visitor: Visitor, heard: list[Event]
) -> None:
    account = visitor.connects("shop", "instagram_login")
    site = f"{live_server.url}/connected-accounts/webhooks/instagram_login/"
    registration = {
        "client_id": "sandbox-instagram-app",
        "url": site,
        "deauthorize_url": f"{site}deauthorize/",
        "deletion_url": f"{site}deletion/",
    }
    assert "not verified" in control("webhooks", **registration, verify_token="guess")["error"]["message"]
    assert control("webhooks", **registration, verify_token=VERIFY_TOKEN)["url"] == site

    value = {"id": "17865799348089039", "text": "Schön!"}
    told = control("notify", account="juniper.shop", field="comments", value=value, copies=2, shape="array")
    assert [delivery["statuses"] for delivery in told["deliveries"]] == [[200], [200]]
    assert [(event.account, event.notification.payload) for event in heard] == [(account, value)]

    [told] = control("deauthorize", person="shop")["deliveries"]
    assert told["statuses"] == [200]
    assert ConnectedAccount.objects.get().health_code == "access_revoked"

    [told] = control("deletion", person="shop")["deliveries"]
    answer = json.loads(told["answer"])
    assert answer["confirmation_code"] in requests.get(answer["url"], timeout=20).text
    assert ConnectedAccount.objects.get().username == ""

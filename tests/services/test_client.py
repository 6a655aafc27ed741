"""The platform's own API, for calls that this package has none for."""

from __future__ import annotations

from typing import Any

import pytest

from django_connected_accounts.exceptions import NotAuthorized
from django_connected_accounts.sandbox import World
from django_connected_accounts.testing import connect

pytestmark = pytest.mark.django_db

PEOPLE = {
    "instagram": "two_businesses",
    "instagram_login": "shop",
    "facebook": "two_businesses",
    "linkedin": "shop",
    "threads": "shop",
    "tiktok": "shop",
    "twitter": "shop",
}


@pytest.fixture
def user(django_user_model: Any) -> Any:
    return django_user_model.objects.create(username="ada")


@pytest.mark.parametrize(("platform", "person"), PEOPLE.items())
def test_every_platform_has_one(platform: str, person: str, user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, person, platform)
    client = account.client()
    assert account.access_token not in repr(client)
    assert any(callable(getattr(client, name)) for name in dir(client) if not name.startswith("_"))


def test_it_makes_calls_as_the_account(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "instagram_login")
    assert account.client().get_user_info("me")["username"] == account.username
    account = connect(sandbox, user, "shop", "threads")
    assert account.client().get("me", needs="id", fields="id,username")["username"] == account.username


def test_its_token_works_now(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "twitter")
    before = account.access_token
    sandbox.advance(2 * 3600 + 60)
    account.client().get_me()
    account.refresh_from_db()
    assert account.access_token != before


def test_without_access_there_is_none(user: Any, sandbox: World) -> None:
    account = connect(sandbox, user, "shop", "threads")
    sandbox.advance(61 * 24 * 3600)
    with pytest.raises(NotAuthorized):
        account.client()

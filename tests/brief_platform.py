"""A platform unlike Instagram: short texts, films that are no reels, options of its own, one step to be live.

Which audiences there are, each account says itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

import pytest

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ContentRejected, ProviderError
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.base import Provider, Publishes
from django_connected_accounts.providers.types import (
    Connection,
    Draft,
    Limit,
    Option,
    Problem,
    Profile,
    Published,
    Tokens,
)

APPS = {"brief": {"CLASS": "tests.brief_platform.Brief", "CLIENT_ID": "app", "CLIENT_SECRET": "s"}}
LONGEST = 20
KINDS = ("text", "photo", "carousel", "video")
AUDIENCE = Option(
    type="choice",
    kinds=KINDS,
    help="Who sees it",
    choices={"all": "Everybody", "circle": "My circle"},
    required=True,
)


class Brief(Provider, Publishes):
    id = "brief"
    name = "Brief"
    hosts = frozenset({"brief.example"})
    authorize_url = "https://brief.example/authorize"
    token_url = "https://brief.example/token"
    scopes = {"connect": ("read",), "publish": ("write",)}
    kinds = KINDS
    limits = {
        "text_length": Limit(
            value=LONGEST, unit="characters", source="https://brief.example", date=date(2026, 1, 1)
        )
    }
    options = {"audience": AUDIENCE, "mood": Option(type="text", kinds=KINDS, help="How you feel")}

    live: ClassVar[list[tuple[str, Draft]]] = []
    """What is public, by account id."""
    answer: ClassVar[Exception | None] = None
    """What the next posts get instead."""
    asked: ClassVar[list[str]] = []
    audiences: ClassVar[Mapping[str, Mapping[str, str]] | Exception] = {}
    """By account id, the choices it has; an error where the platform does not answer."""

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        return Tokens(access_token="brief-token")

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        return [Profile(account_id="1", username="brief.one")]

    def options_for(self, connection: Connection) -> Mapping[str, Option]:
        self.asked.append(connection.account_id)
        if isinstance(self.audiences, Exception):
            raise self.audiences
        choices = self.audiences.get(connection.account_id, AUDIENCE.choices)
        audience = Option(type="choice", kinds=KINDS, help="Who sees it", choices=choices, required=True)
        return {**self.options, "audience": audience}

    def length(self, text: str) -> int:
        return 2 * len(text)

    def problems(self, draft: Draft) -> list[Problem]:
        found = []
        if draft.kind not in KINDS:
            found.append(Problem(code="kind_unknown", field="kind", params={"kind": draft.kind}))
        if self.length(draft.text) > LONGEST:
            params = {"length": self.length(draft.text), "max": LONGEST}
            found.append(Problem(code="text_too_long", field="text", params=params))
        for name in draft.options:
            if name not in self.options:
                params = {"option": name}
                found.append(Problem(code="option_unknown", field=f"options.{name}", params=params))
        return found

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published:
        if self.answer is not None:
            raise self.answer
        self.live.append((connection.account_id, draft))
        return Published(remote_id=str(len(self.live)), permalink=f"https://brief.example/{len(self.live)}")

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | None:
        return None


REFUSED: ProviderError = ContentRejected("content_rejected", provider="brief")


@pytest.fixture
def brief(settings: Any) -> Iterator[type[Brief]]:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = APPS
    registry.reset()
    Brief.live, Brief.answer, Brief.asked, Brief.audiences = [], None, [], {}
    yield Brief
    Brief.answer = None


def brief_account(user: Any, account_id: str = "1", **fields: Any) -> ConnectedAccount:
    """Return an account of this user there, as if it had been connected."""
    values = {"username": f"brief.{account_id}", "access_token": "brief-token", **fields}
    return ConnectedAccount.objects.create(user=user, platform="brief", account_id=account_id, **values)

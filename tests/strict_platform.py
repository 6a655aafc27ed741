"""A platform as strict as RFC 9700 asks for: PKCE, an issuer, and refresh tokens that work once.

The sandbox has no such platform yet. Using a refresh token twice ends the whole grant, as at X and TikTok.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import ClassVar

import pytest

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectionFailed, NotAuthorized
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.types import Profile, Renewal, Tokens

APPS = {"strict": {"CLASS": "tests.strict_platform.Strict", "CLIENT_ID": "app", "CLIENT_SECRET": "s"}}


class Strict(Provider):
    id = "strict"
    name = "Strict"
    hosts = frozenset({"strict.example"})
    authorize_url = "https://strict.example/authorize"
    token_url = "https://strict.example/token"
    scopes = {"connect": ("read",), "publish": ("write",)}
    pkce = True
    issuer = "https://strict.example"
    renewal = Renewal()

    lifetime: ClassVar[timedelta] = timedelta(hours=2)
    profile: ClassVar[Profile]
    verifiers: ClassVar[dict[str, str]]
    exchanged: ClassVar[list[dict[str, str]]]
    refreshed: ClassVar[list[str]]
    spent: ClassVar[set[str]]
    before_answer: ClassVar[Callable[[], None] | None]
    answer: ClassVar[Tokens | Exception | None]
    """What the next refreshes get instead of an honest answer."""

    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def reset(cls) -> None:
        cls.profile = Profile(account_id="77", username="strict.one")
        cls.verifiers, cls.exchanged, cls.refreshed, cls.spent = {}, [], [], set()
        cls.before_answer = cls.answer = None

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        self.exchanged.append({"code": code, "redirect_uri": redirect_uri, "verifier": verifier})
        if self.verifiers.get(code, verifier) != verifier:
            raise ConnectionFailed("code_refused")
        return self._tokens("refresh-0")

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        return [self.profile]

    def refresh(self, tokens: Tokens) -> Tokens:
        with self._lock:
            self.refreshed.append(tokens.refresh_token)
            again = tokens.refresh_token in self.spent
            if self.answer is None:
                self.spent.add(tokens.refresh_token)
        if self.before_answer:
            type(self).before_answer()  # type: ignore[misc]
        if again:
            raise NotAuthorized("token_refused", provider=self.id)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or self._tokens(f"refresh-{len(self.refreshed)}")

    def _tokens(self, refresh_token: str) -> Tokens:
        now = self.http.now()
        return Tokens(
            access_token=f"access-for-{refresh_token}",
            refresh_token=refresh_token,
            expires_at=now + self.lifetime,
            issued_at=now,
        )


@pytest.fixture
def strict(settings: object) -> Iterator[type[Strict]]:
    Strict.reset()
    settings.CONNECTED_ACCOUNTS_PROVIDERS = APPS  # type: ignore[attr-defined]
    registry.reset()
    yield Strict
    Strict.reset()

"""A platform that takes every post at once, without a call: what is left is the work of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django_connected_accounts.providers.base import Provider, Publishes
from django_connected_accounts.providers.types import Connection, Draft, Problem, Published

APPS = {"instant": {"CLASS": "tests.benchmarks.instant.Instant", "CLIENT_ID": "app", "CLIENT_SECRET": "s"}}


class Instant(Provider, Publishes):
    id = "instant"
    name = "Instant"
    hosts = frozenset({"instant.example"})
    authorize_url = "https://instant.example/authorize"
    token_url = "https://instant.example/token"
    scopes = {"connect": ("read",), "publish": ("write",)}
    kinds = ("text",)
    limits = {}
    options = {}

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Any:
        raise NotImplementedError

    def profiles(self, tokens: Any) -> Any:
        raise NotImplementedError

    def problems(self, draft: Draft) -> list[Problem]:
        return []

    def length(self, text: str) -> int:
        return len(text)

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published:
        return Published(remote_id="1", permalink="https://instant.example/1")

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | None:
        return None

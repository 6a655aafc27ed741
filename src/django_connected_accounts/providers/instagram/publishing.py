"""Publishing and measuring on Instagram, for both logins.

https://developers.facebook.com/docs/instagram-platform/content-publishing
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

from django_connected_accounts.exceptions import PermissionMissing
from django_connected_accounts.providers.base import Measures, Publishes
from django_connected_accounts.providers.meta.steps import Step
from django_connected_accounts.providers.types import (
    Connection,
    Draft,
    Pending,
    Problem,
    Published,
    Quota,
    Reading,
)

from . import measuring, rules
from .client import InstagramAPIClient
from .drafts import InstagramContainers


class InstagramAccounts(Publishes, Measures):
    """What accounts can do, for both logins; they differ in their `client` and their options."""

    id: ClassVar[str]
    scopes: Mapping[str, tuple[str, ...]]
    kinds = ("photo", "carousel", "reel", "story")
    takes = rules.RULES
    limits = rules.LIMITS

    @abstractmethod
    def client(self, connection: Connection) -> InstagramAPIClient:
        """Return the API as this account."""

    def problems(self, draft: Draft) -> list[Problem]:
        return list(rules.problems(draft, self.options))

    def length(self, text: str) -> int:
        """Return the UTF-16 units of a text. Instagram does not say how it counts; this is never too few."""
        return rules.length(text)

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending:
        if checkpoint is None:
            self.refuse(draft)
        with self._naming_scopes():
            return self._step(connection, draft, checkpoint).take()

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | None:
        return self._step(connection, draft, checkpoint).find(since)

    def quota(self, connection: Connection) -> Quota | None:
        with self._naming_scopes():
            answer = self.client(connection).get_publishing_limit(connection.account_id)
        config = answer.get("config", {})
        return Quota(
            used=int(answer.get("quota_usage", 0)),
            total=int(config.get("quota_total") or rules.LIMITS["posts_per_day"].value),
            window_seconds=int(config.get("quota_duration") or 86400),
        )

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        client = self.client(connection)
        return measuring.readings(client, connection, remote_id, client.graph.http.now())

    @contextmanager
    def _naming_scopes(self) -> Iterator[None]:
        """Let a missing permission say which: the platform only says that one is."""
        try:
            yield
        except PermissionMissing as error:
            error.scopes = error.scopes or self.scopes["publish"]
            raise

    def _step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None) -> Step:
        client = self.client(connection)
        containers = InstagramContainers(
            provider=self.id, client=client, connection=connection, draft=draft, options=self.options
        )
        return Step(
            provider=self.id,
            containers=containers,
            draft=draft,
            checkpoint=checkpoint or {},
            now=client.graph.http.now(),
        )

"""Publishing in steps, as all of Meta's platforms do it, and from containers, as Instagram and Threads do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django_connected_accounts.exceptions import PermissionMissing
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.stages import PublishesInSteps
from django_connected_accounts.providers.types import Connection, Draft, HandedOver, Pending, Published, Quota

from .steps import Containers, Step


class Publishing(PublishesInSteps, Provider):
    """A step at a time; what a step does is the platform's."""

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending | HandedOver:
        if checkpoint is None:
            self._refuse_unreadable(connection)
        with self._naming_scopes():
            return super().publish(connection, draft, checkpoint)

    def _refuse_unreadable(self, connection: Connection) -> None:
        """Raise NotAuthorized where we may read nothing: what became of a post could not be seen."""
        ends = connection.tokens.data_access_expires_at
        if ends is not None and ends <= self.http.now():
            self.verify(connection)  # it may have been prolonged since we were told

    @contextmanager
    def _naming_scopes(self) -> Iterator[None]:
        """Let a missing permission say which: the platform only says that one is."""
        try:
            yield
        except PermissionMissing as error:
            error.scopes = error.scopes or self.scopes["publish"]
            raise


class ContainerPublishing(Publishing):
    """Containers are made, waited for and published; a quota says how many a day."""

    @abstractmethod
    def containers(self, connection: Connection, draft: Draft) -> Containers:
        """Return the draft on this account, as the platform's API has it."""

    @abstractmethod
    def publishing_limit(self, connection: Connection) -> Mapping[str, Any]:
        """Return ``quota_usage`` and ``config`` of the last 24 hours."""

    def step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
        return Step(
            provider=self.id,
            containers=self.containers(connection, draft),
            draft=draft,
            checkpoint=checkpoint,
            now=self.http.now(),
        )

    def quota(self, connection: Connection) -> Quota:
        with self._naming_scopes():
            answer = self.publishing_limit(connection)
        config = answer.get("config", {})
        return Quota(
            used=int(answer["quota_usage"]),
            total=int(config.get("quota_total") or self.limits["posts_per_day"].value),
            window_seconds=int(config.get("quota_duration") or 86400),
        )

"""Threads' login, publishing and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django_connected_accounts.exceptions import (
    ContentRejected,
    OutcomeUnknown,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.base import Deletes, Measures, Provider, Publishes
from django_connected_accounts.providers.meta import Graph, MetaReceiving
from django_connected_accounts.providers.meta.receiving import notification
from django_connected_accounts.providers.meta.steps import Step
from django_connected_accounts.providers.types import (
    Connection,
    Draft,
    Notification,
    Pending,
    Problem,
    Profile,
    Published,
    Quota,
    Reading,
    Renewal,
    Tokens,
)

from . import rules
from .drafts import ThreadsContainers

HOST = "graph.threads.net"


class Threads(MetaReceiving, Publishes, Deletes, Measures, Provider):
    """Threads' own login; long tokens are renewed with themselves. PKCE is not part of the flow."""

    id = "threads"
    name = "Threads"
    hosts = frozenset({"threads.com", "threads.net", "www.threads.net", HOST})
    api_version = "v1.0"
    api_versions = {"v1.0": None}
    authorize_url = "https://threads.com/oauth/authorize"
    token_url = f"https://{HOST}/oauth/access_token"
    requirements = ("signed_in_account",)
    renewal = Renewal(by="access_token", earliest=timedelta(hours=24), window=(0.5, 0.6))
    scopes = {
        "connect": ("threads_basic",),
        "publish": ("threads_content_publish",),
        "measure": ("threads_manage_insights",),
        "delete": ("threads_delete",),
    }
    kinds = rules.KINDS
    takes = rules.RULES
    limits = rules.LIMITS
    options = rules.OPTIONS

    def client(self, connection: Connection) -> Graph:
        """Return the API as this account."""
        token = connection.tokens.access_token
        return Graph(self.http, host=HOST, version=self.api_version, token=token)

    # Connecting

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        answer = self._unversioned.post(
            "oauth/access_token",
            needs="access_token",
            repeatable=False,
            client_id=self.app.client_id,
            client_secret=self.app.client_secret,
            grant_type="authorization_code",
            redirect_uri=redirect_uri,
            code=code,
        )
        long = self._unversioned.get(
            "access_token",
            needs="access_token",
            grant_type="th_exchange_token",
            client_secret=self.app.client_secret,
            access_token=answer["access_token"],
        )
        return self._inspected(self._lasting(long))

    def refresh(self, tokens: Tokens) -> Tokens:
        # Whether the old token goes on working is not documented.
        try:
            answer = self._unversioned.get(
                "refresh_access_token",
                needs="access_token",
                repeatable=False,
                grant_type="th_refresh_token",
                access_token=tokens.access_token,
            )
        except OutcomeUnknown as error:
            raise Unavailable("refresh_retrying", error.detail, provider=self.id) from None
        return replace(self._lasting(answer), scopes=tokens.scopes)

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        me = self._graph.get(
            "me", needs="id", token=tokens.access_token, fields="id,username,name,threads_profile_picture_url"
        )
        return [
            Profile(
                account_id=str(me["id"]),
                username=me.get("username", ""),
                display_name=me.get("name", ""),
                profile_picture_url=me.get("threads_profile_picture_url", ""),
                user_id=str(me["id"]),
            )
        ]

    def _lasting(self, answer: Mapping[str, Any]) -> Tokens:
        now = self.http.now()
        return Tokens(
            access_token=answer["access_token"],
            issued_at=now,
            expires_at=now + timedelta(seconds=float(answer.get("expires_in") or 5_184_000)),
        )

    def _inspected(self, tokens: Tokens) -> Tokens:
        """Return the tokens with the scopes that were granted, which the callback does not say."""
        try:
            facts = self._graph.get(
                "debug_token",
                needs="data",
                token=f"TH|{self.app.client_id}|{self.app.client_secret}",
                input_token=tokens.access_token,
            )["data"]
        except ProviderError:
            return tokens
        scopes = facts.get("scopes")
        return replace(tokens, scopes=frozenset(scopes)) if isinstance(scopes, list) else tokens

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        return list(rules.problems(draft))

    def length(self, text: str) -> int:
        return rules.length(text)

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending:
        if checkpoint is None:
            self.refuse(draft)
        return self._step(connection, draft, checkpoint or {}).take()

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | None:
        return self._step(connection, draft, checkpoint).find(since)

    def delete(self, connection: Connection, remote_id: str) -> None:
        self.client(connection).delete(remote_id)

    def quota(self, connection: Connection) -> Quota:
        answer = self._graph.get(
            f"{connection.account_id}/threads_publishing_limit",
            needs="quota_usage",
            token=connection.tokens.access_token,
            fields="quota_usage,config",
        )
        config = answer.get("config", {})
        return Quota(
            used=int(answer["quota_usage"]),
            total=int(config.get("quota_total") or rules.LIMITS["posts_per_day"].value),
            window_seconds=int(config.get("quota_duration") or 86400),
        )

    def _step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
        containers = ThreadsContainers(
            provider=self.id, graph=self._graph, connection=connection, draft=draft
        )
        return Step(
            provider=self.id,
            containers=containers,
            draft=draft,
            checkpoint=checkpoint,
            now=self.http.now(),
        )

    # Being told

    def notifications(self, delivery: Any) -> Iterator[Notification]:
        """Yield the one thing a delivery of Threads' own shape says, or what Meta's usual one does."""
        values = delivery.get("values") if isinstance(delivery, dict) else None
        if not isinstance(values, dict):
            yield from super().notifications(delivery)
            return
        entry = {"id": delivery.get("target_id", ""), "time": delivery.get("time")}
        yield notification(
            str(delivery.get("topic", "")), entry, str(values.get("field", "")), values.get("value")
        )

    # Measuring

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        metrics = (
            "views",
            "likes",
            "replies",
            "reposts",
            "quotes",
            "shares" if remote_id else "followers_count",
        )
        path = f"{remote_id}/insights" if remote_id else f"{connection.account_id}/threads_insights"
        return [self._reading(connection, path, metric) for metric in metrics]

    def _reading(self, connection: Connection, path: str, metric: str) -> Reading:
        """Return one number, None where it can't be had: it spoils no other."""
        token, value = connection.tokens.access_token, None
        try:
            (row,) = self._graph.get(path, needs="data", token=token, metric=metric)["data"]
            values = row.get("values") or [row["total_value"]]
            value = float(values[-1]["value"])
        except (ContentRejected, KeyError, TypeError, ValueError, IndexError):
            pass
        return Reading(name=metric, value=value, at=self.http.now())

    @property
    def _graph(self) -> Graph:
        return Graph(self.http, host=HOST, version=self.api_version)

    @property
    def _unversioned(self) -> Graph:
        return self._graph.unversioned()

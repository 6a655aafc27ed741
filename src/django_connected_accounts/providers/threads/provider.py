"""Threads' login, publishing and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django_connected_accounts.exceptions import ContentRejected, ProviderError
from django_connected_accounts.providers.base import Deletes, Measures
from django_connected_accounts.providers.meta import ContainerPublishing, Graph, MetaReceiving, OwnLogin
from django_connected_accounts.providers.meta.insights import each, reading
from django_connected_accounts.providers.meta.own_login import REFRESH_AGE
from django_connected_accounts.providers.meta.receiving import notification
from django_connected_accounts.providers.types import (
    Connection,
    Draft,
    Notification,
    Problem,
    Profile,
    Reading,
    Renewal,
    Tokens,
)

from . import rules
from .drafts import ThreadsContainers

PROFILE_FIELDS = "id,username,name,threads_profile_picture_url"
ACCOUNT_METRICS = ("views", "likes", "replies", "reposts", "quotes", "clicks", "followers_count")
POST_METRICS = ("views", "likes", "replies", "reposts", "quotes", "shares")


class Threads(ContainerPublishing, Deletes, Measures, MetaReceiving, OwnLogin):
    id = "threads"
    name = "Threads"
    hosts = frozenset({"threads.com", "threads.net", "www.threads.net", "graph.threads.net"})
    api_version = "v1.0"
    api_versions = {"v1.0": None}
    authorize_url = "https://threads.com/oauth/authorize"
    token_url = "https://graph.threads.net/oauth/access_token"  # noqa: S105
    graph_host = "graph.threads.net"
    grant = "th"
    requirements = ("signed_in_account",)
    renewal = Renewal(by="access_token", earliest=REFRESH_AGE, window=(0.5, 0.6))
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
        return self.graph.acting(connection.tokens.access_token)

    # Connecting

    def granted(self, tokens: Tokens) -> frozenset[str] | None:
        """Return the scopes that were granted, which neither the callback nor a token answer says."""
        app_token = f"TH|{self.app.client_id}|{self.app.client_secret}"
        try:
            known = self.graph.get(
                "debug_token", needs="data", token=app_token, input_token=tokens.access_token
            )["data"]
        except ProviderError:
            return tokens.scopes
        scopes = known.get("scopes")
        return frozenset(scopes) if isinstance(scopes, list) else tokens.scopes

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        me = self.graph.get("me", needs="id", token=tokens.access_token, fields=PROFILE_FIELDS)
        return [
            Profile(
                account_id=str(me["id"]),
                username=me.get("username", ""),
                display_name=me.get("name", ""),
                profile_picture_url=me.get("threads_profile_picture_url", ""),
                user_id=str(me["id"]),
            )
        ]

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        return list(rules.problems(draft))

    def length(self, text: str) -> int:
        return rules.length(text)

    def delete(self, connection: Connection, remote_id: str) -> None:
        self.client(connection).delete(remote_id)

    def containers(self, connection: Connection, draft: Draft) -> ThreadsContainers:
        return ThreadsContainers(
            provider=self.id, connection=connection, draft=draft, graph=self.client(connection)
        )

    def publishing_limit(self, connection: Connection) -> Mapping[str, Any]:
        path, fields = f"{connection.account_id}/threads_publishing_limit", "quota_usage,config"
        return self.client(connection).get(path, needs="quota_usage", fields=fields)

    # Measuring

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        graph, now = self.client(connection), self.http.now()
        path = f"{remote_id}/insights" if remote_id else f"{connection.account_id}/threads_insights"

        def insights(names: Sequence[str]) -> list[Reading]:
            return [reading(row, now) for row in graph.rows(path, metric=",".join(names))]

        metrics = POST_METRICS if remote_id else ACCOUNT_METRICS
        return each(metrics, insights, now, refused=(ContentRejected,))

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

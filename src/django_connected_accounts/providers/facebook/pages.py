"""Facebook Pages as a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django_connected_accounts.exceptions import NotAuthorized, PermissionMissing
from django_connected_accounts.providers.base import Deletes, Measures, Publishes
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.meta import FacebookLogin, Graph, MetaReceiving
from django_connected_accounts.providers.meta.login import PAGE_TASKS, USER_TOKEN, user_token
from django_connected_accounts.providers.types import (
    App,
    Connection,
    Draft,
    Pending,
    Problem,
    Profile,
    Published,
    Reading,
    Tokens,
)

from .client import FacebookAPIClient
from .measuring import readings
from .rules import LIMITS, OPTIONS, RULES, problems
from .steps import Step

PAGE_FIELDS = "id,name,username,category,picture{url},followers_count"


class Facebook(Publishes, Deletes, Measures, MetaReceiving, FacebookLogin):
    """Facebook Pages. A Page's token has no end, its data access has; the person's token stays beside it."""

    id = "facebook"
    name = "Facebook"
    hosts = FacebookLogin.hosts | {"graph-video.facebook.com", "rupload.facebook.com"}
    scopes = {
        "connect": ("pages_show_list", "pages_read_engagement", "business_management"),
        "publish": ("pages_manage_posts",),
        "comment": ("pages_manage_engagement", "pages_read_user_content"),
        "measure": ("read_insights",),
        "delete": ("pages_manage_posts",),
    }
    requirements = ("facebook_page",)
    kinds = ("text", "photo", "carousel", "video", "reel", "story")
    takes = RULES
    limits = LIMITS
    options = OPTIONS

    def __init__(self, app: App, http: Http) -> None:
        super().__init__(app, http)
        self.uploads = Graph(
            http, host="graph-video.facebook.com", version=self.api_version, app_secret=app.client_secret
        )

    def client(self, connection: Connection) -> FacebookAPIClient:
        token = connection.tokens.access_token
        return FacebookAPIClient(self.graph, connection.account_id, token, uploads=self.uploads)

    # Accounts

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        person = self.user_id(tokens)
        rows = self.pages(tokens, fields=f"{PAGE_FIELDS},tasks,access_token")
        return [replace(_profile(page, tokens), user_id=person) for page in rows]

    def verify(self, connection: Connection) -> Profile:
        ends = self.inspect(connection.tokens).get("data_access_expires_at")
        if ends and int(ends) <= self.http.now().timestamp():
            raise NotAuthorized("data_access_ended", provider=self.id)
        page = self.client(connection).get_node(connection.account_id, fields=PAGE_FIELDS)
        return replace(_profile(page, connection.tokens), unusable="", tokens=None)

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        return list(problems(draft))

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending:
        if checkpoint is None:
            self.refuse(draft)
        try:
            return self._step(connection, draft, checkpoint).take()
        except PermissionMissing as error:  # the platform only says that one is missing
            error.scopes = error.scopes or self.scopes["publish"]
            raise

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | Pending | None:
        return self._step(connection, draft, checkpoint).find(since)

    def delete(self, connection: Connection, remote_id: str) -> None:
        self.client(connection).delete(remote_id)

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        return readings(self.client(connection), remote_id, self.http.now())

    def _step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None) -> Step:
        return Step(
            provider=self.id,
            app_id=self.app.client_id,
            client=self.client(connection),
            draft=draft,
            checkpoint=checkpoint or {},
            now=self.http.now(),
        )


def _profile(page: Mapping[str, Any], tokens: Tokens) -> Profile:
    """Return a Page as an account, with the reason why it can't be used if there is one."""
    token, tasks = page.get("access_token", ""), page.get("tasks")
    unusable = "" if token else "page_token_missing"
    if tasks is not None and not PAGE_TASKS.intersection(tasks):
        unusable = "page_task_missing"
    own = Tokens(
        access_token=token,
        data_access_expires_at=tokens.data_access_expires_at,
        issued_at=tokens.issued_at,
        scopes=tokens.scopes,
        extra={USER_TOKEN: user_token(tokens)},
    )
    return Profile(
        account_id=str(page["id"]),
        username=page.get("username") or "",
        display_name=page.get("name", ""),
        profile_picture_url=str(page.get("picture", {}).get("data", {}).get("url", "")),
        account_type=page.get("category", ""),
        unusable=unusable,
        tokens=own if token else None,
    )

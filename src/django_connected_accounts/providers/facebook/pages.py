"""Facebook Pages as a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django_connected_accounts.providers.base import Deletes, Measures
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.meta import FacebookLogin, Graph, MetaReceiving, Publishing
from django_connected_accounts.providers.meta.login import page_tokens, unusable_page
from django_connected_accounts.providers.types import (
    App,
    Connection,
    Draft,
    Problem,
    Profile,
    Reading,
    Tokens,
)

from .client import FacebookAPIClient
from .measuring import readings
from .rules import LIMITS, OPTIONS, RULES, problems
from .steps import Step

PAGE_FIELDS = "id,name,username,category,picture{url},followers_count"


class Facebook(Publishing, Deletes, Measures, MetaReceiving, FacebookLogin):
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
        tokens = self.readable(connection)
        page = self.client(connection).get_node(connection.account_id, fields=PAGE_FIELDS)
        return replace(_profile(page, tokens), unusable="", tokens=tokens)

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        return list(problems(draft))

    def delete(self, connection: Connection, remote_id: str) -> None:
        self.client(connection).delete(remote_id)

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        return readings(self.client(connection), remote_id, self.http.now())

    def step(self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any]) -> Step:
        return Step(
            provider=self.id,
            app_id=self.app.client_id,
            client=self.client(connection),
            draft=draft,
            checkpoint=checkpoint,
            now=self.http.now(),
        )


def _profile(page: Mapping[str, Any], tokens: Tokens) -> Profile:
    """Return a Page as an account, with the reason why it can't be used if there is one."""
    return Profile(
        account_id=str(page["id"]),
        username=page.get("username") or "",
        display_name=page.get("name", ""),
        profile_picture_url=str(page.get("picture", {}).get("data", {}).get("url", "")),
        account_type=page.get("category", ""),
        unusable=unusable_page(page),
        tokens=page_tokens(page, tokens),
    )

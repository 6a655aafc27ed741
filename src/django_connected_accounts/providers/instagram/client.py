"""Instagram's endpoints, one method each.

https://developers.facebook.com/docs/instagram-platform/reference
"""

from __future__ import annotations

from typing import Any

from django_connected_accounts.providers.meta import Graph

USER_FIELDS = "id,username,name,profile_picture_url,followers_count,media_count"
MEDIA_FIELDS = "id,caption,timestamp,permalink,media_type,media_product_type"


class InstagramAPIClient:
    """Calls as one account. Only `publish_media` and `create_comment` must not be repeated."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def get_user_info(self, account_id: str, *, fields: str = USER_FIELDS) -> dict[str, Any]:
        """Return what the account shows of itself; with Instagram Login ``me`` is an id as well."""
        return self.graph.get(account_id, needs="id", fields=fields)

    def create_media_container(self, account_id: str, **params: Any) -> str:
        """Return the id of a new container. Repeating leaves an orphan that expires unseen."""
        return self.graph.create(f"{account_id}/media", repeatable=True, **params)

    def get_container_status(self, container_id: str) -> dict[str, Any]:
        """Return ``status_code`` and ``status`` of a container."""
        return self.graph.get(container_id, needs="status_code", fields="status_code,status")

    def publish_media(self, account_id: str, container_id: str) -> str:
        """Publish a finished container and return the media's id. Never to be repeated blindly."""
        path = f"{account_id}/media_publish"
        return self.graph.create(path, repeatable=False, creation_id=container_id)

    def get_media(self, media_id: str, *, fields: str = MEDIA_FIELDS) -> dict[str, Any]:
        return self.graph.get(media_id, needs="id", fields=fields)

    def list_media(
        self, account_id: str, *, since: int | None = None, fields: str = MEDIA_FIELDS
    ) -> list[dict[str, Any]]:
        """Return the media published since this Unix time, newest first, stories excluded."""
        return self.graph.rows(f"{account_id}/media", since=since, fields=fields, limit=50)

    def list_stories(self, account_id: str, *, fields: str = MEDIA_FIELDS) -> list[dict[str, Any]]:
        """Return the stories that are live now."""
        return self.graph.rows(f"{account_id}/stories", fields=fields, limit=50)

    def create_comment(self, media_id: str, message: str) -> str:
        """Comment and return the comment's id. Never to be repeated blindly."""
        return self.graph.create(f"{media_id}/comments", repeatable=False, message=message)

    def list_comments(self, media_id: str) -> list[dict[str, Any]]:
        """Return the comments on a media, newest first."""
        return self.graph.rows(f"{media_id}/comments", fields="id,text,timestamp,username", limit=50)

    def get_publishing_limit(self, account_id: str) -> dict[str, Any]:
        """Return ``quota_usage`` and ``config`` of the last 24 hours."""
        path, fields = f"{account_id}/content_publishing_limit", "quota_usage,config"
        return self.graph.get(path, needs="quota_usage", fields=fields)

    def get_insights(self, object_id: str, **params: Any) -> list[dict[str, Any]]:
        """Return the metrics asked for of an account or media; one that does not exist fails them all."""
        return self.graph.rows(f"{object_id}/insights", **params)

"""Instagram's endpoints, one method each.

https://developers.facebook.com/docs/instagram-platform/reference
"""

from __future__ import annotations

from typing import Any

from django_connected_accounts.exceptions import Unavailable
from django_connected_accounts.providers.meta import Graph

USER_FIELDS = "id,username,name,profile_picture_url,followers_count,media_count"
MEDIA_FIELDS = "id,caption,timestamp,permalink,media_type,media_product_type"


class InstagramAPIClient:
    """Calls as one account. Only `publish_media` and `create_comment` must not be repeated.

    ``fallback_token`` reads where ``access_token`` sees nothing: there were days when Page tokens could write
    but not read what they had written.
    """

    def __init__(self, graph: Graph, access_token: str, *, fallback_token: str = "") -> None:
        self.graph = graph
        self._access_token = access_token
        self._fallback_token = fallback_token

    def get_user_info(self, account_id: str, *, fields: str = USER_FIELDS) -> dict[str, Any]:
        """Return what the account shows of itself; with Instagram Login ``me`` is an id as well."""
        return self._get(account_id, needs="id", fields=fields)

    def create_media_container(self, account_id: str, **params: Any) -> str:
        """Return the id of a new container. Repeating leaves an orphan that expires unseen."""
        return self._post_for_id(f"{account_id}/media", repeatable=True, **params)

    def get_container_status(self, container_id: str) -> dict[str, Any]:
        """Return ``status_code`` and ``status`` of a container."""
        return self._get(container_id, needs="status_code", fields="status_code,status")

    def publish_media(self, account_id: str, container_id: str) -> str:
        """Publish a finished container and return the media's id. Never to be repeated blindly."""
        return self._post_for_id(f"{account_id}/media_publish", repeatable=False, creation_id=container_id)

    def get_media(self, media_id: str, *, fields: str = MEDIA_FIELDS) -> dict[str, Any]:
        return self._get(media_id, needs="id", fields=fields)

    def list_media(
        self, account_id: str, *, since: int | None = None, fields: str = MEDIA_FIELDS
    ) -> list[dict[str, Any]]:
        """Return the media published since this Unix time, newest first, stories excluded."""
        return self._list(f"{account_id}/media", since=since, fields=fields, limit=50)

    def list_stories(self, account_id: str, *, fields: str = MEDIA_FIELDS) -> list[dict[str, Any]]:
        """Return the stories that are live now."""
        return self._list(f"{account_id}/stories", fields=fields, limit=50)

    def create_comment(self, media_id: str, message: str) -> str:
        """Comment and return the comment's id. Never to be repeated blindly."""
        return self._post_for_id(f"{media_id}/comments", repeatable=False, message=message)

    def list_comments(self, media_id: str) -> list[dict[str, Any]]:
        """Return the comments on a media, newest first."""
        return self._list(f"{media_id}/comments", fields="id,text,timestamp,username", limit=50)

    def get_publishing_limit(self, account_id: str) -> dict[str, Any]:
        """Return ``quota_usage`` and ``config`` of the last 24 hours."""
        path, fields = f"{account_id}/content_publishing_limit", "quota_usage,config"
        return self._get(path, needs="quota_usage", fields=fields)

    def get_insights(self, object_id: str, **params: Any) -> list[dict[str, Any]]:
        """Return the metrics asked for of an account or media; one that does not exist fails them all."""
        return self._list(f"{object_id}/insights", **params)

    def exchange_access_token(self, client_secret: str) -> dict[str, Any]:
        """Return a token for 60 days for this one of an hour (Instagram Login)."""
        grant = {"grant_type": "ig_exchange_token", "client_secret": client_secret}
        return self._token("access_token", repeatable=True, **grant)

    def refresh_access_token(self) -> dict[str, Any]:
        """Return a token for another 60 days for this one, which is at least a day old (Instagram Login).

        It is not documented whether this one works once more.
        """
        return self._token("refresh_access_token", repeatable=False, grant_type="ig_refresh_token")

    def _token(self, path: str, *, repeatable: bool, **params: Any) -> dict[str, Any]:
        # These two want the token in the query, and the address without a version.
        params["access_token"] = self._access_token
        return self.graph.unversioned().get(path, needs="access_token", repeatable=repeatable, **params)

    def _get(self, path: str, *, needs: str, **params: Any) -> dict[str, Any]:
        try:
            return self.graph.get(path, needs=needs, token=self._access_token, **params)
        except Unavailable as error:
            if error.code != "object_not_visible" or not self._fallback_token:
                raise
        return self.graph.get(path, needs=needs, token=self._fallback_token, **params)

    def _list(self, path: str, **params: Any) -> list[dict[str, Any]]:
        return list(self._get(path, needs="data", **params)["data"])

    def _post_for_id(self, path: str, *, repeatable: bool, **params: Any) -> str:
        token = self._access_token
        return str(self.graph.post(path, needs="id", token=token, repeatable=repeatable, **params)["id"])

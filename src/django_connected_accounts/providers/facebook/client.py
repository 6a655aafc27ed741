"""The endpoints of Facebook Pages, one method each.

https://developers.facebook.com/docs/pages-api and
https://developers.facebook.com/docs/video-api/guides/reels-publishing
"""

from __future__ import annotations

from typing import Any

from django_connected_accounts.exceptions import ContentRejected, PermissionMissing, Unavailable
from django_connected_accounts.providers.meta import Graph
from django_connected_accounts.providers.meta.errors import error_in
from django_connected_accounts.providers.types import Body, Media

POST_FIELDS = (
    "id,message,created_time,permalink_url,attachments,application",
    "id,message,created_time,permalink_url",
)
"""What to ask of a list of posts, and what when that is refused: one field too many fails the whole call."""

PIECE = 8 * 1024 * 1024
"""Bytes of a film in memory at a time."""
SLOWEST = 250_000
"""Bytes a second with which an upload is given up no sooner."""


class FacebookAPIClient:
    """Calls as one Page. Those that publish or comment must not be repeated; they say so."""

    def __init__(self, graph: Graph, page_id: str, access_token: str, *, uploads: Graph) -> None:
        self.graph = graph.acting(access_token)
        self.uploads = uploads.acting(access_token)
        self.page_id = page_id
        self._access_token = access_token

    def stage_photo(self, media: Media) -> str:
        """Send a picture that nobody sees, and return its id. Repeating leaves another, which is purged."""
        params: dict[str, Any] = {"published": False, "alt_text_custom": media.alt_text or None}
        if media.open is None:
            if not media.url:
                raise ContentRejected("media_missing")
            return self.graph.create(f"{self.page_id}/photos", repeatable=True, url=media.url, **params)
        files = {"source": ("photo", media.read(0, media.size), media.mime)}
        return self.graph.create(f"{self.page_id}/photos", repeatable=True, files=files, **params)

    def create_post(self, **params: Any) -> str:
        """Publish a post and return its id. Never to be repeated blindly."""
        return self.graph.create(f"{self.page_id}/feed", repeatable=False, **params)

    def create_photo_story(self, photo_id: str) -> dict[str, Any]:
        """Publish a staged picture as a story. Never to be repeated blindly."""
        return self._post("photo_stories", needs="success", repeatable=False, photo_id=photo_id)

    def start_video(self, edge: str, **params: Any) -> dict[str, Any]:
        """Open an upload to ``videos``, ``video_reels`` or ``video_stories`` for a new ``video_id``."""
        return self._post(edge, needs="video_id", repeatable=True, upload_phase="start", **params)

    def transfer_piece(self, session: str, start: int, piece: bytes) -> dict[str, Any]:
        """Send a piece of a film and return what is wanted next, from ``start_offset`` to ``end_offset``."""
        return self._post(
            "videos",
            needs="start_offset",
            repeatable=True,
            files={"video_file_chunk": ("piece", piece, "application/octet-stream")},
            upload_phase="transfer",
            upload_session_id=session,
            start_offset=start,
        )

    def upload_rest(self, url: str, media: Media, offset: int) -> None:
        """Send a film from ``offset`` on to the address that the platform gave."""
        rest = Body(media, offset)
        response = self.graph.http.request(
            "POST",
            url,
            repeatable=True,
            data=rest,
            headers={
                "Authorization": f"OAuth {self._access_token}",
                "offset": str(offset),
                "file_size": str(media.size),
            },
            timeout=60 + len(rest) / SLOWEST,
        )
        provider = self.graph.http.provider
        answer = response.json if isinstance(response.json, dict) else {}
        trouble = answer.get("debug_info", {})
        if trouble.get("type") == "ProcessingFailedError" and trouble.get("retriable") is False:
            code = str(trouble["type"])
            raise ContentRejected("media_processing_failed", provider=provider, platform_code=code)
        if error := error_in(response, repeatable=True, provider=provider):
            raise error
        if not answer.get("success"):
            raise Unavailable(detail="the upload was not confirmed", provider=provider)

    def finish_video(self, edge: str, **params: Any) -> dict[str, Any]:
        """Publish an uploaded film. Never to be repeated blindly."""
        return self._post(edge, needs="success", repeatable=False, upload_phase="finish", **params)

    def get_video(self, video_id: str) -> dict[str, Any]:
        """Return ``status`` of a film, and where it is once it can be seen."""
        return self.graph.get(video_id, needs="id", fields="id,status,post_id,permalink_url,published")

    def get_photo(self, photo_id: str) -> dict[str, Any]:
        """Return a picture with ``page_story_id``, the post it was published in."""
        return self.graph.get(photo_id, needs="id", fields="id,page_story_id")

    def get_post(self, post_id: str) -> dict[str, Any]:
        return self.graph.get(post_id, needs="id", fields="id,permalink_url,created_time")

    def delete(self, object_id: str) -> None:
        """Delete a post or a film; one that is gone already is no error."""
        self.graph.delete(object_id, token=self._access_token)

    def list_posts(self, since: int) -> list[dict[str, Any]]:
        """Return what the Page has published since this Unix time, newest first."""
        for fields in POST_FIELDS:
            try:
                return self.graph.rows(
                    f"{self.page_id}/published_posts", fields=fields, since=since, limit=100
                )
            except (ContentRejected, PermissionMissing):
                if fields == POST_FIELDS[-1]:
                    raise
        return []

    def list_stories(self) -> list[dict[str, Any]]:
        """Return the Page's stories that can be seen now."""
        return self.graph.rows(f"{self.page_id}/stories", status="PUBLISHED", limit=100)

    def create_comment(self, object_id: str, message: str) -> str:
        """Comment as the Page and return the comment's id. Never to be repeated blindly."""
        return self.graph.create(f"{object_id}/comments", repeatable=False, message=message)

    def list_comments(self, object_id: str) -> list[dict[str, Any]]:
        fields = "id,message,created_time,from"
        return self.graph.rows(f"{object_id}/comments", fields=fields, limit=100)

    def get_insights(self, object_id: str, *, edge: str = "insights", **params: Any) -> list[dict[str, Any]]:
        return self.graph.rows(f"{object_id}/{edge}", **params)

    def get_node(self, object_id: str, *, fields: str) -> dict[str, Any]:
        return self.graph.get(object_id, needs="id", fields=fields)

    def _post(self, edge: str, *, needs: str, repeatable: bool, **params: Any) -> dict[str, Any]:
        graph = self.uploads if edge == "videos" else self.graph
        return graph.post(f"{self.page_id}/{edge}", needs=needs, repeatable=repeatable, **params)

"""LinkedIn's endpoints, one method each: https://learn.microsoft.com/linkedin/shared/api-guide."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django_connected_accounts.exceptions import OutcomeUnknown, ProviderError, Unavailable
from django_connected_accounts.providers.http import Http, Response
from django_connected_accounts.providers.types import Body

from .rules import CODES, SERVICE_CODES, STATUSES, UNKNOWN

API, WWW = "api.linkedin.com", "www.linkedin.com"
POST_URN = re.compile(r"urn:li:(?:share|ugcPost):\d+")


class LinkedInAPIClient:
    """Calls as a member, who may act for Pages. Posts and comments must not be created again blindly."""

    def __init__(self, http: Http, access_token: str, version: str) -> None:
        self.http = http
        self._access_token = access_token
        self._version = version

    def get_userinfo(self) -> dict[str, Any]:
        return self._object(self._call("GET", "v2/userinfo"), "sub")

    def list_roles(self, start: int) -> list[dict[str, Any]]:
        """Return roles of the member on Pages, all kinds: whoever may post is told by us, not by a filter."""
        path = f"rest/organizationAcls?q=roleAssignee&state=APPROVED&start={start}&count=100"
        return self._list(path)

    def get_organization(self, organization_id: str) -> dict[str, Any]:
        return self._object(self._call("GET", f"rest/organizations/{organization_id}"), "id")

    def initialize_upload(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Begin an upload of "images", "videos" or "documents"; what is begun twice is never seen."""
        body = {"initializeUploadRequest": request}
        answer = self._call("POST", f"rest/{kind}?action=initializeUpload", json=body, repeatable=True)
        value: dict[str, Any] = self._object(answer, "value")["value"]
        return value

    def put(self, url: str, piece: bytes | Body, *, part: bool) -> str:
        """Send bytes, of a film without our token, and return their ETag."""
        response = self.http.request(
            "PUT",
            url,
            repeatable=True,
            data=piece,
            headers={"Content-Type": "application/octet-stream"},
            token="" if part else self._access_token,
        )
        if response.status >= 400:
            raise self._error(response, repeatable=True)
        return str(response.headers.get("ETag", "")).strip('"')

    def finalize_video(self, video: str, upload_token: str, parts: Sequence[str]) -> None:
        request = {"video": video, "uploadToken": upload_token, "uploadedPartIds": list(parts)}
        body = {"finalizeUploadRequest": request}
        self._call("POST", "rest/videos?action=finalizeUpload", json=body, repeatable=True)

    def get_media(self, kind: str, urn: str) -> dict[str, Any]:
        return self._object(self._call("GET", f"rest/{kind}/{_quoted(urn)}"), "status")

    def create_post(self, body: Mapping[str, Any]) -> str:
        """Post and return the URN. Never to be repeated blindly."""
        return self._created(self._call("POST", "rest/posts", json=body, repeatable=False))

    def delete_post(self, urn: str) -> None:
        """Delete a post; one that is gone already is no error."""
        path = f"rest/posts/{_quoted(urn)}"
        try:
            self._call("DELETE", path, method_name="DELETE")
        except Unavailable as error:
            if error.code != "object_not_visible":
                raise

    def list_posts(self, author: str) -> list[dict[str, Any]]:
        """Return the newest posts of a Page; of a member only an approved app may see them."""
        path = f"rest/posts?q=author&author={_quoted(author)}&count=50&sortBy=LAST_MODIFIED"
        return self._list(path, method_name="FINDER")

    def create_comment(self, post: str, body: Mapping[str, Any]) -> str:
        """Comment and return the comment's id. Never to be repeated blindly."""
        path = f"rest/socialActions/{_quoted(post)}/comments"
        return self._created(self._call("POST", path, json=body, repeatable=False))

    def list_comments(self, post: str) -> list[dict[str, Any]]:
        return self._list(f"rest/socialActions/{_quoted(post)}/comments")

    def get_page_statistics(self, page: str, post: str = "") -> list[dict[str, Any]]:
        """Return ``totalShareStatistics`` of a Page, or of one of its posts."""
        about = f"organizationalEntity={_quoted(page)}"
        if post:
            about += f"&{'ugcPosts' if ':ugcPost:' in post else 'shares'}=List({_quoted(post)})"
        return self._list(f"rest/organizationalEntityShareStatistics?q=organizationalEntity&{about}")

    def get_followers(self, page: str) -> dict[str, Any]:
        """Return how many follow a Page, as ``firstDegreeSize``."""
        path = f"rest/networkSizes/{_quoted(page)}?edgeType=CompanyFollowedByMember"
        return self._object(self._call("GET", path), "firstDegreeSize")

    def get_member_statistics(self, metric: str, post: str = "") -> list[dict[str, Any]]:
        """Return ``count`` of one metric of all the member's posts, or of one."""
        kind = "ugc" if ":ugcPost:" in post else "share"
        what = f"q=entity&entity=({kind}:{_quoted(post)})" if post else "q=me"
        return self._list(f"rest/memberCreatorPostAnalytics?{what}&queryType={metric}&aggregation=TOTAL")

    def _list(self, path: str, **options: Any) -> list[dict[str, Any]]:
        return list(self._object(self._call("GET", path, **options), "elements")["elements"])

    def _call(
        self, method: str, path: str, *, json: Any = None, repeatable: bool = True, method_name: str = ""
    ) -> Response:
        headers = {}
        if path.startswith("rest/"):
            headers = {"LinkedIn-Version": self._version, "X-Restli-Protocol-Version": "2.0.0"}
        if method_name:
            headers["X-RestLi-Method"] = method_name
        response = self.http.request(
            method,
            f"https://{API}/{path}",
            repeatable=repeatable,
            json=json,
            headers=headers,
            token=self._access_token,
        )
        if response.status >= 400:
            raise self._error(response, repeatable=repeatable)
        return response

    def _object(self, response: Response, needs: str) -> dict[str, Any]:
        found = response.json
        if not isinstance(found, dict) or needs not in found:
            raise Unavailable(detail=f"no {needs} in the answer", provider=self.http.provider)
        return found

    def _created(self, response: Response) -> str:
        created = response.headers.get("x-restli-id") or response.headers.get("x-linkedin-id")
        if response.status != 201 or not created:
            raise OutcomeUnknown(detail="no id in the answer", provider=self.http.provider)
        return str(created)

    def _error(self, response: Response, *, repeatable: bool) -> ProviderError:
        """Return what an answer calls for: known by its code, else by its status."""
        body = response.json if isinstance(response.json, dict) else {}
        code = _code(body)
        meaning = CODES.get(code) or STATUSES.get(response.status, UNKNOWN)
        known: dict[str, Any] = {
            "provider": self.http.provider,
            "platform_code": code or str(response.status),
            "trace_id": str(response.headers.get("x-li-uuid", "")),
        }
        certain, message = meaning.certain and bool(body), str(body.get("message", ""))
        if not repeatable and not certain:
            return OutcomeUnknown(**known)
        if code == "DUPLICATE_POST" and (twin := POST_URN.search(message)):
            known["detail"] = twin[0]
        # Comments have a budget of a minute; all others are daily, and it is not said whose they are.
        wait = 60.0 if "creation rate" in message else response.retry_after
        return meaning.raised(wait=wait, certain=certain, **known)


def _quoted(urn: str) -> str:
    return quote(urn, safe="")


def _code(body: Mapping[str, Any]) -> str:
    """Return the most telling of the codes in an error, "" where there is none that is known."""
    details = body.get("errorDetails")
    inputs = details.get("inputErrors") if isinstance(details, dict) else None
    codes = [row.get("code") for row in inputs if isinstance(row, dict)] if isinstance(inputs, list) else []
    codes = [body.get("code"), *codes, SERVICE_CODES.get(body.get("serviceErrorCode") or 0)]
    return next((str(code) for code in codes if code in CODES), "")

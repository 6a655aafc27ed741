"""Films on Facebook Pages: uploads in pieces or from where they broke off, processing, reels and stories.

Follows the Facebook Pages contract of 2026-11-22, sections 4.3 to 4.5. Not done: the Resumable Upload API,
scheduling and drafts, collaborators, codecs. Processing begins with the end of the upload, see `Toggles`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.http import JsonResponse

from . import media, tokens
from .errors import GraphError
from .facebook_login import ONLY_HERE
from .meta import edges, fields_of, page_of, select, timestamp
from .pages import Film, Pages, authorise
from .records import DAY, Item
from .routing import Answer, Call, Refusal, Route

GRAPH_VIDEO, RUPLOAD = "graph-video.facebook.com", "rupload.facebook.com"
RULES: Final = {"video": (0, 14_400, 0, 0), "reel": (3, 90, 540, 960), "story": (3, 60, 540, 960)}
"""Kind to least and most seconds, least width and height."""


class Rupload(Refusal):
    """A refusal of the upload host, which has an envelope of its own."""

    def __init__(self, kind: str, message: str, *, retriable: bool = False) -> None:
        super().__init__(kind)
        self.info = {"retriable": retriable, "type": kind, "message": message}

    def respond(self, call: Call) -> JsonResponse:
        return JsonResponse({"debug_info": self.info}, status=400)


def videos(call: Call, node: str) -> Answer:
    """A film from its address, or the next phase of an upload in pieces."""
    token = authorise(call, node, "publish")
    phase = call.text("upload_phase")
    if not phase:
        film = _new(call, node, "videos")
        film.body, film.params = bytearray(media.pull(call.world, call.text("file_url"))), _said(call)
        film.size = len(film.body)
        _finish(call, film)
        return {"id": film.id}
    if phase == "start":
        film = _new(call, node, "videos", size=int(call.text("file_size", "0")))
        film.session = call.world.new_id("session", prefix="6", length=15)
        wanted = _wanted(call, film)
        return {"upload_session_id": film.session, "video_id": film.id, **wanted}
    film = _session(call, token.page)
    if phase == "transfer":
        return _transfer(call, film)
    if phase == "cancel":
        del Pages.of(call.world).films[film.id]
        return {"success": True}
    if len(film.body) < film.size:
        raise GraphError(6000, 1363019, message="There was a problem uploading your video.")
    film.params = _said(call)
    return _finish(call, film)


def reels(call: Call, node: str) -> Answer:
    if call.text("upload_phase") == "finish":
        now, pages = call.world.now(), Pages.of(call.world)
        made = [film for film in pages.films.values() if film.page == node and film.edge == "video_reels"]
        recent = [film for film in made if film.finished_at is not None and film.finished_at > now - DAY]
        if len(recent) >= pages.toggle["reels_per_day"]:
            raise GraphError(9, message="(#9) Too many reels in 24 hours (code invented by the sandbox)")
    return _phases(call, node, "video_reels")


def stories(call: Call, node: str) -> Answer:
    return _phases(call, node, "video_stories")


def upload(call: Call, version: str, film_id: str) -> Answer:
    """The bytes of a film from where the last upload ended, or its address."""
    token, film = call.token, Pages.of(call.world).films.get(film_id)
    if token is None or film is None or token.page != film.page:
        raise Rupload("NotAuthorizedError", "The token is not this Page's")
    tokens.check_alive(call, token)
    headers = call.request.headers
    if url := headers.get("file_url"):
        film.body = bytearray(media.pull(call.world, url))
        film.size = len(film.body)
        return {"success": True}
    offset, size = headers.get("offset", ""), headers.get("file_size", "")
    if not offset.isdecimal() or not size.isdecimal():
        raise Rupload(
            "ParameterValidationError", "HeaderValuePredicate: Header Offset not convertable to unsigned long"
        )
    if int(offset) != len(film.body):
        raise Rupload("OffsetInvalidError", f"The offset must be {len(film.body)}", retriable=True)
    film.size = int(size)
    film.body += call.request.read()
    if len(film.body) != film.size:
        raise Rupload("PartialRequestError", "The body is shorter than was said", retriable=True)
    return {"success": True}


def read(call: Call, node: str) -> Answer:
    """How far a film is; each reading is one poll."""
    pages = Pages.of(call.world)
    film = pages.films[node]
    authorise(call, film.page, "read")
    _afflict(call, film)
    pages.settle()
    film.polls += film.finished_at is not None
    post = pages.posts.get(film.id) or pages.posts.get(film.post_id)
    known = {
        "id": film.id,
        "status": _status(call, film),
        "post_id": film.post_id or None,
        "permalink_url": pages.permalink(post) if post else None,
        "published": post is not None,
        "title": film.params.get("title"),
        "description": film.params.get("description"),
        "created_time": timestamp(film.finished_at or call.world.now()),
        "comments": lambda inner: {"data": [], "summary": {"total_count": len(post.comments) if post else 0}},
        "reactions": lambda inner: {"data": [], "summary": {"total_count": 3}},
    }
    return select(known, fields_of(call.text("fields")), "Video", ("id",))


def delete(call: Call, node: str) -> Answer:
    pages = Pages.of(call.world)
    film = pages.films[node]
    authorise(call, film.page, "publish")
    for name in (film.id, film.post_id):
        pages.posts.pop(name, None)
    del pages.films[node]
    return {"success": True}


def listed(call: Call, node: str) -> Answer:
    authorise(call, node, "read")
    pages = Pages.of(call.world)
    pages.settle()
    edge = call.path.rpartition("/")[2]
    films = [film for film in reversed(pages.films.values()) if (film.page, film.edge) == (node, edge)]
    rows = [
        {
            "id": film.id,
            "description": film.params.get("description", ""),
            "updated_time": timestamp(film.finished_at or 0),
        }
        for film in films
        if film.post_id or film.id in pages.posts
    ]
    return page_of(call, rows)


def _phases(call: Call, node: str, edge: str) -> Answer:
    authorise(call, node, "publish")
    if call.text("upload_phase") == "start":
        film = _new(call, node, edge)
        version = call.version
        return {"video_id": film.id, "upload_url": f"https://{RUPLOAD}/video-upload/{version}/{film.id}"}
    film = _known(call, node, edge)
    if not film.size or len(film.body) < film.size:
        raise GraphError(6000, 1363019, message="There was a problem uploading your video.")
    if edge == "video_reels" and call.text("video_state") != "PUBLISHED":
        raise GraphError(
            100, message="(#100) The sandbox publishes reels at once: video_state must be PUBLISHED"
        )
    film.params = _said(call)
    return _finish(call, film)


def _new(call: Call, node: str, edge: str, *, size: int = 0) -> Film:
    app_id = call.token.client_id if call.token else ""
    film_id, story_id = (
        call.world.new_id(what, prefix=prefix, length=15) for what, prefix in (("film", "8"), ("story", "5"))
    )
    film = Film(id=film_id, page=node, edge=edge, app_id=app_id, size=size, story_id=story_id)
    Pages.of(call.world).films[film.id] = film
    return film


def _known(call: Call, node: str, edge: str) -> Film:
    film = Pages.of(call.world).films.get(call.text("video_id"))
    if film is None or (film.page, film.edge) != (node, edge):
        raise GraphError(100, message="(#100) Param video_id must be a video of this Page")
    return film


def _session(call: Call, page_id: str) -> Film:
    for film in Pages.of(call.world).films.values():
        if film.session and (film.session, film.page) == (call.text("upload_session_id"), page_id):
            return film
    raise GraphError(100, message="(#100) Param upload_session_id must be a session of this Page")


def _wanted(call: Call, film: Film) -> dict[str, str]:
    start = len(film.body)
    end = min(film.size, start + int(Pages.of(call.world).toggle["piece"]))
    return {"start_offset": str(start), "end_offset": str(end)}


def _transfer(call: Call, film: Film) -> Answer:
    if call.text("start_offset") != str(len(film.body)):
        wanted: Any = _wanted(call, film)
        if Pages.of(call.world).toggle["error_data_as_text"]:
            wanted = json.dumps(wanted)
        message = "There was a problem uploading your video. Please try uploading it again."
        raise GraphError(6000, 1363037, message=message, data=wanted)
    piece = call.request.FILES.get("video_file_chunk")
    if piece is None:
        raise GraphError(100, message="(#100) The parameter video_file_chunk is required")
    film.body += piece.read()
    return _wanted(call, film)


def _said(call: Call) -> dict[str, str]:
    return {name: call.text(name) for name in ("title", "description") if call.text(name)}


def _finish(call: Call, film: Film) -> Answer:
    """Accept a film; a second time is the same film and changes nothing."""
    if film.finished_at is None:
        film.finished_at, body = call.world.now(), bytes(film.body)
        duration, width, height = media.film_facts(body)
        least, most, least_width, least_height = RULES[film.kind]
        names = [name for name, _ in media.boxes(body)]
        if names[:1] != [b"ftyp"] or b"moov" not in names:
            film.flaw = "The video file could not be read."
        elif duration is not None and not least <= duration <= most:
            film.flaw = f"Video duration must be between {least} and {most} seconds."
        elif width < least_width or height < least_height:
            film.flaw = f"Resolution too low. Video must have a minimum of {least_width}x{least_height}."
        film.item = Item(
            kind="video", url="", body=body, mime="video/mp4", width=width, height=height, duration=duration
        )
    _afflict(call, film)
    if film.edge == "video_stories":
        return {"success": True, "post_id": film.story_id}
    return {"success": True}


def _afflict(call: Call, film: Film) -> None:
    """Do to a film that is not live yet what the fault that struck this call says of containers."""
    fault = call.fault
    if film.post_id:
        return
    if fault and fault.action == "never_finish":
        film.forced = True
    elif fault and fault.action in ("container_error", "expire"):
        film.flaw = "The video could not be processed."


def _status(call: Call, film: Film) -> dict[str, Any]:
    live, whole = bool(film.post_id), bool(film.size) and len(film.body) >= film.size
    finished = film.finished_at is not None
    failed = finished and bool(film.flaw)
    status = "upload_complete" if whole else "uploading"
    if finished:
        status = "error" if failed else "ready" if live else "processing"
    if Pages.of(call.world).toggle["bare_status"]:
        return {"video_status": status}
    processing: dict[str, Any] = {"status": "in_progress" if finished else "not_started"}
    if failed:
        processing = {"status": "error", "error": {"message": film.flaw}}
    elif live:
        processing = {"status": "complete"}
    publishing: dict[str, Any] = {"status": "not_started", "publish_status": "draft"}
    if finished:
        publishing["status"] = "error" if failed else "in_progress"
    if live:
        publishing = {"status": "complete", "publish_status": "published"}
    uploading = {
        "status": "complete" if whole else "in_progress" if film.body else "not_started",
        "bytes_transfered": len(film.body),
    }
    return {
        "video_status": status,
        "uploading_phase": uploading,
        "processing_phase": processing,
        "publishing_phase": publishing,
    }


EDGES: Final = edges(
    (
        "POST", "page", "videos", videos,
        "upload_phase file_size file_url upload_session_id start_offset title description",
    ),
    ("POST", "page", "video_reels", reels, "upload_phase video_id video_state title description"),
    ("POST", "page", "video_stories", stories, "upload_phase video_id"),
    ("GET", "page", "videos", listed, "paged"),
    ("GET", "page", "video_reels", listed, "paged since until"),
    ("GET", "film", "", read, ""),
    ("DELETE", "film", "", delete, ""),
    hosts=(*ONLY_HERE, GRAPH_VIDEO),
)  # fmt: skip
ROUTES: Final = (Route(RUPLOAD, "POST", r"/video-upload/(v\d+\.\d+)/(\d+)", upload),)

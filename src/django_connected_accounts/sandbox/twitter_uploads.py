"""X's uploads: begun, sent in pieces in any order, finished, worked on, described.

Follows the X contract of 2026-11-22, section 5. Not done: the older form with one address for all commands,
subtitles, further owners, codecs; a film is judged by its boxes, length and bytes, a picture is decoded.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpResponse

from .media import boxes, film, picture
from .records import DAY, Item
from .routing import Answer, Unknown
from .twitter_api import Asked, Problem, invalid

CATEGORIES: Final = {
    # Category to what is uploaded, its media types, most bytes, and what its media keys begin with.
    "tweet_image": ("image", {"image/jpeg", "image/png", "image/webp"}, 5 * 1024 * 1024, "3"),
    "tweet_gif": ("image", {"image/gif"}, 15 * 1024 * 1024, "16"),
    "tweet_video": ("video", {"video/mp4", "video/quicktime"}, 512 * 1024 * 1024, "7"),
}
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
LARGEST_PIECE: Final = 5 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Upload:
    """Something uploaded; ``item`` is there once it is finished, ``failed`` when X can't use it."""

    id: str
    key: str
    owner: str
    category: str
    media_type: str
    total: int
    pieces: dict[int, bytes] = field(default_factory=dict, repr=False)
    item: Item | None = None
    ready_at: float = 0.0
    expires_at: float = 0.0
    failed: bool = False
    alt_text: str = ""

    @property
    def moving(self) -> bool:
        return self.category != "tweet_image"

    def state(self, now: float) -> str:
        if self.item is None or now >= self.expires_at:
            return "gone"
        if now < self.ready_at:
            return "in_progress"
        return "failed" if self.failed else "succeeded"


def initialize(asked: Asked) -> Answer:
    call = asked.call
    call.accept({"media_type", "total_bytes", "media_category", "additional_owners"})
    category, media_type, total = (
        call.text("media_category"),
        call.text("media_type"),
        int(call.text("total_bytes", "0")),
    )
    if category not in CATEGORIES or media_type not in CATEGORIES[category][1]:
        raise invalid("media_category", category, f"{media_type} is no {category}")
    if not 0 < total <= CATEGORIES[category][2]:
        raise invalid("total_bytes", total, "the file is too large")
    upload = _begin(asked, category, media_type, total)
    return {"data": {"id": upload.id, "media_key": upload.key, "expires_after_secs": DAY - 1}}


def append(asked: Asked, media_id: str) -> Answer:
    call = asked.call
    call.accept({"segment_index", "media"})
    upload, number = _mine(asked, media_id), call.text("segment_index")
    if not number.isdigit() or int(number) > 999:
        raise invalid("segment_index", number, "must be between 0 and 999")
    piece = _bytes(asked)
    if not piece or len(piece) > LARGEST_PIECE:
        raise invalid("media", len(piece), "a piece has 1 to 5242880 bytes")
    upload.pieces[int(number)] = piece
    if asked.platform.toggle["append_body"]:
        return {"data": {"expires_at": int(call.world.now()) + DAY}}
    return HttpResponse(status=204)


def finalize(asked: Asked, media_id: str) -> Answer:
    asked.call.accept(())
    upload = _mine(asked, media_id)
    if upload.item is None:
        numbers = range(len(upload.pieces))
        body = b"".join(upload.pieces.get(number, b"") for number in numbers)
        if set(upload.pieces) != set(numbers) or len(body) != upload.total:
            raise invalid("media_id", media_id, "Segments do not add up to provided total file size.")
        _finish(asked, upload, body)
    return _status(asked, upload)


def status(asked: Asked) -> Answer:
    call = asked.call
    call.accept({"command", "media_id"})
    if call.text("command") != "STATUS":
        raise Unknown(f"command {call.text('command')!r} of GET /2/media/upload", status=400)
    return _status(asked, _mine(asked, call.text("media_id")))


def upload_at_once(asked: Asked) -> Answer:
    """A picture in one call."""
    call = asked.call
    call.accept({"media", "media_category", "media_type"})
    category, body = call.text("media_category", "tweet_image"), _bytes(asked)
    if category not in CATEGORIES or not 0 < len(body) <= CATEGORIES[category][2]:
        raise invalid("media", len(body), "the file is too large")
    upload = _begin(asked, category, call.text("media_type"), len(body))
    _finish(asked, upload, body)
    return _status(asked, upload)


def describe(asked: Asked) -> Answer:
    call = asked.call
    call.accept({"id", "metadata"})
    upload = _mine(asked, call.text("id"))
    metadata = call.params.get("metadata") or {}
    text = (metadata.get("alt_text") or {}).get("text", "")
    if not 0 < len(text) <= 1000 or upload.category == "tweet_video":
        raise invalid("metadata.alt_text.text", text, "1 to 1000 characters, for pictures")
    upload.alt_text = text
    asked.platform.spent += 0.005
    return {"data": {"id": upload.id, "associated_metadata": metadata}}


def _begin(asked: Asked, category: str, media_type: str, total: int) -> Upload:
    media_id = asked.platform.new_id()
    upload = Upload(
        id=media_id,
        key=f"{CATEGORIES[category][3]}_{media_id}",
        owner=asked.member.id,
        category=category,
        media_type=media_type,
        total=total,
    )
    asked.platform.uploads[media_id] = upload
    return upload


def _finish(asked: Asked, upload: Upload, body: bytes) -> None:
    now, platform = asked.call.world.now(), asked.platform
    item, unusable = _item(upload, body)
    if unusable and not upload.moving:
        raise invalid("media", upload.id, "The file can't be decoded as an image (answer invented).")
    upload.item, upload.failed = (
        item,
        unusable or (upload.moving and bool(platform.toggle["processing_fails"])),
    )
    upload.ready_at = now + float(platform.toggle["processing_seconds"]) * upload.moving
    upload.expires_at = now + DAY


def _item(upload: Upload, body: bytes) -> tuple[Item, bool]:
    """Return what was uploaded, and whether X can't use it."""
    if CATEGORIES[upload.category][0] == "image":
        drawn = picture(body, FORMATS)
        return drawn or Item(kind="image", url="", body=body, mime=upload.media_type), drawn is None
    found = film(body)
    begins = next((name for name, _ in boxes(body)), b"")
    return found, begins != b"ftyp" or (found.duration is not None and found.duration < 0.5)


def _mine(asked: Asked, media_id: str) -> Upload:
    found = asked.platform.uploads.get(media_id)
    if found is None or found.owner != asked.member.id:
        errors = [{"message": "BadRequest: Not found"}]
        raise Problem(400, "Invalid Request", "BadRequest: Not found", "invalid-request", errors=errors)
    return found


def _status(asked: Asked, upload: Upload) -> dict[str, Any]:
    now = asked.call.world.now()
    state = upload.state(now)
    if state == "gone":
        del asked.platform.uploads[upload.id]
        _mine(asked, upload.id)
    row: dict[str, Any] = {
        "id": upload.id,
        "media_key": upload.key,
        "size": upload.total,
        "expires_after_secs": int(upload.expires_at - now),
    }
    if upload.moving:
        info: dict[str, Any] = {"state": state}
        row["processing_info"] = info
        if state == "in_progress":
            info |= {"check_after_secs": 1, "progress_percent": 50}
        if state == "failed":
            info["error"] = {"code": 1, "name": "InvalidMedia", "message": "Unsupported format"}
    return {"data": row}


def _bytes(asked: Asked) -> bytes:
    """Return the file of a multipart body, or the base64 of a JSON one."""
    file = asked.call.request.FILES.get("media")
    if file is not None:
        return bytes(file.read())
    try:
        return base64.b64decode(asked.call.text("media"), validate=True)
    except binascii.Error:
        return b""

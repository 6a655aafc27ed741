"""LinkedIn's uploads: pictures and documents whole, films in parts. See `linkedin`."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse

from .ids import letters
from .linkedin import WWW, Asset, Error, LinkedIn, acting, gateway
from .media import film, picture
from .records import Item
from .routing import Answer, Call

KINDS: Final = {"images": "image", "videos": "video", "documents": "document"}


def initialize(call: Call, resource: str) -> Answer:
    call.accept({"action", "initializeUploadRequest", "finalizeUploadRequest"})
    if call.text("action") == "finalizeUpload":
        return _finalize(call)
    platform, request = LinkedIn.of(call.world), call.structure("initializeUploadRequest") or {}
    owner = str(request.get("owner", ""))
    acting(call, f"{resource}.ACTION-initializeUpload", owner)
    kind = KINDS[resource]
    urn = f"urn:li:{kind}:{letters(call.world.unique('asset'), prefix='C5', length=16)}"
    size = int(request.get("fileSizeBytes", 0))
    platform.uploads[urn] = Asset(urn=urn, kind=kind, owner=owner, size=size)
    address = f"https://{WWW}/dms-uploads/{urn.rpartition(':')[2]}"
    until = int(call.world.now() * 1000) + 30 * 86_400_000
    if kind != "video":
        url = f"{address}/whole"
        return {"value": {"uploadUrl": url, "uploadUrlExpiresAt": until, kind: urn}}
    part = platform.toggle["part_bytes"]
    parts = [
        {"uploadUrl": f"{address}/{number}", "firstByte": first, "lastByte": min(first + part, size) - 1}
        for number, first in enumerate(range(0, size, part))
    ]
    value = {"video": urn, "uploadInstructions": parts, "uploadToken": "", "uploadUrlsExpireAt": until}
    return {"value": value}


def upload(call: Call, name: str, part: str) -> Answer:
    platform = LinkedIn.of(call.world)
    asset = next((a for urn, a in platform.uploads.items() if urn.endswith(name)), None)
    body = call.request.body
    if asset is None:
        raise Error(404, "NOT_FOUND", "Not found")
    if asset.kind == "video":
        if call.token_value and platform.toggle["strict_parts"]:
            raise Error(400, "INVALID_VALUE_FOR_FIELD", "Authorization is not allowed here")
        asset.parts[int(part)] = body
        return HttpResponse(status=200, headers={"ETag": f'"{name}-{part}"'})
    if call.token is None:
        raise Error(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", service=65604)
    asset.item = _item(asset.kind, body)
    asset.ready_at = call.world.now() + platform.toggle["processing_seconds"]
    return HttpResponse(status=201)


def asset_status(call: Call, resource: str, urn: str) -> Answer:
    access = gateway(call, f"{resource}.GET")
    platform = LinkedIn.of(call.world)
    asset = platform.uploads.get(urn)
    if resource == "images" and not access.scopes & {"w_organization_social", "r_organization_social"}:
        raise Error(403, "ACCESS_DENIED", "accessing this image resource is forbidden", service=100)
    if asset is None:
        raise Error(404, "NOT_FOUND", "Not found")
    return {"id": urn, "owner": asset.owner, "status": state(platform, asset)}


def _finalize(call: Call) -> Answer:
    platform, request = LinkedIn.of(call.world), call.structure("finalizeUploadRequest") or {}
    asset = platform.uploads.get(str(request.get("video")))
    if asset is None:
        raise Error(400, "INVALID_VIDEO_ID", "The video is unknown")
    acting(call, "videos.ACTION-finalizeUpload", asset.owner)
    name = asset.urn.rpartition(":")[2]
    whole = b"".join(body for _, body in sorted(asset.parts.items()))
    if (
        request.get("uploadedPartIds") != [f"{name}-{n}" for n in sorted(asset.parts)]
        or len(whole) != asset.size
    ):
        raise Error(400, "INVALID_VALUE_FOR_FIELD", "uploadedPartIds do not match")
    asset.item = film(whole)
    asset.ready_at = asset.ready_at or call.world.now() + platform.toggle["processing_seconds"]
    return HttpResponse(status=200)


def state(platform: LinkedIn, asset: Asset) -> str:
    if asset.ready_at is None:
        return "WAITING_UPLOAD"
    if platform.world.now() < asset.ready_at:
        return "PROCESSING"
    return "PROCESSING_FAILED" if platform.toggle["fails_processing"] else "AVAILABLE"


def _item(kind: str, body: bytes) -> Item:
    if kind == "document":
        return Item(kind="document", url="", body=body, mime="application/pdf")
    if found := picture(body):
        return found
    raise Error(400, "INVALID_IMAGE_ID", "The image can't be read")

"""Links by which a platform fetches media: signed, good for one file as it is now, and only for a while."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any, Literal
from urllib.parse import urljoin

from django.conf import settings
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.db.models.fields.files import FieldFile
from django.urls import get_script_prefix, get_urlconf, reverse

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import PostMedia, Rendition

from .media import EXTENSIONS, Stored

Which = Literal["sent", "cover"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to be served, with the type its bytes have."""

    file: IO[bytes]
    mime: str
    size: int


def public_url(media: Stored, which: Which = "sent") -> str:
    """Return an absolute address at which anybody gets this file, while ``MEDIA_URL_SECONDS`` last."""
    kind = "rendition" if isinstance(media, Rendition) else which
    signed = _signer().sign(f"{media.pk.hex}-{kind}-{_state(_file(media, which))}")
    name = f"{which}.{EXTENSIONS.get(_mime(media, which), 'bin')}"
    address = _address(
        settings.CONNECTED_ACCOUNTS_BASE_URL, get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF
    )
    return address.replace(SIGNED, signed).replace(NAME, name)


SIGNED, NAME = "signed-by-us", "name-of-the-file"


@lru_cache
def _address(base: str, prefix: str, urlconf: Any) -> str:
    """Return the address of a file, where `SIGNED` and `NAME` stand for what differs."""
    if not base:
        raise ImproperlyConfigured("CONNECTED_ACCOUNTS_BASE_URL must say where platforms can fetch media")
    return urljoin(base, reverse("connected_accounts:media", kwargs={"signed": SIGNED, "name": NAME}))


def opened(signed: str) -> Opened:
    """Return the file a link was made for, or raise InvalidRequest: ``media_link_invalid``, ``…_expired``."""
    try:
        what = _signer().unsign(signed, max_age=settings.CONNECTED_ACCOUNTS_MEDIA_URL_SECONDS)
    except signing.SignatureExpired as error:
        raise InvalidRequest("media_link_expired") from error
    except signing.BadSignature as error:
        raise InvalidRequest("media_link_invalid") from error
    key, which, state = what.split("-")
    model: Any = Rendition if which == "rendition" else PostMedia
    media = model.objects.filter(pk=uuid.UUID(key)).first()
    file = _file(media, which) if media else None
    if media is None or not file or _state(file) != state:
        raise InvalidRequest("media_link_expired", "the file was replaced or deleted")
    try:
        return Opened(file.open("rb"), _mime(media, which), file.size)
    except OSError as error:
        raise InvalidRequest("media_link_invalid", "the file is not in the storage") from error


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="connected_accounts.media")


def _file(media: Stored, which: str) -> FieldFile:
    return media.cover if isinstance(media, PostMedia) and which == "cover" else media.file


def _state(file: FieldFile) -> str:
    """Return a digest of the stored name, which no two contents share: a file is written once."""
    return hashlib.sha256((file.name or "").encode()).hexdigest()[:16]


def _mime(media: Stored, which: str) -> str:
    return "image/jpeg" if which == "cover" else media.mime

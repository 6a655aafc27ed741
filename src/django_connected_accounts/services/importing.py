"""Media fetched from an address a user gave: what everybody could fetch, by `reaching`. No redirects."""

from __future__ import annotations

import http
import http.client
import posixpath
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from django_connected_accounts.exceptions import InvalidRequest

from . import reaching
from .reaching import Place

DEADLINE_SECONDS = 120.0
"""For the whole answer, however often a slow host sends another byte."""


def fetch(url: str) -> UploadedFile[Any]:
    """Return what a public http(s) address answers, in a temporary file; what it is, `media.probe` finds out.

    Raise InvalidRequest: ``media_url_refused`` for an address we don't go to, ``media_url_unreachable`` where
    nothing usable answers, ``media_too_large``, ``media_empty``.
    """
    place = _place(url)
    private: bool = settings.CONNECTED_ACCOUNTS_MEDIA_IMPORT_PRIVATE
    file = TemporaryUploadedFile(_name(place), "", 0, None)
    try:
        with reaching.connected(place, private=private, seconds=DEADLINE_SECONDS) as connection:
            file.size = _download(connection, place, file)
    except reaching.Refused as error:
        file.close()
        raise _refused(str(error)) from error
    except reaching.NoSuchHost as error:
        file.close()
        raise _unreachable(str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        file.close()
        raise _unreachable(type(error).__name__) from error
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _place(url: str) -> Place:
    try:
        return reaching.place(url)
    except reaching.Refused as error:
        raise _refused(str(error)) from error


def _download(connection: http.client.HTTPConnection, place: Place, file: UploadedFile[Any]) -> int:
    headers = {
        "Host": place.authority,
        "Accept": "image/*, video/*, */*;q=0.5",
        "Accept-Encoding": "identity",
    }
    connection.request("GET", place.target, headers={**headers, "User-Agent": "django-connected-accounts"})
    most, size = settings.CONNECTED_ACCOUNTS_MEDIA_MAX_BYTES, 0
    with connection.getresponse() as response:
        if response.status != http.HTTPStatus.OK:
            raise _unreachable(f"status {response.status}")
        expected = response.length or 0
        while block := response.read(64 * 1024):
            size += len(block)
            if max(size, expected) > most:
                raise InvalidRequest("media_too_large", size=max(size, expected), max=most)
            file.write(block)
    if size < expected:
        raise _unreachable("cut off")
    if not size:
        raise InvalidRequest("media_empty")
    return size


def _name(place: Place) -> str:
    name = unquote(posixpath.basename(urlsplit(place.target).path))
    return re.sub(r"[^\w.-]", "_", name)[-100:].strip(".") or "import"


def _unreachable(why: str) -> InvalidRequest:
    return InvalidRequest("media_url_unreachable", why, reason=why)


def _refused(why: str) -> InvalidRequest:
    return InvalidRequest("media_url_refused", why, reason=why)

"""What an author sends: a post as JSON, or as a form whose files are its media."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.files import File
from django.http import HttpRequest

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.types import Problem
from django_connected_accounts.services import importing
from django_connected_accounts.services.composing import NewMedia, refuse_too_many

from .reading import Kind, check, json_object, listing, mapping, parse, storable, text, uuid

CHANGES: Mapping[str, Kind] = {
    "text": text,
    "first_comment": text,
    "options": mapping,
    "accounts": listing(uuid),
    "media": listing(mapping),
}
POST: Mapping[str, Kind] = {"kind": text, **CHANGES}
MEDIA: Mapping[str, Kind] = {
    "url": text,
    "alt_text": text,
    "fit": text,
    "user_tags": listing(mapping),
    "cover_url": text,
}
KEPT_MEDIA: Mapping[str, Kind] = {"id": uuid, **MEDIA}


def new_post(request: HttpRequest) -> dict[str, Any]:
    """Return what `composing.compose` takes, its links fetched, or refuse it by field."""
    if request.content_type != "multipart/form-data":
        return _with_media(check(json_object(request, required=True), POST), MEDIA)
    return _with_media(check(_form(request), POST), MEDIA, _files(request))


def changes(request: HttpRequest) -> dict[str, Any]:
    """Return what `composing.edit` takes; media that is kept is named by its id."""
    wanted = check(json_object(request, required=True), CHANGES)
    return _with_media(wanted, KEPT_MEDIA) if "media" in wanted else wanted


@contextmanager
def closing(content: Mapping[str, Any]) -> Iterator[None]:
    """Close the files of a post in the end: those of links were fetched for it alone."""
    try:
        yield
    finally:
        for media in content.get("media", ()):
            for file in (media.file, media.cover):
                if file is not None:
                    file.close()


def _form(request: HttpRequest) -> dict[str, Any]:
    """Return a form's fields as the JSON they stand for: all in ``data``, or each by itself."""
    if "data" in request.POST:
        check(dict(request.POST.lists()), {"data": list})
        return parse(request.POST["data"])
    given: dict[str, Any] = {}
    for name, values in request.POST.lists():
        if name == "options":
            given[name] = parse(values[-1])
        elif name == "accounts":
            given[name] = values
        elif name != "csrfmiddlewaretoken":
            given[name] = storable(values[-1])
    return given


def _files(request: HttpRequest) -> list[File[bytes]]:
    check(dict(request.FILES.lists()), {"media": list})
    return list(request.FILES.getlist("media"))


def _with_media(
    wanted: dict[str, Any], known: Mapping[str, Kind], files: Sequence[File[bytes]] = ()
) -> dict[str, Any]:
    """Return the post with each entry of its media matched to its link, or else to the next file."""
    waiting = iter(files)
    entries = wanted.get("media", [{} for _ in files])
    refuse_too_many(entries)
    described = [check(entry, known, prefix=f"media.{n}.") for n, entry in enumerate(entries)]
    media, problems = [], []
    for position, said in enumerate(described):
        where = f"media.{position}"
        try:
            media.append(_media(said, waiting))
        except InvalidRequest as error:
            problems.append(Problem(code=error.code, field=where, params=error.params))
    if not problems and next(waiting, None) is not None:
        problems = [Problem(code="media_unexpected", field="media")]
    content = {**wanted, "media": media}
    if problems:
        with closing(content):
            raise InvalidRequest(problems=problems)
    return content


def _media(said: dict[str, Any], files: Iterator[File[bytes]]) -> NewMedia:
    existing, url, cover_url = said.pop("id", None), said.pop("url", ""), said.pop("cover_url", "")
    file = importing.fetch(url) if url else None if existing else next(files, None)
    if file is None and not existing:
        raise InvalidRequest("media_missing")
    return NewMedia(
        existing=existing, file=file, cover=importing.fetch(cover_url) if cover_url else None, **said
    )

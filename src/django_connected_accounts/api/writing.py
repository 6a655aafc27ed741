"""What an author sends: a post as JSON, or as a form whose files are its media."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.files import File
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

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
    "overrides": mapping,
}
POST: Mapping[str, Kind] = {"kind": text, **CHANGES}
OVERRIDE: Mapping[str, Kind] = {
    "kind": text,
    "text": text,
    "first_comment": text,
    "options": mapping,
    "media": listing(mapping),
}
MEDIA: Mapping[str, Kind] = {
    "url": text,
    "alt_text": text,
    "fit": text,
    "user_tags": listing(mapping),
    "cover_url": text,
}
KEPT_MEDIA: Mapping[str, Kind] = {"id": uuid, **MEDIA}
FILE_NAMES = re.compile(r"(overrides\.[0-9a-fA-F-]{36}\.)?media(\.\d{1,2}\.cover)?")
"""What a form's files are called: pictures and films in their order, or the cover of the n-th."""


class Files:
    """The files of a form, each given out once."""

    def __init__(self, given: MultiValueDict[str, Any] | None = None) -> None:
        self._waiting: dict[str, list[File[bytes]]] = dict(given.lists()) if given else {}
        check({name: "" for name in self._waiting if not FILE_NAMES.fullmatch(name)}, {})

    def count(self, name: str) -> int:
        return len(self._waiting.get(name, ()))

    def take(self, name: str) -> File[bytes] | None:
        """Return the next file of this name, None where there is no more."""
        return self._waiting[name].pop(0) if self.count(name) else None

    def left(self) -> list[Problem]:
        """Return a problem for each name of which there are too many."""
        return [Problem(code="media_unexpected", field=name) for name in self._waiting if self.count(name)]


def new_post(request: HttpRequest) -> dict[str, Any]:
    """Return what `composing.compose` takes, its links fetched, or refuse it by field."""
    if request.content_type != "multipart/form-data":
        return _with_media(check(json_object(request, required=True), POST), MEDIA, Files())
    files = Files(request.FILES)
    wanted = check(_form(request), POST)
    return _with_media({"media": [{}] * files.count("media"), **wanted}, MEDIA, files)


def changes(request: HttpRequest) -> dict[str, Any]:
    """Return what `composing.edit` takes; media that is kept is named by its id."""
    return _with_media(check(json_object(request, required=True), CHANGES), KEPT_MEDIA, Files())


@contextmanager
def closing(content: Mapping[str, Any]) -> Iterator[None]:
    """Close the files of a post in the end: those of links were fetched for it alone."""
    try:
        yield
    finally:
        for part in (content, *content.get("overrides", {}).values()):
            for media in part.get("media", ()):
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
        if name in ("options", "overrides"):
            given[name] = parse(values[-1])
        elif name == "accounts":
            given[name] = values
        elif name != "csrfmiddlewaretoken":
            given[name] = storable(values[-1])
    return given


def _with_media(wanted: dict[str, Any], known: Mapping[str, Kind], files: Files) -> dict[str, Any]:
    """Return the post, and what differs on accounts, with their media matched to links and files."""
    overrides = _overrides(wanted.get("overrides", {}))
    content = {**wanted, "overrides": overrides} if overrides else wanted
    parts = {"": content, **{f"overrides.{account}.": own for account, own in overrides.items()}}
    described = []
    for where, part in parts.items():
        entries = part.get("media", ())
        refuse_too_many(entries)
        kinds = KEPT_MEDIA if where else known
        for place, entry in enumerate(entries):
            field = f"{where}media.{place}"
            described.append((part, field, check(entry, kinds, prefix=f"{field}.")))
        if "media" in part:
            part["media"] = []
    problems = []
    for part, field, said in described:
        try:
            part["media"].append(_media(said, field, files))
        except InvalidRequest as error:
            problems.append(Problem(code=error.code, field=field, params=error.params))
    if problems := problems or files.left():
        with closing(content):
            raise InvalidRequest(problems=problems)
    return content


def _overrides(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    owns = check(given, dict.fromkeys(given, _override), prefix="overrides.")
    return {account: check(own, OVERRIDE, prefix=f"overrides.{account}.") for account, own in owns.items()}


def _override(value: Any) -> dict[str, Any]:
    return {} if value is None else mapping(value)


def _media(said: dict[str, Any], field: str, files: Files) -> NewMedia:
    existing, url, cover_url = said.pop("id", None), said.pop("url", ""), said.pop("cover_url", "")
    named = field.rpartition(".")[0]
    file = importing.fetch(url) if url else None if existing else files.take(named)
    if file is None and not existing:
        raise InvalidRequest("media_missing")
    cover = importing.fetch(cover_url) if cover_url else files.take(f"{field}.cover")
    return NewMedia(existing=existing, file=file, cover=cover, **said)

"""Whether a call without an answer took effect, judged by what the account's timeline shows now."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from django_connected_accounts.exceptions import OutcomeUnknown

from . import counting
from .client import TwitterAPIClient

FIELDS = "created_at,entities,attachments,note_tweet"
CLOCK_MARGIN = timedelta(seconds=60)
MAX_PAGES = 10
_LINK = "\0"
_SHORT = re.compile(r"https?://t\.co/\w+", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for: a post made at about ``since``, not one that is ``known``."""

    text: str
    media_keys: Sequence[str]
    quoted: str
    since: datetime
    known: Collection[str]


def listed_tweet(client: TwitterAPIClient, user_id: str, wanted: Wanted) -> Mapping[str, Any] | None:
    """Return the post that is wanted, or None.

    Raise OutcomeUnknown where one is like it and may be another: a person must decide.
    """
    like_it = False
    for row in _rows(client, user_id, wanted.since - CLOCK_MARGIN):
        if str(row.get("id", "")) in wanted.known or not row.get("id"):
            continue
        likeness = _likeness(row, wanted)
        if likeness == "same":
            return row
        like_it = like_it or likeness == "like"
    if like_it:
        raise OutcomeUnknown(
            "outcome_unknown", "a post like it, maybe another one", provider=client.http.provider
        )
    return None


def time_of(row: Mapping[str, Any]) -> datetime | None:
    """Return when a post was made, None if it does not say so in a way that can be read."""
    try:
        return datetime.strptime(row["created_at"], "%Y-%m-%dT%H:%M:%S.%f%z")
    except (KeyError, TypeError, ValueError):
        return None


def _rows(client: TwitterAPIClient, user_id: str, since: datetime) -> Iterator[Mapping[str, Any]]:
    page = ""
    for _ in range(MAX_PAGES):
        rows, page = client.list_tweets(user_id, since=since, fields=FIELDS, page=page)
        yield from (row for row in rows if isinstance(row, Mapping))
        if not page:
            return
    raise OutcomeUnknown("outcome_unknown", "too many posts to look through", provider=client.http.provider)


def _likeness(row: Mapping[str, Any], wanted: Wanted) -> str:
    """Say "same", "like" (links or media may differ) or "" (another text, or another number of media)."""
    attachments, keys = row.get("attachments"), wanted.media_keys
    shown = attachments.get("media_keys") or [] if isinstance(attachments, Mapping) else []
    full, bare = _shown(row, media=bool(shown), quoted=wanted.quoted)
    text = unicodedata.normalize("NFC", wanted.text)
    same_text = _compact(full) == _compact(text)
    if len(shown) != len(keys) or not (same_text or bare.split() == _without_links(text).split()):
        return ""
    if keys and all(keys):
        # Ids are given out once; what stands before them tells pictures from films, in ways that differ.
        return "same" if {_id(key) for key in shown} == {_id(key) for key in keys} else "like"
    return "same" if same_text and (text or not keys) else "like"


def _shown(row: Mapping[str, Any], *, media: bool, quoted: str) -> tuple[str, str]:
    """Return the text of a post with its links in full, and with `_LINK` in their places.

    The links that X adds for its media and for what it quotes are left out.
    """
    note = row.get("note_tweet")
    source: Mapping[str, Any] = note if isinstance(note, Mapping) and note.get("text") else row
    entities = source.get("entities")
    urls = entities.get("urls") if isinstance(entities, Mapping) else None
    known = {u.get("url"): u for u in urls or () if isinstance(u, Mapping)}
    added = re.compile(rf"/(photo|video)/\d+$|/status/{quoted or '-'}$")
    text = unicodedata.normalize("NFC", html.unescape(str(source.get("text", ""))))

    def with_links(instead: str) -> str:
        def place(found: re.Match[str]) -> str:
            link = known.get(found[0], {})
            full = str(link.get("expanded_url") or found[0])
            return "" if link.get("media_key") or added.search(full) else instead or full

        shown = _SHORT.sub(place, text)
        return shown.rpartition(instead or "https://t.co/")[0] if media and not known else shown

    return with_links(""), with_links(_LINK)


def _without_links(text: str) -> str:
    parts, position = [], 0
    for start, end in counting.links(text):
        parts += [text[position:start], _LINK]
        position = end
    return "".join([*parts, text[position:]])


def _compact(text: str) -> str:
    """Return what X leaves of a text, however it writes links: no white space, no schemes, no escapes."""
    return unquote(re.sub(r"https?://|\s+", "", text, flags=re.I)).rstrip("/")


def _id(media_key: str) -> str:
    return media_key.rpartition("_")[2]

"""The values that cross the border between the app and a provider: frozen, no secret in a ``repr``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO, Literal

from django_connected_accounts.exceptions import ContentRejected

Kind = Literal["photo", "carousel", "reel", "story", "text", "video", "document"]
MediaKind = Literal["image", "video", "document"]
Severity = Literal["error", "warning"]
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The host project's registration with a platform, from settings."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the platform lets us act with.

    ``scopes`` is what the token endpoint said was granted, None where it says nothing. ``expires_at``,
    ``refresh_expires_at`` (of the refresh token) and ``data_access_expires_at`` are aware UTC, None for "no
    known end". ``issued_at`` is when this access token was made. ``extra`` holds further secrets by name
    (Meta's user token beside a Page token).
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    issued_at: datetime | None = None
    scopes: frozenset[str] | None = None
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How a platform's access is renewed, and when that is done unasked.

    ``by`` is what younger tokens are given for, ``earliest`` the age it must have. Access that lives longer
    than ``short`` is renewed in the ``window`` between two shares of its life, each account at a moment of
    its own; what is left then is for trouble to pass. Shorter access is renewed on use, and where nobody uses
    it in the same window of ``idle``, lest its grant fall asleep.
    """

    by: Literal["access_token", "refresh_token"] = "refresh_token"
    earliest: timedelta = timedelta()
    window: tuple[float, float] = (0.875, 0.9)
    short: timedelta = timedelta(days=1)
    idle: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A remote account that one consent gave access to.

    ``account_id`` never changes (never a handle). ``tokens`` are its own, as a Page has them. ``unusable`` is
    the code of why it can't be published to, "" when it can. ``user_id`` is how the platform names the person
    in its callbacks. ``details`` are plain facts the provider wants back in `Connection.details`.
    """

    account_id: str
    username: str
    display_name: str = ""
    profile_picture_url: str = ""
    account_type: str = ""
    user_id: str = ""
    unusable: str = ""
    tokens: Tokens | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connected account as a provider sees it: who to act as, and with what."""

    account_id: str
    tokens: Tokens
    username: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One picture, film or document of a draft, with the facts that preflight needs.

    ``width`` and ``height`` are pixels as seen (after EXIF rotation), ``duration`` seconds; None means "not
    checked". ``url`` is public and short-lived; ``open`` gives the bytes. ``name`` is that of the author's
    file. ``user_tags`` are ``{"username", "x", "y"}`` with x and y from 0 to 1 from the top left.
    """

    kind: MediaKind
    mime: str
    size: int
    url: str = field(default="", repr=False)
    open: Callable[[], BinaryIO] | None = field(default=None, repr=False, compare=False)
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    colour: str = ""
    codec: str = ""
    frame_rate: float | None = None
    name: str = ""
    alt_text: str = ""
    user_tags: Sequence[Mapping[str, Any]] = ()
    cover_url: str = field(default="", repr=False)

    def read(self, offset: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``offset``: never hold more than a piece in memory."""
        with self.opened() as file:
            file.seek(offset)
            return file.read(length)

    def opened(self) -> BinaryIO:
        """Return its bytes, or raise ContentRejected where there are none."""
        if self.open is None:
            raise ContentRejected("media_missing")
        return self.open()


@dataclass(frozen=True, slots=True)
class Body:
    """A media from ``offset`` to its end as the body of a request, read by pieces whenever it is sent."""

    media: Media
    offset: int = 0

    def __len__(self) -> int:
        return self.media.size - self.offset

    def __iter__(self) -> Iterator[bytes]:
        with self.media.opened() as file:  # once: some storages fetch a file whole each time
            file.seek(self.offset)
            for start in range(self.offset, self.media.size, PIECE):
                yield file.read(min(PIECE, self.media.size - start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be published on one account. ``options`` are the platform's own, by its own names."""

    kind: Kind
    text: str = ""
    media: tuple[Media, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    first_comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Not finished: come back in ``retry_after`` seconds with ``checkpoint`` (JSON).

    ``repeatable`` says whether the *next* step may be run again blindly if its outcome is lost. ``waiting``
    says that the platform is busy with what it has, so nobody needs to act. ``accepted`` says that the post
    is the platform's now and may appear by itself: it is only followed from here, by `Publishes.find`, and
    neither cancelled, changed nor called missed. ``note`` is what this step did, with the platform's id, for
    the timeline.
    """

    checkpoint: Mapping[str, Any]
    retry_after: float = 0.0
    repeatable: bool = True
    waiting: bool = False
    accepted: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """It is live, under ``remote_id``.

    ``follow_up`` is work that remains and can't undo this (reading the permalink, the first comment).
    ``warning`` is the code of something that went wrong after publishing. ``existing`` says that the platform
    named a post it already had instead of making one.
    """

    remote_id: str
    permalink: str = ""
    published_at: datetime | None = None
    follow_up: Pending | None = None
    warning: str = ""
    note: str = ""
    existing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The platform has it, as ``remote_id``, unpublished: its owner must finish it there (TikTok's inbox)."""

    remote_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why a draft can't go out as it is (error), or one to think about (warning).

    ``field`` names the input ("text", "media", "media.2", "options.location_id"); ``fix`` names the repairs
    the app can do itself: "convert", "crop", "pad".
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    field: str = ""
    severity: Severity = "error"
    fix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number the platform enforces, with where and when it was read. ``note`` says how sure it is."""

    value: float
    unit: str
    source: str
    date: date
    note: str = ""


Limits = Mapping[str, Limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something a platform lets the author choose for these ``kinds`` of posts.

    ``choices`` are what a "choice" may be, value to label. What is ``required`` has no default; ``otherwise``
    says what anything else is unless chosen. An "object" has ``parts``, by name, or is JSON as ``help`` says.
    """

    type: Literal["text", "integer", "boolean", "list", "texts", "choice", "object"]
    kinds: tuple[Kind, ...]
    help: str
    choices: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    otherwise: str = ""
    parts: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many posts this account has made in the platform's window, and how many it may make."""

    used: int
    total: int
    window_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What rate-limit headers said: ``percent`` of the budget spent (100: all of it), seconds to wait."""

    percent: float
    retry_after: float = 0.0
    scope: Literal["app", "account"] = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One number about an account or a post, as the platform names it. None: the platform did not say."""

    name: str
    value: float | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A person ended what they had granted: ``user_id`` is that of their `Profile`, ``at`` aware UTC."""

    user_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something a platform told us by webhook. ``key`` is the same when it is told again.

    ``withdrawal`` is set where it tells that access has ended, ``published`` where it tells that what we know
    as ``remote_id`` is live.
    """

    kind: str
    account_id: str
    key: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    withdrawal: Withdrawal | None = None
    remote_id: str = ""
    published: Published | None = None

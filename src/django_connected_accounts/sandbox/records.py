"""What the sandbox remembers: apps, consents, codes, tokens, containers, posts, comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .logins import Login

Variant = Literal["A", "B"]
ContainerKind = Literal["photo", "carousel", "reel", "story", "item", "text", "video"]
MetaTokenKind = Literal["user", "page", "app", "instagram", "threads"]
DAY = 24 * 3600


@dataclass(slots=True, kw_only=True)
class Webhook:
    """Where an app wants to be told things; "" where it does not."""

    url: str = ""
    deauthorize_url: str = ""
    deletion_url: str = ""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """Something told to an app: the status of each try (0: no answer), the last answer, when next due."""

    client_id: str
    kind: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    next_at: float | None
    statuses: list[int] = field(default_factory=list)
    answer: str = ""


@dataclass(slots=True, kw_only=True)
class App:
    """A registration with a platform; ``loopback``: http://localhost and testserver need no listing.

    ``signing_secret`` signs what the app is told; it is the app's own unless another is given.
    """

    client_id: str
    secret: str = field(repr=False)
    login: str
    name: str = "Sandbox app"
    redirect_uris: set[str] = field(default_factory=set)
    loopback: bool = True
    signing_secret: str = field(default="", repr=False)
    webhook: Webhook = field(default_factory=Webhook)

    def __post_init__(self) -> None:
        self.signing_secret = self.signing_secret or self.secret


@dataclass(slots=True, kw_only=True)
class ConsentRequest:
    """One visit to a consent page; ``answered`` once it has been allowed or denied."""

    id: str
    login: Login
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    rerequest: bool = False
    challenge: str = ""
    answered: bool = False


@dataclass(slots=True, kw_only=True)
class Grant:
    """What one person has given one app so far; ``targets`` are the ids of what they ticked."""

    granted: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Code:
    """An authorization code: single use, short life, bound to one redirect_uri byte by byte."""

    value: str = field(repr=False)
    client_id: str
    person: str
    redirect_uri: str
    expires_at: float
    scopes: frozenset[str] = frozenset()
    challenge: str = field(default="", repr=False)
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Token:
    """A token; ``expires_at`` None is never, ``dead`` the 190 subcode it answers, 0 without subcode.

    ``rotated``: it was exchanged for a younger one. ``family``: what one consent led to.
    """

    value: str = field(repr=False)
    kind: str
    client_id: str
    person: str = ""
    page: str = ""
    scopes: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    issued_at: float = 0.0
    expires_at: float | None = None
    data_access_expires_at: float | None = None
    long: bool = False
    dead: int | None = None
    rotated: bool = False
    family: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One fetched picture or film, with what was found in it."""

    kind: Literal["image", "video", "document"]
    url: str
    body: bytes = field(repr=False)
    mime: str
    width: int = 0
    height: int = 0
    duration: float | None = None


@dataclass(slots=True, kw_only=True)
class Container:
    """A media container. ``forced`` is a status a fault put on it; ``subcode`` why it will end in ERROR."""

    id: str
    account_id: str
    kind: ContainerKind
    created_at: float
    polls_needed: int
    ready_at: float
    params: Mapping[str, Any] = field(default_factory=dict)
    item: Item | None = None
    cover: Item | None = None
    children: tuple[str, ...] = ()
    polls: int = 0
    subcode: int | None = None
    forced: str = ""
    media_id: str = ""

    @property
    def expires_at(self) -> float:
        return self.created_at + DAY


@dataclass(slots=True, kw_only=True)
class Media:
    """Something published. ``items`` holds one picture or film, or a carousel's two to ten."""

    id: str
    shortcode: str
    account_id: str
    username: str
    kind: ContainerKind
    timestamp: float
    container_id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    child_ids: tuple[str, ...] = ()
    alt_texts: tuple[str, ...] = ()
    cover: Item | None = None
    comment_enabled: bool = True

    @property
    def caption(self) -> str:
        return str(self.params.get("caption", ""))


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment, or with ``parent_id`` a reply to one."""

    id: str
    media_id: str
    text: str
    username: str
    account_id: str
    timestamp: float
    parent_id: str = ""
    hidden: bool = False


@dataclass(slots=True, kw_only=True)
class Toggles:
    """Choices where the real platform is unclear or differs from app to app; a misspelt name is an error."""

    b_exchange_shape: Literal["flat", "wrapped"] = "flat"
    me_shape: Literal["flat", "wrapped"] = "flat"
    omit_expires_in: bool = False
    rotate_on_refresh: bool = True
    revoke_on_reuse: bool = False
    require_appsecret_proof: bool = False
    developer_mode: Literal["off", "page", "redirect"] = "off"
    personal_refused_at: Literal["exchange", "consent"] = "exchange"
    second_publish: Literal["error", "same_id", "duplicate"] = "error"
    png_accepted: bool = False
    single_video: bool = False
    block_private_urls: bool = False
    locale: str = "en"
    image_polls: int = 1
    video_polls: int = 2
    image_seconds: float = 30.0
    video_seconds: float = 120.0

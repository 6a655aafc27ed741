"""LinkedIn: login, tokens, the versioned gateway, members and company Pages.

Follows the LinkedIn contract of 2026-11-22. Toggles: ``refreshable`` gives refresh tokens that count down
from the consent; ``deduplicates`` and ``ghosts`` say how duplicates are met; ``members_read`` lets members'
posts be read; ``strict_parts`` refuses a token on a film's parts. Not done: native PKCE, logos,
id tokens, drafts, updates, reactions, mentions' names, targeting, webhook subscriptions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse

from . import oauth
from .ids import digits, letters
from .logins import Login
from .platform import Member, Platform
from .records import DAY, Item, Token
from .routing import Call, Refused, Unknown

if TYPE_CHECKING:
    from .people import Person

API, WWW = "api.linkedin.com", "www.linkedin.com"
PERSON, ORGANIZATION = "urn:li:person:", "urn:li:organization:"
ENDED: Final[Mapping[str, date]] = {
    **{"202510": date(2026, 10, 15), "202511": date(2026, 11, 16)},
    **{f"2026{month:02}": date(2027, month, 15) for month in range(1, 10)},
}
POSTING: Final = ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER")
SELF_SERVE: Final = ("openid", "profile", "email", "w_member_social")
COMMUNITY: Final = (
    "rw_organization_admin", "w_organization_social", "r_organization_social", "r_member_postAnalytics",
    "r_basicprofile",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Organization:
    """A company Page, with the roles people have on it."""

    id: str
    name: str
    vanity: str
    roles: Mapping[str, str] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"{ORGANIZATION}{self.id}"


@dataclass(slots=True, kw_only=True)
class Asset:
    """An upload: a picture, a film or a document."""

    urn: str
    kind: str
    owner: str
    size: int = 0
    parts: dict[int, bytes] = field(default_factory=dict, repr=False)
    item: Item | None = None
    ready_at: float | None = None


class Error(Refused):
    """LinkedIn's envelope; that of refused ``inputs`` has its code among their details."""

    def __init__(
        self, status: int, code: str, message: str, *, service: int | None = None, inputs: bool = False
    ) -> None:
        told: dict[str, Any] = {"code": code}
        if inputs:
            row = {"code": code, "description": message, "input": {}}
            told = {"errorDetailType": "com.linkedin.common.error.BadRequest"}
            told["errorDetails"] = {"inputErrors": [row]}
        if service is not None:
            told["serviceErrorCode"] = service
        super().__init__(status, {"status": status, "message": message, **told})

    def respond(self, call: Call) -> HttpResponse:
        answer = super().respond(call)
        answer["x-li-uuid"] = call.world.new_word("li")
        return answer


class OAuthError(Refused):
    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(status, {"error": error, "error_description": description})


class LinkedIn(Platform):
    id = "linkedin"
    host = WWW
    login = Login(
        id="linkedin",
        name="LinkedIn",
        pages=((WWW, "/oauth/v2/authorization"),),
        scopes={
            "openid": "Who you are",
            "profile": "Your name and picture",
            "email": "Your e-mail address",
            "w_member_social": "Post as you",
            "rw_organization_admin": "Manage your Pages and read their numbers",
            "w_organization_social": "Post as your Pages",
            "r_organization_social": "Read your Pages' posts",
            "r_member_postAnalytics": "Read the numbers of your posts",
            "r_basicprofile": "Your basic profile",
        },
        params=frozenset({"client_id", "redirect_uri", "state", "scope", "response_type", "prompt"}),
        denial={"error": "user_cancelled_authorize", "error_description": "The user cancelled"},
        unknown_scope={"error": "unauthorized_scope_error", "error_description": "Scope is not authorized"},
        choosable=False,
        code_seconds=1800,
    )
    lifetimes = {"code": 1800, "access": 60 * DAY, "refresh": 365 * DAY}
    toggles = {
        "refreshable": False,
        "deduplicates": True,
        "ghosts": False,
        "strict_parts": True,
        "processing_seconds": 20.0,
        "fails_processing": False,
        "members_read": False,
        "part_bytes": 4_194_304,
    }

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.uploads: dict[str, Asset] = {}
        self.facts: dict[str, dict[str, Any]] = {}
        """What each post was made of, by its URN."""
        roles = {"two_businesses": "ADMINISTRATOR", "portfolio": "CONTENT_ADMINISTRATOR"}
        self.organizations = {
            organization.urn: organization
            for organization in (
                _organization("Bakery Nord", roles),
                _organization("Coffee Nord", {"two_businesses": "CONTENT_ADMINISTRATOR"}),
                _organization("Meadow Group", {"two_businesses": "ANALYST", "portfolio": "ADMINISTRATOR"}),
            )
        }

    def seed(self) -> Iterable[tuple[str, Member]]:
        for person in ("two_businesses", "shop", "creator", "portfolio"):
            name = self.world.people[person].name
            yield person, Member(id=letters(f"linkedin:{person}", length=10), username=name, name=name)

    def mint(self, person: Person, scopes: Collection[str] | None = None) -> Token:
        scopes = (*SELF_SERVE, *COMMUNITY) if scopes is None else scopes
        return pair(self, oauth.Grant(client_id="sandbox-linkedin-app", person=person.key, scopes=scopes))[0]

    def author(self, token: Token) -> str:
        return f"{PERSON}{self.members[token.person].id}"

    def role(self, token: Token, urn: str) -> str:
        organization = self.organizations.get(urn)
        return organization.roles.get(token.person, "") if organization else ""


def gateway(call: Call, permission: str, *scopes: str) -> Token:
    """Return the token if version, token and scopes are in order, looked at in LinkedIn's order.

    Any one of the ``scopes`` will do.
    """
    version = call.request.headers.get("LinkedIn-Version", "")
    if not version:
        raise Error(400, "VERSION_MISSING", "A version must be present. Please specify a version.")
    today = datetime.fromtimestamp(call.world.now(), tz=timezone.utc).date()
    # The newest goes on: LinkedIn has newer ones by then, which nobody knew of when this was written.
    if version not in ENDED or (ENDED[version] <= today and version != max(ENDED)):
        raise Error(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
    if call.request.headers.get("X-Restli-Protocol-Version") != "2.0.0":
        raise Unknown("protocol version but 2.0.0", status=400)
    access = authenticate(call)
    if scopes and not access.scopes & set(scopes):
        raise denied(f"{permission}.{version}01")
    return access


def authenticate(call: Call) -> Token:
    access, now = call.token, call.world.now()
    if not call.token_value:
        raise Error(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", service=65604)
    if access is None or access.kind != "linkedin_access":
        raise Error(401, "INVALID_ACCESS_TOKEN", "Invalid access token", service=65600)
    if access.dead is not None:
        text = "The token used in the request has been revoked by the user"
        raise Error(401, "REVOKED_ACCESS_TOKEN", text, service=65601)
    if access.expires_at is not None and access.expires_at <= now:
        text = "The token used in the request has expired"
        raise Error(401, "EXPIRED_ACCESS_TOKEN", text, service=65602)
    return access


def acting(call: Call, permission: str, urn: str) -> Token:
    """Return the token if it may act as this member or Page."""
    platform = LinkedIn.of(call.world)
    page = urn.startswith(ORGANIZATION)
    access = gateway(call, permission, "w_organization_social" if page else "w_member_social")
    if (page and platform.role(access, urn) not in POSTING) or (not page and urn != platform.author(access)):
        raise denied(permission)
    return access


def denied(permission: str) -> Error:
    return Error(
        403, "ACCESS_DENIED", f"Not enough permissions to access: partnerApi{permission}", service=100
    )


def pair(platform: LinkedIn, grant: oauth.Grant) -> tuple[Token, Token | None]:
    """Return an access token, and a refresh token where the app may have one: it counts down from consent."""
    known: dict[str, Any] = {"client_id": grant.client_id, "person": grant.person, "scopes": grant.scopes}
    known |= {"family": grant.family or platform.world.new_word("family"), "length": 350}
    refresh, lifetime = grant.old, platform.lifetime("access")
    if refresh is None and platform.toggle["refreshable"]:
        refresh = oauth.issue(
            platform, "refresh", lifetime=platform.lifetime("refresh"), prefix="AQW", **known
        )
    if refresh and refresh.expires_at is not None:
        lifetime = min(lifetime, refresh.expires_at - platform.world.now())
    return oauth.issue(platform, "access", lifetime=lifetime, prefix="AQX", **known), refresh


def _organization(name: str, roles: Mapping[str, str]) -> Organization:
    number = digits(f"linkedin:{name}", prefix="2", length=7)
    return Organization(id=number, name=name, vanity=name.lower().replace(" ", "-"), roles=roles)

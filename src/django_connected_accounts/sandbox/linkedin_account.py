"""LinkedIn's tokens, members and Pages. See `linkedin`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpResponse

from . import oauth
from .linkedin import API, ORGANIZATION, WWW, Error, LinkedIn, OAuthError, authenticate, denied, gateway, pair
from .routing import Answer, Call

REFUSALS: Final = {
    "client_unknown": (401, "invalid_client"),
    "secret_wrong": (401, "invalid_client"),
    "redirect_mismatch": (400, "invalid_redirect_uri"),
    "code_expired": (400, "invalid_redirect_uri"),
}


def token(call: Call) -> Answer:
    """A code, or where the app may, a refresh token, to an access token."""
    call.accept({"client_id", "client_secret", "code", "grant_type", "redirect_uri", "refresh_token"})
    platform = LinkedIn.of(call.world)
    for name in ("client_id", "client_secret", "grant_type"):
        if not call.text(name):
            raise OAuthError(400, "invalid_request", f'A required parameter "{name}" is missing')
    try:
        grant = oauth.granted(call, platform, single_use=False)
    except oauth.Failure as failure:
        status, error = REFUSALS.get(
            failure.reason, (401 if failure.reason.startswith("code") else 400, "invalid_request")
        )
        raise OAuthError(status, error, f"{failure.reason}: appid/redirect uri/code verifier") from None
    for other in call.world.tokens.values():
        # Another set of scopes for the same member and app ends every earlier token.
        ours = other.kind.startswith("linkedin_") and other.person == grant.person
        if ours and other.client_id == grant.client_id and other.scopes != grant.scopes:
            other.dead = 65601
    access, refresh = pair(platform, grant)
    now = call.world.now()
    answer = {
        "access_token": access.value,
        "expires_in": round((access.expires_at or now) - now),
        "scope": ",".join(sorted(access.scopes)),
        "token_type": "Bearer",
    }
    if refresh:
        answer |= {"refresh_token": refresh.value}
        answer |= {"refresh_token_expires_in": round((refresh.expires_at or now) - now)}
    return answer


def revoke(call: Call) -> Answer:
    call.accept({"client_id", "client_secret", "token"})
    found = call.world.tokens.get(call.text("token"))
    if found:
        oauth.end(LinkedIn.of(call.world), found)
        found.dead = 65601
    return HttpResponse(status=200)


def introspect(call: Call) -> Answer:
    """Say what a token is; one of another app is only said not to be active."""
    call.accept({"client_id", "client_secret", "token"})
    try:
        app = oauth.client(call, LinkedIn.login)
    except oauth.Failure as failure:
        status = 401 if failure.reason == "secret_wrong" else 400
        raise OAuthError(status, "invalid_client", failure.reason) from None
    found, now = call.world.tokens.get(call.text("token")), call.world.now()
    if found is None or found.client_id != app.client_id:
        return {"active": False}
    ended = found.expires_at is not None and found.expires_at <= now
    state = "revoked" if found.dead is not None else "expired" if ended else "active"
    times = {"created_at": found.issued_at, "authorized_at": found.issued_at, "expires_at": found.expires_at}
    return {
        "active": state == "active",
        "status": state,
        "scope": ",".join(sorted(found.scopes)),
        "client_id": app.client_id,
        "auth_type": "3L",
        **{name: int(at or 0) for name, at in times.items()},
    }


def userinfo(call: Call) -> Answer:
    access = authenticate(call)
    if "openid" not in access.scopes:
        raise denied("userinfo.GET")
    member = LinkedIn.of(call.world).members[access.person]
    return {
        "sub": member.id,
        "name": member.name,
        "picture": LinkedIn.of(call.world).portrait(member),
        "locale": {"country": "US", "language": "en"},
    }


def roles(call: Call) -> Answer:
    access = gateway(call, "organizationAcls.FINDER", "rw_organization_admin")
    call.accept({"q", "role", "state", "start", "count"})
    platform = LinkedIn.of(call.world)
    rows = [
        {"role": held, "state": "APPROVED", name: urn, "roleAssignee": platform.author(access)}
        for number, (urn, organization) in enumerate(platform.organizations.items())
        if (held := organization.roles.get(access.person))
        for name in ["organizationTarget" if number % 2 else "organization"]
        if call.text("role", held) == held
    ]
    start = int(call.text("start", "0"))
    count = int(call.text("count", "10"))
    return {
        "elements": rows[start : start + count],
        "paging": {"start": start, "count": count, "links": []},
    }


def organization(call: Call, organization_id: str) -> Answer:
    access = gateway(call, "organizations.GET", "rw_organization_admin")
    platform = LinkedIn.of(call.world)
    urn = f"{ORGANIZATION}{organization_id}"
    if not platform.role(access, urn):
        raise denied("organizations.GET")
    found = platform.organizations[urn]
    return {"id": int(found.id), "localizedName": found.name, "vanityName": found.vanity}


def followers(call: Call, urn: str) -> Answer:
    gateway(call, "networkSizes.GET", "rw_organization_admin", "r_organization_social")
    call.accept({"edgeType"})
    if urn not in LinkedIn.of(call.world).organizations:
        raise Error(404, "NOT_FOUND", "Not found")
    return {"firstDegreeSize": 42}


TABLE: Final[tuple[tuple[str, str, str, Callable[..., Answer]], ...]] = (
    (WWW, "POST", "/oauth/v2/accessToken", token),
    (WWW, "POST", "/oauth/v2/revoke", revoke),
    (WWW, "POST", "/oauth/v2/introspectToken", introspect),
    (API, "GET", "/v2/userinfo", userinfo),
    (API, "GET", "/rest/organizationAcls", roles),
    (API, "GET", r"/rest/organizations/(\d+)", organization),
    (API, "GET", r"/rest/networkSizes/(urn:li:organization:\d+)", followers),
)

"""OAuth round trips in JSON: begin one, come back from the platform, see how it ended, choose accounts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.browser import browser_id, take_query
from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import ConnectionFailed, InvalidRequest
from django_connected_accounts.models import ConnectionAttempt
from django_connected_accounts.services import connecting, health

from .accounts import account_row, round_trip
from .envelope import Answer, explained, moment
from .reading import listing, query, read, text


def begin(request: HttpRequest, platform: str) -> Answer:
    """Answer where to send the person. Of the query only ``?next`` is heeded, and only if it is safe."""
    return round_trip(request, platform, request.GET.get("next", ""))


def callback(request: HttpRequest, platform: str) -> Answer:
    """Complete a round trip, and lead to its attempt, so that code and state leave the address bar.

    Where there is no attempt to lead to, it leads back here with ``?ended=<code>``, which answers the error.
    """
    if set(request.GET) == {"ended"} and request.GET["ended"] in CODES:
        raise ConnectionFailed(request.GET["ended"])
    returned = bool(request.GET)
    try:
        attempt = connecting.complete(
            request.user, platform, browser=browser_id(request), params=take_query(request)
        )
    except ConnectionFailed as error:
        if not returned:
            raise
        failed = error.attempt
        if failed is None:
            here = reverse("connected_accounts_api:callback", kwargs={"platform": platform})
            return _see(f"{here}?{urlencode({'ended': error.code})}")
        attempt = failed
    return _see(reverse("connected_accounts_api:attempt", kwargs={"attempt_id": attempt.pk}))


def detail(request: HttpRequest, attempt_id: UUID) -> Answer:
    """Answer how the attempt is or ended; as long as there is a choice, from what, by ``?search``."""
    return Answer(body=attempt_row(own(request, attempt_id), query(request, "search")))


def choose(request: HttpRequest, attempt_id: UUID) -> Answer:
    """Connect the accounts chosen: ``{"accounts": ["17841400000000001"]}``, ids as the platform has them."""
    attempt = own(request, attempt_id)
    wanted = read(request, {"accounts": listing(text)}, required=["accounts"])
    connected = connecting.choose(request.user, attempt, wanted["accounts"])
    attempt.refresh_from_db()
    return Answer(body={**attempt_row(attempt), "accounts": [account_row(account) for account in connected]})


def own(request: HttpRequest, attempt_id: UUID) -> ConnectionAttempt:
    """Return an attempt of this user, or raise InvalidRequest("not_found")."""
    attempt = access().attempts(request.user).filter(pk=attempt_id).first()
    if attempt is None:
        raise InvalidRequest("not_found")
    return attempt


def attempt_row(attempt: ConnectionAttempt, search: str = "") -> dict[str, Any]:
    """Return an attempt as JSON; none of the secrets it holds."""
    platform = registry.name(attempt.platform)
    choosing = attempt.status == ConnectionAttempt.Status.CHOOSING
    return {
        "id": str(attempt.pk),
        "platform": attempt.platform,
        "status": attempt.status,
        "reason": explained(attempt.code, {"platform": platform, **attempt.params}) if attempt.code else None,
        "declined_scopes": attempt.declined_scopes,
        "candidates": [candidate_row(found, platform) for found in connecting.candidates(attempt, search)]
        if choosing
        else [],
        "connected": attempt.connected,
        "next_url": attempt.next_url,
        "created_at": moment(attempt.created_at),
        "expires_at": moment(attempt.expires_at),
        "ended_at": moment(attempt.ended_at),
    }


def candidate_row(candidate: connecting.Candidate, platform: str) -> dict[str, Any]:
    """Return one account to choose from; ``reason`` says why it can't be chosen."""
    name = health.handle(candidate)
    about = {"platform": platform, "account": name, "accounts": name}
    return {
        "account_id": candidate.account_id,
        "username": candidate.username,
        "display_name": candidate.display_name,
        "profile_picture_url": candidate.profile_picture_url,
        "account_type": candidate.account_type,
        "connected": candidate.connected,
        "reason": explained(candidate.unusable, about) if candidate.unusable else None,
    }


def _see(url: str) -> Answer:
    return Answer(status=303, headers={"Location": url})

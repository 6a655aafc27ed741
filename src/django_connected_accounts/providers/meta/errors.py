"""Meta's error codes, each with the remedy it calls for. Codes are read, texts never: they are localised.

https://developers.facebook.com/docs/graph-api/guides/error-handling and
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes, read
2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.http import Response


class Meaning(NamedTuple):
    """What an error code calls for.

    ``wait`` is the least number of seconds before another try. An ``ambiguous`` answer to a call that must
    not be repeated has been seen although the call had taken effect: it says nothing, or of a budget that it
    is spent all the same.
    """

    error: type[ProviderError]
    code: str
    wait: float = 0.0
    ambiguous: bool = False


ANY = None

ERRORS: Mapping[tuple[int | None, int | None], Meaning] = {
    # (code, subcode). A row for both goes before one for the subcode, and that before one for the code.
    (-1, ANY): Meaning(Unavailable, "platform_unavailable", ambiguous=True),
    (1, ANY): Meaning(Unavailable, "platform_unavailable", ambiguous=True),
    (2, ANY): Meaning(Unavailable, "platform_unavailable", ambiguous=True),
    (3, ANY): Meaning(OperatorNeeded, "app_misconfigured"),
    (4, ANY): Meaning(RateLimited, "app_rate_limited", wait=600, ambiguous=True),
    (9, ANY): Meaning(RateLimited, "publishing_quota_reached", wait=3600),
    (10, ANY): Meaning(PermissionMissing, "permission_missing"),
    (17, ANY): Meaning(RateLimited, "account_rate_limited", wait=600),
    (24, ANY): Meaning(Unavailable, "container_gone", wait=30),
    (25, ANY): Meaning(ActionNeeded, "account_restricted"),
    (32, ANY): Meaning(RateLimited, "account_rate_limited", wait=600),
    (100, ANY): Meaning(ContentRejected, "request_refused"),
    (100, 33): Meaning(Unavailable, "object_not_visible", ambiguous=True),
    (101, ANY): Meaning(OperatorNeeded, "app_misconfigured"),
    (102, ANY): Meaning(NotAuthorized, "session_ended"),
    (110, ANY): Meaning(ContentRejected, "request_refused"),
    (190, ANY): Meaning(NotAuthorized, "token_refused"),
    (190, 458): Meaning(NotAuthorized, "access_revoked"),
    (190, 459): Meaning(ActionNeeded, "checkpoint"),
    (190, 460): Meaning(NotAuthorized, "password_changed"),
    (190, 463): Meaning(NotAuthorized, "token_expired"),
    (190, 464): Meaning(ActionNeeded, "account_unconfirmed"),
    (190, 467): Meaning(NotAuthorized, "session_ended"),
    (190, 492): Meaning(NotAuthorized, "page_role_lost"),
    (341, ANY): Meaning(RateLimited, "app_rate_limited", wait=3600),
    (352, ANY): Meaning(ContentRejected, "media_format"),
    (368, ANY): Meaning(ActionNeeded, "account_restricted"),
    (459, ANY): Meaning(ActionNeeded, "checkpoint"),
    (483, ANY): Meaning(ActionNeeded, "checkpoint"),
    (506, ANY): Meaning(ContentRejected, "duplicate_post"),
    (613, ANY): Meaning(RateLimited, "app_rate_limited", wait=300),
    (803, ANY): Meaning(ContentRejected, "request_refused"),
    (9004, ANY): Meaning(Unavailable, "media_unreachable", wait=5),
    (9007, ANY): Meaning(Unavailable, "media_not_ready", wait=5),
    (36000, ANY): Meaning(ContentRejected, "media_too_large"),
    (36001, ANY): Meaning(ContentRejected, "media_format"),
    (36003, ANY): Meaning(ContentRejected, "aspect_ratio"),
    (36004, ANY): Meaning(ContentRejected, "caption_refused"),
    (80001, ANY): Meaning(RateLimited, "account_rate_limited", wait=600),
    (80002, ANY): Meaning(RateLimited, "account_rate_limited", wait=600),
    # Instagram's subcodes are unique; a container's status names them without their code.
    (ANY, 2207001): Meaning(Unavailable, "platform_unavailable", ambiguous=True),
    (ANY, 2207003): Meaning(Unavailable, "media_unreachable", wait=5),
    (ANY, 2207004): Meaning(ContentRejected, "media_too_large"),
    (ANY, 2207005): Meaning(ContentRejected, "media_format"),
    (ANY, 2207006): Meaning(Unavailable, "container_gone", wait=30),
    (ANY, 2207008): Meaning(Unavailable, "container_gone", wait=30),
    (ANY, 2207009): Meaning(ContentRejected, "aspect_ratio"),
    (ANY, 2207010): Meaning(ContentRejected, "caption_refused"),
    (ANY, 2207013): Meaning(ActionNeeded, "personal_account"),
    (ANY, 2207018): Meaning(ContentRejected, "user_tag_refused"),
    (ANY, 2207020): Meaning(Unavailable, "container_gone"),
    (ANY, 2207023): Meaning(ContentRejected, "media_kind"),
    (ANY, 2207026): Meaning(ContentRejected, "media_format"),
    (ANY, 2207027): Meaning(Unavailable, "media_not_ready", wait=5),
    (ANY, 2207028): Meaning(ContentRejected, "media_count"),
    (ANY, 2207032): Meaning(Unavailable, "media_processing_failed", wait=5),
    (ANY, 2207035): Meaning(ContentRejected, "product_tag_refused"),
    (ANY, 2207036): Meaning(ContentRejected, "product_tag_refused"),
    (ANY, 2207037): Meaning(ContentRejected, "product_tag_refused"),
    (ANY, 2207040): Meaning(ContentRejected, "too_many_mentions"),
    (ANY, 2207042): Meaning(RateLimited, "publishing_quota_reached", wait=3600),
    (ANY, 2207050): Meaning(ActionNeeded, "account_restricted"),
    (ANY, 2207051): Meaning(RateLimited, "activity_restricted", wait=3600, ambiguous=True),
    (ANY, 2207052): Meaning(Unavailable, "media_unreachable", wait=5),
    (ANY, 2207053): Meaning(Unavailable, "media_processing_failed", wait=60),
    (ANY, 2207057): Meaning(ContentRejected, "thumb_offset"),
    (ANY, 2207076): Meaning(Unavailable, "media_processing_failed", wait=60),
    (ANY, 2207077): Meaning(ContentRejected, "media_unreachable"),
    (ANY, 2207081): Meaning(ContentRejected, "trial_reel_refused"),
    (ANY, 2207082): Meaning(Unavailable, "media_processing_failed", wait=60),
    (ANY, 2207085): Meaning(ContentRejected, "media_processing_failed"),
    # Threads' own
    (24, 4279009): Meaning(Unavailable, "media_not_ready", wait=5),
    (-1, 4279047): Meaning(ContentRejected, "link_refused"),
    (ANY, 4279004): Meaning(Unavailable, "container_gone", wait=30),
    (ANY, 4279013): Meaning(ActionNeeded, "account_restricted"),
    # Facebook Pages' own
    (324, ANY): Meaning(ContentRejected, "media_format"),
    (368, 1390008): Meaning(RateLimited, "activity_restricted", wait=6 * 3600),
    (368, 1404082): Meaning(ContentRejected, "duplicate_post"),
    (368, 4854002): Meaning(ActionNeeded, "page_confirmation_needed"),
    (1609005, ANY): Meaning(ContentRejected, "link_refused"),
    (ANY, 1346003): Meaning(ContentRejected, "content_rejected"),
    (ANY, 1349125): Meaning(ContentRejected, "content_rejected"),
    (ANY, 1363019): Meaning(Unavailable, "media_processing_failed", wait=5, ambiguous=True),
    (ANY, 1363022): Meaning(ContentRejected, "media_empty"),
    (ANY, 1363023): Meaning(ContentRejected, "film_too_large"),
    (ANY, 1363030): Meaning(Unavailable, "media_processing_failed", wait=5, ambiguous=True),
    (ANY, 1363037): Meaning(Unavailable, "upload_offset", wait=1),
    (ANY, 1363042): Meaning(PermissionMissing, "permission_missing"),
    (ANY, 1363047): Meaning(Unavailable, "platform_unavailable", ambiguous=True),
    (ANY, 1366046): Meaning(ContentRejected, "picture_refused"),
    (ANY, 1366051): Meaning(ContentRejected, "duplicate_post"),
    (ANY, 1404006): Meaning(ActionNeeded, "checkpoint"),
    (ANY, 1404078): Meaning(ActionNeeded, "page_confirmation_needed"),
    (ANY, 1404102): Meaning(ContentRejected, "content_rejected"),
    (ANY, 1404112): Meaning(ActionNeeded, "account_restricted"),
    (ANY, 1609008): Meaning(ContentRejected, "link_refused"),
    (ANY, 1609010): Meaning(Unavailable, "platform_unavailable", ambiguous=True),
    (ANY, 2061006): Meaning(ContentRejected, "link_refused"),
    (ANY, 2069019): Meaning(ContentRejected, "media_format"),
    **{(code, ANY): Meaning(PermissionMissing, "permission_missing") for code in range(200, 300)},
}

# For codes Meta has not told us about: the status is all there is.
_STATUSES: Mapping[int, Meaning] = {
    401: Meaning(NotAuthorized, "token_refused", ambiguous=True),
    403: Meaning(PermissionMissing, "permission_missing", ambiguous=True),
    429: Meaning(RateLimited, "account_rate_limited", wait=600),
}
_REFUSED = Meaning(ContentRejected, "request_refused", ambiguous=True)
_UNREADABLE = Meaning(Unavailable, "platform_unavailable", ambiguous=True)


def meaning_of_subcode(subcode: int | None) -> Meaning | None:
    """Return what a subcode found in a container's status means, None if we don't know it."""
    return ERRORS.get((ANY, subcode)) if subcode else None


def error_in(response: Response, *, repeatable: bool, provider: str) -> ProviderError | None:
    """Return the error in an answer, None if it is a good one. A 200 may hold one too."""
    body = response.json
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        code, subcode = _integer(error.get("code")), _integer(error.get("error_subcode"))
        meaning = _meaning(code, subcode, response.status)
        platform_code = f"{code}/{subcode}" if subcode else f"{code}"
        trace_id = str(error.get("fbtrace_id", ""))
    elif isinstance(body, dict) and "error_type" in body:  # the flat shape of api.instagram.com
        meaning, platform_code, trace_id = _REFUSED, str(body.get("code", "")), ""
    elif response.status == 429:
        meaning, platform_code, trace_id = _STATUSES[429], "", ""
    elif response.status >= 400 or not isinstance(body, dict):
        meaning, platform_code, trace_id = _UNREADABLE, "", ""
    else:
        return None
    silent = meaning.ambiguous and not repeatable and meaning.error is not RateLimited
    kind = OutcomeUnknown if silent else meaning.error
    known: dict[str, Any] = {"provider": provider, "platform_code": platform_code, "trace_id": trace_id}
    waits = [meaning.wait, response.retry_after or 0, *(usage.retry_after for usage in response.usage)]
    if kind is RateLimited:
        scope: Literal["app", "account"] = "app" if meaning.code == "app_rate_limited" else "account"
        return RateLimited(meaning.code, retry_after=max(waits), scope=scope, **known)
    if meaning.code == "upload_offset":
        known |= _offsets(error)
    if kind is Unavailable:
        return Unavailable(meaning.code, retry_after=meaning.wait or None, **known)
    return kind("outcome_unknown" if kind is OutcomeUnknown else meaning.code, **known)


def _meaning(code: int | None, subcode: int | None, status: int) -> Meaning:
    for key in ((code, subcode), (ANY, subcode), (code, ANY)):
        if key != (ANY, ANY) and key in ERRORS:
            return ERRORS[key]
    return _STATUSES.get(status, _REFUSED)


def _offsets(error: Any) -> dict[str, int]:
    """Return which bytes of a film are wanted instead; the platform writes an object, or that as a text."""
    data = error.get("error_data")
    try:
        wanted = json.loads(data) if isinstance(data, str) else data
        return {name: int(wanted[name]) for name in ("start_offset", "end_offset")}
    except (KeyError, TypeError, ValueError):
        return {}


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None

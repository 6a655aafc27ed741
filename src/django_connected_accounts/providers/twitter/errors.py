"""X's errors, each with the remedy it calls for.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors, and what integrators have seen, read
2026-11-22. A problem is told by the last segment of its ``type``, whose host differs. Most refusals to
publish share the type ``about:blank``; for those X's sentences, English for everybody, are all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
from django_connected_accounts.providers.meaning import Meaning

SEGMENTS: Mapping[str, Meaning] = {
    "credits": Meaning(OperatorNeeded, "credits_depleted"),
    "usage-capped": Meaning(RateLimited, "usage_capped", wait=3600),
    "rate-limit-exceeded": Meaning(RateLimited, "account_rate_limited", wait=60),
    "client-forbidden": Meaning(OperatorNeeded, "app_misconfigured"),
    "unsupported-authentication": Meaning(OperatorNeeded, "app_misconfigured"),
    "oauth1-permissions": Meaning(OperatorNeeded, "app_misconfigured"),
    "invalid-request": Meaning(ContentRejected, "request_refused"),
    "resource-not-found": Meaning(ContentRejected, "post_gone"),
    "resource-unavailable": Meaning(ContentRejected, "post_gone"),
    "not-authorized-for-resource": Meaning(ContentRejected, "post_gone"),
    "not-authorized-for-field": Meaning(ContentRejected, "request_refused"),
    "disallowed-resource": Meaning(ContentRejected, "request_refused"),
    "field-hydration-failure": Meaning(Unavailable, "platform_unavailable"),
    "internal-error": Meaning(Unavailable, "platform_unavailable"),
}

SENTENCES: Sequence[tuple[str, Meaning]] = (
    # Part of a title, detail or message in lower case; the first that is found decides.
    ("spendcapreached", Meaning(OperatorNeeded, "spend_cap_reached")),
    ("creditsdepleted", Meaning(OperatorNeeded, "credits_depleted")),
    ("usagecapexceeded", Meaning(RateLimited, "usage_capped", wait=3600)),
    ("rate limit exceeded", Meaning(RateLimited, "account_rate_limited", wait=60)),
    ("unsupported authentication", Meaning(OperatorNeeded, "app_misconfigured")),
    ("duplicate content", Meaning(ContentRejected, "duplicate_post")),
    ("media ids are invalid", Meaning(Unavailable, "media_not_ready", wait=5)),
    ("badrequest: not found", Meaning(Unavailable, "container_gone", wait=5)),
    ("too long", Meaning(ContentRejected, "text_too_long")),
    ("reply to this conversation is not allowed", Meaning(ContentRejected, "reply_not_allowed")),
    ("quoting this post is not allowed", Meaning(ContentRejected, "quote_not_allowed")),
    ("maximum of one cashtag", Meaning(ContentRejected, "too_many_cashtags")),
    ("invalid url", Meaning(ContentRejected, "link_refused")),
    ("video longer than", Meaning(ContentRejected, "video_too_long_for_account")),
    ("deleted or not visible", Meaning(ContentRejected, "post_gone")),
    ("might be automated", Meaning(RateLimited, "activity_restricted", wait=3600)),
    ("suspended", Meaning(ActionNeeded, "account_restricted")),
    ("temporarily locked", Meaning(ActionNeeded, "checkpoint")),
    ("not permitted to perform this action", Meaning(OperatorNeeded, "app_not_permitted")),
    ("not permitted to access this feature", Meaning(OperatorNeeded, "app_not_permitted")),
    ("value passed for the token", Meaning(NotAuthorized, "token_refused")),
    ("value passed for the authorization code", Meaning(NotAuthorized, "code_refused")),
)

OAUTH: Mapping[str, Meaning] = {
    "invalid_grant": Meaning(NotAuthorized, "token_refused"),
    "invalid_request": Meaning(OperatorNeeded, "app_misconfigured"),
    "invalid_client": Meaning(OperatorNeeded, "app_misconfigured"),
    "unauthorized_client": Meaning(OperatorNeeded, "app_misconfigured"),
    "unsupported_grant_type": Meaning(OperatorNeeded, "app_misconfigured"),
}
"""Errors of the token endpoint, which are flat."""

STATUSES: Mapping[int, Meaning] = {
    401: Meaning(NotAuthorized, "token_refused"),
    402: Meaning(OperatorNeeded, "credits_depleted"),
    404: Meaning(ContentRejected, "post_gone"),
    429: Meaning(RateLimited, "account_rate_limited", wait=60),
}
FORBIDDEN = Meaning(PermissionMissing, "permission_missing")
"""A 403 that says no more: a scope is missing, where one is."""
REFUSED = Meaning(ContentRejected, "request_refused")

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def error_in(
    response: Response, *, repeatable: bool, provider: str, missing: Sequence[str] = ()
) -> ProviderError | None:
    """Return the error in an answer, None if it is a good one.

    ``missing`` are the scopes that the call needs and the token lacks. A refusal in no shape of X's is no
    answer; one of an unrepeatable call in X's own words is certain.
    """
    if response.status < 400:
        return None
    body = response.json if isinstance(response.json, Mapping) else {}
    texts = [text.lower() for text in _texts(body)]
    known: dict[str, Any] = {
        "provider": provider,
        "platform_code": _platform_code(response.status, body),
        "trace_id": response.headers.get("x-transaction-id", ""),
    }
    if not texts and response.status not in STATUSES:
        silence = Unavailable if repeatable else OutcomeUnknown
        return silence(detail=f"status {response.status} in no known shape", provider=provider)
    meaning = _meaning(response.status, body, texts)
    if meaning is FORBIDDEN and not missing:
        meaning = REFUSED
    # A refused post was not made. That it is a duplicate may mean that an earlier attempt was.
    known["certain"] = bool(texts) and not repeatable and meaning.code != "duplicate_post"
    if meaning.error is RateLimited:
        return _rate_limit(response, meaning, known)
    if meaning.code == "platform_unavailable" and not repeatable:
        return OutcomeUnknown(**{**known, "certain": False})
    if meaning.error is PermissionMissing:
        known["scopes"] = missing
    return meaning.raised(detail=_detail(body), **known)


def _meaning(status: int, body: Mapping[str, Any], texts: Sequence[str]) -> Meaning:
    if found := next((m for part, m in SENTENCES if any(part in text for text in texts)), None):
        return found
    if found := OAUTH.get(str(body.get("error", ""))):
        return found
    segment = _segment(body)
    if segment not in ("", "about:blank"):
        return SEGMENTS.get(segment, REFUSED)
    return FORBIDDEN if status == 403 else STATUSES.get(status, REFUSED)


def _rate_limit(response: Response, meaning: Meaning, known: Mapping[str, Any]) -> ProviderError:
    """Wait for the last of the budgets that are spent to begin anew; it says whose they are."""
    spent = [usage for usage in response.usage if usage.percent >= 100]
    last = max(spent, key=lambda usage: usage.retry_after, default=None)
    wait = max(last.retry_after if last else 0.0, response.retry_after or 0.0, meaning.wait)
    whole = meaning.code == "usage_capped" or (last is not None and last.scope == "app")
    if whole and meaning.code == "account_rate_limited":
        meaning = meaning._replace(code="app_rate_limited")
    return meaning.raised(wait=wait, scope="app" if whole else "account", **known)


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a refusal says of itself, wherever it says it."""
    errors = body.get("errors")
    for part in (body, *(errors if isinstance(errors, list) else ())):
        if isinstance(part, Mapping):
            names = ("title", "detail", "message", "error", "error_description")
            yield from (part[name] for name in names if isinstance(part.get(name), str))


def _segment(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    return str(body.get("type") or first.get("type") or "").rstrip("/").rpartition("/")[2]


def _platform_code(status: int, body: Mapping[str, Any]) -> str:
    said = str(body.get("error") or _segment(body))
    return f"{status}/{said}" if said else str(status)


def _detail(body: Mapping[str, Any]) -> str:
    """Return what an operator should know: the names of refused parameters, the day a cap ends."""
    errors = body.get("errors")
    refused = sorted(
        {
            str(name)
            for error in (errors if isinstance(errors, list) else ())
            if isinstance(error, Mapping) and isinstance(error.get("parameters"), Mapping)
            for name in error["parameters"]
        }
    )
    reset = str(body.get("reset_date", ""))
    parts = [
        f"refused: {', '.join(refused)}" if refused else "",
        f"until {reset}" if _DATE.fullmatch(reset) else "",
    ]
    return "; ".join(part for part in parts if part)

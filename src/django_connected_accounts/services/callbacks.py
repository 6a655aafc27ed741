"""What the query of a platform's redirect says: RFC 6749 section 4.1.2, and the platforms' own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import QueryDict

from django_connected_accounts.exceptions import ConnectionFailed

Params = Mapping[str, str | Sequence[str]]

LONGEST_STATE, LONGEST_CODE = 128, 4096
DENIED = frozenset({"access_denied", "user_cancelled_login", "user_cancelled_authorize"})
UNAVAILABLE = frozenset({"server_error", "temporarily_unavailable"})


def state(params: Params) -> str:
    """Return the state, or raise ConnectionFailed: none, several, or nothing we could have sent."""
    if found := single(params, "state", LONGEST_STATE):
        return found
    # Some platforms leave the state out when the person declines.
    declined = "state" not in params and single(params, "error") in DENIED
    raise ConnectionFailed("denied" if declined else "state_missing")


def code(params: Params) -> str:
    """Return the authorization code, or raise ConnectionFailed with what the platform says instead."""
    error = single(params, "error") or single(params, "error_code")
    if error:
        words = (error, single(params, "error_reason"), single(params, "error_description"))
        end = (
            "denied"
            if error in DENIED
            else "platform_unavailable"
            if error in UNAVAILABLE
            else "platform_error"
        )
        raise ConnectionFailed(end, ": ".join(filter(None, words)))
    # Instagram's "#_" is no part of the code, but servers that rebuild a URL may hand it over.
    found = single(params, "code", LONGEST_CODE).partition("#")[0]
    if not found:
        raise ConnectionFailed("callback_incomplete")
    return found


def single(params: Params, key: str, longest: int = 1000) -> str:
    """Return the one value of a parameter, "" if it is missing, repeated, too long or not plain text."""
    found = params.getlist(key) if isinstance(params, QueryDict) else params.get(key, "")
    values = [found] if isinstance(found, str) else list(found)
    value = values[0] if len(values) == 1 else ""
    return value if len(value) <= longest and value.isprintable() else ""

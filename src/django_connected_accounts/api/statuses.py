"""Which HTTP status an error has: one table by code, and one by class for all other codes."""

from __future__ import annotations

from collections.abc import Mapping

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ConnectedAccountsError,
    ConnectionFailed,
    ContentRejected,
    InvalidRequest,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
    UndecryptableToken,
)

BY_CODE: Mapping[str, int] = {
    "invalid_json": 400,
    "invalid_form": 400,
    "invalid_page": 400,
    "invalid_idempotency_key": 400,
    "unknown_field": 400,
    "missing_field": 400,
    "wrong_type": 400,
    "invalid_characters": 400,
    "state_missing": 400,
    "unknown_state": 400,
    "not_authenticated": 401,
    "not_allowed": 403,
    "not_permitted": 403,
    "csrf_failed": 403,
    "not_found": 404,
    "account_not_found": 404,
    "attempt_not_found": 404,
    "post_not_found": 404,
    "unknown_platform": 404,
    "method_not_allowed": 405,
    "account_disconnected": 409,
    "account_not_paused": 409,
    "account_not_usable": 409,
    "already_scheduled": 409,
    "attempt_expired": 409,
    "attempt_replayed": 409,
    "idempotency_in_progress": 409,
    "not_possible_now": 409,
    "nothing_to_cancel": 409,
    "nothing_to_retry": 409,
    "owned_by_other": 409,
    "post_already_scheduled": 409,
    "post_already_sent": 409,
    "post_being_sent": 409,
    "post_repeats": 409,
    "publication_busy": 409,
    "publication_not_live": 409,
    "refresh_not_possible": 409,
    "series_not_possible": 409,
    "webhook_exists": 409,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "idempotency_key_reused": 422,
    "platform_error": 502,
    "platform_unavailable": 503,
    "not_configured": 503,
    "platform_not_configured": 503,
}

BY_CLASS: Mapping[type[ConnectedAccountsError], int] = {
    InvalidRequest: 422,
    ConnectionFailed: 409,
    UndecryptableToken: 409,
    NotAuthorized: 409,
    ActionNeeded: 409,
    PermissionMissing: 409,
    ContentRejected: 422,
    RateLimited: 429,
    Unavailable: 503,
    OutcomeUnknown: 502,
    OperatorNeeded: 503,
    ProviderError: 502,
    ConnectedAccountsError: 500,
}


def status_of(error: ConnectedAccountsError) -> int:
    """Return the HTTP status that says best what stands in the way."""
    if error.code in BY_CODE:
        return BY_CODE[error.code]
    return next(BY_CLASS[kind] for kind in type(error).__mro__ if kind in BY_CLASS)

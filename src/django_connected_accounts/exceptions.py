"""What can go wrong, one class per remedy.

::

    ConnectedAccountsError
    ├── InvalidRequest          change the request: a coded problem per field, nothing was saved
    ├── ConnectionFailed        the OAuth round trip ended without an account
    ├── UndecryptableToken      the key is gone, or the row was tampered with or moved
    └── ProviderError           the platform's answer, or its silence
        ├── NotAuthorized       the owner must reconnect
        ├── ActionNeeded        the owner must act on the platform itself
        ├── PermissionMissing   the owner must reconnect and grant more
        ├── OperatorNeeded      whoever runs the app must mend its registration, version or bill
        ├── ContentRejected     the author must edit the post
        ├── RateLimited         wait ``retry_after`` seconds
        ├── Unavailable         nothing happened: repeat
        └── OutcomeUnknown      it may have happened: look before repeating

``code`` is a public contract: `codes.CODES` says of each what happened, what to do and who must act. No
exception carries a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from .providers.types import Problem


class ConnectedAccountsError(Exception):
    """Base of all errors of this package.

    ``code`` is stable and translated by `codes`; ``detail`` is for operators, in English, without secrets;
    ``params`` fill the translated message.
    """

    default_code: ClassVar[str] = "error"

    def __init__(self, code: str = "", detail: str = "", **params: Any) -> None:
        self.code = code or self.default_code
        self.detail = detail
        self.params = params
        super().__init__(self.code, detail)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


class InvalidRequest(ConnectedAccountsError):
    """What was asked can't be done as asked; ``problems`` say why, and nothing was saved.

    Without a ``code`` of its own it is called as the first of them.
    """

    default_code = "invalid_request"

    def __init__(
        self,
        code: str = "",
        detail: str = "",
        *,
        field: str = "",
        problems: Sequence[Problem] = (),
        **params: Any,
    ) -> None:
        if problems and not code:
            code, params = problems[0].code, {**problems[0].params, **params}
        super().__init__(code, detail, **params)
        self.field = field
        self.problems = tuple(problems)


class ConnectionFailed(ConnectedAccountsError):
    """The OAuth round trip ended without an account; ``code`` says how.

    ``attempt`` is the row of the round trip, None where the person may not know of it or there is none.
    """

    default_code = "connection_failed"

    def __init__(self, code: str = "", detail: str = "", *, attempt: Any = None, **params: Any) -> None:
        super().__init__(code, detail, **params)
        self.attempt = attempt


class UndecryptableToken(ConnectedAccountsError):
    """A stored secret can't be opened: ``unknown_key``, ``tampered`` or ``not_encrypted``."""

    default_code = "undecryptable"


class ProviderError(ConnectedAccountsError):
    """A platform refused, or did not answer.

    ``platform_code`` is the platform's own code ("190/463"), ``trace_id`` what its support asks for. It is
    ``certain`` where the platform's word that nothing took effect needs no second look.
    """

    default_code = "platform_error"

    def __init__(
        self,
        code: str = "",
        detail: str = "",
        *,
        provider: str = "",
        platform_code: str = "",
        trace_id: str = "",
        certain: bool = False,
        **params: Any,
    ) -> None:
        super().__init__(code, detail, **params)
        self.provider = provider
        self.platform_code = platform_code
        self.trace_id = trace_id
        self.certain = certain


class NotAuthorized(ProviderError):
    """The platform no longer accepts the token: the owner must reconnect."""

    default_code = "reconnect_needed"


class ActionNeeded(ProviderError):
    """The platform wants its user to act there first: a checkpoint, a restriction, a confirmation."""

    default_code = "action_needed"


class PermissionMissing(ProviderError):
    """The token lacks a permission, named in ``scopes`` where known: reconnect and grant it."""

    default_code = "permission_missing"

    def __init__(
        self, code: str = "", detail: str = "", *, scopes: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(code, detail, **kwargs)
        self.scopes = tuple(scopes)


class OperatorNeeded(ProviderError):
    """The app is not let in: its registration, version or bill. No account and no post is at fault."""

    default_code = "app_misconfigured"


class ContentRejected(ProviderError):
    """The platform will not take this content: the author must edit it."""

    default_code = "content_rejected"


class RateLimited(ProviderError):
    """Too many calls or posts: wait ``retry_after`` seconds. Nothing happened.

    ``scope`` says whose budget is spent: this account's, or that of the app with all its accounts.
    """

    default_code = "rate_limited"

    def __init__(
        self,
        code: str = "",
        detail: str = "",
        *,
        retry_after: float = 60.0,
        scope: Literal["app", "account"] = "account",
        **kwargs: Any,
    ) -> None:
        super().__init__(code, detail, **kwargs)
        self.retry_after = retry_after
        self.scope = scope


class Unavailable(ProviderError):
    """The platform is down or out of reach, and nothing happened there: repeat later."""

    default_code = "platform_unavailable"

    def __init__(
        self, code: str = "", detail: str = "", *, retry_after: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(code, detail, **kwargs)
        self.retry_after = retry_after


class OutcomeUnknown(ProviderError):
    """A call that must not be repeated got no clear answer: it may have taken effect. Look first."""

    default_code = "outcome_unknown"

"""The contract between the app and a platform: subclass `Provider`, add abilities by further base classes.

Four laws, each checked by `django_connected_accounts.testing.ProviderContract`:

1. A provider holds no account state, never touches Django, never sleeps and never loops waiting.
2. `Publishes.publish` takes **one step**: at most one call that must not be repeated, the last of its step.
3. A repeatable call without an answer is `Unavailable`, any other is `OutcomeUnknown`.
4. No secret appears in an exception, a ``repr``, a log line or a URL that is logged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from django_connected_accounts.exceptions import ContentRejected, InvalidRequest, NotAuthorized

from .http import Http
from .preflight import Rule
from .types import (
    App,
    Connection,
    Draft,
    HandedOver,
    Limits,
    Notification,
    Option,
    Pending,
    Problem,
    Profile,
    Published,
    Quota,
    Reading,
    Renewal,
    Tokens,
    Withdrawal,
)


class Provider(ABC):
    """One platform's OAuth. What differs between platforms is class data, methods are for the rest."""

    id: ClassVar[str]
    name: ClassVar[str]
    hosts: ClassVar[frozenset[str]]
    """Every host this provider may call; any other is refused."""

    authorize_url: str
    """Where consent is given; ``{version}`` in it stands for the API version.

    ``AUTHORIZE_URL`` of the app's options replaces it."""

    token_url: ClassVar[str]
    revoke_url: ClassVar[str] = ""
    api_version: str = ""
    """The version calls are pinned to; ``API_VERSION`` of the app's options replaces it."""

    api_versions: ClassVar[Mapping[str, date | None]] = {}
    """Every version there is, oldest first, to the day it ends; None where that is not known yet."""

    app_options: ClassVar[tuple[str, ...]] = ()
    """Options of the app that this class reads beside ``API_VERSION``, ``AUTHORIZE_URL`` and ``SCOPES``, not
    its bases."""

    scopes: Mapping[str, tuple[str, ...]]
    """Capability ("connect", "publish", "measure", "comment") to the scopes it needs.

    ``SCOPES`` of the app's options replaces single ones."""

    scope_separator: ClassVar[str] = ","
    client_id_name: ClassVar[str] = "client_id"
    pkce: bool = False
    authorize_params: Mapping[str, str] = {}
    rerequest_params: ClassVar[Mapping[str, str]] = {}
    """Added when the person is asked again for what was declined before."""

    issuer: ClassVar[str] = ""
    """What ``iss`` in a callback must equal where the platform sends it (RFC 9207)."""

    renewal: ClassVar[Renewal | None] = None
    """How and when tokens are refreshed; None where they can't be."""

    requirements: ClassVar[tuple[str, ...]] = ()
    """Codes of what a person needs before starting ("professional_account", "page_role")."""

    def __init__(self, app: App, http: Http) -> None:
        self.app = app
        self.http = http
        self.api_version = app.options.get("API_VERSION", self.api_version)
        self.authorize_url = app.options.get("AUTHORIZE_URL", self.authorize_url)
        replaced = {capability: tuple(names) for capability, names in app.options.get("SCOPES", {}).items()}
        self.scopes = {**self.scopes, **replaced}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    @classmethod
    def all_app_options(cls) -> frozenset[str]:
        """Return the options of the app that it and its bases read."""
        return frozenset(name for base in cls.__mro__ for name in vars(base).get("app_options", ()))

    def scopes_for(self, capabilities: Iterable[str]) -> tuple[str, ...]:
        """Return the scopes these capabilities need, each once, in a stable order."""
        return tuple(dict.fromkeys(s for c in capabilities for s in self.scopes.get(c, ())))

    def authorization_url(
        self, *, redirect_uri: str, state: str, verifier: str, scopes: Sequence[str], rerequest: bool = False
    ) -> str:
        """Return where to send the person's browser (RFC 6749 section 4.1.1, RFC 7636 with ``pkce``)."""
        query = {
            self.client_id_name: self.app.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": self.scope_separator.join(scopes),
            "state": state,
            **self.authorize_params,
        }
        if self.pkce:
            query["code_challenge"] = self.challenge(verifier)
            query["code_challenge_method"] = "S256"
        if rerequest:
            query.update(self.rerequest_params)
        page = self.authorize_url.format(version=self.api_version)
        return f"{self.http.browser_url(page)}?{urlencode(query, quote_via=quote)}"

    def challenge(self, verifier: str) -> str:
        """Return what is sent of the verifier first (RFC 7636 section 4.2)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @abstractmethod
    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        """Return tokens for an authorization code, the longest-lived there are. Called once per code."""

    @abstractmethod
    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        """Return the accounts this consent gives access to, the unusable ones too, with the reason."""

    def granted(self, tokens: Tokens) -> frozenset[str] | None:
        """Return the scopes the platform says are granted, None where it has no way to say."""
        return tokens.scopes

    def can_refresh(self, tokens: Tokens, *, now: datetime) -> bool:
        """Say whether `refresh` may be called now: whether there is one, and the token is old enough."""
        rule = self.renewal
        if rule is None or not getattr(tokens, rule.by):
            return False
        end = tokens.refresh_expires_at if rule.by == "refresh_token" else tokens.expires_at
        if end is not None and end <= now:
            return False
        return not rule.earliest or (tokens.issued_at is not None and now - tokens.issued_at >= rule.earliest)

    def refresh(self, tokens: Tokens) -> Tokens:
        """Return younger tokens, or raise NotAuthorized when the grant has ended.

        Where the old ones work only once, the call is not repeatable: without an answer it is OutcomeUnknown.
        """
        raise NotImplementedError(f"{self.id} tokens can't be refreshed")

    def revoke(self, tokens: Tokens) -> None:  # noqa: B027 - not every platform has it
        """Tell the platform that the grant has ended. Does nothing where it has no such call."""

    def client(self, connection: Connection) -> Any:
        """Return the platform's API as this account, for calls that nothing here makes."""
        raise NotImplementedError(f"{self.id} offers no client")

    def verify(self, connection: Connection) -> Profile:
        """Return the account as it is now, or raise what stands in the way."""
        for profile in self.profiles(connection.tokens):
            if profile.account_id == connection.account_id:
                return profile
        raise NotAuthorized("account_gone", provider=self.id)


class Publishes(ABC):
    """The ability to publish."""

    id: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    takes: ClassVar[Mapping[str, Rule]] = {}
    """By kind of post what it is made of, where that is data, as `preflight` checks it."""

    limits: ClassVar[Limits]
    """Every number the platform enforces; forms, docs, API and assistants read the same."""

    options: ClassVar[Mapping[str, Option]] = {}
    """What `Draft.options` may hold, by name."""

    def options_for(self, connection: Connection) -> Mapping[str, Option]:
        """Return the options as this account has them now; a platform that lets accounts differ is asked."""
        return self.options

    @abstractmethod
    def problems(self, draft: Draft) -> list[Problem]:
        """Return what stands in the way of this draft; nothing is called or fetched. No errors: go ahead."""

    def refuse(self, draft: Draft) -> None:
        """Raise ContentRejected with the first error of this draft, if there is one."""
        for problem in self.problems(draft):
            if problem.severity == "error":
                raise ContentRejected(problem.code, provider=self.id, **problem.params)

    def length(self, text: str) -> int:
        """Return the length of a text as the platform counts it."""
        return len(text)

    @abstractmethod
    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending | HandedOver:
        """Take one step. ``checkpoint`` is what the last step returned, None for the first."""

    @abstractmethod
    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | Pending | HandedOver | None:
        """Say whether the step begun at ``since`` took effect: Published if so, None if surely not.

        Pending if it did and the platform is still at work. What `Pending.accepted` left to the platform is
        followed by this as well. Raise OutcomeUnknown when the platform can't tell, Unavailable when it did
        not answer, and an error that is ``certain`` where it says that the post will never be.
        """

    def quota(self, connection: Connection) -> Quota | None:
        """Return how much of the platform's publishing quota is spent, None where it does not say."""
        return None


class Measures(ABC):
    """The ability to report numbers."""

    http: Http

    @abstractmethod
    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        """Return numbers about the account or one post; what is unavailable is left out, never zero."""

    def reading(self, name: str, value: object) -> Reading:
        """Return a number as of now; what is none is unavailable."""
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return Reading(name=name, value=float(value) if known else None, at=self.http.now())  # type: ignore[arg-type]


class Deletes(ABC):
    """The ability to delete what was published."""

    @abstractmethod
    def delete(self, connection: Connection, remote_id: str) -> None:
        """Delete a post. It may be asked again: what is gone already counts as deleted."""

    def leaves(self, draft: Draft) -> bool:
        """Say whether something of this draft stays public when its post is deleted."""
        return False


class Receives(ABC):
    """The ability to be told things by the platform. What is not surely its word raises InvalidRequest.

    Signatures are checked over the raw bytes, in constant time, before anything else is read.
    """

    @abstractmethod
    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        """Return what a delivery says. ``headers`` are found by any case of their names."""

    @staticmethod
    def believed(body: bytes, *, given: str, expected: str) -> Any:
        """Return what a body in JSON says, if the signature ``given`` with it is the one ``expected``."""
        if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
            raise InvalidRequest("webhook_refused")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("webhook_refused") from error

    def handshake(self, query: Mapping[str, str]) -> str | Mapping[str, str]:
        """Return what proves that the address is ours: text, or what is sent as JSON."""
        raise InvalidRequest("webhook_refused")

    def withdrawal(self, body: bytes) -> Withdrawal:
        """Return who took access away, or wants their data deleted, from a callback of its own address."""
        raise InvalidRequest("webhook_refused")

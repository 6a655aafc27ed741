"""Corkle, an invented cork board for neighbours: notes, with a picture or without, pinned on a board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django_connected_accounts.exceptions import (
    ContentRejected,
    NotAuthorized,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.base import Measures, Publishes
from django_connected_accounts.providers.oauth import OAuth2
from django_connected_accounts.providers.preflight import Rule, check
from django_connected_accounts.providers.types import (
    Body,
    Connection,
    Draft,
    Limit,
    Option,
    Pending,
    Problem,
    Profile,
    Published,
    Reading,
    Renewal,
    Tokens,
)

SITE = "https://corkle.example"
RULES = {"text": Rule(text=True), "photo": Rule(items=(1, 1), media={"image": ("image/jpeg", "image/png")})}
ERRORS: Mapping[str, tuple[type[ProviderError], str]] = {
    # What Corkle calls it: what to do about it, and what we call it.
    "token_ended": (NotAuthorized, "token_refused"),
    "scope_missing": (PermissionMissing, "permission_missing"),
    "note_refused": (ContentRejected, "content_rejected"),
    "too_many": (RateLimited, "account_rate_limited"),
}


def _limit(value: float, unit: str) -> Limit:
    return Limit(value=value, unit=unit, source=f"{SITE}/docs/notes", date=date(2026, 11, 1))


class Corkle(Publishes, Measures, OAuth2):
    id = "corkle"
    name = "Corkle"
    hosts = frozenset({"corkle.example"})
    authorize_url = f"{SITE}/oauth/authorize"
    token_url = f"{SITE}/oauth/token"
    scopes = {"connect": ("profile",), "publish": ("notes.write",), "measure": ("notes.read",)}
    scope_separator = " "
    pkce = True
    grant_errors = frozenset({"grant_ended"})
    works_once = True
    renewal = Renewal(by="refresh_token")
    requirements = ("signed_in_account",)

    kinds = ("text", "photo")
    limits = {
        "text_length": _limit(500, "characters"),
        "image_bytes": _limit(4_000_000, "bytes"),
        "alt_text_length": _limit(200, "characters"),
    }
    options = {
        "board": Option(type="choice", kinds=kinds, help="The board to pin it on, if not the front one")
    }

    # Connecting

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        me = self._call("GET", "/v1/me", token=tokens.access_token)
        return [
            Profile(
                account_id=me["id"],
                username=me["handle"],
                display_name=me.get("name", ""),
                profile_picture_url=me.get("picture", ""),
            )
        ]

    # Publishing

    def problems(self, draft: Draft) -> list[Problem]:
        return list(check(draft, rules=RULES, limits=self.limits, options=self.options))

    def options_for(self, connection: Connection) -> Mapping[str, Option]:
        """Boards are an account's own, so it is asked."""
        answer = self._call("GET", "/v1/boards", needs="boards", token=connection.tokens.access_token)
        boards = {board["id"]: board["name"] for board in answer["boards"]}
        board = self.options["board"]
        return {"board": Option(type="choice", kinds=board.kinds, help=board.help, choices=boards)}

    def publish(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any] | None = None
    ) -> Published | Pending:
        known, token = checkpoint or {}, connection.tokens.access_token
        if draft.media and "picture" not in known:
            media = draft.media[0]
            headers, alt = {"Content-Type": media.mime}, {"alt": media.alt_text}
            made = self._call(
                "POST", "/v1/pictures", params=alt, data=Body(media), headers=headers, token=token
            )
            return Pending(checkpoint={"picture": made["id"]}, note=f"picture {made['id']}")
        if "note" not in known:
            note = {"text": draft.text, **known, **draft.options}
            made = self._call("POST", "/v1/notes", json=note, token=token)
            return Pending(
                checkpoint={**known, "note": made["id"]}, repeatable=False, note=f"note {made['id']}"
            )
        path = f"/v1/notes/{known['note']}/pins"
        return _published(self._call("POST", path, needs="url", repeatable=False, token=token))

    def find(
        self, connection: Connection, draft: Draft, checkpoint: Mapping[str, Any], since: datetime
    ) -> Published | None:
        if "note" not in checkpoint:
            return None  # what is not pinned nobody sees
        path = f"/v1/notes/{checkpoint['note']}"
        pins = self._call("GET", path, needs="pins", token=connection.tokens.access_token)["pins"]
        return _published(pins[0]) if pins else None

    # Measuring

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        if not remote_id:
            return []  # it has no numbers of an account
        path = f"/v1/pins/{remote_id}/numbers"
        answer = self._call("GET", path, needs="looks", token=connection.tokens.access_token)
        return [self.reading("looks", answer["looks"])]

    def _call(
        self, method: str, path: str, *, needs: str = "id", repeatable: bool = True, **options: Any
    ) -> Mapping[str, Any]:
        """Return the answer, which holds what it needs; or raise what is to be done instead."""
        response = self.http.request(method, f"{SITE}{path}", repeatable=repeatable, **options)
        body = response.json if isinstance(response.json, Mapping) else {}
        if response.status < 300 and needs in body:
            return body
        code = str(body.get("error", ""))
        told: dict[str, Any] = {"provider": self.id, "platform_code": code or str(response.status)}
        if code in ERRORS:
            remedy, ours = ERRORS[code]
            raise remedy(ours, certain=True, **told)  # its word: nothing took effect
        if not repeatable:
            raise OutcomeUnknown(**told)
        if response.status < 400:
            raise Unavailable(**told)
        raise ContentRejected("request_refused", **told)


def _published(pin: Mapping[str, Any]) -> Published:
    return Published(remote_id=pin["id"], permalink=pin["url"])

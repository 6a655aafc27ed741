"""What every code means: what happened, what to do, who must act. Pages, API, e-mails and docs read this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from . import accounts, api, composing, connecting, content, platforms, publishing, watching
from .meaning import Meaning, Who

__all__ = ["CODES", "Meaning", "Who", "explain"]

CODES: Mapping[str, Meaning] = {
    "error": Meaning(
        _("Something went wrong (%(code)s)."), _("Try again; if it stays, tell the operator."), "operator"
    ),
    **accounts.CODES,
    **api.CODES,
    **composing.CODES,
    **connecting.CODES,
    **content.CODES,
    **platforms.CODES,
    **publishing.CODES,
    **watching.CODES,
}


def explain(code: str, params: Mapping[str, Any] | None = None) -> Meaning:
    """Return the meaning of a code, its places filled; a code we never saw is explained as itself."""
    meaning = CODES.get(code) or CODES["error"]
    values = _Missing(params or {}, code=code)
    return Meaning(str(meaning.cause) % values, str(meaning.action) % values, meaning.who)


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"

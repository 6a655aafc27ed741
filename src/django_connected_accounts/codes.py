"""What every code means: what happened, what to do, and who must act. Pages, API, e-mails and docs read this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Who = Literal["author", "owner", "operator", "nobody"]
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Meaning:
    """``cause`` and ``action`` are translated sentences with ``%(name)s`` places; ``who`` must act."""

    cause: Text
    action: Text
    who: Who


def explain(code: str, params: Mapping[str, Any] | None = None) -> Meaning:
    """Return the meaning of a code, its places filled; a code we never saw is explained as itself."""
    meaning = CODES.get(code) or CODES["error"]
    values = _Missing(params or {}, code=code)
    return Meaning(str(meaning.cause) % values, str(meaning.action) % values, meaning.who)


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


CODES: Mapping[str, Meaning] = {
    "error": Meaning(
        _("Something went wrong (%(code)s)."), _("Try again; if it stays, tell the operator."), "operator"
    ),
}

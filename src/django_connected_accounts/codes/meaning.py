from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise

Who = Literal["author", "owner", "operator", "nobody"]
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Meaning:
    """``cause`` and ``action`` are translated sentences with ``%(name)s`` places; ``who`` must act."""

    cause: Text
    action: Text
    who: Who

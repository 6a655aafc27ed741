"""How everything is, in plain words: what ``connected_accounts_doctor`` prints, a section at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from django.db import DatabaseError

from .finding import SETTINGS, Finding
from .ground import configuration, database, keys, platforms
from .work import accounts, ask, queue, to_ask

__all__ = ["SECTIONS", "Finding", "ask", "examine", "to_ask"]

SECTIONS: Mapping[str, Callable[[], Iterator[Finding]]] = {
    "Settings": configuration,
    "Database": database,
    "Keys": keys,
    "Queue": queue,
    "Accounts": accounts,
    "Platforms": platforms,
}


def examine(section: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield the findings of a section, what kept it from being looked at among them."""
    try:
        yield from section()
    except DatabaseError as error:
        text = f"The database refused: {str(error).splitlines()[0]}"
        yield Finding("error", text, "Check DATABASES, and whether manage.py migrate has run.")
    except Exception as error:
        text = f"This could not be looked at ({type(error).__name__})."
        yield Finding("error", text, SETTINGS)

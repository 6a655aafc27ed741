"""A form that takes what a service refuses, and says it with its code beside the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.providers.types import Problem

from .options import worded


def refusal(code: str, params: Mapping[str, Any] | None = None) -> forms.ValidationError:
    """Return a coded reason as forms carry it: what happened and what to do."""
    meaning = explain(code, params)
    return forms.ValidationError(f"{meaning.cause} {meaning.action}".strip(), code=code)


class Form(forms.Form):
    """A form that takes what a service refuses."""

    places: Mapping[str, str] = {}
    """Where a problem's field is shown when no field here is called so."""

    codes: Mapping[tuple[str, str], str] = {}
    """By field and Django's code of an error, the code of ours that is told instead."""

    def add_error(self, field: str | None, error: Any) -> None:
        code = self.codes.get((field or "", getattr(error, "code", None) or ""))
        super().add_error(field, refusal(code) if code else error)

    def refuse(self, error: ConnectedAccountsError) -> None:
        """Show every reason of an error, each beside the field it is about."""
        problems: Sequence[Problem] = error.problems if isinstance(error, InvalidRequest) else ()
        field = error.field if isinstance(error, InvalidRequest) else ""
        for problem in problems or [Problem(code=error.code, field=field, params=error.params)]:
            self.add_error(self._place(problem.field), refusal(problem.code, worded(problem.params)))

    def _place(self, field: str) -> str | None:
        if field.startswith("options."):
            field = field.replace("options.", "option_", 1)
        top = field.partition(".")[0]
        for name in (field, self.places.get(top), top):
            if name in self.fields:
                return name
        return None

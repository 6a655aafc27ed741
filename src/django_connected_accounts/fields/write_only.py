"""Form fields for secrets: they take a new one, never show the stored one, and left blank they keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _FormField = forms.Field
else:
    _FormField = object


class _Keep:
    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Any = _Keep()
"""What a blank write-only field cleans to: the model field leaves its value alone."""

KEEPS = _("Never shown. Leave blank to keep what is stored.")


class _WriteOnly(_FormField):
    def __init__(self, **options: Any) -> None:
        # Whether a value is there at all is the model's to say: its `clean` knows what is stored.
        super().__init__(**{"help_text": KEEPS, **options, "required": False})

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        return KEEP if cleaned in self.empty_values else cleaned

    def prepare_value(self, value: Any) -> Any:
        return None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data not in self.empty_values


class _BlindTextarea(forms.Textarea):
    def format_value(self, value: Any) -> None:
        return None


class WriteOnlyField(_WriteOnly, forms.CharField):
    """A line of secret text."""

    widget = forms.PasswordInput(attrs={"autocomplete": "off"})


class WriteOnlyJSONField(_WriteOnly, forms.JSONField):
    """A secret JSON value."""

    widget = _BlindTextarea(attrs={"autocomplete": "off", "rows": 4})

"""The form fields for what platforms let an author choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import Post
from django_connected_accounts.providers.types import Option

OPTION_LABELS: Mapping[str, Promise] = {
    "audio_name": _("Name of the sound"),
    "collaborators": _("Co-authors"),
    "is_ai_generated": _("Made with AI"),
    "location_id": _("Location"),
    "share_to_feed": _("Also show in the feed"),
    "thumb_offset": _("Cover from the film"),
}


def option_field(name: str, option: Option) -> forms.Field:
    """Return the form field for an option of a platform."""
    kinds = ", ".join(str(Post.Kind(kind).label) for kind in option.kinds)
    plain: dict[str, Any] = {
        "label": OPTION_LABELS.get(name, capfirst(name.replace("_", " "))),
        "help_text": f"{option.help} ({kinds})",
        "required": False,
    }
    if option.type == "boolean":
        choices = [("", _("As the platform does by itself")), ("true", _("Yes")), ("false", _("No"))]
        return forms.TypedChoiceField(
            choices=choices, coerce=lambda value: value == "true", empty_value=None, **plain
        )
    if option.type == "integer":
        return forms.IntegerField(**plain)
    if option.type == "list":
        return ListField(**plain)
    return forms.CharField(**plain)


class ListField(forms.CharField):
    """Several words, with commas or line breaks between them."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        words = value if isinstance(value, list) else (value or "").replace("\n", ",").split(",")
        return [word.strip() for word in words if word.strip()]

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, (list, tuple)) else value

"""The form fields for what platforms let an author choose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import Post
from django_connected_accounts.providers.types import Option

OPTION_LABELS: Mapping[str, Promise] = {
    "article": _("Card of a link"),
    "audio_name": _("Name of the sound"),
    "collaborators": _("Co-authors"),
    "brand_content_toggle": _("Paid partnership"),
    "brand_organic_toggle": _("Advertises the author's own business"),
    "is_ai_generated": _("Made with AI"),
    "is_aigc": _("Made with AI"),
    "location_id": _("Location"),
    "made_with_ai": _("Made with AI"),
    "music_usage_consent": _("Consent to the use of music"),
    "photo_cover_index": _("Photo that is the cover"),
    "poll_duration_minutes": _("Minutes the poll runs"),
    "poll_options": _("Choices of the poll"),
    "post_mode": _("How it goes out"),
    "privacy_level": _("Who may see it"),
    "quote_tweet_id": _("Post to quote"),
    "reply_settings": _("Who may reply"),
    "in_reply_to_tweet_id": _("Post to reply to"),
    "share_to_feed": _("Also show in the feed"),
    "thumb_offset": _("Cover from the film"),
    "video_cover_timestamp_ms": _("Cover from the film"),
    "visibility": _("Who may see it"),
}


def option_label(name: str) -> str:
    """Return what people call an option."""
    return str(OPTION_LABELS.get(name) or capfirst(name.replace("_", " ")))


def worded(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what fills a message, an option in it called as people call it."""
    return {**params, "option": option_label(params["option"])} if "option" in params else params


def option_field(name: str, option: Option, *, own: bool = False) -> forms.Field:
    """Return the form field for an option, ``own``: for one account, which else has what all have."""
    kinds = ", ".join(str(Post.Kind(kind).label) for kind in option.kinds)
    needed = option.required and not own
    plain: dict[str, Any] = {
        "label": option_label(name),
        "help_text": f"{option.help} ({kinds})" + (f" {_('This has to be chosen.')}" if needed else ""),
        "required": False,
    }
    unless = option.otherwise or _("As the platform does")
    nothing = _("As for all accounts") if own else _("Not chosen") if needed else unless
    if option.type == "boolean":
        choices = [("", nothing), ("true", _("Yes"))]
        if own or not option.otherwise:
            choices.append(("false", _("No")))
        return forms.TypedChoiceField(
            choices=choices, coerce=lambda value: value == "true", empty_value=None, **plain
        )
    if option.type == "choice":
        return forms.ChoiceField(choices=[("", nothing), *option.choices.items()], **plain)
    field = FIELDS.get(option.type, forms.CharField)
    return field(**plain)


def option_value(value: Any) -> Any:
    """Return the value of an option as its field shows it."""
    return str(value).lower() if isinstance(value, bool) else value


def chosen_options(cleaned: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the options that are filled in, by name."""
    values = {name: cleaned[f"option_{name}"] for name in names}
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


class ListField(forms.CharField):
    """Several words, with commas or line breaks between them."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        words = value if isinstance(value, list) else (value or "").replace("\n", ",").split(",")
        return [word.strip() for word in words if word.strip()]

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, (list, tuple)) else value


class TextsField(forms.CharField):
    """Several texts of many lines, with a line of dashes between them."""

    widget = forms.Textarea(attrs={"rows": 4, "dir": "auto"})

    def __init__(self, **options: Any) -> None:
        options["help_text"] = f"{options.get('help_text', '')} {_('A line --- stands between two.')}".strip()
        super().__init__(**options)

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        whole = "\n".join((value or "").splitlines())
        texts = value if isinstance(value, list) else re.split(r"(?m)^-{3,}[ \t]*$", whole)
        return [text.strip() for text in texts if text.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n---\n".join(value) if isinstance(value, (list, tuple)) else value


class ObjectField(forms.JSONField):
    """Something with parts, as JSON."""

    widget = forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


FIELDS: Mapping[str, type[forms.Field]] = {
    "integer": forms.IntegerField,
    "list": ListField,
    "texts": TextsField,
    "object": ObjectField,
}

"""The form fields for what platforms let an author choose."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import Post
from django_connected_accounts.providers.types import Option

from .parts import NOTHING, PartsField

OPTION_LABELS: Mapping[str, Promise] = {
    "allow_comment": _("People may comment"),
    "allow_duet": _("People may make duets"),
    "allow_stitch": _("People may stitch it"),
    "article": _("Card of a link"),
    "audio_name": _("Name of the sound"),
    "auto_add_music": _("Music chosen by the platform"),
    "collaborators": _("Co-authors"),
    "brand_content_toggle": _("Paid partnership"),
    "brand_organic_toggle": _("Advertises the author's own business"),
    "description": _("Description"),
    "duration": _("How long it runs"),
    "enable_reply_approvals": _("Replies wait for approval"),
    "in_reply_to_tweet_id": _("Post to reply to"),
    "is_ai_generated": _("Made with AI"),
    "is_aigc": _("Made with AI"),
    "is_ghost_post": _("Disappears after a day"),
    "is_reshare_disabled": _("No reposts"),
    "is_spoiler_media": _("Blurred until tapped"),
    "link": _("Link below the text"),
    "link_attachment": _("Card of a link"),
    "location_id": _("Location"),
    "long_post": _("Longer than usual"),
    "made_with_ai": _("Made with AI"),
    "music_usage_consent": _("Consent to the use of music"),
    "option_a": _("First choice"),
    "option_b": _("Second choice"),
    "option_c": _("Third choice"),
    "option_d": _("Fourth choice"),
    "options": _("Choices"),
    "paid_partnership": _("Paid partnership"),
    "photo_cover_index": _("Photo that is the cover"),
    "place": _("Location"),
    "poll": _("Poll"),
    "poll_attachment": _("Poll"),
    "poll_duration_minutes": _("Minutes the poll runs"),
    "poll_options": _("Choices of the poll"),
    "post_mode": _("How it goes out"),
    "privacy_level": _("Who may see it"),
    "question": _("Question"),
    "quote_post_id": _("Post to quote"),
    "quote_tweet_id": _("Post to quote"),
    "reply_control": _("Who may reply"),
    "reply_settings": _("Who may reply"),
    "reply_to_id": _("Post to reply to"),
    "share_to_feed": _("Also show in the feed"),
    "source": _("Address"),
    "targeting": _("Whom it is shown to"),
    "text_format_preset_id": _("Coloured background"),
    "thread": _("Rest of the thread"),
    "thumb_offset": _("Cover from the film"),
    "title": _("Title"),
    "topic_tag": _("Topic"),
    "video_cover_timestamp_ms": _("Cover from the film"),
    "visibility": _("Who may see it"),
}


def option_label(name: str) -> str:
    """Return what people call an option."""
    return str(OPTION_LABELS.get(name) or capfirst(name.replace("_", " ")))


def worded(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what fills a message, an option in it called as people call it."""
    return {**params, "option": option_label(params["option"])} if "option" in params else params


def option_field(name: str, option: Option, *, kinds: Collection[str] = (), own: bool = False) -> forms.Field:
    """Return the form field for an option.

    It says what kinds of posts it is for, unless it is for all these ``kinds``. ``own``: it is for one
    account, which else has what all have.
    """
    some = () if set(kinds) <= set(option.kinds) else option.kinds
    needed = option.required and not own
    said = (
        option.help,
        f"({', '.join(str(Post.Kind(kind).label) for kind in some)})" if some else "",
        _("This has to be chosen.") if needed else "",
    )
    plain: dict[str, Any] = {
        "label": option_label(name),
        "help_text": " ".join(str(words) for words in said if words),
        "required": False,
    }
    nothing = _("As for all accounts") if own else option.otherwise or _("Not chosen")
    if option.type == "boolean":
        choices = [("", nothing), ("true", _("Yes"))]
        if own or not option.otherwise:
            choices.append(("false", _("No")))
        return forms.TypedChoiceField(
            choices=choices, coerce=lambda value: value == "true", empty_value=None, **plain
        )
    if option.type == "choice":
        return forms.ChoiceField(choices=[("", nothing), *option.choices.items()], **plain)
    if option.parts:
        return PartsField(
            {part: option_field(part, made_of) for part, made_of in option.parts.items()}, **plain
        )
    field = FIELDS.get(option.type, forms.CharField)
    return field(**plain)


def option_value(value: Any) -> Any:
    """Return the value of an option as its field shows it."""
    return str(value).lower() if isinstance(value, bool) else value


def chosen_options(cleaned: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the options that are filled in, by name."""
    values = {name: cleaned[f"option_{name}"] for name in names}
    return {name: value for name, value in values.items() if value not in NOTHING}


class ListField(forms.CharField):
    """Several short texts, each in a line of its own; on a single line, commas are between them."""

    widget = forms.Textarea(attrs={"rows": 2, "dir": "auto"})

    def __init__(self, **options: Any) -> None:
        options["help_text"] = f"{options.get('help_text', '')} {_('One per line.')}".strip()
        super().__init__(**options)

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = value if isinstance(value, list) else (value or "").strip().splitlines()
        words = lines[0].split(",") if len(lines) == 1 else lines
        return [word.strip() for word in words if word.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value


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
    """Something whose parts are not known here, as JSON."""

    widget = forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


FIELDS: Mapping[str, type[forms.Field]] = {
    "integer": forms.IntegerField,
    "list": ListField,
    "texts": TextsField,
    "object": ObjectField,
}

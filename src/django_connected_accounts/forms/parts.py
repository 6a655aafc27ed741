"""A field for something that has parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.forms.renderers import get_default_renderer
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

NOTHING: Final[Sequence[Any]] = (None, "", [], {})
"""What a field holds where nothing was said."""


class PartsWidget(forms.MultiWidget):
    """The fields of the parts below one another, each with its label."""

    use_fieldset = True

    def __init__(self, fields: Mapping[str, forms.Field]) -> None:
        self.fields = fields
        super().__init__({name: field.widget for name, field in fields.items()})
        # With an underscore, part "options" of "poll" would be called like an option "poll_options".
        self.widgets_names = [f".{name}" for name in fields]

    def decompress(self, value: Any) -> list[Any]:
        said = value if isinstance(value, Mapping) else {}
        return [field.prepare_value(said.get(name)) for name, field in self.fields.items()]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        draw = (renderer or get_default_renderer()).render
        shown = self.get_context(name, value, attrs)["widget"]["subwidgets"]
        controls = [SafeString(draw(widget["template_name"], {"widget": widget})) for widget in shown]
        ids = [widget["attrs"].get("id", "") for widget in shown]
        parts = list(zip(self.fields.values(), ids, controls, strict=True))
        return render_to_string("connected_accounts/parts/parts.html", {"parts": parts})


class PartsField(forms.MultiValueField):
    """Something with parts, each in a field of its own; what is left empty is left out."""

    def __init__(self, parts: Mapping[str, forms.Field], **options: Any) -> None:
        self.parts = tuple(parts)
        widget = PartsWidget(parts)
        super().__init__(list(parts.values()), widget=widget, require_all_fields=False, **options)

    def compress(self, data_list: Sequence[Any]) -> dict[str, Any]:
        said = zip(self.parts, data_list, strict=False)
        return {name: value for name, value in said if value not in NOTHING}

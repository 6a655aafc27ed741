"""The zone a time is meant in."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class ZoneSelect(forms.Select):
    """A select with the chosen zone first, then all by region; ``others=False`` leaves those out.

    It is written at once: Django takes a template for each option, and of these there are 500.
    """

    def __init__(self, attrs: Any = None, *, others: bool = True) -> None:
        super().__init__(attrs)
        self.others = others

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = value if value in zones() else timezone.get_current_timezone_name()
        return format_html(
            '<select{}><option value="{}" selected>{}</option>{}</select>',
            flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})})),
            chosen,
            chosen.replace("_", " "),
            _by_region() if self.others else "",
        )


class ZoneField(forms.ChoiceField):
    """One of all zones; the reader's own, unless another is chosen."""

    widget = ZoneSelect

    def __init__(self, **options: Any) -> None:
        options = {"label": _("Time zone"), "initial": timezone.get_current_timezone_name, **options}
        super().__init__(**options)

    def valid_value(self, value: str) -> bool:
        return value in zones()


@cache
def zones() -> frozenset[str]:
    """Return the names of all zones this machine knows."""
    return frozenset(zoneinfo.available_timezones())


@cache
def _by_region() -> SafeString:
    regions: dict[str, list[tuple[str, str]]] = {"UTC": [("UTC", "UTC")]}
    for name in sorted(zones()):
        region, slash, place = name.partition("/")
        if slash and region not in ("Etc", "SystemV", "US", "posix", "right"):
            regions.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    options = '<option value="{}">{}</option>'
    written = ((region, format_html_join("", options, places)) for region, places in regions.items())
    return format_html_join("", '<optgroup label="{}">{}</optgroup>', written)

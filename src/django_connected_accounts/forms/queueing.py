"""Which of what is to go out is shown, and in which zone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import Publication

from .choosing import FilterForm
from .times import zone_choices


class QueueForm(FilterForm):
    """Which publications to show, and the zone whose days they are sorted by."""

    zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = timezone.get_current_timezone_name()
        status, zone = self.fields["status"], self.fields["zone"]
        assert isinstance(status, forms.ChoiceField)  # noqa: S101
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101
        status.choices = [("", _("Still to come")), *Publication.Status.choices]
        zone.choices = zone_choices(current)
        self.initial.setdefault("zone", current)

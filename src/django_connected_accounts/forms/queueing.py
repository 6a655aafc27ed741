"""Which of what is to go out is shown, and in which zone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import Publication

from .choosing import FilterForm
from .zones import ZoneField


class QueueForm(FilterForm):
    """Which publications to show, and the zone whose days they are sorted by."""

    zone = ZoneField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        status = self.fields["status"]
        assert isinstance(status, forms.ChoiceField)  # noqa: S101
        status.choices = [("", _("Still to come")), *Publication.Status.choices]

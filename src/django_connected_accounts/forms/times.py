"""A time to come, as a clock on the wall shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.services import walltime

from .coded import Form, refusal
from .zones import ZoneField


class WallClockField(forms.Field):
    """A date and time as a clock on the wall shows it, without a zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values or isinstance(value, datetime):
            return value or None
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise refusal("invalid_time") from None
        if timezone.is_aware(moment):
            raise refusal("invalid_time")
        return moment


class TimeForm(Form):
    """A time to come, in the zone the author thinks in, and how late it may become."""

    codes = {("zone", "invalid_choice"): "unknown_zone"}
    places = {"late_seconds": "late_minutes"}

    at = WallClockField(label=_("Date and time"))
    zone = ZoneField()
    fold = forms.TypedChoiceField(
        label=_("Which of the two?"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("0", _("The earlier")), ("1", _("The later"))],
        widget=forms.RadioSelect,
    )
    late_minutes = forms.IntegerField(
        label=_("At most so many minutes late"),
        required=False,
        min_value=1,
        help_text=_("Later it is not sent but shown as missed. Empty: the rule of this site."),
    )

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        super().__init__(data, files, **options)
        self.asks_which = False
        self.due_at: datetime | None = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("at") and cleaned.get("zone"):
            try:
                chosen = walltime.resolve(cleaned["at"], cleaned["zone"], cleaned.get("fold"))
                self.due_at = chosen.due_at
            except InvalidRequest as error:
                self.refuse(error)
                self._ask_which(error)
        return cleaned

    def when(self) -> dict[str, Any]:
        """Return what `services.scheduling` takes for the time."""
        cleaned, minutes = self.cleaned_data, self.cleaned_data.get("late_minutes")
        return {
            "at": cleaned["at"],
            "zone": cleaned["zone"],
            "fold": cleaned.get("fold"),
            "late_seconds": None if minutes is None else minutes * 60,
        }

    def _ask_which(self, error: InvalidRequest) -> None:
        """Where the clocks show the time twice, offer both to choose from."""
        if error.code != "time_is_ambiguous":
            return
        fold = self.fields["fold"]
        assert isinstance(fold, forms.ChoiceField)  # noqa: S101
        fold.choices = [
            (str(choice["fold"]), f"{choice['at'][11:16]} {choice['name']}")
            for choice in walltime.choices(error)
        ]
        self.asks_which = True

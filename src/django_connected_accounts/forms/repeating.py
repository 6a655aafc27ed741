"""How often a post goes out, as people say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.services.occurrences import DAYS, MOST, Rule

from .coded import Form, refusal
from .times import WallClockField
from .zones import ZoneField


class RepeatForm(Form):
    """A first time, how often from then on, and an end."""

    codes = {("zone", "invalid_choice"): "unknown_zone"}
    places = {"rule": "often", "late_seconds": "late_minutes"}

    at = WallClockField(label=_("From"), help_text=_("It always goes out at this time of the day."))
    zone = ZoneField()
    often = forms.ChoiceField(
        label=_("How often"),
        choices=[
            ("daily", _("By the day")),
            ("weekly", _("By the week")),
            ("day", _("By the month, on that day of it")),
            ("last_day", _("By the month, on its last day")),
            ("weekday", _("By the month, on that weekday of it, like its second Tuesday")),
        ],
    )
    interval = forms.IntegerField(
        label=_("Every how many days, weeks or months"), min_value=1, max_value=99, initial=1
    )
    days = forms.MultipleChoiceField(
        label=_("On these days of the week"),
        choices=[(DAYS[n], name) for n, name in WEEKDAYS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For “by the week”. None: that of the first time."),
    )
    count = forms.IntegerField(
        label=_("How many times"), min_value=1, max_value=MOST, required=False, help_text=_("Or until a day.")
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    late_minutes = forms.IntegerField(
        label=_("At most so many minutes late"),
        required=False,
        min_value=1,
        help_text=_("Later it is shown as missed, and never sent after the next one is due."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        ends = [cleaned.get("count"), cleaned.get("until")]
        if not self.errors and sum(end is not None for end in ends) != 1:
            self.add_error("count", refusal("rule_without_end"))
        return cleaned

    def plan(self) -> dict[str, Any]:
        """Return what `services.recurring` takes for it."""
        said, minutes = self.cleaned_data, self.cleaned_data["late_minutes"]
        return {
            "rule": str(_rule(said)),
            "at": said["at"],
            "zone": said["zone"],
            "late_seconds": None if minutes is None else minutes * 60,
        }


def said_by(rule: Rule) -> dict[str, Any]:
    """Return what the form shows for a rule."""
    if rule.frequency == "MONTHLY":
        often = "weekday" if rule.days else "last_day" if rule.month_days == (-1,) else "day"
    else:
        often = rule.frequency.lower()
    return {
        "often": often,
        "interval": rule.interval,
        "days": [day for _nth, day in rule.days] if often == "weekly" else [],
        "count": rule.count,
        "until": rule.until.date() if rule.until else None,
    }


def _rule(said: Mapping[str, Any]) -> Rule:
    at: datetime = said["at"]
    often, week = said["often"], (at.day - 1) // 7 + 1
    weekday = (-1 if week == 5 else week, DAYS[at.weekday()])
    days = {"weekly": tuple((0, day) for day in said["days"]), "weekday": (weekday,)}
    month_days = {"day": (at.day,), "last_day": (-1,)}
    until = said["until"] and datetime.combine(said["until"], datetime.max.time().replace(microsecond=0))
    return Rule(
        frequency={"daily": "DAILY", "weekly": "WEEKLY"}.get(often, "MONTHLY"),
        interval=said["interval"],
        days=days.get(often, ()),
        month_days=month_days.get(often, ()),
        count=said["count"],
        until=until or None,
    )

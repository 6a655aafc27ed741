"""When a series occurs: an RRULE of RFC 5545, daily, weekly or monthly, over wall clock times, with an end.

The clocks of its zone always show the same time; see `walltime.recur` for the nights they are changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from datetime import timezone as fixed_zone
from itertools import islice
from typing import Any, Literal

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from django_connected_accounts.exceptions import InvalidRequest

from .walltime import FURTHEST, zone_named

MOST = 1000
"""Occurrences a series may have."""

FREQUENCIES: Mapping[str, Literal[1, 2, 3]] = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KNOWN: Mapping[str, frozenset[str]] = {
    "DAILY": frozenset(),
    "WEEKLY": frozenset({"BYDAY"}),
    "MONTHLY": frozenset({"BYDAY", "BYMONTHDAY"}),
}
COMMON = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)", re.ASCII)
BY_DAY: Mapping[str, re.Pattern[str]] = {
    "WEEKLY": re.compile(r"()(MO|TU|WE|TH|FR|SA|SU)"),
    "MONTHLY": re.compile(r"([+-]?[1-5])(MO|TU|WE|TH|FR|SA|SU)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was read: ``days`` are weekdays with which of the month it is, 0 for each."""

    frequency: str
    interval: int = 1
    days: tuple[tuple[int, str], ...] = ()
    month_days: tuple[int, ...] = ()
    week_start: str = "MO"
    count: int | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        parts: dict[str, Any] = {"FREQ": self.frequency}
        if self.interval > 1:
            parts["INTERVAL"] = self.interval
        if self.days:
            parts["BYDAY"] = ",".join(f"{nth or ''}{day}" for nth, day in self.days)
        if self.month_days:
            parts["BYMONTHDAY"] = ",".join(map(str, self.month_days))
        if self.week_start != "MO":
            parts["WKST"] = self.week_start
        if self.count:
            parts["COUNT"] = self.count
        if self.until:
            parts["UNTIL"] = f"{self.until:%Y%m%dT%H%M%S}"
        return ";".join(f"{name}={value}" for name, value in parts.items())


def read(text: str, zone: str) -> Rule:
    """Return the rule a text says, or raise InvalidRequest: ``rule_invalid``, ``rule_without_end``.

    ``UNTIL`` is a day, or a time on the clocks of ``zone``; one with a Z is taken as what they show then.
    """
    parts = _parts(text)
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise _invalid(f"FREQ={frequency}")
    for name in parts.keys() - COMMON - KNOWN[frequency]:
        raise _invalid(name)
    if "BYDAY" in parts and "BYMONTHDAY" in parts:
        raise _invalid("BYDAY, BYMONTHDAY")
    if ("COUNT" in parts) == ("UNTIL" in parts):
        raise (
            _invalid("COUNT, UNTIL") if "COUNT" in parts else InvalidRequest("rule_without_end", field="rule")
        )
    if parts.get("WKST", "MO") not in DAYS:
        raise _invalid(f"WKST={parts['WKST']}")
    return Rule(
        frequency=frequency,
        interval=_number(parts, "INTERVAL", 99) or 1,
        days=_days(parts.get("BYDAY", ""), frequency),
        month_days=_month_days(parts.get("BYMONTHDAY", "")),
        week_start=parts.get("WKST", "MO"),
        count=_number(parts, "COUNT", MOST),
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
    )


def expand(rule: Rule, starts: datetime) -> list[datetime]:
    """Return all times the rule names from ``starts`` on, both on a wall clock.

    Raise InvalidRequest: ``rule_empty`` where there is none, ``rule_too_long`` for too many, or too far.
    """
    dates = rrule(
        FREQUENCIES[rule.frequency],
        dtstart=starts,
        interval=rule.interval,
        wkst=DAYS.index(rule.week_start),
        count=rule.count,
        until=rule.until,
        byweekday=[weekday(DAYS.index(day), nth or None) for nth, day in rule.days] or None,
        bymonthday=rule.month_days or None,
    )
    found = list(islice(dates, MOST + 1))
    if not found:
        raise InvalidRequest("rule_empty", field="rule")
    furthest = timezone.now().replace(tzinfo=None) + FURTHEST
    if len(found) > MOST or found[-1] > furthest or (rule.count or 0) > len(found):
        raise InvalidRequest("rule_too_long", field="rule", max=MOST)
    return found


def in_words(rule: Rule) -> str:
    """Return the rule as people say it."""
    every = {
        "DAILY": ngettext("every day", "every %(n)s days", rule.interval),
        "WEEKLY": ngettext("every week", "every %(n)s weeks", rule.interval),
        "MONTHLY": ngettext("every month", "every %(n)s months", rule.interval),
    }[rule.frequency] % {"n": rule.interval}
    said = [every, *_which(rule)]
    if rule.count:
        said.append(ngettext("%(n)s time", "%(n)s times", rule.count) % {"n": rule.count})
    elif rule.until:
        said.append(gettext("until %(day)s") % {"day": date_format(rule.until, "DATE_FORMAT")})
    words = ", ".join(map(str, said))
    return words[:1].upper() + words[1:]


def _which(rule: Rule) -> Sequence[str]:
    days = [_day_in_words(nth, str(WEEKDAYS[DAYS.index(day)])) for nth, day in rule.days]
    days += [
        gettext("the last day") if day == -1 else gettext("day %(day)s") % {"day": day}
        for day in rule.month_days
    ]
    return [gettext("on %(days)s") % {"days": get_text_list(days, gettext("and"))}] if days else []


def _day_in_words(nth: int, day: str) -> str:
    which = {
        0: "%(day)s",
        1: gettext("the first %(day)s"),
        2: gettext("the second %(day)s"),
        3: gettext("the third %(day)s"),
        4: gettext("the fourth %(day)s"),
        5: gettext("the fifth %(day)s"),
        -1: gettext("the last %(day)s"),
    }.get(nth) or gettext("the %(nth)s last %(day)s")
    return which % {"day": day, "nth": -nth}


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        found = PART.fullmatch(part.strip())
        if not found or found[1] in parts:
            raise _invalid(part)
        parts[found[1]] = found[2]
    return parts


def _number(parts: Mapping[str, str], name: str, most: int) -> int | None:
    if name not in parts:
        return None
    value = parts[name]
    if not (value.isdigit() and len(value) < 6 and int(value)):
        raise _invalid(f"{name}={value}")
    if int(value) > most:
        raise InvalidRequest("rule_too_long", field="rule", max=most)
    return int(value)


def _days(text: str, frequency: str) -> tuple[tuple[int, str], ...]:
    if not text:
        return ()
    found = [BY_DAY[frequency].fullmatch(day) for day in text.split(",")]
    if not all(found):
        raise _invalid(f"BYDAY={text}")
    return tuple(dict.fromkeys((int(day[1] or 0), day[2]) for day in found if day))


def _month_days(text: str) -> tuple[int, ...]:
    days = text.split(",") if text else []
    if not all(re.fullmatch(r"[+-]?\d{1,2}", day) and 1 <= abs(int(day)) <= 31 for day in days):
        raise _invalid(f"BYMONTHDAY={text}")
    return tuple(dict.fromkeys(map(int, days)))


def _until(text: str, zone: str) -> datetime:
    for form in ("%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"):
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - a wall clock's, but for the last form
        except ValueError:
            continue
        if form.endswith("Z"):
            utc = moment.replace(tzinfo=fixed_zone.utc)
            return utc.astimezone(zone_named(zone)).replace(tzinfo=None)
        return moment if "T" in form else datetime.combine(moment, time(23, 59, 59))
    raise _invalid(f"UNTIL={text}")


def _invalid(part: str) -> InvalidRequest:
    return InvalidRequest("rule_invalid", field="rule", part=part[:64])

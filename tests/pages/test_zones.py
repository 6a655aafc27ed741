"""The zone a time is meant in, as the pages let people choose it."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.utils import timezone

from django_connected_accounts.forms.zones import ZoneField, ZoneSelect


class Form(forms.Form):
    zone = ZoneField()


def offered(form: Form) -> list[str]:
    return re.findall(r'<option value="([^"]*)"', str(form["zone"]))


def chosen(form: Form) -> str:
    (zone,) = re.findall(r'<option value="([^"]*)" selected>', str(form["zone"]))
    return zone


def test_the_readers_own_zone_is_chosen_and_all_others_follow_by_region() -> None:
    with timezone.override("Europe/Berlin"):
        own, utc, *others = offered(Form())
        assert (own, chosen(Form())) == ("Europe/Berlin", "Europe/Berlin")
    assert utc == "UTC"
    assert others == sorted(others)
    assert {"Africa/Cairo", "America/Argentina/Ushuaia", "Europe/Berlin"} <= set(others)
    assert '<optgroup label="America">' in str(Form()["zone"])
    assert ">Argentina, Ushuaia</option>" in str(Form()["zone"])


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "US/Eastern"])
def test_a_zone_that_is_chosen_stays_so(zone: str) -> None:
    assert chosen(Form({"zone": zone})) == zone
    assert chosen(Form(initial={"zone": zone})) == zone
    assert Form({"zone": zone}).is_valid()


@pytest.mark.parametrize("zone", ["Mars/Olympus", '"><script>', "../../etc/passwd", ""])
def test_what_is_no_zone_is_refused_and_not_offered(zone: str) -> None:
    form = Form({"zone": zone})
    assert not form.is_valid()
    assert chosen(form) == "UTC"


def test_it_is_labelled_and_told_what_describes_it() -> None:
    written = str(Form({"zone": "?"}, auto_id="at-%s")["zone"])
    assert ' name="zone"' in written
    assert 'id="at-zone"' in written
    assert 'aria-invalid="true"' in written


def test_without_the_others_only_the_chosen_one_is_written() -> None:
    form = Form({"zone": "Asia/Tokyo"})
    form.fields["zone"].widget = ZoneSelect(others=False)
    assert offered(form) == ["Asia/Tokyo"]

"""Posts that repeat, on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from django_connected_accounts.forms.repeating import RepeatForm, said_by
from django_connected_accounts.models import ConnectedAccount, Post, Publication, Series
from django_connected_accounts.services import composing, occurrences

from .conftest import Browser, text

SOON = (datetime.now(timezone.utc) + timedelta(hours=20)).replace(second=0, microsecond=0)
FORM = {"at": f"{SOON:%Y-%m-%dT%H:%M}", "zone": "UTC", "often": "daily", "interval": "1", "count": "9"}


@pytest.fixture(autouse=True)
def made_three_days_ahead(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SERIES_DAYS = 3


@pytest.fixture
def post(account: ConnectedAccount, picture: Callable[..., SimpleUploadedFile]) -> Post:
    media = [composing.NewMedia(file=picture())]
    return composing.compose(account.user, text="Bread", media=media, accounts=[account])


@pytest.fixture
def series(browser: Browser, post: Post) -> Series:
    browser.send("post-repeat", post.pk, **FORM)
    return Series.objects.get()


def test_a_post_is_repeated_from_its_page(browser: Browser, post: Post) -> None:
    assert f"/posts/{post.pk}/repeat/" in browser.page("post", post.pk).content.decode()
    asked = text(browser.page("post-repeat", post.pk))
    assert "The same text goes out every time." in asked
    answer = browser.send("post-repeat", post.pk, **FORM)
    series = Series.objects.get()
    assert answer.headers["Location"].endswith(f"/series/{series.pk}/")
    shown = text(browser.get(answer.headers["Location"]))
    assert "Every day, 9 times" in shown
    assert shown.count("Not made yet") == 6
    assert "This post repeats." in text(browser.page("post", post.pk))
    assert Publication.objects.count() == 3


def test_the_queue_names_what_repeats_and_posts_what_was_made_of_it(browser: Browser, series: Series) -> None:
    queue = text(browser.page("queue"))
    assert "Repeating Bread Every day, 9 times Repeats" in queue
    assert queue.count("Part of a series") == 3
    page = browser.page("posts").content.decode()
    assert str(series.post_id) not in page
    for made in series.posts.all():
        assert str(made.pk) in page
        assert "Part of a series" in text(browser.page("post", made.pk))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"count": ""}, "rule_without_end"),
        ({"until": "2099-01-01"}, "rule_without_end"),
        ({"count": "", "until": "2020-01-01"}, "rule_empty"),
        ({"at": "2020-01-01T10:00"}, "past_date"),
        ({"at": "soon"}, "invalid_time"),
        ({"zone": "Mars/Olympus"}, "unknown_zone"),
        ({"late_minutes": "100000"}, "late_out_of_range"),
    ],
)
def test_what_will_not_do_is_said_and_nothing_repeats(
    browser: Browser, post: Post, change: dict[str, str], code: str
) -> None:
    page = browser.send("post-repeat", post.pk, **{**FORM, **change})
    assert page.status_code == 400
    assert code in text(page)
    assert not Series.objects.exists()


def test_a_series_is_paused_resumed_changed_and_ended(browser: Browser, series: Series) -> None:
    def does(verb: str, **data: Any) -> str:
        return text(browser.get(browser.send(f"series-{verb}", series.pk, **data).headers["Location"]))

    paused = does("pause")
    assert "Paused. Nothing of it goes out" in paused
    assert "Nothing comes until you resume it." in paused
    assert not Publication.objects.exists()
    assert "It goes on with what is to come." in does("resume")
    assert Publication.objects.count() == 3
    initial = browser.page("series-change", series.pk).context["form"].initial
    assert (initial["often"], initial["count"]) == ("daily", 9)
    assert "Every 2 days, 9 times" in does("change", **{**FORM, "interval": "2"})
    assert "Ended. Nothing more of it goes out." in does("end")
    assert set(Publication.objects.values_list("status", flat=True)) <= {"cancelled"}
    assert "series_not_possible" in does("resume")


def test_an_edit_of_the_post_is_approved_for_what_is_to_come(browser: Browser, series: Series) -> None:
    composing.edit(series.post, by=series.post.user, text="Cake")
    shown = text(browser.page("series", series.pk))
    assert "The post was changed." in shown
    browser.send("series-apply", series.pk)
    assert {post.text for post in series.posts.all()} == {"Cake"}
    assert "The post was changed." not in text(browser.page("series", series.pk))


def test_nobody_sees_or_ends_the_series_of_another(other_browser: Browser, series: Series) -> None:
    assert other_browser.page("series", series.pk).status_code == 404
    assert other_browser.page("series-change", series.pk).status_code == 404
    for verb in ("pause", "end", "apply"):
        assert other_browser.send(f"series-{verb}", series.pk).status_code == 404
    assert other_browser.page("post-repeat", series.post_id).status_code == 404
    series.refresh_from_db()
    assert series.status == "active"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"often": "daily", "interval": "3"}, "FREQ=DAILY;INTERVAL=3;COUNT=9"),
        ({"often": "weekly", "days": ["MO", "FR"]}, "FREQ=WEEKLY;BYDAY=MO,FR;COUNT=9"),
        ({"often": "weekly", "days": []}, "FREQ=WEEKLY;COUNT=9"),
        ({"often": "day"}, "FREQ=MONTHLY;BYMONTHDAY=14;COUNT=9"),
        ({"often": "last_day"}, "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=9"),
        ({"often": "weekday"}, "FREQ=MONTHLY;BYDAY=2TU;COUNT=9"),
        ({"often": "weekday", "at": "2030-05-31T09:00"}, "FREQ=MONTHLY;BYDAY=-1FR;COUNT=9"),
        ({"count": "", "until": "2030-12-31"}, "FREQ=DAILY;UNTIL=20301231T235959"),
    ],
)
def test_the_form_says_any_rule_and_reads_it_again(said: dict[str, Any], rule: str) -> None:
    form = RepeatForm({**FORM, "at": "2030-05-14T09:00", **said})
    assert form.is_valid(), form.errors
    assert form.plan()["rule"] == rule
    back = said_by(occurrences.read(rule, "UTC"))
    assert back["often"] == {**FORM, **said}["often"]
    assert back["until"] == (date(2030, 12, 31) if "until" in said else None)

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Post, PostMedia, Publication
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor

Picture = Callable[..., SimpleUploadedFile]


def tomorrow(hours: int = 24) -> str:
    return (timezone.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def written(browser: Browser, account: ConnectedAccount, *files: Any, do: str = "check", **more: Any) -> Any:
    data = {"accounts": [str(account.pk)], "uploads": list(files), "zone": "UTC", "do": do, **more}
    return browser.send("compose", **data)


def shown(browser: Browser, answer: Any) -> str:
    assert answer.status_code == 302, text(answer)
    return text(browser.get(answer.headers["Location"]))


def test_a_new_post_says_which_accounts_there_are(browser: Browser, account: ConnectedAccount) -> None:
    said = text(browser.page("compose"))
    assert "@juniper.shop" in said
    assert "Connected" in said


def test_without_an_account_one_is_led_to_connecting(browser: Browser) -> None:
    page = browser.page("compose")
    assert reverse("connected_accounts:connect-any") in page.content.decode()


def test_the_only_account_is_chosen_already(browser: Browser, account: ConnectedAccount) -> None:
    page = browser.page("compose")
    assert page.context["picker"].chosen == {account.pk}
    assert page.content.decode().count("checked") == 1


def test_a_draft_is_checked_and_previewed(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    words = "Fresh bread. " * 12
    said = shown(browser, written(browser, account, picture(), text=words, alt_texts="A loaf\n"))
    assert "Photo Draft" in said
    assert "Ready" in said
    assert "The preview is approximate." in said
    assert "after “more”" in said
    assert f"{len(words)} of 2200 characters" in said
    assert PostMedia.objects.get().alt_text == "A loaf"
    assert not Publication.objects.exists()


def test_each_file_gets_the_line_that_describes_it(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    written(browser, account, picture("1.jpg"), picture("2.jpg"), alt_texts="one\ntwo", do="save")
    rows = PostMedia.objects.order_by("position").values_list("original_name", "alt_text")
    assert list(rows) == [("1.jpg", "one"), ("2.jpg", "two")]
    assert Post.objects.get().kind == "carousel"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (SimpleUploadedFile("a.jpg", b""), "media_empty"),
        (SimpleUploadedFile("a.jpg", b"\xff\xd8\xff\xe0 cut off"), "media_unreadable"),
        (SimpleUploadedFile("a.jpg", b"%PDF-1.7"), "media_format_unknown"),
    ],
)
def test_a_file_that_will_not_do_is_named_and_nothing_is_saved(
    browser: Browser, account: ConnectedAccount, file: SimpleUploadedFile, code: str
) -> None:
    file.seek(0)
    page = written(browser, account, file, text="Kept words")
    assert page.status_code == 400
    assert code in text(page)
    assert "Kept words" in page.content.decode()
    assert 'role="alert"' in page.content.decode()
    assert 'aria-invalid="true"' in page.content.decode()
    assert not Post.objects.exists()
    assert not PostMedia.objects.exists()


def test_what_the_platform_refuses_is_said_and_can_be_repaired(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    said = shown(browser, written(browser, account, picture("wide.png", (1000, 200), "PNG")))
    assert "Can't go out like this" in said
    assert "aspect_ratio" in said
    assert "Crop to fit" in said
    media, post = PostMedia.objects.get(), Post.objects.get()
    answer = browser.send("post-fix", post.pk, media=str(media.pk), fit="crop", account=str(account.pk))
    assert "Ready" in shown(browser, answer)
    assert media.renditions.exists()
    assert media.original_name == "wide.png"


def test_a_text_that_is_too_long_and_too_many_hashtags_are_told_and_not_scheduled(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    hashtags = " ".join(f"#tag{number}" for number in range(31))
    said = shown(
        browser,
        written(browser, account, picture(), text="x" * 2201 + " " + hashtags, do="schedule", at=tomorrow()),
    )
    assert "text_too_long" in said
    assert "too_many_hashtags" in said
    assert "nothing was scheduled" in said
    assert not Publication.objects.exists()


@pytest.mark.parametrize(
    ("at", "zone", "code"),
    [
        ("2020-01-01T10:00", "UTC", "past_date"),
        ("2027-03-28T02:30", "Europe/Berlin", "time_does_not_exist"),
        ("soon", "UTC", "invalid_time"),
        ("2030-01-01T10:00+02:00", "UTC", "invalid_time"),
        ("", "UTC", "required"),
        ("2030-01-01T10:00", "Mars/Olympus", "unknown_zone"),
    ],
)
def test_a_time_that_will_not_do_is_said_beside_it_and_nothing_is_saved(
    browser: Browser, account: ConnectedAccount, picture: Picture, at: str, zone: str, code: str
) -> None:
    page = written(browser, account, picture(), text="Kept words", do="schedule", at=at, zone=zone)
    assert page.status_code == 400
    assert code in text(page)
    assert "Kept words" in page.content.decode()
    assert not Post.objects.exists()


def test_a_time_is_taken_as_the_clock_of_its_zone_shows_it(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    written(browser, account, picture(), do="schedule", at="2030-07-01T10:00", zone="Europe/Berlin")
    publication = Publication.objects.get()
    assert publication.due_at.isoformat() == "2030-07-01T08:00:00+00:00"
    assert publication.zone == "Europe/Berlin"


@pytest.mark.parametrize("do", ["schedule", "publish"])
def test_sending_needs_an_account(
    browser: Browser, account: ConnectedAccount, picture: Picture, do: str
) -> None:
    page = written(browser, account, picture(), do=do, at=tomorrow(), accounts=[])
    assert page.status_code == 400
    assert "account_missing" in text(page)
    assert not Post.objects.exists()


def test_the_account_of_another_user_can_not_be_chosen(
    browser: Browser, stranger: Visitor, picture: Picture
) -> None:
    theirs = stranger.connects("shop", "instagram_login")
    page = written(browser, theirs, picture(), do="schedule", at=tomorrow())
    assert page.status_code == 400
    assert "account_not_found" in text(page)
    assert not Post.objects.exists()


def test_an_account_that_is_broken_can_be_chosen_for_later_with_a_warning_but_not_for_now(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    browser.send("account-pause", account.pk)
    assert "waits until the account works again" in text(browser.page("compose"))
    confirm = shown(browser, written(browser, account, picture(), do="publish"))
    assert "account_not_usable" in confirm
    assert "Yes, publish now" not in confirm
    written(browser, account, picture(), do="schedule", at=tomorrow())
    assert Publication.objects.get().account == account


def test_a_draft_can_be_edited_reordered_and_added_to(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    written(browser, account, picture("1.jpg"), picture("2.jpg"), do="save", text="before")
    post = Post.objects.get()
    first, second = post.media.all()
    form = browser.page("post-edit", post.pk)
    assert "before" in form.content.decode()
    assert form.context["picker"].chosen == {account.pk}
    browser.send(
        "post-edit",
        post.pk,
        **{
            "accounts": [str(account.pk)],
            "text": "after",
            "zone": "UTC",
            "do": "save",
            "uploads": [picture("3.jpg")],
            f"media-{first.pk}-position": 2,
            f"media-{first.pk}-alt_text": "now second",
            f"media-{second.pk}-position": 1,
        },
    )
    post.refresh_from_db()
    assert post.text == "after"
    assert [media.original_name for media in post.media.all()] == ["2.jpg", "1.jpg", "3.jpg"]
    assert post.media.all()[1].alt_text == "now second"


def test_a_picture_can_be_taken_out_and_the_kind_follows(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    written(browser, account, picture("1.jpg"), picture("2.jpg"), do="save")
    post = Post.objects.get()
    first, second = post.media.all()
    data = {f"media-{row.pk}-position": row.position + 1 for row in (first, second)}
    browser.send("post-edit", post.pk, **data, **{f"media-{second.pk}-remove": "on"}, do="save", zone="UTC")
    post.refresh_from_db()
    assert [media.original_name for media in post.media.all()] == ["1.jpg"]
    assert post.kind == "photo"


def test_options_of_the_platform_are_kept_by_its_names(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    written(browser, account, picture(), do="save", option_thumb_offset="1500", option_share_to_feed="false")
    post = Post.objects.get()
    assert post.options == {"thumb_offset": 1500, "share_to_feed": False}
    form = browser.page("post-edit", post.pk).context["form"]
    assert form["option_share_to_feed"].value() == "false"


def test_editing_a_scheduled_post_keeps_its_time(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    written(browser, account, picture(), do="schedule", at=tomorrow())
    post, media = Post.objects.get(), PostMedia.objects.get()
    answer = browser.send(
        "post-edit", post.pk, **{f"media-{media.pk}-position": 1}, text="Better", do="save", zone="UTC"
    )
    assert "It goes out as scheduled." in shown(browser, answer)
    post.refresh_from_db()
    assert post.review == "approved"
    assert Publication.objects.get().status == "scheduled"


def test_a_post_of_another_user_is_not_there(
    browser: Browser, other_browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    written(browser, account, picture(), do="save")
    post = Post.objects.get()
    for name in ("post", "post-edit", "post-confirm"):
        assert other_browser.page(name, post.pk).status_code == 404
    for name in ("post-edit", "post-fix", "post-publish"):
        assert other_browser.send(name, post.pk).status_code == 404
    post.refresh_from_db()
    assert composing.draft(post, account).media


def test_the_composer_takes_as_many_queries_for_many_accounts_as_for_one(
    browser: Browser, account: ConnectedAccount, queries: Callable[[], Any]
) -> None:
    with queries() as one:
        browser.page("compose", account=str(account.pk))
    for number in range(20):
        ConnectedAccount.objects.create(
            user=browser.visitor.user, platform="instagram", account_id=str(number), username="x"
        )
    with queries() as many:
        browser.page("compose", account=str(account.pk))
    assert len(one) == len(many)


def test_a_time_that_comes_twice_is_asked_for_and_answered(
    browser: Browser, account: ConnectedAccount, picture: Picture
) -> None:
    when = {"at": "2030-10-27T02:30", "zone": "Europe/Berlin", "late_minutes": "30"}
    page = written(browser, account, picture(), text="Kept words", do="schedule", **when)
    assert page.status_code == 400
    said = text(page)
    assert "time_is_ambiguous" in said
    assert "02:30 CEST (UTC+02:00)" in said
    assert "02:30 CET (UTC+01:00)" in said
    assert not Post.objects.exists()

    written(browser, account, picture(), do="schedule", fold="1", **when)
    publication = Publication.objects.get()
    assert publication.due_at.isoformat() == "2030-10-27T01:30:00+00:00"
    assert publication.deadline_at - publication.due_at == timedelta(minutes=30)

    moved = browser.send("publication-reschedule", publication.pk, **when)
    assert moved.status_code == 400
    assert "02:30 CEST (UTC+02:00)" in text(moved)
    browser.send("publication-reschedule", publication.pk, **when, fold="0")
    publication.refresh_from_db()
    assert publication.due_at.isoformat() == "2030-10-27T00:30:00+00:00"


def test_a_film_that_nobody_looked_into_says_so(browser: Browser) -> None:
    film = composing.NewMedia(file=SimpleUploadedFile("film.mp4", samples.mp4()))
    post = composing.compose(browser.visitor.user, media=[film])
    assert "encoding not checked" in text(browser.page("post-edit", post.pk))
    post.media.update(codec="h264", frame_rate=30)
    looked_into = text(browser.page("post-edit", post.pk))
    assert "h264" in looked_into
    assert "not checked" not in looked_into

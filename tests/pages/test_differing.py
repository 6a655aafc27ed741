"""What differs on single accounts, said on pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from django_connected_accounts import testing
from django_connected_accounts.exceptions import RateLimited, Unavailable
from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import composing, publishing, scheduling
from tests.brief_platform import REFUSED, Brief, brief, brief_account
from tests.pages.conftest import Browser, text

__all__ = ["brief"]

Picture = Callable[..., Any]


@pytest.fixture
def shop(browser: Browser, brief: type[Brief]) -> ConnectedAccount:
    return ConnectedAccount.objects.create(
        user=browser.visitor.user, platform="instagram", account_id="1", username="shop", access_token="t"
    )


@pytest.fixture
def short(browser: Browser, brief: type[Brief]) -> ConnectedAccount:
    return brief_account(browser.visitor.user)


def sent(browser: Browser, name: str, *args: Any, own: dict[Any, dict[str, Any]], **data: Any) -> Any:
    """Send the composer's form with what differs on these accounts, as a browser that was shown it."""
    for account, said in own.items():
        data[f"account-{account.pk}-shown"] = "1"
        data.update({f"account-{account.pk}-{field}": value for field, value in said.items()})
    return browser.send(name, *args, **{"zone": "UTC", "do": "save", **data})


def test_what_differs_is_said_beside_the_post_and_shown_again(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount, picture: Picture
) -> None:
    sent(
        browser,
        "compose",
        accounts=[str(shop.pk), str(short.pk)],
        text="Fresh bread, every day",
        first_comment="#bread",
        uploads=[picture()],
        own={
            shop: {},
            short: {"text": "Bread", "nothing": ["first_comment"], "option_audience": "circle"},
        },
    )
    post = Post.objects.get()
    assert post.overrides == {
        str(short.pk): {"text": "Bread", "first_comment": "", "options": {"audience": "circle"}}
    }
    page = browser.page("post-edit", post.pk)
    assert "Customised" in text(page)
    form = next(own for own in page.context["differing"] if own.account == short)
    assert form["text"].value() == "Bread"
    assert form["nothing"].value() == ["first_comment"]
    assert form["option_audience"].value() == "circle"
    preview = text(browser.page("post", post.pk))
    assert "10 of 20 characters as Brief counts." in preview
    assert "for this account alone" in preview


def test_emptied_it_is_as_for_all_accounts_again(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    accounts = [shop, short]
    post = composing.compose(
        browser.visitor.user, text="Bread", accounts=accounts, overrides={short: {"text": "x"}}
    )
    ids = [str(account.pk) for account in accounts]
    sent(browser, "post-edit", post.pk, accounts=ids, text="Rolls", own={short: {"text": ""}})
    post.refresh_from_db()
    assert (post.text, post.overrides) == ("Rolls", {})


def test_one_tick_drops_all_that_is_different(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    own = {"text": "x", "options": {"mood": None}}
    post = composing.compose(
        browser.visitor.user, text="Bread", accounts=[shop, short], overrides={short: own}
    )
    page = browser.page("post-edit", post.pk).content.decode()
    assert page.count("as for all accounts again") == 1
    ids = [str(shop.pk), str(short.pk)]
    ticked = {short: {"text": "x", "reset": "on"}}
    sent(browser, "post-edit", post.pk, accounts=ids, text="Bread", own=ticked)
    post.refresh_from_db()
    assert post.overrides == {}


def test_what_was_not_shown_is_left_as_it_was(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    own = {"text": "x", "options": {"mood": None, "unheard": 1}}
    post = composing.compose(
        browser.visitor.user,
        text="Bread",
        options={"mood": "happy", "else": "kept"},
        accounts=[shop, short],
        overrides={short: own},
    )
    ids = [str(shop.pk), str(short.pk)]
    sent(browser, "post-edit", post.pk, accounts=ids, text="Rolls", option_mood="happy", own={})
    post.refresh_from_db()
    assert post.overrides[str(short.pk)]["text"] == "x"
    assert post.options["else"] == "kept"
    happy = {"text": "Rolls", "option_mood": "happy"}
    sent(browser, "post-edit", post.pk, accounts=ids, own={short: {"text": "y"}}, **happy)
    post.refresh_from_db()
    assert post.overrides[str(short.pk)] == {"text": "y", "options": {"mood": None, "unheard": 1}}


def test_an_account_gets_some_of_the_pictures_others_or_more_without_javascript(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount, picture: Picture
) -> None:
    ids = [str(shop.pk), str(short.pk)]
    sent(
        browser,
        "compose",
        accounts=ids,
        uploads=[picture("1.jpg"), picture("2.jpg")],
        own={shop: {}, short: {}},
    )
    post = Post.objects.get()
    first, second = post.shared_media
    places = {f"media-{row.pk}-position": row.position + 1 for row in (first, second)}

    def edited(own: dict[str, Any], **more: Any) -> list[str]:
        answer = sent(browser, "post-edit", post.pk, accounts=ids, own={short: own}, **places, **more)
        assert answer.status_code == 302, text(answer)
        fresh = Post.objects.get(pk=post.pk)
        names = {str(row.pk): row.original_name for row in fresh.media.all()}
        return [
            names[key]
            for key in fresh.overrides.get(str(short.pk), {}).get("media", ["shared"])
            if key in names
        ] or ["shared"]

    both = [str(first.pk), str(second.pk)]
    assert edited({"pictures": both}, uploads=[picture("3.jpg")]) == ["shared"]
    third = Post.objects.get(pk=post.pk).shared_media[2]
    places[f"media-{third.pk}-position"] = 3
    everything = [*both, str(third.pk)]
    assert edited({"pictures": everything, "uploads": [picture("mine.jpg")]}) == ["mine.jpg"]
    mine = Post.objects.get(pk=post.pk).media.get(shared=False)
    assert edited({"pictures": [str(mine.pk), str(second.pk)]}) == ["mine.jpg", "2.jpg"]
    assert edited({"pictures": [str(second.pk)]}) == ["2.jpg"]
    assert not Post.objects.get(pk=post.pk).media.filter(shared=False).exists()
    assert edited({"pictures": everything}) == ["shared"]


def test_what_will_not_do_is_told_beside_its_account(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    bad = SimpleUploadedFile("a.jpg", b"\xff\xd8\xff cut off")
    page = sent(
        browser,
        "compose",
        accounts=[str(short.pk)],
        text="Kept",
        own={short: {"text": "also kept", "uploads": [bad]}},
    )
    assert page.status_code == 400
    form = next(own for own in page.context["differing"] if own.account == short)
    assert form.errors["uploads"]
    assert "also kept" in page.content.decode()
    page = sent(browser, "compose", accounts=[str(short.pk)], own={shop: {"text": "not chosen"}})
    assert page.status_code == 400
    assert "override_without_account" in text(page)
    assert not Post.objects.exists()


def test_what_an_account_may_choose_is_asked_of_its_platform_when_it_is_chosen(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount, brief: type[Brief]
) -> None:
    brief.audiences = {"1": {"few": "Only a few"}}
    browser.page("compose", account=str(shop.pk))
    assert brief.asked == []
    page = browser.page("compose", account=str(short.pk))
    assert brief.asked == ["1"]
    (form,) = [own for own in page.context["differing"] if own.account == short]
    assert [value for value, _ in form.fields["option_audience"].choices] == ["", "few"]
    assert form["option_audience"].value() is None
    assert "This has to be chosen." in text(page)
    refused = sent(browser, "compose", accounts=[str(short.pk)], own={short: {"option_audience": "all"}})
    assert refused.status_code == 400
    sent(browser, "compose", accounts=[str(short.pk)], own={short: {"option_audience": "few"}})
    assert Post.objects.get().overrides == {str(short.pk): {"options": {"audience": "few"}}}


def test_a_platform_that_does_not_answer_keeps_nobody_from_writing(
    browser: Browser, short: ConnectedAccount, brief: type[Brief]
) -> None:
    brief.audiences = Unavailable("platform_unavailable")
    page = browser.page("compose", account=str(short.pk))
    assert "My circle" in text(page)
    assert "Brief did not answer" in text(page)


def test_what_is_off_unless_chosen_is_called_that_once(
    browser: Browser, sandbox: World, settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"tiktok": {"AUDITED": True}}
    tiktok = testing.connect(sandbox, browser.visitor.user, "shop", "tiktok")
    (form,) = browser.page("compose", account=str(tiktok.pk)).context["differing"]

    def labels(name: str) -> list[str]:
        return [str(label) for _, label in form.fields[f"option_{name}"].choices]

    assert labels("allow_comment") == labels("brand_content_toggle") == ["No", "Yes"]
    assert labels("privacy_level") == ["Not chosen", "Everyone", "Friends", "Only you"]
    assert labels("music_usage_consent") == ["Not chosen", "Yes", "No"]


def test_an_author_is_told_at_once_that_nothing_can_be_posted_now(
    browser: Browser, short: ConnectedAccount, brief: type[Brief]
) -> None:
    brief.audiences = RateLimited("publishing_quota_reached")
    page = browser.page("compose", account=str(short.pk))
    assert "This account has published as much as Brief allows in a day." in text(page)


def test_texts_are_counted_as_each_platform_counts_while_they_are_written(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount, brief: type[Brief]
) -> None:
    both = [str(shop.pk), str(short.pk)]
    said = browser.send("compose-measure", accounts=both, text="0123456789\r\n1")
    assert "12 of 2200 characters as Instagram counts." in text(said)
    assert "24 of 20 characters as Brief counts. Too long." in text(said)
    own = {f"account-{short.pk}-text": "0123"}
    assert "8 of 20" in text(browser.send("compose-measure", accounts=both, text="0123456789", **own))
    post = composing.compose(browser.visitor.user, text="0123456789a", accounts=[short])
    assert "22 of 20" in text(browser.page("post-edit", post.pk))
    assert browser.page("compose-measure").status_code == 405


def test_nobody_learns_of_the_accounts_of_others_by_counting(
    other_browser: Browser, short: ConnectedAccount
) -> None:
    assert not text(other_browser.send("compose-measure", accounts=[str(short.pk)], text="x"))


def test_among_many_accounts_one_searches_and_pages_and_the_chosen_stay(browser: Browser) -> None:
    accounts = [
        ConnectedAccount.objects.create(
            user=browser.visitor.user, platform="instagram", account_id=str(n), username=f"shop{n:03}"
        )
        for n in range(50)
    ]
    page = browser.page("compose")
    assert "@shop000" in text(page)
    assert "@shop049" not in text(page)
    chosen = str(accounts[49].pk)
    form = {"accounts": [chosen], "text": "Kept words", "zone": "UTC", "found": ""}
    second = browser.send("compose", **form, do="find:2")
    assert second.status_code == 200
    assert "Kept words" in second.content.decode()
    assert {"@shop049", "@shop020", "@shop039"} <= set(text(second).split())
    assert "@shop000" not in text(second)
    found = browser.send("compose", **form, find="shop012", do="enter")
    assert {"@shop049", "@shop012"} <= set(text(found).split())
    assert "@shop013" not in text(found)
    assert found.context["picker"].chosen == {accounts[49].pk}
    assert not Post.objects.exists()
    browser.send("compose", **form, do="enter")
    assert list(Post.objects.get().accounts.all()) == [accounts[49]]


def test_partly_published_names_what_failed_and_tries_it_again_once_mended(
    browser: Browser, brief: type[Brief]
) -> None:
    user = browser.visitor.user
    accounts = [brief_account(user, name) for name in ("a", "b", "c")]
    post = composing.compose(user, text="Bread", accounts=accounts)
    scheduling.schedule(post, accounts[:1], by=user)
    publishing.tick()
    brief.answer = REFUSED
    scheduling.schedule(post, accounts[1:], by=user)
    publishing.tick()
    brief.answer = None
    for page in (browser.page("posts"), browser.page("post", post.pk)):
        assert "Partly published: 1 of 3" in text(page)
    assert "It failed on 2 accounts: @brief.b (Brief), @brief.c (Brief)" in text(page)

    assert browser.page("post-edit", post.pk).status_code == 302
    differ = browser.page("post-differ", post.pk)
    assert "It is out, or may be, on: @brief.a" in text(differ)
    assert {own.account.username for own in differ.context["differing"]} == {"brief.b", "brief.c"}
    sent(browser, "post-differ", post.pk, own={accounts[1]: {"text": "Rolls"}, accounts[2]: {}})
    said = text(browser.get(browser.send("post-retry", post.pk).headers["Location"]))
    assert "Trying all 2 again now." in said
    publishing.tick()
    publishing.tick()
    assert [(who, draft.text) for who, draft in brief.live] == [
        ("a", "Bread"),
        ("b", "Rolls"),
        ("c", "Bread"),
    ]
    assert "Published" in text(browser.page("post", post.pk))


def test_what_can_not_be_tried_again_is_named_and_the_rest_goes_on(
    browser: Browser, brief: type[Brief]
) -> None:
    user = browser.visitor.user
    first, second = accounts = [brief_account(user, name) for name in ("a", "b")]
    own = {second: {"text": "far too long for the brief"}}
    post = composing.compose(user, text="Bread", accounts=accounts, overrides=own)
    due = timezone.now()
    for account in accounts:
        Publication.objects.create(post=post, account=account, status="failed", due_at=due, deadline_at=due)
    said = text(browser.get(browser.send("post-retry", post.pk).headers["Location"]))
    assert "Trying 1 again now." in said
    assert "@brief.b:" in said
    assert "text_too_long" in said
    assert post.publications.get(account=first).status == "scheduled"
    assert "text_too_long" in text(browser.get(browser.send("post-retry", post.pk).headers["Location"]))


def test_editing_a_published_post_sends_nothing_again(browser: Browser, brief: type[Brief]) -> None:
    user = browser.visitor.user
    account = brief_account(user)
    post = composing.compose(user, text="Bread", accounts=[account])
    scheduling.schedule(post, [account], by=user)
    publishing.tick()
    yesterday = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    for do, at in (
        ("save", ""),
        ("check", ""),
        ("publish", ""),
        ("schedule", yesterday),
        ("schedule", tomorrow),
    ):
        answer = sent(
            browser, "post-edit", post.pk, accounts=[str(account.pk)], text="Rolls", do=do, at=at, own={}
        )
        assert answer.status_code == 400, do
    sent(browser, "post-differ", post.pk, own={account: {"text": "Rolls"}})
    browser.send("post-publish", post.pk, account=str(account.pk))
    browser.send("post-retry", post.pk)
    publishing.tick()
    post.refresh_from_db()
    assert (post.text, post.overrides, len(brief.live)) == ("Bread", {}, 1)
    assert post.publications.get().status == "published"


def test_people_in_a_picture_and_links_to_pictures_are_taken_from_the_form(
    browser: Browser, shop: ConnectedAccount, picture: Picture
) -> None:
    sent(browser, "compose", accounts=[str(shop.pk)], uploads=[picture("1.jpg")], own={})
    post = Post.objects.get()
    (media,) = post.shared_media
    about = {f"media-{media.pk}-position": 1, f"media-{media.pk}-user_tags": "@anna 50 30\r\nben"}
    refused = sent(
        browser,
        "post-edit",
        post.pk,
        accounts=[str(shop.pk)],
        links="http://127.0.0.1/a.jpg",
        own={},
        **about,
    )
    assert refused.status_code == 400
    assert "media_url_refused" in text(refused)
    assert "http://127.0.0.1/a.jpg" in refused.content.decode()
    sent(browser, "post-edit", post.pk, accounts=[str(shop.pk)], own={}, **about)
    media.refresh_from_db()
    assert media.user_tags == [{"username": "anna", "x": 0.5, "y": 0.3}, {"username": "ben"}]
    form = browser.page("post-edit", post.pk).context["media_forms"][0]
    assert form["user_tags"].value() == "anna 50 30\nben"
    about[f"media-{media.pk}-user_tags"] = "anna left"
    assert "user_tags_invalid" in text(
        sent(browser, "post-edit", post.pk, accounts=[str(shop.pk)], own={}, **about)
    )


def test_line_breaks_are_kept_as_everything_but_browsers_has_them(
    browser: Browser, shop: ConnectedAccount
) -> None:
    sent(browser, "compose", accounts=[str(shop.pk)], text="one\r\ntwo", own={shop: {"text": "1\r\n2"}})
    post = Post.objects.get()
    assert (post.text, post.overrides[str(shop.pk)]["text"]) == ("one\ntwo", "1\n2")


def test_the_page_of_a_post_on_many_accounts_stays_light(
    browser: Browser, brief: type[Brief], queries: Callable[[], Any]
) -> None:
    user = browser.visitor.user

    def sizes(count: int) -> tuple[int, int]:
        accounts = [brief_account(user, f"{count}-{number}") for number in range(count)]
        own = {account: {"text": f"Hi {account.account_id}"} for account in accounts}
        post = composing.compose(user, text="Bread", accounts=accounts, overrides=own)
        scheduling.schedule(post, accounts, by=user)
        with queries() as asked:
            page = browser.page("post", post.pk)
        assert "It says something else here" in text(page)
        return len(asked), page.content.decode().count("Pacific/")

    (few, zones), (many, still) = sizes(4), sizes(30)
    assert few == many
    assert still <= zones


def test_a_picture_of_one_account_is_repaired_for_it_alone(
    browser: Browser, shop: ConnectedAccount, short: ConnectedAccount, picture: Picture
) -> None:
    wide = composing.NewMedia(file=picture("wide.jpg", (1000, 200)), alt_text="The counter")
    post = composing.compose(
        browser.visitor.user,
        media=[composing.NewMedia(file=picture("square.jpg"))],
        accounts=[shop, short],
        overrides={shop: {"media": [wide]}},
    )
    mine = post.media.get(shared=False)
    assert "Crop to fit" in text(browser.page("post", post.pk))
    browser.send("post-fix", post.pk, media=str(mine.pk), fit="crop", account=str(shop.pk))
    mine.refresh_from_db()
    assert (mine.fit, mine.alt_text, mine.shared) == ("crop", "The counter", False)
    post.refresh_from_db()
    assert post.overrides == {str(shop.pk): {"media": [str(mine.pk)]}}
    assert set(post.accounts.all()) == {shop, short}
    assert [row.fit for row in post.shared_media] == [""]

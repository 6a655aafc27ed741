from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.sandbox import World, consent
from django_connected_accounts.services import health
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor

UNSAFE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "/%5cevil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/a\nb",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
)


def attempt() -> ConnectionAttempt:
    return ConnectionAttempt.objects.latest("created_at")


def ended(browser: Browser, answer: Any) -> tuple[str, str]:
    """Return what the page says that a callback leads to, and its markup."""
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"].partition("#")[0])
    return text(page), page.content.decode()


def test_each_platform_says_what_is_needed_before_starting(browser: Browser) -> None:
    said = text(browser.page("connect-any"))
    assert "What you need before you start" in said
    assert "Sign-in at www.facebook.com" in said
    assert "professional" in said
    assert "Something went wrong" not in said


def test_looking_begins_nothing(browser: Browser) -> None:
    assert browser.page("connect", "instagram").status_code == 200
    assert not ConnectionAttempt.objects.exists()


def test_beginning_leads_to_the_platform(browser: Browser) -> None:
    answer = browser.send("connect", "instagram")
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["redirect_uri"] == ["http://testserver/connected-accounts/callback/instagram/"]
    assert attempt().user == browser.visitor.user


def test_beginning_needs_a_csrf_token(visitor: Visitor) -> None:
    answer = Browser(visitor, enforce_csrf_checks=True).send("connect", "instagram")
    assert answer.status_code == 403
    assert not ConnectionAttempt.objects.exists()


def test_beginning_needs_somebody_signed_in(db: None) -> None:
    answer = Client().post(reverse("connected_accounts:connect", args=["instagram"]))
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert not ConnectionAttempt.objects.exists()


def test_nothing_in_the_address_changes_where_it_leads(browser: Browser) -> None:
    path = reverse("connected_accounts:connect", args=["instagram"])
    forged = "client_id=evil&redirect_uri=https://evil.example&state=evil&scope=evil&auth_params=evil"
    plain = parse_qs(urlsplit(browser.post(path).headers["Location"]).query)
    tried = parse_qs(urlsplit(browser.post(f"{path}?{forged}").headers["Location"]).query)
    tried_by_post = parse_qs(urlsplit(browser.post(path, parse_qs(forged)).headers["Location"]).query)
    for query in (plain, tried, tried_by_post):
        assert query.pop("state") != ["evil"]
    assert plain == tried == tried_by_post


def test_the_callback_address_does_not_follow_a_spoofed_host(browser: Browser) -> None:
    path = reverse("connected_accounts:connect", args=["instagram"])
    answer = browser.post(path, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    assert "evil" not in answer.headers["Location"]


@pytest.mark.parametrize("address", UNSAFE)
def test_afterwards_nobody_is_led_off_this_site(browser: Browser, address: str) -> None:
    back = browser.goes("shop", "instagram_login", next=address)
    answer = browser.returns(back)
    assert answer.headers["Location"].partition("#")[0] == reverse("connected_accounts:accounts")


def test_afterwards_one_is_led_where_one_came_from(browser: Browser) -> None:
    back = browser.goes("shop", "instagram_login", next="/shop/settings/?tab=social")
    assert browser.returns(back).headers["Location"].startswith("/shop/settings/?tab=social")


def test_a_consent_to_one_account_connects_it(browser: Browser) -> None:
    answer = browser.returns(browser.goes("shop", "instagram_login"))
    assert answer.status_code == 303
    assert answer.headers["Location"].partition("#")[0] == reverse("connected_accounts:accounts")
    said = text(browser.page("accounts"))
    assert "The account is connected." in said
    assert "@juniper.shop" in said


def test_code_and_state_leave_the_address_bar_and_go_nowhere_else(browser: Browser) -> None:
    back = browser.goes()
    answer = browser.returns(back)
    query = parse_qs(urlsplit(back).query)
    for secret in (*query["code"], *query["state"]):
        assert secret not in answer.headers["Location"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert not answer.content


def test_the_fragment_that_facebook_adds_does_not_stay(browser: Browser) -> None:
    assert urlsplit(browser.returns(browser.goes()).headers["Location"]).fragment == "content"


def test_several_accounts_are_there_to_choose_from(browser: Browser) -> None:
    answer = browser.returns(browser.goes())
    said = text(browser.get(answer.headers["Location"]))
    assert "@bakery.nord" in said
    assert "@coffee.nord" in said
    assert not ConnectedAccount.objects.exists()


def test_many_can_be_chosen_at_once(browser: Browser) -> None:
    browser.returns(browser.goes())
    page = browser.page("attempt", attempt().pk)
    ids = [candidate.account_id for candidate in page.context["form"].candidates]
    answer = browser.send("attempt-choose", attempt().pk, accounts=ids)
    assert answer.status_code == 303
    assert "2 accounts are connected." in text(browser.page("accounts"))
    assert ConnectedAccount.objects.count() == 2


def test_choosing_nothing_is_said_beside_the_choice(browser: Browser) -> None:
    browser.returns(browser.goes())
    page = browser.send("attempt-choose", attempt().pk)
    assert page.status_code == 400
    assert "nothing_chosen" in text(page)
    assert 'role="alert"' in page.content.decode()


def test_an_account_that_was_not_offered_can_not_be_chosen(browser: Browser) -> None:
    browser.returns(browser.goes())
    page = browser.send("attempt-choose", attempt().pk, accounts=["4711"])
    assert page.status_code == 400
    assert "unknown_choice" in text(page)
    assert not ConnectedAccount.objects.exists()


def test_the_choice_can_be_searched_and_says_why_a_row_is_not_to_be_had(browser: Browser) -> None:
    browser.returns(browser.goes("many_pages"))
    everything = browser.page("attempt", attempt().pk)
    rows = everything.context["form"].candidates
    assert len(rows) > 100
    off = [row for row in rows if row.unusable]
    assert off
    assert everything.content.decode().count("disabled") == len(off)
    assert "Something went wrong" not in text(everything)
    name = rows[0].display_name
    found = browser.page("attempt", attempt().pk, q=name)
    assert 0 < len(found.context["form"].candidates) < len(rows)
    assert "No account matches." in text(browser.page("attempt", attempt().pk, q="nobody is called so"))


def test_what_is_ticked_stays_ticked_and_listed_while_searching(browser: Browser) -> None:
    browser.returns(browser.goes("many_pages"))
    first, *_, last = [
        row for row in browser.page("attempt", attempt().pk).context["form"].candidates if not row.unusable
    ]
    ticked, found = [first.account_id], {"q": last.username, "do": "search"}
    page = browser.send("attempt-choose", attempt().pk, accounts=ticked, **found)
    assert page.status_code == 200
    assert [row.account_id for row in page.context["form"].candidates] == [first.account_id, last.account_id]
    assert page.content.decode().count("checked") == 1
    everything = browser.send("attempt-choose", attempt().pk, accounts=ticked, q=last.username, do="all")
    assert len(everything.context["form"].candidates) > 100
    assert everything.content.decode().count("checked") == 1
    assert not ConnectedAccount.objects.exists()
    browser.send("attempt-choose", attempt().pk, accounts=[first.account_id, last.account_id], q="no one")
    assert ConnectedAccount.objects.count() == 2


def test_a_row_without_a_username_shows_no_lonely_sign(browser: Browser) -> None:
    browser.returns(browser.goes("many_pages"))
    page = browser.page("attempt", attempt().pk, q="Branch 010")
    assert "Paperline Branch 010" in text(page)
    assert "@" not in text(page)


def test_a_row_that_is_connected_already_is_off(browser: Browser) -> None:
    browser.returns(browser.goes())
    rows = browser.page("attempt", attempt().pk).context["form"].candidates
    browser.send("attempt-choose", attempt().pk, accounts=[rows[0].account_id])
    browser.returns(browser.goes())
    assert "Connected already" in text(browser.page("attempt", attempt().pk))


def test_an_account_that_needs_its_owner_can_be_chosen_again(browser: Browser) -> None:
    browser.returns(browser.goes())
    rows = browser.page("attempt", attempt().pk).context["form"].candidates
    browser.send("attempt-choose", attempt().pk, accounts=[row.account_id for row in rows])
    broken = ConnectedAccount.objects.get(account_id=rows[0].account_id)
    health.change(broken, ConnectedAccount.Health.RECONNECT_NEEDED, "token_expired")
    browser.returns(browser.goes())
    assert [row.connected for row in browser.page("attempt", attempt().pk).context["form"].candidates] == [
        False,
        True,
    ]
    browser.send("attempt-choose", attempt().pk, accounts=[broken.account_id])
    broken.refresh_from_db()
    assert broken.health == ConnectedAccount.Health.ACTIVE


def test_a_choice_of_nothing_new_leads_back(browser: Browser) -> None:
    browser.returns(browser.goes())
    rows = browser.page("attempt", attempt().pk).context["form"].candidates
    browser.send("attempt-choose", attempt().pk, accounts=[row.account_id for row in rows])
    browser.returns(browser.goes())
    page = browser.page("attempt", attempt().pk)
    assert "are connected already" in text(page)
    assert "Connect the chosen accounts" not in text(page)
    assert page.content.decode().count("ca-button-primary") == 1


def test_a_choice_that_came_too_late_says_so(browser: Browser) -> None:
    browser.returns(browser.goes())
    ConnectionAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "attempt_expired" in text(browser.page("attempt", attempt().pk))


def test_nobody_sees_or_finishes_the_attempt_of_another(browser: Browser, other_browser: Browser) -> None:
    browser.returns(browser.goes())
    assert other_browser.page("attempt", attempt().pk).status_code == 404
    assert other_browser.send("attempt-choose", attempt().pk, accounts=["1"]).status_code == 404


def test_every_way_it_can_end_has_its_own_words_and_one_next_step(browser: Browser, world: World) -> None:
    words = set()
    for person, options in (("two_businesses", {"allow": False}), ("no_instagram", {}), ("no_tasks", {})):
        said, markup = ended(browser, browser.returns(browser.goes(person, **options)))
        assert markup.count("ca-button-primary") == 1
        assert "Something went wrong" not in said
        words.add(said)
    assert len(words) == 3


def test_a_denied_consent_is_no_error_of_ours_and_can_begin_again(browser: Browser) -> None:
    said, markup = ended(browser, browser.returns(browser.goes(allow=False)))
    assert "You declined" in said
    assert reverse("connected_accounts:connect", args=["instagram"]) in markup


@pytest.mark.parametrize(
    "trouble",
    [
        {"action": "status", "path": "oauth/access_token", "status": 503},
        {"action": "lose_after", "path": "oauth/access_token"},
        {"action": "status", "path": "me/accounts", "status": 500},
        {"action": "status", "path": "me/accounts", "code": 4},
    ],
)
def test_a_platform_that_is_down_or_busy_is_called_so_and_one_can_start_again(
    browser: Browser, world: World, trouble: dict[str, Any]
) -> None:
    world.fault(times=0, **trouble)
    said, markup = ended(browser, browser.returns(browser.goes()))
    assert "platform_unavailable" in said
    assert "the post may be live" not in said
    assert "Start again" in said
    assert markup.count("ca-button-primary") == 1


def test_who_is_told_to_start_again_can_do_so(browser: Browser, world: World) -> None:
    world.fault(action="status", path="oauth/access_token", code=190)
    said, _ = ended(browser, browser.returns(browser.goes()))
    assert said.count("Start again") == 2


def test_a_callback_that_comes_twice_connects_once(browser: Browser) -> None:
    back = browser.goes("shop", "instagram_login")
    browser.returns(back)
    said, _ = ended(browser, browser.returns(back))
    assert ConnectedAccount.objects.count() == 1
    assert "works only once" in said or "@juniper.shop" in said


def test_a_state_that_is_too_old_is_refused_and_told(browser: Browser) -> None:
    back = browser.goes("shop", "instagram_login")
    ConnectionAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    said, _ = ended(browser, browser.returns(back))
    assert "attempt_expired" in said
    assert not ConnectedAccount.objects.exists()


def test_another_browser_of_the_same_user_is_refused(browser: Browser) -> None:
    back = browser.goes("shop", "instagram_login")
    elsewhere = Browser(browser.visitor)
    said, markup = ended(elsewhere, elsewhere.returns(back))
    assert "other_browser" in said
    assert markup.count("ca-button-primary") == 1
    assert not ConnectedAccount.objects.exists()


def test_another_user_in_the_same_browser_is_refused(browser: Browser, stranger: Visitor) -> None:
    back = browser.goes("shop", "instagram_login")
    session = browser.session["connected_accounts_browser"]
    browser.force_login(stranger.user)
    changed = browser.session
    changed["connected_accounts_browser"] = session
    changed.save()
    said, _ = ended(browser, browser.returns(back))
    assert "Code" in said
    assert not ConnectedAccount.objects.exists()


@pytest.mark.parametrize(
    "query", ["code=x&state=unknown", "code=x", "", "state=&code=x", "state=a&state=b&code=x"]
)
def test_a_callback_that_no_attempt_belongs_to_says_so(browser: Browser, query: str) -> None:
    said, markup = ended(browser, browser.get(f"/connected-accounts/callback/instagram/?{query}"))
    assert "Something went wrong" not in said
    assert markup.count("ca-button-primary") == 1


def test_a_callback_for_an_unknown_platform_says_so(browser: Browser) -> None:
    answer = browser.get("/connected-accounts/callback/nowhere/?code=x&state=y")
    page = browser.get(answer.headers["Location"])
    assert page.status_code == 404
    assert "unknown_platform" in text(page)


def test_whoever_was_signed_out_meanwhile_takes_no_code_to_the_login_page(browser: Browser) -> None:
    back = browser.goes("shop", "instagram_login")
    browser.logout()
    answer = browser.returns(back)
    assert "code" not in answer.headers["Location"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_callback_is_a_get(browser: Browser) -> None:
    assert browser.post("/connected-accounts/callback/instagram/?code=x&state=y").status_code == 405


def test_an_unknown_platform_is_named_as_such(browser: Browser) -> None:
    for page in (browser.page("connect", "nowhere"), browser.send("connect", "nowhere")):
        assert page.status_code in (400, 404)
        assert "unknown_platform" in text(page)
    assert not ConnectionAttempt.objects.exists()


def test_a_platform_that_is_not_set_up_is_told_to_staff_only(browser: Browser, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""
    assert "No platform is set up" in text(browser.page("connect-any"))
    assert "CLIENT_ID" not in text(browser.page("connect", "instagram"))
    browser.visitor.user.is_staff = True
    browser.visitor.user.save()
    assert "CONNECTED_ACCOUNTS_PROVIDERS['instagram']" in text(browser.page("connect-any"))
    assert browser.send("connect", "instagram").status_code >= 400
    assert not ConnectionAttempt.objects.exists()


def test_without_a_base_url_staff_learns_what_is_missing(browser: Browser, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_BASE_URL = ""
    page = browser.send("connect", "instagram")
    assert page.status_code == 503
    assert "CONNECTED_ACCOUNTS_BASE_URL" not in text(page)
    browser.visitor.user.is_staff = True
    browser.visitor.user.save()
    assert "CONNECTED_ACCOUNTS_BASE_URL" in text(browser.send("connect", "instagram"))


def test_reconnecting_leads_to_the_platform_and_refuses_another_account(browser: Browser) -> None:
    browser.returns(browser.goes("shop", "instagram_login"))
    account = ConnectedAccount.objects.get()
    begun = browser.send("account-reconnect", account.pk)
    assert begun.status_code == 302
    back = consent.visit(browser.visitor.world, begun.headers["Location"], "creator")
    said, markup = ended(browser, browser.returns(back))
    assert "wrong_account" in said
    assert reverse("connected_accounts:account-reconnect", args=[account.pk]) in markup
    assert ConnectedAccount.objects.count() == 1

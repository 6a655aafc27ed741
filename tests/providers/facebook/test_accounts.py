from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.exceptions import (
    ConnectionFailed,
    NotAuthorized,
    PermissionMissing,
)
from django_connected_accounts.providers.types import Connection, Draft
from django_connected_accounts.sandbox import World, consent

from .conftest import CALLBACK, Site

TEXT = Draft(kind="text", text="Open on Sundays")


def test_the_dialog_asks_for_what_pages_need_and_no_more(site: Site) -> None:
    scopes = site.provider.scopes_for(("connect", "publish"))
    url = site.provider.authorization_url(redirect_uri=CALLBACK, state="s", verifier="v", scopes=scopes)
    assert url.startswith("https://www.facebook.com/v26.0/dialog/oauth?")
    (asked,) = parse_qs(urlsplit(url).query)["scope"]
    assert asked == "pages_show_list,pages_read_engagement,business_management,pages_manage_posts"


def test_each_page_has_a_token_without_end_under_a_long_one_of_the_person(site: Site) -> None:
    tokens = site.tokens()
    assert tokens.expires_at
    assert tokens.expires_at - site.now() > timedelta(days=59)
    first, second = site.provider.profiles(tokens)
    assert (first.username, first.display_name, first.account_type) == (
        "bakerynord",
        "Bakery Nord",
        "Local business",
    )
    assert first.profile_picture_url.endswith(".svg")
    assert first.tokens
    assert second.tokens
    assert first.tokens.expires_at is None
    assert first.tokens.data_access_expires_at == tokens.data_access_expires_at
    assert first.tokens.access_token not in (tokens.access_token, second.tokens.access_token)
    assert first.user_id == second.user_id == site.world.people["two_businesses"].id


def test_only_the_pages_that_were_ticked_are_offered(site: Site) -> None:
    page = site.world.people["two_businesses"].pages[1]
    profiles = site.provider.profiles(site.tokens(targets=[page.id]))
    assert [profile.display_name for profile in profiles] == ["Coffee Nord"]


def test_pages_of_a_portfolio_and_all_of_many_are_found(site: Site) -> None:
    assert len(site.provider.profiles(site.tokens("portfolio"))) == 2
    assert len(site.provider.profiles(site.tokens("many_pages"))) == 130


def test_a_page_that_may_only_be_read_says_so(site: Site) -> None:
    (profile,) = site.provider.profiles(site.tokens("no_tasks"))
    assert profile.unusable == "page_task_missing"


def test_a_page_without_a_token_says_so(site: Site, world: World) -> None:
    tokens = site.tokens()
    body = {"data": [{"id": "1", "name": "Ours", "tasks": ["MANAGE"]}], "paging": {}}
    world.fault(action="status", status=200, path="/me/accounts", body=body)
    unusable = [profile.unusable for profile in site.provider.profiles(tokens)]
    assert unusable == ["page_token_missing"]


def test_a_page_needs_no_instagram_account(site: Site) -> None:
    (profile,) = site.provider.profiles(site.tokens("no_instagram"))
    assert (profile.display_name, profile.unusable) == ("Harbour Bicycles", "")


def test_what_is_granted_is_asked_of_the_pages_token_when_the_persons_has_ended(site: Site) -> None:
    connection = site.connection(decline=("read_insights",))
    site.advance(70 * 86400)
    granted = site.provider.granted(connection.tokens)
    assert granted is not None
    assert "pages_manage_posts" in granted
    assert "read_insights" not in granted
    assert site.provider.verify(connection).display_name == "Bakery Nord"


def test_data_access_ends_though_the_token_does_not(site: Site, connection: Connection) -> None:
    site.advance(91 * 86400)
    with pytest.raises(NotAuthorized) as caught:
        site.provider.verify(connection)
    assert caught.value.code == "data_access_ended"
    with pytest.raises(PermissionMissing):
        site.provider.client(connection).list_posts(0)


def test_nothing_is_published_that_could_not_be_seen(site: Site, connection: Connection) -> None:
    site.advance(91 * 86400)
    with pytest.raises(NotAuthorized) as caught:
        site.publish(TEXT, connection)
    assert caught.value.code == "data_access_ended"
    assert site.world.posts() == []


def test_signing_in_again_prolongs_what_was_connected_before(site: Site, connection: Connection) -> None:
    site.advance(91 * 86400)
    site.tokens()
    tokens = site.provider.verify(connection).tokens
    assert tokens
    assert tokens.data_access_expires_at
    assert tokens.data_access_expires_at - site.now() > timedelta(days=89)
    assert site.publish(TEXT, connection).permalink


@pytest.mark.parametrize(
    ("reason", "code"), [(458, "access_revoked"), (460, "password_changed"), (492, "page_role_lost")]
)
def test_an_ended_token_says_why(site: Site, connection: Connection, reason: int, code: str) -> None:
    site.world.revoke("two_businesses", reason)
    with pytest.raises(NotAuthorized) as caught:
        site.provider.verify(connection)
    assert caught.value.code == code


def test_revoking_ends_the_grant_and_twice_does_no_harm(site: Site, connection: Connection) -> None:
    site.provider.revoke(connection.tokens)
    site.provider.revoke(connection.tokens)
    with pytest.raises(NotAuthorized):
        site.provider.verify(connection)


def test_a_code_works_once(site: Site) -> None:
    url = site.provider.authorization_url(redirect_uri=CALLBACK, state="s", verifier="", scopes=())
    code = parse_qs(urlsplit(consent.visit(site.world, url, site.person)).query)["code"][0]
    site.provider.exchange(code, redirect_uri=CALLBACK, verifier="")
    with pytest.raises(ConnectionFailed) as caught:
        site.provider.exchange(code, redirect_uri=CALLBACK, verifier="")
    assert caught.value.code == "code_used"


def test_an_old_version_of_the_api_is_served_as_the_oldest_alive(site: Site) -> None:
    site.provider = site.make(options={"API_VERSION": "v19.0"})
    assert site.connection().username == "bakerynord"
    ended = site.provider.api_versions["v19.0"]
    assert ended is not None
    assert ended < site.now().date()

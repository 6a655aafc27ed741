from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ConnectionFailed,
    NotAuthorized,
    OutcomeUnknown,
    PermissionMissing,
    Unavailable,
)
from django_connected_accounts.providers.types import Connection, Tokens
from django_connected_accounts.testing import sample_draft

from .conftest import CALLBACK, Platform

# The way out


def authorize_query(platform: Platform, **kwargs: object) -> tuple[str, dict[str, list[str]]]:
    options = {"redirect_uri": CALLBACK, "state": "s", "verifier": "v", "scopes": ("one", "two"), **kwargs}
    url = urlsplit(platform.provider.authorization_url(**options))
    return f"{url.scheme}://{url.netloc}{url.path}", parse_qs(url.query)


def test_facebook_login_begins_at_its_dialog(facebook: Platform) -> None:
    address, query = authorize_query(facebook)
    assert address == "https://www.facebook.com/v26.0/dialog/oauth"
    assert query == {
        "client_id": ["sandbox-app"],
        "redirect_uri": [CALLBACK],
        "response_type": ["code"],
        "scope": ["one,two"],
        "state": ["s"],
    }
    assert authorize_query(facebook, rerequest=True)[1]["auth_type"] == ["rerequest"]


def test_instagram_login_begins_at_its_own(direct: Platform) -> None:
    address, query = authorize_query(direct)
    assert address == "https://www.instagram.com/oauth/authorize"
    assert query["client_id"] == ["sandbox-instagram-app"]
    assert "code_challenge" not in query
    assert authorize_query(direct, rerequest=True)[1]["force_reauth"] == ["true"]


def test_version_scopes_and_configuration_come_from_the_apps_options(facebook: Platform) -> None:
    options = {"API_VERSION": "v25.0", "CONFIG_ID": "77", "SCOPES": {"connect": ["instagram_basic"]}}
    provider = facebook.make(options=options)
    url = provider.authorization_url(redirect_uri=CALLBACK, state="s", verifier="v", scopes=())
    assert url.startswith("https://www.facebook.com/v25.0/")
    assert "config_id=77" in url
    assert provider.scopes_for(["connect", "publish"]) == ("instagram_basic", "instagram_content_publish")
    assert facebook.provider.api_version == "v26.0"


# The way back


def test_facebooks_code_ends_as_a_token_for_sixty_days(facebook: Platform) -> None:
    tokens = facebook.tokens()
    assert tokens.expires_at is not None
    assert tokens.expires_at - facebook.now() > timedelta(days=59)
    assert tokens.data_access_expires_at is not None
    assert "instagram_content_publish" in (tokens.scopes or ())
    assert facebook.provider.granted(tokens) == tokens.scopes
    assert not facebook.provider.can_refresh(tokens, now=facebook.now() + timedelta(days=30))


@pytest.mark.parametrize("shape", ["flat", "wrapped"])
def test_instagrams_code_ends_as_a_token_for_sixty_days_in_either_shape(direct: Platform, shape: str) -> None:
    direct.world.toggles.b_exchange_shape = direct.world.toggles.me_shape = shape  # type: ignore[assignment]
    tokens = direct.tokens()
    assert tokens.expires_at is not None
    assert tokens.expires_at - direct.now() > timedelta(days=59)
    assert direct.provider.granted(tokens) == tokens.scopes
    assert "instagram_business_content_publish" in (tokens.scopes or ())
    (profile,) = direct.provider.profiles(tokens)
    assert (profile.username, profile.account_type, profile.unusable) == ("juniper.shop", "BUSINESS", "")
    assert profile.account_id.startswith("17841")
    assert profile.user_id.startswith("26")


def test_without_a_lifetime_the_token_has_no_known_end_but_its_data_access_has(facebook: Platform) -> None:
    facebook.world.toggles.omit_expires_in = True
    tokens = facebook.tokens()
    assert tokens.expires_at is None
    assert tokens.data_access_expires_at is not None


def test_a_declined_permission_is_missing_from_what_was_granted(platform: Platform) -> None:
    declined = platform.provider.scopes_for(["publish"])
    granted = platform.provider.granted(platform.tokens(decline=declined))
    assert not set(declined) & granted
    assert set(declined) <= platform.provider.granted(platform.tokens(rerequest=True))


def exchange_code(platform: Platform, code: str, **changes: str) -> str:
    with pytest.raises(ConnectionFailed) as caught:
        platform.provider.exchange(code, redirect_uri=changes.get("redirect_uri", CALLBACK), verifier="")
    assert code not in repr(caught.value)
    return caught.value.code


def test_a_code_works_once(facebook: Platform, direct: Platform) -> None:
    for platform, expected in ((facebook, "code_used"), (direct, "code_refused")):
        code = platform.authorize()
        platform.provider.exchange(code, redirect_uri=CALLBACK, verifier="")
        assert exchange_code(platform, code) == expected


def test_a_code_ends(facebook: Platform, direct: Platform) -> None:
    for platform, expected in ((facebook, "code_expired"), (direct, "code_refused")):
        code = platform.authorize()
        platform.advance(2 * 3600)
        assert exchange_code(platform, code) == expected


def test_a_code_belongs_to_its_redirect_uri(facebook: Platform, direct: Platform) -> None:
    for platform, expected in ((facebook, "redirect_mismatch"), (direct, "code_refused")):
        code = platform.authorize()
        assert exchange_code(platform, code, redirect_uri=f"{CALLBACK}/") == expected


def test_an_invented_code_is_refused(platform: Platform) -> None:
    assert exchange_code(platform, "AQinvented") == "code_refused"


def test_the_fragment_some_browsers_keep_is_no_part_of_the_code(facebook: Platform, direct: Platform) -> None:
    for platform, fragment in ((facebook, "#_=_"), (direct, "#_")):
        code = platform.authorize() + fragment
        assert platform.provider.exchange(code, redirect_uri=CALLBACK, verifier="").access_token


def test_a_wrong_secret_is_the_operators_to_mend(facebook: Platform, direct: Platform) -> None:
    for platform, expected in ((facebook, "app_misconfigured"), (direct, "code_refused")):
        code = platform.authorize()
        platform.provider = platform.make(client_secret="wrong")
        assert exchange_code(platform, code) == expected


def test_a_token_of_another_app_is_refused(facebook: Platform) -> None:
    body = {"data": {"app_id": "999", "is_valid": True, "scopes": []}}
    facebook.world.fault(action="status", path="/debug_token$", status=200, body=body)
    with pytest.raises(ConnectionFailed, match="token_of_another_app"):
        facebook.tokens()


def test_a_token_that_is_not_valid_is_refused(facebook: Platform) -> None:
    body = {"data": {"app_id": "sandbox-app", "is_valid": False}}
    facebook.world.fault(action="status", path="/debug_token$", status=200, body=body)
    with pytest.raises(ConnectionFailed, match="token_refused"):
        facebook.tokens()


def test_a_lost_answer_to_the_exchange_is_never_asked_again(platform: Platform) -> None:
    platform.world.fault(action="lose_after", path="oauth/access_token$")
    code = platform.authorize()
    with pytest.raises(OutcomeUnknown):
        platform.provider.exchange(code, redirect_uri=CALLBACK, verifier="")
    assert len([path for path in platform.paths() if path.endswith("oauth/access_token")]) == 1


# Whose accounts


def test_every_instagram_account_behind_a_page_is_found_with_its_own_token(facebook: Platform) -> None:
    tokens = facebook.tokens()
    first, second = facebook.provider.profiles(tokens)
    assert [first.username, second.username] == ["bakery.nord", "coffee.nord"]
    assert first.tokens.access_token != second.tokens.access_token
    assert first.tokens.expires_at is None
    assert first.tokens.extra == {"user_access_token": tokens.access_token}
    assert first.details["page_name"] == "Bakery Nord"
    assert first.user_id == second.user_id != ""
    assert tokens.access_token not in repr(first)


def test_what_cannot_be_used_is_listed_with_the_reason(facebook: Platform) -> None:
    for person, reason in (("no_instagram", "page_without_instagram"), ("no_tasks", "page_task_missing")):
        (profile,) = facebook.provider.profiles(facebook.tokens(person))
        assert profile.unusable == reason
        assert profile.display_name


def test_a_page_without_a_token_is_not_usable(facebook: Platform) -> None:
    page = {"id": "1", "name": "P", "instagram_business_account": {"id": "17841", "username": "p"}}
    facebook.world.fault(action="status", path="/me/accounts$", status=200, body={"data": [page]})
    (profile,) = facebook.provider.profiles(
        Tokens(access_token=facebook.world.mint("two_businesses"), scopes=frozenset())
    )
    assert (profile.unusable, profile.tokens) == ("page_token_missing", None)


def test_a_hundred_and_thirty_pages_take_two_calls_each_page_once(facebook: Platform) -> None:
    profiles = facebook.provider.profiles(facebook.tokens("many_pages"))
    assert len({profile.account_id for profile in profiles}) == 130
    assert Counter(p.unusable for p in profiles) == {
        "": 100,
        "page_task_missing": 17,
        "page_without_instagram": 13,
    }
    assert facebook.paths().count("/me/accounts") == 2


def test_pages_of_a_portfolio_are_found_where_that_was_granted(facebook: Platform) -> None:
    names = [p.username for p in facebook.provider.profiles(facebook.tokens("portfolio"))]
    assert sorted(names) == ["meadow.flowers", "orchard.juices"]
    tokens = facebook.tokens("portfolio")
    without = replace(tokens, scopes=frozenset(tokens.scopes or ()) - {"business_management"})
    facebook.world.calls.clear()
    facebook.provider.profiles(without)
    assert "/me/businesses" not in facebook.paths()


def test_a_portfolio_that_shows_nothing_does_not_hide_the_rest(facebook: Platform) -> None:
    facebook.world.fault(action="status", path="/owned_pages$", status=403, code=200, times=0)
    facebook.world.fault(action="status", path="/me/accounts$", status=200, body={"data": []})
    (profile,) = facebook.provider.profiles(facebook.tokens("portfolio"))
    assert profile.username == "orchard.juices"


def test_a_creator_account_can_be_used(direct: Platform) -> None:
    (profile,) = direct.provider.profiles(direct.tokens("creator"))
    assert (profile.account_type, profile.unusable) == ("MEDIA_CREATOR", "")


def test_a_personal_account_cannot(direct: Platform) -> None:
    user = {"id": "26", "user_id": "17841", "username": "me", "account_type": "PERSONAL"}
    direct.world.fault(action="status", path="/me$", status=200, body=user)
    (profile,) = direct.provider.profiles(direct.tokens())
    assert profile.unusable == "personal_account"


def test_a_personal_account_is_refused_by_name(direct: Platform) -> None:
    code = direct.authorize("personal")
    assert exchange_code(direct, code) == "personal_account"


# Is it still well


def test_verifying_reads_the_account_and_its_permission_to_publish(platform: Platform) -> None:
    connection = platform.connection()
    profile = platform.provider.verify(connection)
    assert profile.account_id == connection.account_id
    assert profile.username == connection.username
    assert platform.paths()[-1].endswith("/content_publishing_limit")


def test_verifying_names_what_stands_in_the_way(platform: Platform) -> None:
    connection = platform.connection()
    for code, subcode, error in (
        (10, None, PermissionMissing),
        (190, 463, NotAuthorized),
        (190, 459, ActionNeeded),
    ):
        platform.world.fault(
            action="status", path="content_publishing_limit", code=code, subcode=subcode, status=400
        )
        with pytest.raises(error) as caught:
            platform.provider.verify(connection)
        if isinstance(caught.value, PermissionMissing):
            assert caught.value.scopes == platform.provider.scopes["publish"]


def test_verifying_another_account_than_the_tokens_is_refused(direct: Platform) -> None:
    with pytest.raises(NotAuthorized, match="account_gone"):
        direct.provider.verify(replace(direct.connection(), account_id="17841000000000000"))


def test_what_a_page_token_cannot_see_the_persons_token_reads(facebook: Platform) -> None:
    connection = facebook.connection()
    facebook.world.fault(
        action="status", token="page", method="GET", code=100, subcode=33, status=400, times=0
    )
    assert facebook.provider.verify(connection).username == "bakery.nord"


def test_nothing_is_published_that_could_not_be_seen_until_the_person_signs_in_again(
    facebook: Platform,
) -> None:
    (profile, *_) = facebook.provider.profiles(facebook.tokens())
    connection = Connection(account_id=profile.account_id, username=profile.username, tokens=profile.tokens)
    facebook.advance(91 * 86400)
    for act in (facebook.provider.verify, lambda it: facebook.provider.publish(it, sample_draft("photo"))):
        with pytest.raises(NotAuthorized, match="data_access_ended"):
            act(connection)
    facebook.tokens()
    assert facebook.provider.verify(connection).tokens.data_access_expires_at > facebook.now()
    assert facebook.provider.publish(connection, sample_draft("photo"))


def test_quota_is_read_from_the_account(platform: Platform) -> None:
    quota = platform.provider.quota(platform.connection())
    assert (quota.used, quota.total, quota.window_seconds) == (0, 50, 86400)


# Staying and leaving


def test_a_token_is_refreshed_after_a_day_and_not_before(direct: Platform) -> None:
    tokens = direct.tokens()
    assert not direct.provider.can_refresh(tokens, now=direct.now() + timedelta(hours=23))
    assert direct.provider.can_refresh(tokens, now=direct.now() + timedelta(hours=25))
    assert not direct.provider.can_refresh(tokens, now=direct.now() + timedelta(days=61))
    direct.advance(10 * 86400)
    younger = direct.provider.refresh(tokens)
    assert younger.access_token != tokens.access_token
    assert younger.expires_at > tokens.expires_at
    assert (
        younger.issued_at == direct.now().replace(microsecond=younger.issued_at.microsecond)
        or younger.issued_at
    )
    assert younger.scopes == tokens.scopes


def test_a_blanket_refusal_does_not_end_the_grant(direct: Platform) -> None:
    tokens = direct.tokens()
    with pytest.raises(Unavailable, match="refresh_refused"):  # a token younger than a day
        direct.provider.refresh(tokens)


def test_an_ended_grant_does(direct: Platform) -> None:
    tokens = direct.tokens()
    direct.world.revoke("shop", 458)
    with pytest.raises(NotAuthorized, match="access_revoked"):
        direct.provider.refresh(tokens)


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": None}, {"error": "x"}])
def test_a_refresh_without_a_token_changes_nothing(direct: Platform, body: dict[str, object]) -> None:
    tokens = direct.tokens()
    direct.world.fault(action="status", path="refresh_access_token", status=200, body=body)
    with pytest.raises((OutcomeUnknown, Unavailable)):
        direct.provider.refresh(tokens)


def test_disconnecting_ends_the_persons_grant_even_with_a_pages_token(facebook: Platform) -> None:
    connection = facebook.connection()
    facebook.provider.revoke(connection.tokens)
    with pytest.raises(NotAuthorized):
        facebook.provider.verify(connection)
    facebook.provider.revoke(connection.tokens)  # it had ended before


def test_instagram_login_has_nothing_to_revoke_with(direct: Platform) -> None:
    connection = direct.connection()
    direct.world.calls.clear()
    direct.provider.revoke(connection.tokens)
    assert direct.world.calls == []


def test_an_app_that_requires_the_proof_gets_it(facebook: Platform) -> None:
    facebook.world.toggles.require_appsecret_proof = True
    tokens = facebook.tokens()
    profile = facebook.provider.profiles(tokens)[0]
    assert profile.username == "bakery.nord"


def test_no_call_meets_a_route_or_parameter_the_platform_does_not_have(platform: Platform) -> None:
    platform.provider.profiles(platform.tokens())
    platform.provider.verify(platform.connection())
    assert [call["unknown"] for call in platform.world.calls if call["unknown"]] == []

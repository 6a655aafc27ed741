from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.sandbox import URL, World, consent

from .conftest import CALLBACK, Remote


def page(remote: Remote, url: str) -> str:
    return html.unescape(remote.send("GET", url.removeprefix(URL + "/")).text)


def field(text: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', text)


def query(location: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(location).query)


def test_a_person_without_javascript_picks_who_they_are_and_allows(remote: Remote, world: World) -> None:
    first = page(remote, remote.authorize_url("A"))
    assert "Sandbox — not the real platform" in first
    assert "two_businesses" in field(first, "as")
    assert "shop" not in field(first, "as")

    [request] = set(field(first, "request"))
    form = {"request": request, "as": "two_businesses"}
    second = remote.send("POST", "www.facebook.com/_consent/facebook", data=form).text
    assert "instagram_content_publish" in field(second, "scope")
    pages = field(second, "asset")
    assert len(pages) == 2

    form |= {"shown": "1", "decision": "allow", "scope": ["instagram_basic"], "asset": pages[:1]}
    answer = remote.send("POST", "www.facebook.com/_consent/facebook", data=form)
    assert answer.status_code == 302
    assert query(answer.headers["Location"])["state"] == ["s-1"]
    grant = world.grants["sandbox-app", "two_businesses"]
    assert grant.granted == {"instagram_basic", "public_profile"}
    assert "pages_show_list" in grant.declined
    assert pages[0] in grant.targets
    assert pages[1] not in grant.targets

    again = remote.send("POST", "www.facebook.com/_consent/facebook", data=form)
    assert again.status_code == 400
    assert "expired" in again.text


def test_what_was_declined_is_offered_again_only_when_asked_for_again(remote: Remote, world: World) -> None:
    consent.visit(world, remote.authorize_url("A"), "two_businesses", decline=["instagram_content_publish"])
    plain = page(remote, remote.authorize_url("A") + "&as=two_businesses")
    asked = page(remote, remote.authorize_url("A", auth_type="rerequest") + "&as=two_businesses")
    assert "instagram_content_publish" not in field(plain, "scope")
    assert "instagram_content_publish" in field(asked, "scope")

    consent.visit(world, remote.authorize_url("A"), "two_businesses")
    assert "instagram_content_publish" not in world.grants["sandbox-app", "two_businesses"].granted
    consent.visit(world, remote.authorize_url("A", auth_type="rerequest"), "two_businesses")
    assert "instagram_content_publish" in world.grants["sandbox-app", "two_businesses"].granted


@pytest.mark.parametrize(
    ("variant", "person", "expected"),
    [
        ("A", "no_instagram", "error=access_denied&error_code=200&error_description=Permissions+error"),
        ("B", "shop", "error=access_denied&error_reason=user_denied&error_description=The+user+denied"),
    ],
)
def test_a_refusal_goes_back_to_the_app(
    remote: Remote, world: World, variant: str, person: str, expected: str
) -> None:
    location = consent.visit(world, remote.authorize_url(variant), person, allow=False)
    assert location.startswith(f"{CALLBACK}?{expected}")
    assert query(location)["state"] == ["s-1"]
    assert not world.codes


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"redirect_uri": "https://elsewhere.example/callback"}, "URL blocked"),
        ({"redirect_uri": "http://testserver.elsewhere.example/"}, "URL blocked"),
        ({"redirect_uri": "javascript:alert(1)"}, "URL blocked"),
        ({"client_id": "unknown"}, "Invalid app ID"),
        ({"client_id": "sandbox-instagram-app"}, "Invalid app ID"),
        ({"scope": "no_such_scope"}, "Invalid scopes"),
    ],
)
def test_a_wrong_request_ends_on_the_platform_s_own_page(
    remote: Remote, changes: dict[str, str], title: str
) -> None:
    answer = remote.send("GET", remote.authorize_url("A", **changes).removeprefix(URL + "/"))
    assert answer.status_code == 400
    assert title in answer.text
    assert "Location" not in answer.headers


def test_a_listed_redirect_uri_must_match_exactly(remote: Remote, world: World) -> None:
    world.apps["sandbox-app"].redirect_uris.add("https://app.example/callback/")
    good = remote.authorize_url("A", redirect_uri="https://app.example/callback/")
    assert consent.visit(world, good, "two_businesses").startswith("https://app.example/callback/?code=")
    with pytest.raises(consent.Blocked):
        consent.visit(
            world, remote.authorize_url("A", redirect_uri="https://app.example/callback"), "portfolio"
        )


def test_instagram_login_offers_only_those_who_have_an_account_there(remote: Remote) -> None:
    text = page(remote, remote.authorize_url("B"))
    assert field(text, "as")[:3] == ["personal", "shop", "creator"]
    assert "disabled" in page(remote, remote.authorize_url("B") + "&as=shop")


def test_a_misspelt_instagram_scope_gets_json_instead_of_a_page(remote: Remote) -> None:
    url = remote.authorize_url("B", scope="instagram_business_basic,instagram_business_content_publishing")
    answer = remote.send("GET", url.removeprefix(URL + "/"))
    assert answer.json() == {
        "message": "Business and user permissions are mutually exclusive",
        "status": "fail",
    }


def test_instagram_login_is_not_had_without_its_basic_permission(remote: Remote, world: World) -> None:
    with pytest.raises(consent.Blocked):
        consent.visit(world, remote.authorize_url("B", scope="instagram_business_content_publish"), "shop")


def test_what_is_unticked_later_is_granted_no_more(remote: Remote, world: World) -> None:
    consent.visit(world, remote.authorize_url("B"), "shop")
    assert "instagram_business_content_publish" in world.grants["sandbox-instagram-app", "shop"].granted
    consent.visit(world, remote.authorize_url("B"), "shop", decline=["instagram_business_content_publish"])
    assert "instagram_business_content_publish" not in world.grants["sandbox-instagram-app", "shop"].granted


def test_a_code_dies_with_the_removal_of_the_app(remote: Remote, world: World) -> None:
    remote.code("shop", "B")
    world.revoke("shop", 458)
    assert not world.codes


def test_an_app_in_development_mode_refuses_in_either_way(remote: Remote, world: World) -> None:
    world.toggles.developer_mode = "redirect"
    location = consent.visit(world, remote.authorize_url("B"), "shop")
    assert query(location)["error_description"] == ["Insufficient Developer Role"]
    world.toggles.developer_mode = "page"
    assert "Insufficient Developer Role" in page(remote, remote.authorize_url("B") + "&as=shop")


def test_a_personal_account_can_be_refused_on_the_consent_page(remote: Remote, world: World) -> None:
    world.toggles.personal_refused_at = "consent"
    with pytest.raises(consent.Blocked, match="professional"):
        consent.visit(world, remote.authorize_url("B"), "personal")


def test_an_unknown_parameter_names_itself(remote: Remote, world: World) -> None:
    answer = remote.send("GET", remote.authorize_url("A", colour="red").removeprefix(URL + "/"))
    assert answer.status_code == 400
    assert "'colour'" in answer.json()["error"]["message"]
    assert "'colour'" in world.calls[-1]["unknown"]

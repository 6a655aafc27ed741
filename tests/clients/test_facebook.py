"""Meta's own facebook-business, and facebook-sdk and python-facebook-api: Pages.

https://pypi.org/project/facebook-business/, https://pypi.org/project/facebook-sdk/ and
https://pypi.org/project/python-facebook-api/.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_connected_accounts.sandbox import tokens

from .conftest import PHOTO_URL

pytestmark = pytest.mark.clients


@pytest.fixture
def page(world, token) -> tuple[str, str]:
    """Return id and token of a Page."""
    user = token("facebook", "two_businesses")
    page = world.people["two_businesses"].pages[0]
    return page.id, tokens.page_token(world, world.tokens[user], page).value


@pytest.fixture
def business(client, page) -> Any:
    api = client("facebook_business.api")
    page_id, value = page
    api.FacebookAdsApi.init(access_token=value, app_id="sandbox-app", app_secret="sandbox-secret")
    return client("facebook_business.adobjects.page").Page(page_id)


@pytest.fixture
def sdk(client, page) -> Any:
    return client("facebook").GraphAPI(page[1])


@pytest.fixture
def pyfacebook(client, page) -> Any:
    return client("pyfacebook").GraphAPI(access_token=page[1])


def test_facebook_business_posts_reads_and_lists(business, world) -> None:
    assert business.api_get(fields=["id", "name"])["name"]
    made = business.create_feed(params={"message": "Rye", "published": True})
    assert [post["message"] for post in business.get_posts(fields=["message"])] == ["Rye"]
    (post,) = world.posts()
    assert (post["id"], post["caption"]) == (made["id"], "Rye")


def test_facebook_business_posts_a_photo_and_begins_a_reel(business, world) -> None:
    staged = business.create_photo(params={"url": PHOTO_URL, "published": False})
    business.create_feed(params={"message": "Oven", "attached_media": [{"media_fbid": staged["id"]}]})
    assert world.posts()[0]["kind"] == "photo"
    assert business.create_video_reel(params={"upload_phase": "start"})["video_id"]


def test_facebook_sdk_posts_and_comments(sdk, page, world, picture) -> None:
    made = sdk.put_object(page[0], "feed", message="Rye")
    sdk.put_comment(made["id"], message="At seven")
    (post,) = world.posts()
    assert [comment["text"] for comment in post["comments"]] == ["At seven"]
    with picture.open("rb") as file:
        sdk.put_photo(image=file, album_path=f"{page[0]}/photos", message="Oven")
    assert len(world.posts()) == 2


def test_python_facebook_api_reads_what_was_posted(pyfacebook, sdk, page) -> None:
    made = sdk.put_object(page[0], "feed", message="Rye")
    assert pyfacebook.get_object(made["id"], fields="id,message")["message"] == "Rye"
    listed = pyfacebook.get_connection(page[0], "published_posts", fields="id,message")
    assert [row["id"] for row in listed["data"]] == [made["id"]]


def test_they_see_what_is_refused(sdk, pyfacebook, client, world) -> None:
    world.revoke("two_businesses")
    with pytest.raises(client("facebook").GraphAPIError, match="validating access token"):
        sdk.get_object("me")
    with pytest.raises(client("pyfacebook").FacebookError):
        pyfacebook.get_object("me")


def test_facebook_sdk_and_python_facebook_api_connect_somebody(client, allowed) -> None:
    here = "http://localhost/callback/"
    sdk, api = (
        client("facebook").GraphAPI(),
        client("pyfacebook").GraphAPI(
            app_id="sandbox-app",
            app_secret="sandbox-secret",
            oauth_flow=True,
            redirect_uri=here,
            scope=["public_profile", "pages_show_list"],
        ),
    )
    url, _ = api.get_authorization_url()
    code = parse_qs(urlsplit(allowed(url, "two_businesses")).query)["code"][0]
    # python-facebook-api itself names the app by HTTP Basic here, which is documented nowhere.
    known = {"app_id": "sandbox-app", "app_secret": "sandbox-secret"}
    api.access_token = sdk.get_access_token_from_code(code, here, **known)["access_token"]
    long = api.exchange_long_lived_user_access_token()["access_token"]
    assert long != api.access_token
    assert api.debug_token(long, access_token="sandbox-app|sandbox-secret")["data"]["is_valid"]

"""python-facebook-api, facebook-business and creator-publish: Instagram, by both logins."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import FILM_URL, PHOTO_URL

pytestmark = pytest.mark.clients


@pytest.fixture
def account(world) -> str:
    return world.people["two_businesses"].accounts()[0].id


@pytest.fixture
def value(world, account) -> str:
    return world.mint(account, "A")


@pytest.fixture
def business(client, account, value) -> Any:
    return client("pyfacebook").IGBusinessApi(access_token=value, instagram_business_id=account)


def test_python_facebook_api_publishes_and_reads_a_photo(business, account, world) -> None:
    made = business.post_object(
        object_id=account, connection="media", params={"image_url": PHOTO_URL, "caption": "Rye"}
    )
    assert business.container.get_info(made["id"], fields="id,status_code").status_code == "FINISHED"
    live = business.post_object(
        object_id=account, connection="media_publish", params={"creation_id": made["id"]}
    )
    found = business.media.get_info(live["id"], fields="id,caption,permalink,media_type")
    assert (found.caption, found.media_type) == ("Rye", "IMAGE")
    assert [media.id for media in business.user.get_media(fields="id").data] == [live["id"]]
    assert business.user.get_content_publishing_limit(fields="quota_usage,config").data[0].quota_usage == 1
    assert business.user.get_info(fields="id,username").username == world.posts()[0]["username"]


def test_facebook_business_publishes_a_carousel(client, account, value, world) -> None:
    client("facebook_business.api").FacebookAdsApi.init(access_token=value)
    user = client("facebook_business.adobjects.iguser").IGUser(account)
    items = [
        user.create_media(params={"image_url": PHOTO_URL, "is_carousel_item": True})["id"] for _ in range(2)
    ]
    whole = user.create_media(params={"media_type": "CAROUSEL", "children": items, "caption": "Two"})
    user.create_media_publish(params={"creation_id": whole["id"]})
    (post,) = world.posts()
    assert len(post["children"]) == 2


def test_creator_publish_publishes_a_reel(client, account, value, world, monkeypatch, tmp_path) -> None:
    client("creator_publish")
    instagram = pytest.importorskip("creator_publish.publish.instagram")
    monkeypatch.setattr(instagram.time, "sleep", world.advance)
    monkeypatch.setenv("IG_ACCESS_TOKEN", value)
    monkeypatch.setenv("IG_USER_ID", account)
    said = instagram.publish(tmp_path, "Kneading", "By hand", ["#rye"], video_url=FILM_URL)
    (post,) = world.posts()
    assert (post["id"], post["kind"]) == (said["media_id"], "reel")
    assert said["url"] == post["permalink"]


def test_python_facebook_api_uses_instagrams_own_login(client, world) -> None:
    value = world.mint("shop", "B")
    api = client("pyfacebook").BasicDisplayAPI(access_token=value, version="v26.0")
    me = api.get_object("me", fields="user_id,username")
    made = api.post_object(
        object_id=me["user_id"], connection="media", params={"image_url": PHOTO_URL, "caption": "Rye"}
    )
    api.post_object(object_id=me["user_id"], connection="media_publish", params={"creation_id": made["id"]})
    assert world.posts()[0]["username"] == me["username"]

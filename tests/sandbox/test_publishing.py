from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest

from django_connected_accounts.sandbox import World

from .conftest import PHOTO, Remote

HOST = "graph.instagram.com"
GRAPH = f"{HOST}/v26.0"
DAY = 24 * 3600


@pytest.fixture
def token(world: World) -> str:
    return world.mint("shop", "B")


def error_of(answer: Any) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


def ripe(remote: Remote, token: str, **params: str) -> str:
    container = str(remote.post(f"{GRAPH}/me/media", token, **{"image_url": PHOTO, **params})["id"])
    remote.get(f"{GRAPH}/{container}", token)
    return container


def publish(remote: Remote, token: str, container: str) -> Any:
    return remote.post(f"{GRAPH}/me/media_publish", token, creation_id=container)


def test_a_second_publish_answers_as_toggled(remote: Remote, world: World, token: str) -> None:
    container = ripe(remote, token)
    first = publish(remote, token, container)["id"]
    assert error_of(publish(remote, token, container)) == (100, None)
    world.toggles.second_publish = "same_id"
    assert publish(remote, token, container)["id"] == first
    assert len(world.posts()) == 1
    world.toggles.second_publish = "duplicate"
    assert publish(remote, token, container)["id"] != first
    assert len(world.posts()) == 2


def test_threads_publishing_one_container_make_one_post(remote: Remote, world: World, token: str) -> None:
    container = ripe(remote, token)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: publish(remote, token, container), range(8)))
    assert sum("id" in answer for answer in answers) == 1
    assert len(world.posts()) == 1


def test_the_quota_is_charged_at_publishing_and_comes_back_after_a_day(
    remote: Remote, world: World, token: str
) -> None:
    account = world.people["shop"].instagram
    assert account is not None
    account.quota_total = 2
    for _ in range(2):
        publish(remote, token, ripe(remote, token))
    asked = remote.get(f"{GRAPH}/{account.id}/content_publishing_limit", token, fields="quota_usage,config")
    assert asked == {"data": [{"quota_usage": 2, "config": {"quota_total": 2, "quota_duration": DAY}}]}
    assert remote.get(f"{GRAPH}/me/content_publishing_limit", token) == {"data": [{"quota_usage": 2}]}
    container = ripe(remote, token)
    assert error_of(publish(remote, token, container)) == (9, 2207042)
    world.advance(DAY)
    assert "id" in publish(remote, token, ripe(remote, token))


def test_an_unknown_container_or_another_account_s_is_not_there(
    remote: Remote, world: World, token: str
) -> None:
    assert error_of(publish(remote, token, "17900000000000000")) == (24, 2207008)
    other = ripe(remote, world.mint("creator", "B"))
    assert error_of(publish(remote, token, other)) == (24, 2207008)
    assert error_of(remote.get(f"{GRAPH}/{other}", token)) == (100, 33)
    assert error_of(remote.get(f"{GRAPH}/17900000000000000", token)) == (100, 33)


def test_publishing_needs_permission_and_task(remote: Remote, world: World) -> None:
    narrow = world.mint("shop", "B", scopes=["instagram_business_basic"])
    assert error_of(remote.post(f"{GRAPH}/me/media", narrow, image_url=PHOTO)) == (10, None)
    reader = world.mint("lantern.books")
    [page] = world.people["no_tasks"].pages
    assert page.instagram is not None
    answer = remote.post(f"graph.facebook.com/v26.0/{page.instagram.id}/media", reader, image_url=PHOTO)
    assert error_of(answer) == (200, None)


def test_the_media_list_is_newest_first_and_pages(remote: Remote, world: World, token: str) -> None:
    ids = []
    for number in range(5):
        ids.append(publish(remote, token, ripe(remote, token, caption=f"n{number}"))["id"])
        world.advance(60)
    first = remote.get(f"{GRAPH}/me/media", token, fields="caption,timestamp", limit=2)
    assert [row["id"] for row in first["data"]] == ids[:2:-1]
    assert first["data"][0]["timestamp"].endswith("+0000")
    after = first["paging"]["cursors"]["after"]
    second = remote.get(f"{GRAPH}/me/media", token, limit=2, after=after)
    assert [row["id"] for row in second["data"]] == [ids[2], ids[1]]
    assert "previous" in second["paging"]
    recent = remote.get(f"{GRAPH}/me/media", token, since=int(world.now() - 130))
    assert [row["id"] for row in recent["data"]] == ids[:2:-1]


def test_a_story_is_listed_apart_and_gone_after_a_day(remote: Remote, world: World, token: str) -> None:
    story = publish(remote, token, ripe(remote, token, media_type="STORIES"))["id"]
    assert remote.get(f"{GRAPH}/me/media", token)["data"] == []
    listed = remote.get(f"{GRAPH}/me/stories", token, fields="media_product_type")["data"]
    assert listed == [{"media_product_type": "STORY", "id": story}]
    [post] = world.posts()
    assert post["kind"] == "story"
    world.advance(DAY)
    assert remote.get(f"{GRAPH}/me/stories", token)["data"] == []
    assert world.posts() == []


def test_comments_are_added_listed_and_shown(remote: Remote, world: World, token: str) -> None:
    media = publish(remote, token, ripe(remote, token))["id"]
    comment = remote.post(f"{GRAPH}/{media}/comments", token, message="First!")["id"]
    reply = remote.post(f"{GRAPH}/{comment}/replies", token, message="Second!")["id"]
    listed = remote.get(f"{GRAPH}/{media}/comments", token, fields="id,text,from,replies{id,text}")["data"]
    assert [row["id"] for row in listed] == [comment]
    assert listed[0]["from"]["username"] == "juniper.shop"
    assert listed[0]["replies"]["data"] == [{"id": reply, "text": "Second!"}]
    assert [c["text"] for c in world.posts()[0]["comments"]] == ["First!", "Second!"]
    assert error_of(remote.post(f"{GRAPH}/{media}/comments", token, message="x" * 301)) == (100, None)
    gone = remote.send("DELETE", f"{GRAPH}/{comment}", params={"access_token": token})
    assert gone.json() == {"success": True}
    assert world.posts()[0]["comments"] == []


def test_webhook_fields_are_subscribed_and_dropped(remote: Remote, token: str) -> None:
    url = f"{GRAPH}/me/subscribed_apps"
    assert remote.post(url, token, subscribed_fields="comments,mentions") == {"success": True}
    [row] = remote.get(url, token)["data"]
    assert row["subscribed_fields"] == ["comments", "mentions"]
    assert remote.send("DELETE", url, params={"access_token": token}).json() == {"success": True}
    assert remote.get(url, token) == {"data": []}


@pytest.mark.parametrize(
    ("asked", "served"), [("/v26.0", "v26.0"), ("/v22.0", "v22.0"), ("/v21.0", "v22.0"), ("", "v22.0")]
)
def test_an_expired_version_is_served_as_the_oldest_alive(
    remote: Remote, world: World, asked: str, served: str
) -> None:
    world.clock = datetime(2027, 2, 1, tzinfo=timezone.utc).timestamp
    token = world.mint("shop", "B")
    answer = remote.send("GET", f"{HOST}{asked}/me", params={"access_token": token})
    assert (answer.status_code, answer.headers["facebook-api-version"]) == (200, served)


def test_a_version_of_the_future_is_refused(remote: Remote, world: World, token: str) -> None:
    assert error_of(remote.get(f"{HOST}/v99.0/me", token)) == (2500, None)
    world.clock = lambda: 1_800_700_000.0
    answer = remote.send("GET", f"{HOST}/v21.0/me", params={"access_token": world.mint("shop", "B")})
    assert answer.headers["facebook-api-version"] == "v22.0"


def test_usage_headers_and_another_language_are_sent_when_set(
    remote: Remote, world: World, token: str
) -> None:
    world.usage = {"X-App-Usage": {"call_count": 28, "total_time": 25, "total_cputime": 25}}
    world.toggles.locale = "es"
    answer = remote.send(
        "POST", f"{GRAPH}/me/media_publish", data={"access_token": token, "creation_id": "1"}
    )
    assert answer.headers["X-App-Usage"] == '{"call_count": 28, "total_time": 25, "total_cputime": 25}'
    assert answer.json()["error"]["error_user_title"] == "Algo salió mal"
    assert answer.json()["error"]["fbtrace_id"].startswith("A")

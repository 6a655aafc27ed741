"""Facebook Pages as other clients see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from django_connected_accounts.sandbox import World, samples, webhooks
from django_connected_accounts.sandbox.pages import Pages

from .conftest import FILM, PHOTO, Remote

GRAPH = "graph.facebook.com/v26.0"
VIDEO = "graph-video.facebook.com/v26.0"
RUPLOAD = "rupload.facebook.com/video-upload/v26.0"
DAY = 24 * 3600


@pytest.fixture
def pages(world: World) -> Pages:
    return Pages.of(world)


@pytest.fixture
def token(world: World) -> str:
    return world.mint("bakery.nord")


def code_of(answer: Any) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


def test_a_published_picture_answers_with_two_ids(remote: Remote, token: str) -> None:
    answer = remote.post(f"{GRAPH}/me/photos", token, url=PHOTO, message="Fresh")
    assert answer.keys() == {"id", "post_id"}
    assert (
        remote.get(f"{GRAPH}/{answer['id']}", token, fields="page_story_id")["page_story_id"]
        == answer["post_id"]
    )


def test_a_staged_picture_is_seen_by_nobody_and_belongs_to_no_post(
    remote: Remote, world: World, token: str
) -> None:
    photo = remote.post(f"{GRAPH}/me/photos", token, url=PHOTO, published="false")
    assert photo.keys() == {"id"}
    assert world.posts() == []
    assert "page_story_id" not in remote.get(f"{GRAPH}/{photo['id']}", token, fields="page_story_id")


def test_a_write_may_be_read_back_at_once(remote: Remote, world: World, token: str) -> None:
    answer = remote.post(f"{GRAPH}/me/feed", token, message="Hello", fields="id,permalink_url")
    assert answer["permalink_url"] == world.posts()[0]["permalink"]
    shown = remote.send("GET", answer["permalink_url"].removeprefix("http://sandbox.invalid/"))
    assert "Hello" in shown.text


def test_a_json_body_is_taken_as_well(remote: Remote, world: World, token: str) -> None:
    photo = remote.post(f"{GRAPH}/me/photos", token, url=PHOTO, published="false")["id"]
    body = {"message": "Two", "attached_media": [{"media_fbid": photo}], "published": True}
    answer = remote.send("POST", f"{GRAPH}/me/feed?access_token={token}", json=body).json()
    assert "id" in answer
    assert world.posts()[0]["kind"] == "photo"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, (100, None)),
        ({"message": "x" * 63_207}, (100, None)),
        ({"link": "https://www.facebook.com/x"}, (100, 1609008)),
        ({"link": "nowhere"}, (1609005, None)),
        ({"message": "x", "attached_media": '[{"media_fbid": "1"}]'}, (100, None)),
        ({"message": "x", "attached_media": "1"}, (100, None)),
        ({"message": "x", "published": "false", "scheduled_publish_time": "1"}, (100, None)),
        ({"message": "x", "mood": "good"}, (400, None)),
    ],
)
def test_a_post_is_refused(remote: Remote, token: str, params: dict[str, str], code: Any) -> None:
    assert code_of(remote.post(f"{GRAPH}/me/feed", token, **params)) == code


def test_a_post_can_be_scheduled_ten_minutes_to_thirty_days_ahead(
    remote: Remote, world: World, token: str
) -> None:
    def schedule(seconds: float) -> Any:
        at = int(world.now() + seconds)
        given = {"message": "Later", "published": "false", "scheduled_publish_time": str(at)}
        return remote.post(f"{GRAPH}/me/feed", token, **given)

    assert code_of(schedule(500)) == (100, None)
    assert code_of(schedule(31 * DAY)) == (100, None)
    post = schedule(3600)["id"]
    assert [row["id"] for row in remote.get(f"{GRAPH}/me/scheduled_posts", token)["data"]] == [post]
    assert world.posts() == []
    world.advance(3601)
    assert [p["id"] for p in world.posts()] == [post]
    assert remote.get(f"{GRAPH}/me/scheduled_posts", token)["data"] == []


def test_the_same_words_again_are_refused_only_where_that_is_toggled(
    remote: Remote, pages: Pages, token: str
) -> None:
    for _ in range(2):
        assert "id" in remote.post(f"{GRAPH}/me/feed", token, message="Hello")
    pages.toggle["refuse_duplicates"] = True
    assert code_of(remote.post(f"{GRAPH}/me/feed", token, message="Hello")) == (506, None)
    assert "id" in remote.post(f"{GRAPH}/me/feed", token, message="Hello again")


def test_only_the_app_that_made_a_post_changes_it(
    remote: Remote, world: World, pages: Pages, token: str
) -> None:
    post = remote.post(f"{GRAPH}/me/feed", token, message="Helo")["id"]
    assert remote.post(f"{GRAPH}/{post}", token, message="Hello") == {"success": True}
    assert world.posts()[0]["caption"] == "Hello"
    pages.posts[post].facts["app_id"] = "another"
    assert code_of(remote.post(f"{GRAPH}/{post}", token, message="Hi")) == (200, None)
    pages.posts[post].facts["app_id"] = "sandbox-app"
    assert remote.send("DELETE", f"{GRAPH}/{post}?access_token={token}").json() == {"success": True}
    assert world.posts() == []


def test_who_may_publish(remote: Remote, world: World) -> None:
    person = world.mint("two_businesses")
    page, other = (page.id for page in world.people["two_businesses"].pages)
    bare = world.mint("bakery.nord", scopes=["pages_show_list", "pages_read_engagement", "instagram_basic"])
    answer = remote.send("POST", f"{GRAPH}/{page}/feed", data={"access_token": bare, "message": "x"})
    assert answer.status_code == 403
    assert answer.json()["error"]["message"].startswith("(#200) If posting to a group")
    assert code_of(remote.post(f"{GRAPH}/{page}/feed", person, message="x")) == (210, None)
    assert code_of(remote.post(f"{GRAPH}/{other}/feed", bare, message="x")) == (100, 33)
    analyst = world.mint("lantern.books")
    assert code_of(remote.post(f"{GRAPH}/me/feed", analyst, message="x")) == (200, None)


def test_reading_lags_behind_writing_as_toggled(
    remote: Remote, world: World, pages: Pages, token: str
) -> None:
    pages.toggle["lag_seconds"] = 20.0
    post = remote.post(f"{GRAPH}/me/feed", token, message="Hello")["id"]
    assert code_of(remote.get(f"{GRAPH}/{post}", token)) == (100, 33)
    assert remote.get(f"{GRAPH}/me/published_posts", token)["data"] == []
    world.advance(21)
    assert remote.get(f"{GRAPH}/{post}", token)["message"] == "Hello"


def test_one_field_that_may_not_be_read_fails_the_whole_call(remote: Remote, world: World) -> None:
    scopes = ["pages_manage_posts", "pages_read_engagement", "instagram_basic"]
    token = world.mint("bakery.nord", scopes=scopes)
    post = remote.post(f"{GRAPH}/me/feed", token, message="Hello")["id"]
    fields = "message,comments.limit(0).summary(true)"
    assert code_of(remote.get(f"{GRAPH}/{post}", token, fields=fields)) == (283, None)
    assert remote.get(f"{GRAPH}/{post}", token, fields="message,reactions.limit(0).summary(true)")[
        "reactions"
    ]["summary"] == {"total_count": 8}


def test_metrics_that_are_gone_fail_the_whole_call(remote: Remote, token: str) -> None:
    good = remote.get(f"{GRAPH}/me/insights", token, metric="page_follows", period="day")
    assert good["data"][0]["values"][0]["value"] == 812
    assert code_of(remote.get(f"{GRAPH}/me/insights", token, metric="page_follows,page_fans")) == (100, None)
    assert code_of(remote.get(f"{GRAPH}/me/insights", token)) == (3001, 1504028)


def test_a_film_is_uploaded_in_the_pieces_that_are_wanted(
    remote: Remote, world: World, pages: Pages, token: str
) -> None:
    pages.toggle["piece"] = 1000
    body = samples.mp4()
    begun = remote.post(f"{VIDEO}/me/videos", token, upload_phase="start", file_size=str(len(body)))
    assert (begun["start_offset"], begun["end_offset"]) == ("0", "1000")

    def send(start: int, end: int) -> Any:
        given = {"upload_phase": "transfer", "upload_session_id": begun["upload_session_id"]}
        data = {"access_token": token, "start_offset": str(start), **given}
        files = {"video_file_chunk": ("piece", body[start:end])}
        return remote.send("POST", f"{VIDEO}/me/videos", data=data, files=files).json()

    finish = {"upload_phase": "finish", "upload_session_id": begun["upload_session_id"], "title": "Rolls"}
    assert send(0, 1000) == {"start_offset": "1000", "end_offset": str(len(body))}
    again = send(0, 1000)
    assert code_of(again) == (6000, 1363037)
    assert json.loads(again["error"]["error_data"])["start_offset"] == "1000"
    assert code_of(remote.post(f"{VIDEO}/me/videos", token, **finish)) == (6000, 1363019)
    wanted = send(1000, len(body))
    assert wanted["start_offset"] == wanted["end_offset"]
    assert remote.post(f"{VIDEO}/me/videos", token, **finish) == {"success": True}
    assert world.posts() == []
    world.advance(world.toggles.video_seconds)
    assert [post["id"] for post in world.posts()] == [begun["video_id"]]


def test_a_film_may_come_from_its_address_at_once(remote: Remote, world: World, token: str) -> None:
    film = remote.post(f"{GRAPH}/me/videos", token, file_url=FILM, description="Rolls")["id"]
    assert remote.get(f"{GRAPH}/{film}", token, fields="status")["status"]["video_status"] == "processing"
    world.advance(world.toggles.video_seconds)
    read = remote.get(f"{GRAPH}/{film}", token, fields="status,post_id,permalink_url,published")
    assert (read["status"]["publishing_phase"]["publish_status"], read["published"]) == ("published", True)
    assert [post["caption"] for post in world.posts()] == ["Rolls"]


def reel(remote: Remote, token: str, body: bytes, headers: Mapping[str, str] | None = None) -> Any:
    video = remote.post(f"{GRAPH}/me/video_reels", token, upload_phase="start")["video_id"]
    given = {"Authorization": f"OAuth {token}", "offset": "0", "file_size": str(len(body)), **(headers or {})}
    return video, remote.send("POST", f"{RUPLOAD}/{video}", data=body, headers=given).json()


def test_a_reel_is_uploaded_from_where_it_broke_off(remote: Remote, world: World, token: str) -> None:
    body = samples.mp4()
    video, answer = reel(remote, token, body[:600], {"file_size": str(len(body))})
    assert answer["debug_info"]["type"] == "PartialRequestError"
    status = remote.get(f"{GRAPH}/{video}", token, fields="status")["status"]
    assert status["uploading_phase"] == {"status": "in_progress", "bytes_transfered": 600}
    headers = {"Authorization": f"OAuth {token}", "offset": "0", "file_size": str(len(body))}
    wrong = remote.send("POST", f"{RUPLOAD}/{video}", data=body, headers=headers).json()
    assert wrong["debug_info"]["type"] == "OffsetInvalidError"
    rest = remote.send("POST", f"{RUPLOAD}/{video}", data=body[600:], headers={**headers, "offset": "600"})
    assert rest.json() == {"success": True}
    finish = {"upload_phase": "finish", "video_id": video, "video_state": "PUBLISHED"}
    assert remote.post(f"{GRAPH}/me/video_reels", token, **finish) == {"success": True}
    world.advance(world.toggles.video_seconds)
    assert [row["id"] for row in remote.get(f"{GRAPH}/me/video_reels", token)["data"]] == [video]
    assert remote.get(f"{GRAPH}/me/published_posts", token)["data"] == []


def test_the_upload_host_wants_its_headers_and_the_pages_token(remote: Remote, token: str) -> None:
    assert (
        reel(remote, token, b"x", {"offset": "much"})[1]["debug_info"]["type"] == "ParameterValidationError"
    )
    assert reel(remote, token, b"x", {"Authorization": "OAuth x"})[1]["debug_info"]["type"] == (
        "NotAuthorizedError"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (samples.mp4(200.0), "duration"),
        (samples.mp4(width=320, height=240), "Resolution too low"),
        (b"no film at all", "could not be read"),
    ],
)
def test_a_bad_reel_fails_while_it_is_processed(
    remote: Remote, world: World, token: str, body: bytes, words: str
) -> None:
    video, _ = reel(remote, token, body)
    finish = {"upload_phase": "finish", "video_id": video, "video_state": "PUBLISHED"}
    assert remote.post(f"{GRAPH}/me/video_reels", token, **finish) == {"success": True}
    status = remote.get(f"{GRAPH}/{video}", token, fields="status")["status"]
    assert status["video_status"] == "error"
    assert words in status["processing_phase"]["error"]["message"]
    world.advance(DAY)
    assert world.posts() == []


def test_stories_are_listed_with_their_media_and_end_after_a_day(
    remote: Remote, world: World, token: str
) -> None:
    photo = remote.post(f"{GRAPH}/me/photos", token, url=PHOTO, published="false")["id"]
    story = remote.post(f"{GRAPH}/me/photo_stories", token, photo_id=photo)
    assert story["success"]
    (row,) = remote.get(f"{GRAPH}/me/stories", token)["data"]
    assert (row["post_id"], row["media_id"]) == (story["post_id"], photo)
    assert code_of(remote.post(f"{GRAPH}/me/photo_stories", token, photo_id=photo)) == (100, 1366051)
    world.advance(DAY)
    assert remote.get(f"{GRAPH}/me/stories", token)["data"] == []
    assert world.posts() == []


def test_an_app_that_follows_a_page_hears_of_its_posts(remote: Remote, world: World, token: str) -> None:
    sent: list[dict[str, Any]] = []

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        sent.append(json.loads(body))
        return 200, b""

    world.send = send
    world.apps["sandbox-app"].webhook.url = "https://site.example/webhook"
    remote.post(f"{GRAPH}/me/feed", token, message="Nobody follows yet")
    assert remote.post(f"{GRAPH}/me/subscribed_apps", token, subscribed_fields="feed,mention") == {
        "success": True
    }
    post = remote.post(f"{GRAPH}/me/feed", token, message="Spring menu is live")["id"]
    webhooks.deliver(world)
    (told,) = sent
    page = world.people["two_businesses"].pages[0]
    assert (told["object"], told["entry"][0]["id"]) == ("page", page.id)
    (change,) = told["entry"][0]["changes"]
    assert change["field"] == "feed"
    assert change["value"]["post_id"] == post
    assert change["value"]["from"] == {"id": page.id, "name": "Bakery Nord"}


def test_after_ninety_days_reads_fail_and_writes_do_not(remote: Remote, world: World, token: str) -> None:
    world.advance(91 * DAY)
    assert code_of(remote.get(f"{GRAPH}/me/published_posts", token)) == (10, None)
    assert "id" in remote.post(f"{GRAPH}/me/feed", token, message="Hello")

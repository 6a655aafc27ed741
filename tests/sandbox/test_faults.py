from __future__ import annotations

from typing import Any

import pytest
import requests

from django_connected_accounts.sandbox import World

from .conftest import FILM, PHOTO, Remote

GRAPH = "graph.instagram.com/v26.0"


@pytest.fixture
def token(world: World) -> str:
    return world.mint("shop", "B")


def ripe(remote: Remote, token: str) -> str:
    container = str(remote.post(f"{GRAPH}/me/media", token, image_url=PHOTO)["id"])
    remote.get(f"{GRAPH}/{container}", token)
    return container


def publish(remote: Remote, token: str, container: str) -> Any:
    return remote.post(f"{GRAPH}/me/media_publish", token, creation_id=container)


@pytest.mark.parametrize(
    ("fault", "raised", "posts"),
    [
        ({"action": "lose_before"}, requests.ConnectionError, 0),
        ({"action": "lose_after"}, requests.ConnectionError, 1),
        ({"action": "reset_after"}, requests.ConnectionError, 1),
        ({"action": "delay", "seconds": 60}, requests.ReadTimeout, 1),
        ({"action": "truncate_body"}, requests.exceptions.ChunkedEncodingError, 1),
    ],
)
def test_a_broken_call_raises_what_requests_raises(
    remote: Remote, world: World, token: str, fault: dict[str, Any], raised: type[Exception], posts: int
) -> None:
    container = ripe(remote, token)
    struck = world.fault(path="/media_publish$", method="POST", **fault)
    with pytest.raises(raised):
        publish(remote, token, container)
    assert struck.fired == 1
    assert len(world.posts()) == posts
    assert world.calls[-1]["fault"] == fault["action"]


def test_a_broken_body_breaks_while_streaming(remote: Remote, world: World, token: str) -> None:
    world.fault(action="truncate_body")
    answer = remote.send("GET", f"{GRAPH}/me?access_token={token}", stream=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(answer.iter_content(10))


def test_a_short_delay_is_slept_through(remote: Remote, world: World, token: str) -> None:
    slept: list[float] = []
    world.sleep = slept.append
    world.fault(action="delay", seconds=2)
    assert "id" in remote.get(f"{GRAPH}/me", token)
    assert slept == [2]


def test_an_error_may_hide_a_success(remote: Remote, world: World, token: str) -> None:
    container = ripe(remote, token)
    world.fault(action="status_after", path="/media_publish$", code=4, subcode=2207051)
    answer = publish(remote, token, container)
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (4, 2207051)
    assert len(world.posts()) == 1


def test_a_scripted_answer_takes_no_effect(remote: Remote, world: World, token: str) -> None:
    container = ripe(remote, token)
    world.fault(
        action="status",
        path="/media_publish$",
        status=503,
        body="<h1>Down</h1>",
        headers={"Retry-After": "7"},
    )
    answer = remote.send(
        "POST", f"{GRAPH}/me/media_publish", data={"access_token": token, "creation_id": container}
    )
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "<h1>Down</h1>", "7")
    assert world.posts() == []
    assert "id" in publish(remote, token, container)


def test_a_fault_strikes_the_nth_call_and_as_often_as_told(remote: Remote, world: World, token: str) -> None:
    fault = world.fault(action="status", host="graph.instagram.com", method="GET", nth=2, times=2, code=2)
    answers = ["error" in remote.get(f"{GRAPH}/me", token) for _ in range(5)]
    assert answers == [False, True, True, False, False]
    assert (fault.seen, fault.fired) == (5, 2)


def test_a_fault_may_strike_for_ever_and_only_page_tokens(remote: Remote, world: World) -> None:
    world.fault(action="status", token="page", method="GET", times=0, code=100, subcode=33)
    user, page = world.mint("two_businesses"), world.mint("bakery.nord")
    for _ in range(3):
        assert "id" in remote.get("graph.facebook.com/v26.0/me", user)
        assert remote.get("graph.facebook.com/v26.0/me", page)["error"]["error_subcode"] == 33


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"action": "never_finish"}, "IN_PROGRESS"),
        ({"action": "container_error", "subcode": 2207077}, "ERROR"),
        ({"action": "expire"}, "EXPIRED"),
    ],
)
def test_a_container_can_be_spoilt_when_made_or_polled(
    remote: Remote, world: World, token: str, fault: dict[str, Any], status: str
) -> None:
    world.fault(path="/media$", method="POST", **fault)
    made = remote.post(f"{GRAPH}/me/media", token, image_url=PHOTO)["id"]
    world.advance(600)
    assert remote.get(f"{GRAPH}/{made}", token, fields="status_code")["status_code"] == status

    polled = ripe(remote, token)
    world.fault(path=f"/{polled}$", **fault)
    asked = remote.get(f"{GRAPH}/{polled}", token, fields="status_code,status")
    assert asked["status_code"] == status
    if "subcode" in fault:
        assert str(fault["subcode"]) in asked["status"]
    assert "error" in publish(remote, token, polled)


def test_a_misspelt_action_is_an_error(world: World) -> None:
    with pytest.raises(ValueError, match="lose_after"):
        world.fault(action="loose_after")
    with pytest.raises(TypeError):
        world.fault(action="status", hots="graph.facebook.com")
    with pytest.raises(AttributeError):
        world.toggles.rotate_on_refrehs = False  # type: ignore[attr-defined]


def test_a_film_of_a_page_that_is_live_fails_no_more(remote: Remote, world: World) -> None:
    token, graph = world.mint("bakery.nord"), "graph.facebook.com/v26.0"
    film = remote.post(f"{graph}/me/videos", token, file_url=FILM)["id"]
    world.advance(world.toggles.video_seconds)
    assert [post["id"] for post in world.posts()] == [film]
    world.fault(action="container_error")
    assert remote.get(f"{graph}/{film}", token, fields="status")["status"]["video_status"] == "ready"

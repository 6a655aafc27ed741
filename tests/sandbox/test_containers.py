from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
from PIL import Image

from django_connected_accounts.sandbox import World, samples

from .conftest import FILM, PHOTO, Remote

GRAPH = "graph.facebook.com/v26.0"
ODD = "https://media.example/odd"


@pytest.fixture
def token(world: World) -> str:
    return world.mint("bakery.nord")


@pytest.fixture
def account(world: World) -> str:
    page = world.people["two_businesses"].pages[0]
    assert page.instagram is not None
    return page.instagram.id


def error_of(answer: Any) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


def poll(remote: Remote, container: str, token: str, times: int = 1) -> list[str]:
    asked = [remote.get(f"{GRAPH}/{container}", token, fields="status_code,status") for _ in range(times)]
    return [answer["status_code"] for answer in asked]


def turned(width: int, height: int) -> bytes:
    """A picture whose EXIF says: turn me by a quarter."""
    image, out = Image.new("RGB", (width, height)), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (samples.jpeg(image_format="PNG"), (36001, 2207005)),
        (samples.jpeg(image_format="WEBP"), (36001, 2207005)),
        (samples.jpeg(2000, 400), (36003, 2207009)),
        (samples.jpeg(500, 1000), (36003, 2207009)),
        (turned(1000, 500), (36003, 2207009)),
        (samples.jpeg()[:4000], (9004, 2207052)),
        (samples.jpeg() + bytes(9 * 1024 * 1024), (36000, 2207004)),
        (samples.mp4(), (9004, 2207052)),
        (b"<html>", (9004, 2207052)),
        (b"", (9004, 2207052)),
    ],
    ids=["png", "webp", "wide", "tall", "tall once turned", "truncated", "9 MiB", "film", "html", "empty"],
)
def test_a_picture_that_breaks_a_rule_is_refused(
    remote: Remote, token: str, account: str, body: bytes, error: tuple[int, int]
) -> None:
    remote.files[ODD] = body
    assert error_of(remote.post(f"{GRAPH}/{account}/media", token, image_url=ODD)) == error


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://media.example/a.jpg",
        "https://media.example/ü.jpg",
        "not a url",
        "https://media.example/404",
    ],
)
def test_an_address_that_gives_no_picture_is_refused(
    remote: Remote, token: str, account: str, url: str
) -> None:
    code, _ = error_of(remote.post(f"{GRAPH}/{account}/media", token, image_url=url))
    assert code == (9004 if url else 100)


def test_a_host_that_does_not_answer_in_time_has_its_own_code(
    remote: Remote, world: World, token: str, account: str
) -> None:
    def never(url: str) -> Any:
        raise requests.ReadTimeout

    world.fetch = never
    assert error_of(remote.post(f"{GRAPH}/{account}/media", token, image_url=PHOTO)) == (-2, 2207003)


def test_private_addresses_can_be_refused_as_the_real_platform_would(
    remote: Remote, world: World, token: str, account: str
) -> None:
    world.toggles.block_private_urls = True
    for url in ("http://localhost/a.jpg", "http://10.0.0.7/a.jpg", "http://[::1]/a.jpg"):
        remote.files[url] = samples.jpeg()
        assert error_of(remote.post(f"{GRAPH}/{account}/media", token, image_url=url)) == (9004, 2207052)
    assert "id" in remote.post(f"{GRAPH}/{account}/media", token, image_url=PHOTO)


def test_png_and_single_video_are_taken_when_toggled(
    remote: Remote, world: World, token: str, account: str
) -> None:
    remote.files[ODD] = samples.jpeg(image_format="PNG")
    video = {"media_type": "VIDEO", "video_url": FILM}
    assert error_of(remote.post(f"{GRAPH}/{account}/media", token, **video)) == (100, 2207023)
    world.toggles.png_accepted = world.toggles.single_video = True
    assert "id" in remote.post(f"{GRAPH}/{account}/media", token, image_url=ODD)
    assert "id" in remote.post(f"{GRAPH}/{account}/media", token, **video)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"caption": "x" * 2201}, (36004, 2207010)),
        ({"caption": " ".join(f"#tag{n}" for n in range(31))}, (36004, 2207010)),
        ({"caption": " ".join(f"@user{n}" for n in range(21))}, (100, 2207040)),
        ({"alt_text": "x" * 1001}, (100, None)),
        ({"media_type": "PAINTING"}, (100, 2207023)),
        ({"user_tags": json.dumps([{"username": "someone"}])}, (100, None)),
        ({"user_tags": json.dumps([{"username": "someone", "x": 0.5, "y": 1.5}])}, (100, None)),
        ({"user_tags": json.dumps([{"username": "private.person", "x": 0.5, "y": 0.5}])}, (110, 2207018)),
        ({"user_tags": "not json"}, (100, None)),
        ({"collaborators": json.dumps(["a", "b", "c", "d"])}, (100, None)),
        ({"location_id": "1"}, (100, None)),
        ({"media_type": "REELS", "video_url": FILM, "thumb_offset": "5001"}, (1, 2207057)),
        ({"media_type": "REELS"}, (100, None)),
        ({"media_type": "CAROUSEL", "children": "1"}, (100, 2207028)),
        ({"media_type": "CAROUSEL", "children": "1,2"}, (24, 2207008)),
        ({"media_type": "REELS", "video_url": FILM, "is_carousel_item": "true"}, (100, 2207023)),
    ],
)
def test_a_parameter_that_breaks_a_rule_is_refused(
    remote: Remote, token: str, account: str, params: dict[str, str], error: tuple[int, int | None]
) -> None:
    assert error_of(remote.post(f"{GRAPH}/{account}/media", token, **{"image_url": PHOTO, **params})) == error


def test_what_keeps_the_rules_is_taken_as_form_or_json(
    remote: Remote, world: World, token: str, account: str
) -> None:
    located = next(page.id for page in world.people["two_businesses"].pages if page.located)
    params = {
        "image_url": PHOTO,
        "caption": "x" * 2200,
        "alt_text": "x" * 1000,
        "user_tags": [{"username": "someone", "x": 0.5, "y": 0.5}],
        "collaborators": ["coffee.nord"],
        "location_id": located,
        "is_ai_generated": True,
    }
    bearer = {"Authorization": f"Bearer {token}"}
    assert "id" in remote.send("POST", f"{GRAPH}/{account}/media", json=params, headers=bearer).json()
    form = {name: json.dumps(v) if isinstance(v, (list, bool)) else v for name, v in params.items()}
    assert "id" in remote.post(f"{GRAPH}/{account}/media", token, **form)


def test_location_is_refused_on_instagram_login(remote: Remote, world: World) -> None:
    params = {"image_url": PHOTO, "location_id": "1"}
    answer = remote.post("graph.instagram.com/me/media", world.mint("shop", "B"), **params)
    assert "location_id is not allowed" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("film", "subcode"),
    [
        (samples.mp4(faststart=False), 2207026),
        (b"RIFF....AVI ", 2207026),
        (samples.mp4(2), 2207085),
        (samples.mp4(901), 2207085),
    ],
    ids=["moov at the end", "not mp4", "2 seconds", "15 minutes and 1 second"],
)
def test_a_film_that_breaks_a_rule_fails_while_processing(
    remote: Remote, token: str, account: str, film: bytes, subcode: int
) -> None:
    remote.files[ODD] = film
    container = remote.post(f"{GRAPH}/{account}/media", token, media_type="REELS", video_url=ODD)["id"]
    assert poll(remote, container, token, 3) == ["IN_PROGRESS", "IN_PROGRESS", "ERROR"]
    status = remote.get(f"{GRAPH}/{container}", token, fields="status")["status"]
    assert str(subcode) in status


def test_time_ripens_a_container_as_polls_do(remote: Remote, world: World, token: str, account: str) -> None:
    container = remote.post(f"{GRAPH}/{account}/media", token, image_url=PHOTO)["id"]
    world.advance(30)
    assert poll(remote, container, token) == ["FINISHED"]
    world.advance(24 * 3600)
    assert poll(remote, container, token) == ["EXPIRED"]
    late = remote.post(f"{GRAPH}/{account}/media_publish", token, creation_id=container)
    assert error_of(late) == (24, 2207008)


def test_a_carousel_waits_for_its_children_and_shows_them(
    remote: Remote, world: World, token: str, account: str
) -> None:
    part = {"is_carousel_item": "true"}
    children = [
        remote.post(f"{GRAPH}/{account}/media", token, image_url=PHOTO, alt_text="first", **part)["id"],
        remote.post(f"{GRAPH}/{account}/media", token, media_type="VIDEO", video_url=FILM, **part)["id"],
    ]
    params = {"media_type": "CAROUSEL", "children": ",".join(children), "caption": "Two"}
    parent = remote.post(f"{GRAPH}/{account}/media", token, **params)["id"]
    assert poll(remote, parent, token, 3) == ["IN_PROGRESS"] * 3
    for child in children:
        poll(remote, child, token, 2)
    assert poll(remote, parent, token) == ["FINISHED"]
    alone = remote.post(f"{GRAPH}/{account}/media_publish", token, creation_id=children[0])
    assert error_of(alone) == (100, None)

    media = remote.post(f"{GRAPH}/{account}/media_publish", token, creation_id=parent)["id"]
    [post] = world.posts()
    assert [child["kind"] for child in post["children"]] == ["image", "video"]
    assert post["children"][0]["alt_text"] == "first"
    read = remote.get(f"{GRAPH}/{media}", token, fields="media_type,children{id,media_type}")
    assert read["media_type"] == "CAROUSEL_ALBUM"
    assert [child["media_type"] for child in read["children"]["data"]] == ["IMAGE", "VIDEO"]
    child_id = read["children"]["data"][0]["id"]
    assert error_of(remote.get(f"{GRAPH}/{child_id}", token, fields="permalink")) == (100, None)


def test_four_hundred_containers_a_day_are_enough(
    remote: Remote, world: World, token: str, account: str
) -> None:
    remote.files[PHOTO] = samples.jpeg(320, 320)
    for _ in range(400):
        assert "id" in remote.post(f"{GRAPH}/{account}/media", token, image_url=PHOTO)
    assert error_of(remote.post(f"{GRAPH}/{account}/media", token, image_url=PHOTO)) == (9, None)
    world.advance(24 * 3600)
    assert "id" in remote.post(f"{GRAPH}/{account}/media", token, image_url=PHOTO)


def test_what_is_not_simulated_says_so(remote: Remote, world: World, token: str, account: str) -> None:
    for params in ({"trial_params": "{}"}, {"upload_type": "resumable", "media_type": "REELS"}):
        answer = remote.send("POST", f"{GRAPH}/{account}/media", data={"access_token": token, **params})
        assert answer.json()["error"]["type"] == "SandboxUnknown"
        assert next(iter(params)) in answer.json()["error"]["message"]
        assert world.calls[-1]["unknown"]
    assert remote.send("GET", f"{GRAPH}/{account}/tags?access_token={token}").status_code == 501
    assert remote.send("GET", "api.nowhere.example/v1/things").status_code == 501
    assert world.calls[-1]["host"] == "api.nowhere.example"

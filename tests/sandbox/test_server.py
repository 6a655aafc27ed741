"""Over real HTTP: what only a socket can show."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from django_connected_accounts.sandbox import Server, World, fetching, samples, serving

PHOTO = "https://media.example/photo.jpg"


@pytest.fixture
def served() -> Iterator[World]:
    world = World(fetch=lambda url: (200, {}, samples.jpeg(text="over the wire")))
    with serving(world):
        yield world


def call(world: World, method: str, path: str, **kwargs: Any) -> requests.Response:
    return requests.request(method, f"{world.base_url}/{path}", timeout=10, allow_redirects=False, **kwargs)


def control(world: World, path: str, /, **body: Any) -> Any:
    return call(world, "POST", f"_sandbox/{path}", json=body).json()


def ripe(world: World, token: str) -> str:
    made = call(
        world, "POST", "graph.instagram.com/v26.0/me/media", data={"access_token": token, "image_url": PHOTO}
    )
    container = str(made.json()["id"])
    call(world, "GET", f"graph.instagram.com/v26.0/{container}", params={"access_token": token})
    return container


def test_a_lost_answer_leaves_a_post_that_the_public_sees(served: World) -> None:
    token = control(served, "tokens", owner="shop", variant="B")["access_token"]
    container = ripe(served, token)
    control(served, "faults", action="lose_after", path="/media_publish$", method="POST")
    form = {"access_token": token, "creation_id": container}
    with pytest.raises(requests.ConnectionError):
        call(served, "POST", "graph.instagram.com/v26.0/me/media_publish", data=form)

    public = call(served, "GET", "_sandbox/posts").json()
    assert public["counts"] == {"juniper.shop": 1}
    [post] = public["posts"]
    page = requests.get(post["permalink"], timeout=10)
    assert page.status_code == 200
    assert "@juniper.shop" in page.text
    profile = call(served, "GET", "www.instagram.com/juniper.shop/").text
    assert f"/scontent.cdninstagram.com/media/{post['id']}" in profile
    picture = call(served, "GET", f"scontent.cdninstagram.com/media/{post['id']}")
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.content == samples.jpeg(text="over the wire")
    avatar = call(served, "GET", f"scontent.cdninstagram.com/avatar/{post['account_id']}.svg")
    assert avatar.headers["Content-Type"] == "image/svg+xml"


def test_a_broken_body_and_a_late_answer_are_what_requests_says_they_are(served: World) -> None:
    control(served, "faults", action="truncate_body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        call(served, "GET", "graph.facebook.com/v26.0/me")
    control(served, "faults", action="delay", seconds=1)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{served.base_url}/graph.facebook.com/v26.0/me", timeout=0.1)


def test_a_connection_is_reset_by_the_platform(served: World) -> None:
    control(served, "faults", action="reset_after")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        call(served, "GET", "graph.facebook.com/v26.0/me")


def test_the_control_interface_does_what_the_world_does(served: World) -> None:
    index = call(served, "GET", "_sandbox/").json()
    assert "POST /_sandbox/faults" in index["routes"]
    people = call(served, "GET", "_sandbox/people").json()["people"]
    assert len(next(person for person in people if person["key"] == "many_pages")["pages"]) == 130
    token = control(served, "tokens", owner="two_businesses")["access_token"]
    me = {"params": {"access_token": token}}
    assert call(served, "GET", "graph.facebook.com/me", **me).status_code == 200
    assert control(served, "revoke", person="two_businesses", reason=460) == {"ended": 1}
    assert call(served, "GET", "graph.facebook.com/me", **me).json()["error"]["error_subcode"] == 460
    assert [c["status"] for c in call(served, "GET", "_sandbox/calls").json()["calls"]] == [200, 400]
    assert control(served, "clock", advance=3600)["offset"] == 3600
    assert control(served, "toggles", me_shape="wrapped")["me_shape"] == "wrapped"
    fault = control(served, "faults", action="status", code=2)
    assert call(served, "DELETE", f"_sandbox/faults?id={fault['id']}").json() == {"faults": []}
    added = control(
        served, "apps", client_id="mine", secret="s", login="facebook", redirect_uris=["https://a.example/"]
    )
    assert added["redirect_uris"] == ["https://a.example/"]
    url = "https://www.facebook.com/v26.0/dialog/oauth?client_id=mine&redirect_uri=https://a.example/&scope=instagram_basic"
    sent = control(served, "consent", url=url, **{"as": "portfolio"})
    assert sent["location"].startswith("https://a.example/?code=AQ")
    control(served, "reset")
    assert call(served, "GET", "_sandbox/clock").json()["offset"] == 0
    assert call(served, "GET", "_sandbox/calls").json() == {"count": 0, "calls": []}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("faults", {"action": "explode"}, "explode"),
        ("tokens", {"owner": "nobody"}, "nobody"),
        ("revoke", {"person": "nobody"}, "nobody"),
        ("toggles", {"me_shpae": "flat"}, "me_shpae"),
        ("clock", {"advance": "soon"}, "soon"),
        ("nowhere", {}, "nowhere"),
    ],
)
def test_a_wrong_control_call_names_what_is_wrong(
    served: World, path: str, body: dict[str, Any], named: str
) -> None:
    answer = call(served, "POST", f"_sandbox/{path}", json=body)
    assert answer.status_code in (400, 501)
    assert named in answer.json()["error"]["message"]


def test_a_body_that_is_no_json_is_refused(served: World) -> None:
    headers = {"Content-Type": "application/json"}
    answer = call(served, "POST", "_sandbox/clock", data="{not json", headers=headers)
    assert answer.status_code == 400


def test_the_home_page_shows_people_and_posts(served: World) -> None:
    token = served.mint("shop", "B")
    form = {"access_token": token, "creation_id": ripe(served, token)}
    call(served, "POST", "graph.instagram.com/v26.0/me/media_publish", data=form)
    page = call(served, "GET", "")
    assert "Sandbox — not the real platform" in page.text
    assert "/www.instagram.com/bakery.nord/" in page.text
    assert "@juniper.shop: photo" in page.text
    assert call(served, "HEAD", "").status_code == 200
    assert call(served, "GET", "www.instagram.com/nobody.here/").status_code == 404


def test_a_bug_of_the_sandbox_is_no_lost_connection(served: World, capfd: pytest.CaptureFixture[str]) -> None:
    served.clock = lambda: 1 / 0
    answer = call(served, "GET", "graph.instagram.com/v26.0/me")
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "SandboxFailed")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_two_servers_are_two_worlds() -> None:
    with serving(World()) as one, serving(World()) as two:
        assert one != two
        requests.post(f"{one}/_sandbox/clock", json={"advance": 5}, timeout=10)
        assert requests.get(f"{two}/_sandbox/clock", timeout=10).json()["offset"] == 0


def test_the_command_needs_no_project_and_says_when_its_port_is_taken(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "django_connected_accounts.sandbox", "--port"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            [*command, port], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
    assert refused.returncode == 2
    assert f"Port {port} on 127.0.0.1 is in use" in refused.stderr

    with subprocess.Popen(
        [*command, "0"], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().rpartition(" ")[2].strip()
        assert requests.get(f"{url}_sandbox/people", timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_port_in_use_raises() -> None:
    with Server(World()) as first, pytest.raises(OSError, match="in use"):
        Server(World(), port=first.server_port)


def test_media_is_fetched_past_any_proxy_and_without_following_redirects(
    served: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = {"status": 302, "headers": {"Location": f"{served.base_url}/_sandbox/clock"}}
    served.fault(action="status", path="moved", **moved)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    status, headers, body = fetching.get(f"{served.base_url}/_sandbox/clock")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert b"offset" in body
    assert fetching.get(f"{served.base_url}/graph.facebook.com/moved")[0] == 302
    with pytest.raises(requests.ConnectionError):
        fetching.get("http://127.0.0.1:9/nothing.jpg")

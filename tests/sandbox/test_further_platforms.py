"""Platforms that are not of this package: in a world, in the server, behind a provider of the settings."""

from __future__ import annotations

import pytest
import requests
from corkle.sandbox import CorkleSandbox

from django_connected_accounts.sandbox import URL, SandboxAdapter, World, serving
from django_connected_accounts.sandbox.__main__ import main

HERE = "http://localhost/callback/"
PAGE = (
    f"corkle.example/oauth/authorize?client_id=sandbox-corkle-app&redirect_uri={HERE}&response_type=code"
    "&scope=notes.read&code_challenge=c&code_challenge_method=S256"
)


def test_a_world_plays_only_what_it_is_given() -> None:
    for world, status in ((World(), 501), (World(platforms=[CorkleSandbox]), 200)):
        session = requests.Session()
        session.mount(URL, SandboxAdapter(world))
        assert session.get(f"{URL}/{PAGE}").status_code == status


def test_a_platform_may_come_later_and_stays_when_the_world_begins_anew() -> None:
    world = World()
    world.add_platform(CorkleSandbox)
    world.add_platform(CorkleSandbox)
    world.reset()
    assert list(world.platforms).count("corkle") == 1
    with serving(world) as url:
        assert "Log in to Corkle" in requests.get(f"{url}/{PAGE}", timeout=10).text
        toggles = requests.get(f"{url}/_sandbox/toggles", timeout=10).json()
    assert toggles["corkle.looks"] == 12


def test_the_server_names_a_platform_it_can_t_find(capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("nowhere.Corkle", "Corkle", "corkle.sandbox.HOST"):
        with pytest.raises(SystemExit):
            main(["--platform", path])
        assert f"argument --platform: {path}" in capsys.readouterr().err

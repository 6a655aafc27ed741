"""A world of its own for each test, and a browserless client for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from django_connected_accounts.sandbox import URL, SandboxAdapter, World, consent, samples

PHOTO = "https://media.example/photo.jpg"
FILM = "https://media.example/film.mp4"
CALLBACK = "http://testserver/callback"
SCOPES = {
    "A": "instagram_basic,instagram_content_publish,instagram_manage_comments,"
    "pages_show_list,pages_read_engagement,business_management",
    "B": "instagram_business_basic,instagram_business_content_publish,instagram_business_manage_comments",
}


class Remote:
    """Calls a world as a client program would, over `requests`."""

    def __init__(self, world: World, files: dict[str, bytes]) -> None:
        self.world = world
        self.files = files
        self.session = requests.Session()
        self.session.mount(URL, SandboxAdapter(world))

    def send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", 5)
        return self.session.request(method, f"{URL}/{path}", allow_redirects=False, **kwargs)

    def get(self, path: str, token: str = "", **params: Any) -> Any:
        return self.send("GET", path, params=_with(token, params)).json()

    def post(self, path: str, token: str = "", **data: Any) -> Any:
        return self.send("POST", path, data=_with(token, data)).json()

    def authorize_url(self, variant: str = "A", **changes: str) -> str:
        login = (
            "www.facebook.com/v26.0/dialog/oauth" if variant == "A" else "www.instagram.com/oauth/authorize"
        )
        query = {
            "client_id": "sandbox-app" if variant == "A" else "sandbox-instagram-app",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": SCOPES[variant],
            "state": "s-1",
            **changes,
        }
        return f"{URL}/{login}?{urlencode(query)}"

    def code(self, person: str, variant: str = "A", **kwargs: Any) -> str:
        location = consent.visit(self.world, self.authorize_url(variant), person, **kwargs)
        return parse_qs(urlsplit(location).query)["code"][0]

    def publish(self, host: str, account_id: str, token: str, **params: Any) -> str:
        """Make a container, wait for it, publish it, and return the media id."""
        container = self.post(f"{host}/v26.0/{account_id}/media", token, **params)["id"]
        for _ in range(4):
            self.get(f"{host}/v26.0/{container}", token, fields="status_code")
        return str(self.post(f"{host}/v26.0/{account_id}/media_publish", token, creation_id=container)["id"])


@pytest.fixture
def remote() -> Remote:
    files = {PHOTO: samples.jpeg(text="photo"), FILM: samples.mp4()}

    def fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
        return (200, {}, files[url]) if url in files else (404, {}, b"nothing here")

    return Remote(World(fetch=fetch), files)


@pytest.fixture
def world(remote: Remote) -> World:
    return remote.world


def _with(token: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"access_token": token, **params} if token else params

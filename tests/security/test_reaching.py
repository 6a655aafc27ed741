"""Where our server can be made to go: to the platform's own hosts, and into nobody's private network."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from django_connected_accounts import registry, testing
from django_connected_accounts.exceptions import ProviderError
from django_connected_accounts.models import PostMedia
from django_connected_accounts.providers.http import Http
from django_connected_accounts.sandbox import World, samples
from tests.visitor import Visitor

PRIVATE = (
    "http://127.0.0.1/",
    "http://localhost:8000/",
    "http://10.0.0.1/a.jpg",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0/",
    "https://user@127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
)
ELSEWHERE = (
    "https://evil.example/",
    "http://graph.instagram.com/",
    "https://graph.instagram.com.evil.example/",
    "https://graph.instagram.com@evil.example/",
    "https://graph.instagram.com:8443/",
    "https://127.0.0.1/",
    "//graph.instagram.com/",
)


@pytest.fixture
def world(sandbox: World) -> World:
    return sandbox


@pytest.mark.parametrize("platform", ["instagram", "instagram_login"])
@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_token_goes_to_no_host_that_is_not_the_platforms(world: World, platform: str, url: str) -> None:
    with pytest.raises(ProviderError) as refused:
        registry.get(platform).http.request("GET", url, repeatable=True, token="IGAAsecret")

    assert refused.value.code == "host_refused"
    assert not world.calls


@responses.activate
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["https://evil.example/", "https://graph.instagram.com/elsewhere"])
def test_a_redirect_is_not_followed_with_a_token_nor_without(status: int, target: str) -> None:
    asked = responses.get("https://graph.instagram.com/me", status=status, headers={"Location": target})
    lured = responses.get(target)

    with pytest.raises(ProviderError):
        Http({"graph.instagram.com"}).request(
            "GET", "https://graph.instagram.com/me", repeatable=False, token="IGAAsecret"
        )

    assert (asked.call_count, lured.call_count) == (1, 0)


@responses.activate
def test_an_answer_is_read_only_so_far() -> None:
    responses.get("https://graph.instagram.com/me", body=b" " * 2000)

    with pytest.raises(ProviderError):
        Http({"graph.instagram.com"}, max_bytes=1000).request(
            "GET", "https://graph.instagram.com/me", repeatable=False
        )


def test_every_call_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[Any] = []

    def send(self: Any, request: Any, *, timeout: Any, **options: Any) -> Any:
        limits.append(timeout)
        raise OSError

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    with pytest.raises(ProviderError):
        Http({"graph.instagram.com"}).request("GET", "https://graph.instagram.com/me", repeatable=False)

    assert all(connect and read for connect, read in limits)
    assert limits


@pytest.mark.django_db
@pytest.mark.parametrize("url", PRIVATE)
def test_no_media_is_fetched_from_a_private_network(visitor: Visitor, url: str) -> None:
    account = visitor.connects()
    client = Client()
    client.force_login(visitor.user)
    began = time.monotonic()

    answer = client.post(
        reverse("connected_accounts_api:posts"),
        {"text": "hello", "accounts": [str(account.pk)], "media": [{"url": url}]},
        content_type="application/json",
        headers={"Idempotency-Key": url},
    )

    assert answer.status_code == 422
    assert "media_url_" in answer.content.decode()
    assert "root:" not in answer.content.decode()
    assert not PostMedia.objects.exists()
    assert time.monotonic() - began < 5


@pytest.mark.django_db
def test_a_platform_is_told_to_fetch_media_from_this_site_alone(visitor: Visitor, world: World) -> None:
    account = visitor.connects()
    account.publish(text="Hello", media=[ContentFile(samples.jpeg(400, 400), "photo.jpg")])
    testing.publish_everything()

    (media,) = world.media.values()
    assert {urlsplit(item.url).netloc for item in media.items} == {"testserver"}

"""pythreads, python-facebook-api and creator-publish: https://pypi.org/project/pythreads/."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .conftest import FILM_URL, PHOTO_URL

pytestmark = pytest.mark.clients


@pytest.fixture
def credentials(client, token, world, monkeypatch) -> Any:
    for name in ("CERT", "KEY"):  # asked for at once, and used for its own login server only
        monkeypatch.setenv(f"THREADS_SSL_{name}_FILEPATH", "none")
    return client("pythreads.credentials").Credentials(
        user_id=world.platforms["threads"].members["shop"].id,
        scopes=["threads_basic", "threads_content_publish", "threads_manage_insights"],
        short_lived=False,
        access_token=token("threads"),
        expiration=datetime.now(timezone.utc) + timedelta(days=60),
    )


def test_pythreads_publishes_and_reads(client, credentials, world) -> None:
    pythreads = client("pythreads.api")

    async def publish() -> Any:
        async with pythreads.API(credentials) as api:
            media = pythreads.Media(type=pythreads.MediaType.IMAGE, url=PHOTO_URL)
            container = await api.create_container("Rye", media=media)
            await api.container_status(container)
            live = await api.publish_container(container)
            return live, await api.thread(live), await api.threads(), await api.publishing_limit()

    live, thread, threads, limit = asyncio.run(publish())
    (post,) = world.posts()
    assert (post["id"], post["caption"], thread["text"]) == (live, "Rye", "Rye")
    assert [row["id"] for row in threads["data"]] == [live]
    assert limit["data"][0]["quota_usage"] == 1


def test_pythreads_publishes_a_carousel(client, credentials, world) -> None:
    pythreads = client("pythreads.api")

    async def publish() -> None:
        async with pythreads.API(credentials) as api:
            media = pythreads.Media(type=pythreads.MediaType.IMAGE, url=PHOTO_URL)
            items = [await api.create_container(media=media, is_carousel_item=True) for _ in range(2)]
            ready = [await api.container_status(item) for item in items]
            await api.publish_container(await api.create_carousel_container(ready, text="Two"))

    asyncio.run(publish())
    assert len(world.posts()[0]["children"]) == 2


def test_python_facebook_api_publishes_a_text(client, token, world) -> None:
    api = client("pyfacebook").ThreadsGraphAPI(access_token=token("threads"))
    made = api.post_object("me", connection="threads", params={"media_type": "TEXT", "text": "Rye"})
    api.post_object("me", connection="threads_publish", params={"creation_id": made["id"]})
    assert world.posts()[0]["caption"] == "Rye"


def test_creator_publish_hands_over_a_film(client, token, world, monkeypatch, film) -> None:
    client("creator_publish")
    threads = pytest.importorskip("creator_publish.publish.threads")
    config = pytest.importorskip("creator_publish.config").Config({"public_video_url": FILM_URL})
    monkeypatch.setenv("THREADS_USER_ID", world.platforms["threads"].members["shop"].id)
    monkeypatch.setenv("THREADS_ACCESS_TOKEN", token("threads"))
    threads.publish(film(100_000), "Kneading", "", ["#rye"], cfg=config)
    assert world.posts()[0]["caption"] == "Kneading #rye"


def test_python_facebook_api_connects_somebody(client, allowed, monkeypatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    api = client("pyfacebook").ThreadsGraphAPI(
        app_id="sandbox-threads-app",
        app_secret="sandbox-threads-secret",
        oauth_flow=True,
        redirect_uri="http://localhost/callback/",
        scope=["threads_basic", "threads_content_publish"],
    )
    url, _ = api.get_authorization_url()
    # What it calls to lengthen a token is an address that Threads does not document.
    api.access_token = api.exchange_user_access_token(response=allowed(url))["access_token"]
    assert api.get_object("me", fields="id,username")["username"] == "juniper.shop"

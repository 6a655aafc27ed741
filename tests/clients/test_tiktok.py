"""creator-publish: https://pypi.org/project/creator-publish/."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.clients

CHUNK = 8 * 1024 * 1024


@pytest.fixture
def tiktok(client, token, monkeypatch):
    client("creator_publish")
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", token("tiktok"))
    return pytest.importorskip("creator_publish.publish.tiktok")


def test_creator_publish_uploads_a_film_in_chunks(tiktok, world, film) -> None:
    said = tiktok.publish(film(2 * CHUNK), "Rye", "", ["#bread"], privacy="PUBLIC_TO_EVERYONE")
    assert said["status"] == "PROCESSING_UPLOAD"
    world.advance(60)
    (post,) = world.posts()
    assert (post["caption"], post["kind"]) == ("Rye #bread", "video")


def test_a_last_chunk_of_its_own_is_refused_as_tiktok_refuses_it(tiktok, world, film) -> None:
    with pytest.raises(Exception, match="400"):
        tiktok.publish(film(2 * CHUNK + 1), "Rye", "", [], privacy="PUBLIC_TO_EVERYONE")
    assert not world.posts()

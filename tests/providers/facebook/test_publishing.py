from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from django_connected_accounts.exceptions import ContentRejected, OutcomeUnknown, Unavailable
from django_connected_accounts.providers.facebook.client import PIECE
from django_connected_accounts.providers.facebook.steps import MOST_POLLS
from django_connected_accounts.providers.types import Connection, Draft, Media, Pending, Published
from django_connected_accounts.sandbox import World, samples

from .conftest import Site

Make = Callable[..., Media]
MEBIBYTE = 1024 * 1024


def draft_of(kind: Any, *media: Media, text: str = "Open on Sundays", **given: Any) -> Draft:
    return Draft(kind=kind, text="" if kind == "story" else text, media=media, **given)


def until(site: Site, connection: Connection, draft: Draft, stage: str) -> Any:
    """Return the checkpoint with which this stage begins."""
    checkpoint = None
    for _ in range(20):
        outcome = site.provider.publish(connection, draft, checkpoint)
        following = outcome if isinstance(outcome, Pending) else outcome.follow_up
        assert following is not None
        checkpoint = dict(following.checkpoint)
        if checkpoint["stage"] == stage:
            return checkpoint
    raise AssertionError(f"no stage {stage}")


# What goes out


def test_a_text_goes_out_as_written_with_its_link(site: Site) -> None:
    published = site.publish(draft_of("text", options={"link": "https://bakery-nord.example/menu"}))
    assert (site.post()["caption"], site.post()["link"]) == (
        "Open on Sundays",
        "https://bakery-nord.example/menu",
    )
    assert published.remote_id == site.post()["id"]
    assert published.permalink == site.post()["permalink"]


def test_a_link_needs_no_words(site: Site) -> None:
    site.publish(draft_of("text", text="", options={"link": "https://bakery-nord.example/menu"}))
    assert site.post()["link"] == "https://bakery-nord.example/menu"


def test_pictures_are_sent_as_bytes_with_their_descriptions(site: Site, photo: Make) -> None:
    site.publish(draft_of("photo", photo(alt_text="A loaf"), text="Fresh"))
    assert (site.post()["kind"], site.post()["alt_text"], site.post()["caption"]) == (
        "photo",
        "A loaf",
        "Fresh",
    )
    assert "multipart/form-data" in site.calls("POST", "/photos")[0]["headers"]["Content-Type"]


def test_a_picture_that_is_only_at_an_address_is_fetched_by_the_platform(site: Site, photo: Make) -> None:
    site.publish(draft_of("photo", photo(open=None, url="https://media.example/photo.jpg")))
    assert site.post()["sizes"] == [[400, 400]]


def test_an_album_is_one_post_with_its_pictures_in_order(site: Site, photo: Make) -> None:
    pictures = [photo(samples.jpeg(40 + n, 40), alt_text=f"Number {n}") for n in range(3)]
    site.publish(draft_of("carousel", *pictures))
    assert site.post()["sizes"] == [[40, 40], [41, 40], [42, 40]]
    assert [child["alt_text"] for child in site.post()["children"]] == ["Number 0", "Number 1", "Number 2"]
    assert len(site.calls("POST", "/feed")) == 1


@pytest.mark.parametrize("kind", ["video", "reel", "story"])
def test_a_film_arrives_whole_and_waits_until_it_is_processed(site: Site, film: Make, kind: str) -> None:
    media = film(padding=2 * MEBIBYTE, seconds=12.0)
    published = site.publish(draft_of(kind, media, options={"title": "Rolls"} if kind != "story" else {}))
    (upload,) = site.pages.films.values()
    assert bytes(upload.body) == media.read(0, media.size)
    assert site.post()["kind"] == kind
    assert published.permalink == site.post()["permalink"]
    if kind != "story":
        assert (upload.params["description"], upload.params["title"]) == ("Open on Sundays", "Rolls")


def test_the_first_comment_is_the_pages_own(site: Site) -> None:
    site.publish(draft_of("text", first_comment="Also on Mondays"))
    assert [comment["text"] for comment in site.post()["comments"]] == ["Also on Mondays"]


def test_a_comment_that_is_refused_leaves_the_post_published(site: Site) -> None:
    connection = site.connection(decline=("pages_manage_engagement",))
    published = site.publish(draft_of("text", first_comment="Also on Mondays"), connection)
    assert published.warning == "first_comment_failed"
    assert site.post()["comments"] == []


# Uploads


def test_a_large_film_is_never_in_memory_as_a_whole(site: Site, connection: Connection) -> None:
    class Zeros:
        def __enter__(self) -> Zeros:
            return self

        def __exit__(self, *error: object) -> None: ...

        def seek(self, offset: int) -> None: ...

        def read(self, length: int) -> bytes:
            return bytes(length)

    sent = 0

    def swallow(request: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += sum(len(piece) for piece in request.body)
        raise ConnectionError("it broke off")

    client = site.provider.client(connection)
    media = Media(kind="video", mime="video/mp4", size=1_000_000_000, open=Zeros)  # type: ignore[arg-type]
    site.adapter.send = swallow  # type: ignore[assignment, method-assign]
    tracemalloc.start()
    with pytest.raises(Unavailable):
        client.upload_rest("https://rupload.facebook.com/video-upload/v26.0/1", media, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent == media.size
    assert peak < 4 * PIECE


def test_an_upload_that_broke_off_goes_on_where_it_did(
    site: Site, world: World, film: Make, connection: Connection
) -> None:
    media = film(padding=MEBIBYTE)
    draft = draft_of("reel", media)
    checkpoint = until(site, connection, draft, "upload")
    (upload,) = site.pages.films.values()
    upload.body += media.read(0, 700_000)
    outcome = site.provider.publish(connection, draft, checkpoint)
    assert isinstance(outcome, Pending)
    assert outcome.note == f"{media.size - 700_000} bytes"
    assert bytes(upload.body) == media.read(0, media.size)


@pytest.mark.parametrize("as_text", [True, False])
def test_a_piece_whose_answer_was_lost_is_not_sent_twice(
    site: Site, world: World, film: Make, as_text: bool
) -> None:
    site.pages.toggle["error_data_as_text"] = as_text
    world.fault(action="lose_after", path="/videos$", nth=2)
    media = film(padding=3 * MEBIBYTE)
    site.publish(draft_of("video", media))
    (upload,) = site.pages.films.values()
    assert bytes(upload.body) == media.read(0, media.size)
    assert len(site.calls("POST", "/videos")) == 1 + 4 + 1 + 1  # start, pieces, the one refused, finish


def test_a_film_that_cant_be_processed_is_the_authors(site: Site, film: Make) -> None:
    with pytest.raises(ContentRejected) as caught:
        site.publish(draft_of("reel", film(samples.mp4(200.0))))
    assert (caught.value.code, caught.value.certain) == ("media_processing_failed", True)
    assert site.world.posts() == []


def test_a_film_that_is_processed_without_an_end_is_left_to_a_person(
    site: Site, connection: Connection, film: Make
) -> None:
    draft = draft_of("reel", film())
    checkpoint = until(site, connection, draft, "publish")
    site.world.fault(action="never_finish", path="/video_reels$")
    outcome: Any = site.provider.publish(connection, draft, checkpoint)
    while isinstance(outcome, Pending) and outcome.checkpoint["polls"] < MOST_POLLS:
        site.advance(outcome.retry_after)
        outcome = site.provider.find(connection, draft, outcome.checkpoint, site.now())
    assert isinstance(outcome, Pending)
    with pytest.raises(OutcomeUnknown):
        site.provider.find(connection, draft, outcome.checkpoint, site.now())


def test_an_upload_address_elsewhere_is_not_called(
    site: Site, world: World, film: Make, connection: Connection
) -> None:
    body = {"video_id": "1", "upload_url": "https://evil.example/upload"}
    world.fault(action="status", status=200, path="/video_reels$", body=body)
    world.fault(action="status", status=200, path="/1$", body={"id": "1", "status": {}})
    with pytest.raises(Exception, match="host_refused"):
        site.publish(draft_of("reel", film()), connection)


def test_what_was_staged_too_long_ago_is_staged_anew(site: Site, photo: Make, connection: Connection) -> None:
    draft = draft_of("photo", photo())
    checkpoint = until(site, connection, draft, "publish")
    site.advance(21 * 3600)
    outcome = site.provider.publish(connection, draft, checkpoint)
    assert isinstance(outcome, Pending)
    assert (outcome.checkpoint["stage"], outcome.repeatable) == ("photos", True)
    assert site.calls("POST", "/feed") == []


# Looking


def lost(site: Site, connection: Connection, draft: Draft, *, action: str = "lose_after") -> Any:
    """Lose the answer to the call that publishes, and return its checkpoint."""
    checkpoint = until(site, connection, draft, "publish")
    site.world.fault(action=action, method="POST", path="/(feed|photo_stories|video\\w*)$")
    with pytest.raises(OutcomeUnknown):
        site.provider.publish(connection, draft, checkpoint)
    return checkpoint


def find(site: Site, connection: Connection, draft: Draft, checkpoint: Any, after: float = 30.0) -> Any:
    began = site.now()
    site.advance(after)
    return site.provider.find(connection, draft, checkpoint, began)


def drafts(photo: Make, film: Make) -> dict[str, Draft]:
    return {
        "text": draft_of("text"),
        "photo": draft_of("photo", photo()),
        "carousel": draft_of("carousel", photo(), photo()),
        "story": draft_of("story", photo()),
        "video": draft_of("video", film()),
        "reel": draft_of("reel", film()),
        "story of a film": draft_of("story", film()),
    }


KINDS = ["text", "photo", "carousel", "story", "video", "reel", "story of a film"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_live_is_found(
    site: Site, connection: Connection, photo: Make, film: Make, kind: str
) -> None:
    draft = drafts(photo, film)[kind]
    checkpoint = lost(site, connection, draft)
    site.world.toggles.video_seconds = 10.0
    found = find(site, connection, draft, checkpoint)
    assert isinstance(found, Published)
    assert found.remote_id == site.post()["id"]


@pytest.mark.parametrize("kind", ["video", "reel", "story of a film"])
def test_a_film_that_is_being_processed_is_waited_for_and_not_finished_again(
    site: Site, connection: Connection, photo: Make, film: Make, kind: str
) -> None:
    site.world.toggles.video_polls = 5
    draft = drafts(photo, film)[kind]
    found = find(site, connection, draft, lost(site, connection, draft))
    assert isinstance(found, Pending)
    assert (found.checkpoint["stage"], found.accepted) == ("confirm", True)
    site.advance(600)
    assert isinstance(site.provider.find(connection, draft, found.checkpoint, site.now()), Published)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_live_is_surely_not_only_after_a_while(
    site: Site, connection: Connection, photo: Make, film: Make, kind: str
) -> None:
    draft = drafts(photo, film)[kind]
    checkpoint = lost(site, connection, draft, action="lose_before")
    with pytest.raises(OutcomeUnknown):
        find(site, connection, draft, checkpoint)
    assert find(site, connection, draft, checkpoint, after=121.0) is None
    assert site.world.posts() == []


@pytest.mark.parametrize("kind", ["text", "photo", "story"])
def test_reading_later_than_writing_doubles_nothing(site: Site, photo: Make, film: Make, kind: str) -> None:
    site.pages.toggle["lag_seconds"] = 40.0
    site.world.fault(action="status_after", status=500, code=2, path="/(feed|photo_stories)$")
    published = site.publish(drafts(photo, film)[kind])
    assert published.remote_id == site.post()["id"]


def test_a_picture_that_does_not_name_its_post_is_found_in_the_list(
    site: Site, connection: Connection, photo: Make, film: Make
) -> None:
    draft = drafts(photo, film)["carousel"]
    checkpoint = lost(site, connection, draft)
    site.world.fault(action="status", status=400, code=100, subcode=33, path=f"/{checkpoint['photos'][0]}$")
    assert find(site, connection, draft, checkpoint).remote_id == site.post()["id"]


def test_another_apps_post_with_the_same_words_is_not_ours(site: Site, connection: Connection) -> None:
    draft = draft_of("text")
    checkpoint = lost(site, connection, draft, action="lose_before")
    site.publish(draft, connection)
    (post,) = site.pages.posts.values()
    site.world.apps["other"] = site.world.apps["sandbox-app"]
    post.facts["app_id"] = "other"
    assert find(site, connection, draft, checkpoint, after=121.0) is None


def test_an_older_post_with_the_same_words_is_not_ours(site: Site, connection: Connection) -> None:
    draft = draft_of("text")
    site.publish(draft, connection)
    site.advance(3600)
    checkpoint = lost(site, connection, draft, action="lose_before")
    assert find(site, connection, draft, checkpoint, after=121.0) is None


@pytest.mark.parametrize("kind", ["text", "story"])
def test_a_refusal_of_the_same_post_is_proof_of_the_attempt_before(
    site: Site, connection: Connection, photo: Make, film: Make, kind: str
) -> None:
    site.pages.toggle["refuse_duplicates"] = True
    draft = drafts(photo, film)[kind]
    checkpoint = lost(site, connection, draft)
    site.pages.toggle["lag_seconds"] = 200.0
    assert find(site, connection, draft, checkpoint, after=121.0) is None
    site.advance(100)
    found = site.provider.publish(connection, draft, checkpoint)
    assert isinstance(found, Published)
    assert (found.remote_id, found.existing) == (site.post()["id"], True)


def test_a_refusal_of_words_that_somebody_posted_before_is_the_authors(
    site: Site, connection: Connection
) -> None:
    site.pages.toggle["refuse_duplicates"] = True
    site.publish(draft_of("text"), connection)
    site.advance(3600)
    with pytest.raises(ContentRejected) as caught:
        site.publish(draft_of("text"), connection)
    assert caught.value.code == "duplicate_post"


def test_a_list_that_refuses_to_name_apps_is_read_without(site: Site, connection: Connection) -> None:
    draft = draft_of("text")
    checkpoint = lost(site, connection, draft)
    site.world.fault(action="status", status=400, code=100, path="/published_posts$")
    assert find(site, connection, draft, checkpoint).remote_id == site.post()["id"]


def test_a_film_whose_phases_are_not_told_is_left_open_until_it_is_ready(
    site: Site, connection: Connection, film: Make, photo: Make
) -> None:
    site.pages.toggle["bare_status"] = True
    site.world.toggles.video_polls = 3
    draft = drafts(photo, film)["video"]
    checkpoint = lost(site, connection, draft)
    with pytest.raises(OutcomeUnknown):
        find(site, connection, draft, checkpoint, after=100.0)
    assert isinstance(find(site, connection, draft, checkpoint), Published)


def test_a_comment_is_found_or_surely_not_there(site: Site, connection: Connection) -> None:
    draft = draft_of("text", first_comment="Also on Mondays")
    checkpoint = until(site, connection, draft, "comment")
    began = site.now()
    site.advance(30)
    with pytest.raises(OutcomeUnknown):
        site.provider.find(connection, draft, checkpoint, began)
    site.advance(100)
    assert site.provider.find(connection, draft, checkpoint, began) is None
    site.provider.publish(connection, draft, checkpoint)
    assert site.provider.find(connection, draft, checkpoint, site.now() - timedelta(seconds=1))


def test_every_call_is_one_the_platform_has(
    site: Site, connection: Connection, photo: Make, film: Make
) -> None:
    site.provider.verify(connection)
    for draft in drafts(photo, film).values():
        published = site.publish(draft, connection)
        site.provider.measure(connection, published.remote_id)
    site.provider.measure(connection)
    site.provider.revoke(connection.tokens)
    assert [call["unknown"] for call in site.world.calls if call["unknown"]] == []
    assert {call["host"] for call in site.world.calls} <= site.provider.hosts

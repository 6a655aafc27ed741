"""Posts, threads and media on X."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from django_connected_accounts.exceptions import (
    ContentRejected,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.twitter import evidence
from django_connected_accounts.providers.types import Connection, Draft, Pending, Published
from django_connected_accounts.testing import drive

from .conftest import X, film, picture

TEXT = Draft(kind="text", text="Fresh rye at seven")
THREAD = Draft(
    kind="text",
    text="One of four",
    options={"thread": ["Two of four", "Three of four"]},
    first_comment="Four of four",
)
CREATE = r"^/2/tweets$"


def until_ready(x: X, connection: Connection, draft: Draft) -> Pending:
    """Take every step up to the one that must not be repeated."""
    checkpoint = None
    for _ in range(40):
        pending = x.provider.publish(connection, draft, checkpoint)
        assert isinstance(pending, Pending)
        if not pending.repeatable:
            return pending
        x.advance(pending.retry_after)
        checkpoint = pending.checkpoint
    raise AssertionError("never ready")


def live(x: X) -> list[str]:
    """Every text the public sees, replies included, in order."""
    return [
        text for post in x.world.posts() for text in (post["caption"], *(c["text"] for c in post["comments"]))
    ]


# What is sent


def test_a_text_is_one_call(x: X) -> None:
    connection = x.connection()
    x.world.calls.clear()
    published = drive(x.provider, connection, TEXT, x)
    (post,) = x.world.posts()
    assert x.calls() == ["/2/tweets"]
    assert published.permalink == f"https://x.com/juniper_shop/status/{post['id']}"
    assert published.published_at
    assert abs(published.published_at - x.now()) < timedelta(seconds=5)


def test_options_go_out_with_the_first_post_only(x: X) -> None:
    options = {"reply_settings": "following", "made_with_ai": True, "paid_partnership": False}
    poll = {"poll_options": ["Rye", "Spelt"], "poll_duration_minutes": 60, "thread": ["And why?"]}
    x.publish(Draft(kind="text", text="Which one?", options={**options, **poll}))
    first, second = (call["params"] for call in x.world.calls if call["path"] == "/2/tweets")
    assert first == {
        "text": "Which one?",
        "reply_settings": "following",
        "made_with_ai": True,
        "poll": {"options": ["Rye", "Spelt"], "duration_minutes": 60},
    }
    assert second.keys() == {"text", "reply"}


def test_pictures_are_described_and_published_together(x: X) -> None:
    draft = Draft(kind="carousel", media=(picture("1", alt_text="One"), picture("2", mime="image/png")))
    x.publish(draft)
    (post,) = x.world.posts()
    assert post["sizes"] == [[64, 48], [64, 48]]
    assert [child["alt_text"] for child in post["children"]] == ["One", ""]
    assert [call for call in x.calls() if call.endswith("metadata")] == ["/2/media/metadata"]
    assert "text" not in x.world.calls[-1]["params"]


def test_a_gif_is_worked_on_before_it_is_described(x: X) -> None:
    x.publish(Draft(kind="photo", text="Loop", media=(picture(mime="image/gif", alt_text="A loop"),)))
    assert x.world.posts()[0]["alt_text"] == "A loop"
    assert x.calls()[-3:] == ["/2/media/upload", "/2/media/metadata", "/2/tweets"]


def test_a_film_goes_up_in_pieces_one_a_step(x: X) -> None:
    connection, draft = x.connection(), Draft(kind="video", text="Long", media=(film(size=4_500_000),))
    pending = x.provider.publish(connection, draft)
    sent = []
    while pending.repeatable:
        x.world.calls.clear()
        pending = x.provider.publish(connection, draft, pending.checkpoint)
        assert len(x.world.calls) <= 1
        sent.append(pending.checkpoint["uploads"][0].get("sent"))
        x.advance(pending.retry_after)
    assert sent[:3] == [2_000_000, 4_000_000, 4_500_000]
    assert x.provider.publish(connection, draft, pending.checkpoint)
    assert x.world.posts()[0]["kind"] == "video"


def test_pieces_are_read_from_the_file_as_they_are_sent(x: X) -> None:
    whole = film(size=4_500_000)
    reads: list[tuple[int, int]] = []

    class File:
        def __enter__(self) -> File:
            return self

        def __exit__(self, *args: object) -> None:
            self.inner.close()

        def __init__(self) -> None:
            assert whole.open
            self.inner = whole.open()

        def seek(self, offset: int) -> None:
            self.at = self.inner.seek(offset)

        def read(self, length: int) -> bytes:
            reads.append((self.at, length))
            return self.inner.read(length)

    x.publish(Draft(kind="video", text="x", media=(replace(whole, open=File),)))  # type: ignore[arg-type]
    assert reads == [(0, 2_000_000), (2_000_000, 2_000_000), (4_000_000, 2_000_000)]


def test_an_empty_answer_to_a_piece_is_a_good_one(x: X) -> None:
    x.site.toggle["append_body"] = False
    x.publish(Draft(kind="photo", media=(picture(),)))
    assert x.posts() == 1


def test_newer_names_of_fields_change_nothing(x: X) -> None:
    x.site.toggle["names"] = "post"
    x.world.fault(action="lose_after", path=CREATE)
    assert x.publish(TEXT).remote_id == x.world.posts()[0]["id"]


def test_media_x_can_not_use_is_the_authors_to_mend(x: X) -> None:
    x.site.toggle["processing_fails"] = True
    with pytest.raises(ContentRejected) as caught:
        x.publish(Draft(kind="video", text="x", media=(film(),)))
    assert caught.value.code == "media_processing_failed"
    assert caught.value.platform_code == "1/InvalidMedia"


def test_an_upload_x_has_forgotten_is_begun_again(x: X) -> None:
    connection, draft = x.connection(), Draft(kind="video", text="x", media=(film(),))
    pending = x.provider.publish(connection, draft)
    x.site.uploads.clear()
    published = drive_from(x, connection, draft, pending)
    assert published.remote_id
    assert x.calls("POST").count("/2/media/upload/initialize") == 2


def test_an_upload_that_expired_while_the_post_was_held_is_made_anew(x: X) -> None:
    connection, draft = x.connection(), Draft(kind="photo", text="x", media=(picture(),))
    pending = until_ready(x, connection, draft)
    x.advance(24 * 3600)
    connection = x.connection()
    assert drive_from(x, connection, draft, pending).remote_id
    assert x.posts() == 1


def test_media_that_is_refused_after_all_is_uploaded_anew_and_then_given_up(x: X) -> None:
    connection, draft = x.connection(), Draft(kind="photo", text="x", media=(picture(),))
    body = {"errors": [{"parameters": {"media.media_ids": []}, "message": "Your media IDs are invalid."}]}
    fault = x.world.fault(action="status", path=CREATE, status=400, body=body, times=2)
    assert drive(x.provider, connection, draft, x).remote_id
    assert fault.fired == 2
    x.world.fault(action="status", path=CREATE, status=400, body=body, times=0)
    with pytest.raises(ContentRejected, match="media_processing_failed"):
        drive(x.provider, connection, replace(draft, text="y"), x)


def drive_from(x: X, connection: Connection, draft: Draft, pending: Pending) -> Published:
    outcome: Any = pending
    while not isinstance(outcome, Published):
        x.advance(outcome.retry_after)
        outcome = x.provider.publish(connection, draft, outcome.checkpoint)
    return outcome


# Threads


def test_a_thread_is_a_chain_of_replies_with_the_comment_last(x: X) -> None:
    published = x.publish(THREAD)
    (post,) = x.world.posts()
    assert published.remote_id == post["id"]
    assert live(x) == ["One of four", "Two of four", "Three of four", "Four of four"]
    parents = [wire.parent for wire in x.site.wires.values()]
    assert parents == ["", *list(x.site.wires)[:3]]


def test_every_step_of_a_thread_says_that_it_must_not_be_repeated(x: X) -> None:
    connection = x.connection()
    outcome: Any = x.provider.publish(connection, THREAD)
    for count in range(1, 5):
        x.world.calls.clear()
        assert not outcome.repeatable
        published = x.provider.publish(connection, THREAD, outcome.checkpoint)
        assert isinstance(published, Published)
        assert len(x.world.calls) == 1
        assert len(live(x)) == count
        outcome = published.follow_up
    assert outcome is None


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize("action", ["lose_after", "lose_before", "truncate_body"])
def test_a_thread_goes_on_after_the_last_post_that_is_live(x: X, nth: int, action: str) -> None:
    x.world.fault(action=action, path=CREATE, nth=nth)
    published = x.publish(THREAD)
    assert not published.warning
    assert live(x) == ["One of four", "Two of four", "Three of four", "Four of four"]


def test_a_limit_in_the_middle_of_a_thread_is_waited_for(x: X) -> None:
    x.site.toggle["posts_per_window"] = 2
    began = x.now()
    x.publish(THREAD)
    assert live(x)[-1] == "Four of four"
    assert (x.now() - began).total_seconds() >= 15 * 60


@pytest.mark.parametrize(("nth", "warning"), [(2, "thread_incomplete"), (4, "first_comment_failed")])
def test_a_refusal_in_the_middle_leaves_what_is_live(x: X, nth: int, warning: str) -> None:
    body = {"title": "Forbidden", "detail": "duplicate content", "type": "about:blank", "status": 403}
    x.world.fault(action="status", path=CREATE, status=403, body=body, nth=nth)
    published = x.publish(THREAD)
    assert published.warning == warning
    assert published.permalink
    assert len(live(x)) == nth - 1


# Was it published


def test_nothing_is_sure_before_the_timeline_has_had_time(x: X) -> None:
    connection = x.connection()
    pending = until_ready(x, connection, TEXT)
    since = x.now()
    with pytest.raises(OutcomeUnknown):
        x.provider.find(connection, TEXT, pending.checkpoint, since)
    x.advance(90)
    assert x.provider.find(connection, TEXT, pending.checkpoint, since) is None


def test_a_post_that_waited_long_to_be_sent_is_not_called_unsent_at_once(x: X) -> None:
    connection = x.connection()
    pending = until_ready(x, connection, TEXT)
    x.advance(3600)
    with pytest.raises(OutcomeUnknown):
        x.provider.find(connection, TEXT, pending.checkpoint, x.now())


def test_a_post_that_shows_up_late_is_found_by_the_attempt_after(x: X) -> None:
    """X refuses the second as a duplicate of the first, which is then there to be found."""
    connection = x.connection()
    pending = until_ready(x, connection, TEXT)
    x.provider.publish(connection, TEXT, pending.checkpoint)
    x.site.toggle["timeline_delay"] = 600
    since = x.now()
    x.advance(100)
    assert x.provider.find(connection, TEXT, pending.checkpoint, since) is None
    with pytest.raises(ContentRejected, match="duplicate_post"):
        x.provider.publish(connection, TEXT, pending.checkpoint)
    again = x.now()
    x.advance(600)
    found = x.provider.find(connection, TEXT, pending.checkpoint, again)
    assert found.remote_id == x.world.posts()[0]["id"]


def test_a_text_that_was_posted_long_before_is_a_duplicate_and_not_ours(x: X) -> None:
    x.publish(TEXT)
    x.advance(3600)
    connection = x.connection()
    pending = until_ready(x, connection, TEXT)
    with pytest.raises(ContentRejected, match="duplicate_post"):
        x.provider.publish(connection, TEXT, pending.checkpoint)
    since = x.now()
    x.advance(90)
    assert x.provider.find(connection, TEXT, pending.checkpoint, since) is None


@pytest.mark.parametrize(
    "text",
    [
        "Rye & spelt <fresh> at https://bakery.com/Rye?a=1&b=2, or bakery.com",
        "Line one\n\n  line   two ",
        "Cafe\u0301 \U0001f35e",
        "https://bakery.com/",
        "\u30d1\u30f3\u5c4bbakery.com",
        "long " * 60,
    ],
)
@pytest.mark.parametrize("media", [(), (picture(),)], ids=["bare", "picture"])
def test_a_text_is_recognised_as_x_shows_it(x: X, text: str, media: Any) -> None:
    x.world.fault(action="lose_after", path=CREATE)
    options = {"long_post": True} if len(text) > 280 else {}
    x.person = "creator"  # type: ignore[misc]
    draft = Draft(kind="photo" if media else "text", text=text, media=media, options=options)
    assert x.publish(draft).remote_id == x.world.posts()[0]["id"]
    assert x.posts() == 1


def test_a_post_without_words_is_known_by_its_media(x: X) -> None:
    draft = Draft(kind="photo", media=(picture(),))
    x.publish(draft)
    x.world.fault(action="lose_after", path=CREATE)
    assert x.publish(draft).remote_id == x.world.posts()[1]["id"]


@pytest.mark.parametrize(
    "other",
    [
        Draft(kind="text", text="New: bakery.com/b"),
        Draft(kind="photo", text="Same words", media=(picture(),)),
    ],
    ids=["link", "media"],
)
def test_a_post_that_may_be_another_one_leaves_it_open(x: X, other: Draft) -> None:
    connection = x.connection()
    mine = replace(other, text=other.text.replace("/b", "/a"))
    pending = until_ready(x, connection, mine)
    drive(x.provider, connection, other, x)
    since = x.now()
    x.advance(600)
    with pytest.raises(OutcomeUnknown, match="a post like it"):
        x.provider.find(connection, mine, pending.checkpoint, since)


@pytest.mark.parametrize("text", ["Look https://t.co/abc", "Look https://t.co/abc https://t.co/pic"])
def test_where_x_does_not_expand_links_it_stays_open(text: str) -> None:
    media = text.endswith("pic")
    now = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
    row = {"id": "5", "text": text, "attachments": {"media_keys": ["3_1"] if media else []}}
    wanted = evidence.Wanted(
        text="Look bakery.com", media_keys=[""] if media else [], quoted="", since=now, known=[]
    )
    assert evidence._likeness(row, wanted) == "like"
    assert evidence._likeness(row, replace(wanted, text="Watch bakery.com")) == ""


def test_other_words_are_another_post(x: X) -> None:
    connection = x.connection()
    pending = until_ready(x, connection, TEXT)
    drive(x.provider, connection, replace(TEXT, text="Fresh rye at eight"), x)
    since = x.now()
    x.advance(90)
    assert x.provider.find(connection, TEXT, pending.checkpoint, since) is None


def test_it_is_found_on_a_later_page(x: X) -> None:
    x.site.toggle["posts_per_window"] = 1000
    connection = x.connection()
    pending = until_ready(x, connection, TEXT)
    since = x.now()
    x.provider.publish(connection, TEXT, pending.checkpoint)
    for number in range(120):
        drive(x.provider, connection, replace(TEXT, text=f"Number {number}"), x)
    assert x.provider.find(connection, TEXT, pending.checkpoint, since)


def test_what_is_live_already_is_not_taken_for_the_next_of_a_thread(x: X) -> None:
    connection = x.connection()
    draft = replace(TEXT, options={"thread": [TEXT.text]})
    first = x.provider.publish(connection, draft, until_ready(x, connection, draft).checkpoint)
    assert isinstance(first, Published)
    assert first.follow_up
    since = x.now()
    x.advance(90)
    assert x.provider.find(connection, draft, first.follow_up.checkpoint, since) is None


def test_without_uploads_finished_nothing_can_be_live(x: X) -> None:
    connection, draft = x.connection(), Draft(kind="photo", media=(picture(),))
    pending = x.provider.publish(connection, draft)
    assert x.provider.find(connection, draft, pending.checkpoint, x.now()) is None
    assert x.provider.find(connection, draft, {}, x.now()) is None


def test_a_quote_is_recognised_without_the_link_x_adds(x: X) -> None:
    row = {
        "id": "5",
        "text": "Look https://t.co/abc",
        "entities": {"urls": [{"url": "https://t.co/abc", "expanded_url": "https://x.com/a/status/77"}]},
    }
    now = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
    wanted = evidence.Wanted(text="Look", media_keys=[], quoted="77", since=now, known=[])
    assert evidence._likeness(row, wanted) == "same"
    assert evidence._likeness(row, replace(wanted, quoted="")) == ""


def test_a_timeline_out_of_reach_settles_nothing(x: X) -> None:
    connection = x.connection()
    pending = until_ready(x, connection, TEXT)
    x.world.fault(action="status", path="/users/", status=200, body={}, times=0)
    x.advance(600)
    with pytest.raises(Unavailable):
        x.provider.find(connection, TEXT, pending.checkpoint, x.now())


def test_a_limit_says_when_it_ends(x: X) -> None:
    x.site.toggle["posts_per_window"] = 1
    connection = x.connection()
    drive(x.provider, connection, TEXT, x)
    x.advance(100)
    other = replace(TEXT, text="More")
    pending = until_ready(x, connection, other)
    with pytest.raises(RateLimited) as caught:
        x.provider.publish(connection, other, pending.checkpoint)
    assert 790 < caught.value.retry_after <= 800


# Deleting


def test_what_x_says_it_did_not_delete_is_looked_up(x: X) -> None:
    connection = x.connection()
    published = drive(x.provider, connection, TEXT, x)
    for answer in ({"data": {"deleted": False}}, {}):
        x.world.fault(action="status", method="DELETE", status=200, body=answer)
        with pytest.raises(Unavailable):
            x.provider.delete(connection, published.remote_id)
    problem = {"title": "Forbidden", "type": "https://api.x.com/2/problems/not-authorized-for-resource"}
    x.world.fault(action="status", method="DELETE", status=403, body=problem)
    with pytest.raises(ContentRejected):
        x.provider.delete(connection, published.remote_id)
    assert live(x) == ["Fresh rye at seven"]
    x.provider.delete(connection, published.remote_id)
    x.world.fault(action="status", method="DELETE", status=404, body={"title": "Not Found Error"})
    x.provider.delete(connection, published.remote_id)
    assert live(x) == []

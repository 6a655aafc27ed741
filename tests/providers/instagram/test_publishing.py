from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    NotAuthorized,
    OutcomeUnknown,
    PermissionMissing,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.types import Draft, Media, Pending, Published
from django_connected_accounts.testing import drive, sample_draft

from .conftest import Platform

PHOTO, CAROUSEL, REEL, STORY = (sample_draft(kind) for kind in ("photo", "carousel", "reel", "story"))
PUBLISH = "/media_publish$"


def until_publish(platform: Platform, connection: Any, draft: Draft) -> Pending:
    """Return what leads to the publish step: a container that is ready."""
    pending = platform.provider.publish(connection, draft)
    while pending.repeatable:
        platform.advance(pending.retry_after)
        pending = platform.provider.publish(connection, draft, pending.checkpoint)
    return pending


# What is sent


@pytest.mark.parametrize("kind", ["photo", "carousel", "reel", "story"])
def test_each_kind_is_published_as_written(platform: Platform, kind: Any) -> None:
    draft = sample_draft(kind)
    published = platform.publish(draft)
    (post,) = platform.world.posts()
    assert (post["id"], post["kind"], post["caption"]) == (published.remote_id, kind, draft.text)
    assert post["permalink"] == published.permalink
    assert abs(published.published_at - platform.now()) < timedelta(seconds=30)
    assert [call["unknown"] for call in platform.world.calls if call["unknown"]] == []


def test_pictures_carry_their_text_and_tags(platform: Platform) -> None:
    tags = ({"username": "coffee.nord", "x": 0.25, "y": 0.75},)
    media = replace(PHOTO.media[0], alt_text="A loaf", user_tags=tags)
    platform.publish(replace(PHOTO, media=(media,)))
    (call,) = [c for c in platform.world.calls if c["path"].endswith("/media") and c["method"] == "POST"]
    assert call["params"]["alt_text"] == "A loaf"
    assert call["params"]["user_tags"] == '[{"username":"coffee.nord","x":0.25,"y":0.75}]'
    assert platform.world.posts()[0]["alt_text"] == "A loaf"


def test_options_are_sent_where_their_kind_has_them(facebook: Platform) -> None:
    place = next(page.id for page in facebook.world.people["two_businesses"].pages if page.located)
    options = {"location_id": place, "collaborators": ["coffee.nord"], "audio_name": ""}
    facebook.publish(replace(PHOTO, options=options))
    call = next(c for c in facebook.world.calls if c["path"].endswith("/media") and c["method"] == "POST")
    assert call["params"]["location_id"] == place
    assert call["params"]["collaborators"] == '["coffee.nord"]'
    assert "audio_name" not in call["params"]


def test_a_reel_takes_cover_and_choices(platform: Platform) -> None:
    film = replace(
        REEL.media[0], cover_url=PHOTO.media[0].url, user_tags=({"username": "a", "x": 0, "y": 0},)
    )
    platform.publish(replace(REEL, media=(film,), options={"share_to_feed": False, "thumb_offset": 0}))
    call = next(c for c in platform.world.calls if c["path"].endswith("/media") and c["method"] == "POST")
    assert call["params"]["cover_url"] == PHOTO.media[0].url
    assert call["params"]["share_to_feed"] == "false"
    assert call["params"]["thumb_offset"] == "0"
    assert call["params"]["user_tags"] == '[{"username":"a"}]'


def test_the_items_of_a_carousel_carry_no_caption(platform: Platform) -> None:
    photo, film = CAROUSEL.media
    platform.publish(replace(CAROUSEL, media=(replace(photo, alt_text="one"), film, photo)))
    calls = [c for c in platform.world.calls if c["path"].endswith("/media") and c["method"] == "POST"]
    *items, parent = (call["params"] for call in calls)
    assert [item.get("media_type", "IMAGE") for item in items] == ["IMAGE", "VIDEO", "IMAGE"]
    assert all("caption" not in item and item["is_carousel_item"] == "true" for item in items)
    assert parent["media_type"] == "CAROUSEL"
    (post,) = platform.world.posts()
    assert [child["kind"] for child in post["children"]] == ["image", "video", "image"]


def test_a_carousel_holds_ten_items(platform: Platform) -> None:
    photo, film = CAROUSEL.media
    platform.publish(replace(CAROUSEL, media=(photo, film) * 5))
    (post,) = platform.world.posts()
    assert len(post["children"]) == 10


def test_what_preflight_refuses_is_never_sent(platform: Platform) -> None:
    connection = platform.connection()
    platform.world.calls.clear()
    for draft, code in (
        (Draft(kind="photo"), "media_missing"),
        (replace(PHOTO, text="x" * 2201), "text_too_long"),
        (replace(PHOTO, media=(replace(PHOTO.media[0], url=""),)), "media_missing"),
        (Draft(kind="text", text="x"), "media_missing"),
    ):
        with pytest.raises(ContentRejected, match=code):
            platform.provider.publish(connection, draft)
    assert platform.world.calls == []


# Steps


def test_waiting_is_left_to_the_caller_and_grows(platform: Platform) -> None:
    platform.world.fault(action="never_finish", path="/media$", method="POST")
    connection = platform.connection()
    pending = platform.provider.publish(connection, PHOTO)
    waits = [pending.retry_after]
    for _ in range(16):
        assert pending.waiting
        pending = platform.provider.publish(connection, PHOTO, pending.checkpoint)
        waits.append(pending.retry_after)
    assert waits[:7] == [3, 3, 5, 10, 20, 30, 60]
    assert waits[-1] == 300


def test_the_step_before_publishing_says_that_it_must_not_be_repeated(platform: Platform) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    assert not pending.repeatable
    assert pending.retry_after == 0
    platform.world.calls.clear()
    published = platform.provider.publish(connection, PHOTO, pending.checkpoint)
    assert isinstance(published, Published)
    assert len(platform.world.calls) == 1
    assert published.follow_up is not None
    assert published.follow_up.repeatable


def test_a_container_not_ready_after_all_is_waited_for(platform: Platform) -> None:
    platform.world.fault(action="status", path=PUBLISH, code=9007, subcode=2207027, status=400, times=3)
    platform.publish(CAROUSEL)
    assert len(platform.world.posts()) == 1


def test_a_container_the_platform_forgot_is_tried_again_and_then_made_anew(platform: Platform) -> None:
    fault = platform.world.fault(action="status", path=PUBLISH, code=24, subcode=2207008, status=400, times=7)
    platform.publish(CAROUSEL)
    assert fault.fired == 7
    assert len(platform.world.posts()) == 1


def test_an_expired_container_is_made_anew(platform: Platform) -> None:
    platform.world.fault(action="expire", path="/media$", method="POST")
    platform.publish(PHOTO)
    assert len(platform.world.posts()) == 1


def test_a_passing_failure_of_processing_is_tried_again_a_few_times(platform: Platform) -> None:
    for draft in (REEL, CAROUSEL):
        platform.world.fault(
            action="container_error", path="/media$", method="POST", subcode=2207082, times=2
        )
        platform.publish(draft)
    assert len(platform.world.posts()) == 2
    platform.world.fault(action="container_error", path="/media$", method="POST", subcode=2207082, times=0)
    with pytest.raises(ContentRejected, match="media_processing_failed"):
        platform.publish(REEL)


@pytest.mark.parametrize(
    ("subcode", "code"),
    [
        (2207026, "media_format"),
        (2207085, "media_processing_failed"),
        (2207009, "aspect_ratio"),
        (2207099, "media_processing_failed"),
    ],
)
def test_a_lasting_one_is_the_authors_to_mend(platform: Platform, subcode: int, code: str) -> None:
    platform.world.fault(action="container_error", path="/media$", method="POST", subcode=subcode)
    with pytest.raises(ContentRejected) as caught:
        platform.publish(REEL)
    assert caught.value.code == code
    assert caught.value.platform_code == str(subcode)


def test_media_that_could_not_be_fetched_is_tried_three_times(platform: Platform) -> None:
    fault = platform.world.fault(
        action="status", path="/media$", method="POST", code=9004, subcode=2207052, status=400, times=2
    )
    platform.publish(PHOTO)
    assert fault.fired == 2
    gone = Media(kind="image", mime="image/jpeg", size=10, url="https://media.example/gone.jpg")
    with pytest.raises(ContentRejected, match="media_unreachable"):
        platform.publish(Draft(kind="photo", text="x", media=(gone,)))


@pytest.mark.parametrize(
    ("code", "subcode", "error"),
    [
        (9, 2207042, RateLimited),
        (80002, None, RateLimited),
        (25, 2207050, ActionNeeded),
        (10, None, PermissionMissing),
        (190, 460, NotAuthorized),
        (36003, 2207009, ContentRejected),
        (4, 2207051, RateLimited),
        (4, None, RateLimited),
        (-1, 2207001, OutcomeUnknown),
        (1, None, OutcomeUnknown),
        (2, None, OutcomeUnknown),
        (987654, None, OutcomeUnknown),
    ],
)
def test_a_refusal_to_publish_is_what_it_is(
    platform: Platform, code: int, subcode: int | None, error: type[Exception]
) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    platform.world.fault(action="status", path=PUBLISH, code=code, subcode=subcode, status=400)
    with pytest.raises(error):
        platform.provider.publish(connection, PHOTO, pending.checkpoint)


# Was it published


@pytest.mark.parametrize("draft", [PHOTO, CAROUSEL, REEL, STORY], ids=lambda draft: draft.kind)
@pytest.mark.parametrize(
    "trouble",
    [
        {"action": "lose_after"},
        {"action": "truncate_body"},
        {"action": "status_after", "status": 500},
        {"action": "status_after", "status": 400, "code": 4, "subcode": 2207051},
        {"action": "status_after", "status": 400, "code": 1},
        {"action": "status_after", "status": 200, "body": {}},
    ],
    ids=lambda trouble: f"{trouble['action']}-{trouble.get('status', '')}",
)
def test_a_post_that_went_live_unseen_is_found(
    platform: Platform, draft: Draft, trouble: dict[str, Any]
) -> None:
    platform.world.fault(path=PUBLISH, **trouble)
    published = platform.publish(draft)
    (post,) = platform.world.posts()
    assert published.remote_id == post["id"]
    assert published.permalink == post["permalink"]


@pytest.mark.parametrize("draft", [PHOTO, CAROUSEL, REEL, STORY], ids=lambda draft: draft.kind)
def test_a_post_that_surely_did_not_is_published_again(platform: Platform, draft: Draft) -> None:
    platform.world.fault(path=PUBLISH, action="lose_before")
    platform.publish(draft)
    assert len(platform.world.posts()) == 1


def test_nothing_is_sure_within_half_a_minute(platform: Platform) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    since = platform.now()
    with pytest.raises(OutcomeUnknown):
        platform.provider.find(connection, PHOTO, pending.checkpoint, since)
    platform.advance(30)
    assert platform.provider.find(connection, PHOTO, pending.checkpoint, since) is None


def test_a_failed_container_was_never_published(platform: Platform) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    platform.world.fault(action="expire", path=pending.checkpoint["container"])
    assert platform.provider.find(connection, PHOTO, pending.checkpoint, platform.now()) is None
    published = drive(platform.provider, connection, PHOTO, platform)
    assert published.remote_id


def test_while_the_container_cannot_be_read_nothing_is_settled(platform: Platform) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    since = platform.now()
    platform.advance(3600)
    for code, subcode in ((100, 33), (24, 2207006)):
        platform.world.fault(
            action="status",
            path=f"{pending.checkpoint['container']}$",
            code=code,
            subcode=subcode,
            status=400,
            times=2,
        )
        with pytest.raises(OutcomeUnknown):
            platform.provider.find(connection, PHOTO, pending.checkpoint, since)
        platform.world.faults.clear()


def test_a_published_container_without_a_media_stays_unknown(platform: Platform) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    since = platform.now()
    platform.provider.publish(connection, PHOTO, pending.checkpoint)
    platform.advance(3600)
    platform.world.fault(action="status", path="/media$", status=200, body={"data": []}, times=0)
    with pytest.raises(OutcomeUnknown):
        platform.provider.find(connection, PHOTO, pending.checkpoint, since)


def test_another_tools_post_is_not_taken_for_ours(platform: Platform) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    since = platform.now()
    other = replace(PHOTO, text="Something else")
    drive(platform.provider, connection, other, platform)
    drive(platform.provider, connection, replace(CAROUSEL, text=PHOTO.text), platform)
    platform.advance(60)
    assert platform.provider.find(connection, PHOTO, pending.checkpoint, since) is None


def test_an_older_post_with_the_same_words_is_not_taken_for_ours(platform: Platform) -> None:
    connection = platform.connection()
    drive(platform.provider, connection, PHOTO, platform)
    platform.advance(3600)
    pending = until_publish(platform, connection, PHOTO)
    since = platform.now()
    platform.advance(60)
    assert platform.provider.find(connection, PHOTO, pending.checkpoint, since) is None


def test_a_second_post_of_the_same_words_is_not_mistaken_for_the_first(platform: Platform) -> None:
    connection = platform.connection()
    pending = until_publish(platform, connection, PHOTO)
    since = platform.now()
    drive(platform.provider, connection, PHOTO, platform)
    platform.advance(60)
    with pytest.raises(OutcomeUnknown):
        platform.provider.find(connection, PHOTO, pending.checkpoint, since)
    platform.provider.publish(connection, PHOTO, pending.checkpoint)
    found = platform.provider.find(connection, PHOTO, pending.checkpoint, platform.now())
    assert found.remote_id == platform.world.posts()[-1]["id"]


def test_without_words_only_the_container_convinces(platform: Platform) -> None:
    silent = replace(PHOTO, text="")
    connection = platform.connection()
    pending = until_publish(platform, connection, silent)
    since = platform.now()
    drive(platform.provider, connection, silent, platform)
    platform.advance(60)
    assert platform.provider.find(connection, silent, pending.checkpoint, since) is None
    platform.provider.publish(connection, silent, pending.checkpoint)
    assert platform.provider.find(connection, silent, pending.checkpoint, platform.now())


def test_a_container_found_published_while_waiting_is_looked_for(platform: Platform) -> None:
    platform.world.fault(action="status_after", path=PUBLISH, code=9007, subcode=2207027, status=400)
    published = platform.publish(PHOTO)
    (post,) = platform.world.posts()
    assert published.remote_id == post["id"]


# What comes after


def test_the_permalink_is_read_later_and_its_loss_is_no_failure(platform: Platform) -> None:
    platform.world.fault(
        action="status", path=r"^/v26.0/180\d+$", method="GET", code=100, subcode=33, status=400, times=0
    )
    published = platform.publish(replace(PHOTO, first_comment="First"))
    assert published.remote_id
    assert (published.permalink, published.warning) == ("", "permalink_unknown")
    assert platform.comments() == 1


def test_the_first_comment_follows(platform: Platform) -> None:
    published = platform.publish(replace(PHOTO, first_comment="First"))
    (post,) = platform.world.posts()
    assert [comment["text"] for comment in post["comments"]] == ["First"]
    assert (published.permalink, published.warning) == (post["permalink"], "")


@pytest.mark.parametrize("action", ["lose_after", "lose_before", "truncate_body"])
def test_a_comment_is_made_once_whatever_is_lost(platform: Platform, action: str) -> None:
    platform.world.fault(action=action, path="/comments$", method="POST")
    platform.publish(replace(PHOTO, first_comment="First"))
    assert platform.comments() == 1


def test_a_refused_comment_leaves_the_post_published(platform: Platform) -> None:
    platform.world.fault(action="status", path="/comments$", method="POST", code=10, status=403)
    published = platform.publish(replace(PHOTO, first_comment="First"))
    assert published.remote_id
    assert published.warning == "first_comment_failed"
    assert len(platform.world.posts()) == 1


def test_throttled_comments_wait(platform: Platform) -> None:
    fault = platform.world.fault(
        action="status", path="/comments$", method="POST", code=80002, status=400, times=2
    )
    platform.publish(replace(PHOTO, first_comment="First"))
    assert fault.fired == 2
    assert platform.comments() == 1


# Days on which a Page's token sees nothing


def test_reads_fall_back_to_the_persons_token(facebook: Platform) -> None:
    connection = facebook.connection()
    facebook.world.fault(
        action="status", token="page", method="GET", code=100, subcode=33, status=400, times=0
    )
    facebook.world.fault(action="lose_after", path=PUBLISH)
    published = drive(facebook.provider, connection, PHOTO, facebook)
    assert published.permalink
    assert len(facebook.world.posts()) == 1


def test_without_that_token_it_stays_unavailable(direct: Platform) -> None:
    connection = direct.connection()
    pending = direct.provider.publish(connection, PHOTO)
    direct.world.fault(action="status", method="GET", code=100, subcode=33, status=400)
    with pytest.raises(Unavailable, match="object_not_visible"):
        direct.provider.publish(connection, PHOTO, pending.checkpoint)

"""How posts get to TikTok, and how they end there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.types import Draft, Pending, Published
from django_connected_accounts.sandbox.webhooks import deliver
from django_connected_accounts.testing import sample_draft
from tests.providers.tiktok.test_contract import CHOSEN

from .conftest import Account, film

HOST = "open.tiktokapis.com"


# Bytes in pieces


@pytest.mark.parametrize(
    ("size", "pieces"),
    [
        (1_000_000, [1_000_000]),
        (10_000_000, [10_000_000]),
        (19_999_999, [19_999_999]),
        (20_000_000, [10_000_000, 10_000_000]),
        (25_000_001, [10_000_000, 15_000_001]),
    ],
)
def test_a_film_goes_in_pieces_of_which_the_last_carries_the_rest(
    account: Account, size: int, pieces: list[int]
) -> None:
    account.post(film(size))
    sent = [
        int(call["headers"]["Content-Length"]) for call in account.calls("/video/") if call["method"] == "PUT"
    ]
    assert sent == pieces
    assert len(account.world.posts()) == 1


def test_an_upload_goes_on_where_tiktok_says_it_is(account: Account) -> None:
    draft = film(25_000_000)
    account.world.fault(action="lose_after", method="PUT", times=2)
    account.post(draft)
    assert len(account.world.posts()) == 1
    assert len(account.calls("/video/init/")) == 1


def until_upload(account: Account, draft: Draft) -> Pending:
    """Return what is next once TikTok has said where the film goes."""
    pending = account.step(draft)
    while isinstance(pending, Pending) and pending.checkpoint.get("stage") != "upload":
        pending = account.step(draft, pending.checkpoint)
    assert isinstance(pending, Pending)
    return pending


def test_a_piece_before_the_last_may_be_sent_again_and_the_last_may_not(account: Account) -> None:
    draft = film(25_000_000)
    first = until_upload(account, draft)
    assert first.repeatable
    account.world.fault(action="lose_after", method="PUT", times=2)
    with pytest.raises(Unavailable):
        account.step(draft, first.checkpoint)
    last = account.step(draft, first.checkpoint)
    assert isinstance(last, Pending)
    assert not last.repeatable
    account.world.fault(action="status", status=503, method="PUT")
    with pytest.raises(OutcomeUnknown):
        account.step(draft, last.checkpoint)


def test_when_the_answer_to_the_last_piece_is_lost_the_status_says_what_became_of_it(
    account: Account,
) -> None:
    draft, since = film(1_000_000), account.remote.now()
    last = until_upload(account, draft)
    account.world.fault(action="lose_before", method="PUT")
    with pytest.raises(OutcomeUnknown):
        account.step(draft, last.checkpoint)
    assert account.provider.find(account.connection, draft, last.checkpoint, since) is None

    account.world.fault(action="lose_after", method="PUT")
    with pytest.raises(OutcomeUnknown):
        account.step(draft, last.checkpoint)
    found = account.provider.find(account.connection, draft, last.checkpoint, since)
    assert isinstance(found, Pending)
    assert found.accepted
    account.remote.advance(600)
    assert isinstance(account.provider.find(account.connection, draft, found.checkpoint, since), Published)
    assert len(account.world.posts()) == 1


def test_an_upload_that_is_throttled_is_not_taken_for_done(account: Account) -> None:
    draft = film(25_000_000)
    account.world.fault(action="status", status=429, method="PUT", times=2)
    account.post(draft)
    assert len(account.world.posts()) == 1


def test_an_upload_address_that_has_expired_leads_to_a_new_one_only_without_a_post(account: Account) -> None:
    draft = film(25_000_000)
    pending = account.step(draft)
    for _ in range(2):
        assert isinstance(pending, Pending)
        pending = account.step(draft, pending.checkpoint)
    account.remote.advance(2 * 3600)
    checkpoint = pending.checkpoint if isinstance(pending, Pending) else {}
    while checkpoint.get("stage") != "check":
        pending = account.step(draft, checkpoint)
        assert isinstance(pending, Pending)
        checkpoint = pending.checkpoint
    assert checkpoint["restarts"] == 1


# How it ends


def test_a_draft_in_the_inbox_is_not_called_published(account: Account) -> None:
    with pytest.raises(ActionNeeded, match="handed_over"):
        account.post(film(post_mode="MEDIA_UPLOAD"))
    assert not account.world.posts()
    assert account.calls("/inbox/video/init/")


def test_a_draft_that_its_owner_published_is_told_to_be_live(account: Account) -> None:
    account.listen()
    with pytest.raises(ActionNeeded, match="handed_over"):
        account.post(film(post_mode="MEDIA_UPLOAD"))
    (publish_id,) = account.tiktok.publishes
    account.tiktok.finish(publish_id, "Fresh rye")
    account.remote.advance(60)
    deliver(account.world)
    (post,) = account.world.posts()
    told = [account.provider.receive(sent.body, sent.headers)[0] for sent in account.world.deliveries]
    kinds = ["inbox_delivered", "complete", "publicly_available"]
    assert [one.kind for one in told] == [f"post.publish.{kind}" for kind in kinds]
    assert {one.remote_id for one in told} == {publish_id}
    assert told[-1].published
    assert told[-1].published.remote_id == post["id"]


def test_a_post_for_nobody_else_has_no_address(account: Account) -> None:
    published = account.post(film(privacy_level="SELF_ONLY"))
    assert published.remote_id.startswith("v_pub")
    assert not published.permalink
    assert not account.world.posts()


def test_the_id_comes_after_moderation(account: Account) -> None:
    account.tiktok.toggle["moderation_seconds"] = 600
    published = account.post(film())
    assert published.remote_id.isdigit()
    assert published.permalink == f"https://www.tiktok.com/@juniper.shop/video/{published.remote_id}"


@pytest.mark.parametrize(
    ("reason", "code", "beginnings"),
    [
        ("picture_size_check_failed", "media_size_refused", 1),
        ("frame_rate_check_failed", "media_frame_rate", 1),
        ("spam_risk", "content_rejected", 1),
        ("spam_risk_text", "caption_refused", 1),
        ("something_new", "media_processing_failed", 1),
        ("internal", "media_processing_failed", 3),
        ("video_pull_failed", "media_unreachable", 3),
    ],
)
def test_a_rejection_after_the_upload_says_why(
    account: Account, reason: str, code: str, beginnings: int
) -> None:
    account.tiktok.toggle["fail_reason"] = reason
    with pytest.raises(ContentRejected) as caught:
        account.post(film())
    assert (caught.value.code, caught.value.platform_code) == (code, reason)
    assert caught.value.certain  # else it would be called unknown, as nothing like it is public
    assert len(account.calls("/video/init/")) == beginnings
    assert not account.world.posts()


@pytest.mark.parametrize(
    ("reason", "refusal", "error", "code"),
    [
        ("spam_risk_too_many_posts", "spam_risk_too_many_posts", RateLimited, "publishing_quota_reached"),
        (
            "spam_risk_user_banned_from_posting",
            "spam_risk_user_banned_from_posting",
            ActionNeeded,
            "account_restricted",
        ),
        ("auth_removed", "access_token_invalid", NotAuthorized, "token_refused"),
    ],
)
def test_what_stops_the_creator_meanwhile_holds_the_post_until_it_is_over(
    account: Account, reason: str, refusal: str, error: type[ProviderError], code: str
) -> None:
    draft, pending = film(), account.step(film())
    while isinstance(pending, Pending) and pending.checkpoint["stage"] != "status":
        pending = account.step(draft, pending.checkpoint)
    account.tiktok.toggle.update(fail_reason=reason, refusal=refusal)
    account.remote.advance(60)
    assert isinstance(pending, Pending)
    pending = account.step(draft, pending.checkpoint)
    assert isinstance(pending, Pending)
    with pytest.raises(error) as caught:
        account.step(draft, pending.checkpoint)
    assert caught.value.code == code
    account.tiktok.toggle.update(fail_reason="", refusal="")
    while isinstance(pending, Pending):
        pending = account.step(draft, pending.checkpoint)
        account.remote.advance(60)
    assert len(account.world.posts()) == 1


REFUSALS: dict[str, tuple[int, str, type[ProviderError], str]] = {
    "an app without the scope": (401, "scope_permission_missed", OperatorNeeded, "app_misconfigured"),
    "the app's cap, with 200": (200, "reached_active_user_cap", RateLimited, "app_rate_limited"),
    "a draft in an old app": (400, "app_version_check_failed", ActionNeeded, "platform_app_outdated"),
    "an unverified domain": (403, "url_ownership_unverified", OperatorNeeded, "media_domain_unverified"),
    "words we don't know": (400, "something_new", ContentRejected, "request_refused"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_each_refusal_asks_for_its_remedy(account: Account, what: str) -> None:
    status, platform_code, error, code = REFUSALS[what]
    body = {"data": {}, "error": {"code": platform_code, "message": "", "log_id": "20261122"}}
    account.world.fault(action="status", host=HOST, path="creator_info", times=0, status=status, body=body)
    with pytest.raises(error) as caught:
        account.step(film())
    assert (caught.value.code, caught.value.trace_id) == (code, "20261122")


# Photos, which TikTok fetches


def test_photos_that_began_without_an_answer_are_found_by_their_text(account: Account) -> None:
    draft = replace(sample_draft("photo"), options=CHOSEN)
    account.world.fault(action="lose_after", path="content/init")
    published = account.post(draft)
    assert published.remote_id
    assert len(account.calls("content/init")) == 1
    assert len(account.world.posts()) == 1


def test_photos_that_can_t_be_found_are_left_to_a_person(account: Account) -> None:
    draft = replace(sample_draft("photo"), options={**CHOSEN, "privacy_level": "SELF_ONLY"})
    account.world.fault(action="lose_after", path="content/init")
    with pytest.raises(OutcomeUnknown):
        account.post(draft)
    assert len(account.calls("content/init")) == 1


def test_a_refusal_of_photos_is_certain(account: Account) -> None:
    draft = replace(sample_draft("photo"), options=CHOSEN)
    account.tiktok.toggle["verified_prefixes"] = ["https://elsewhere.example/"]
    with pytest.raises(OperatorNeeded) as caught:
        account.post(draft)
    assert caught.value.certain

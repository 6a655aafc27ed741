"""TikTok's ways: its tokens, what may be chosen, what it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from django_connected_accounts.exceptions import (
    ActionNeeded,
    ConnectionFailed,
    ContentRejected,
    InvalidRequest,
    NotAuthorized,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.tiktok import TikTok
from django_connected_accounts.providers.types import Pending
from django_connected_accounts.testing import sample_draft
from tests.providers.tiktok.test_contract import CHOSEN

from .conftest import Account, film

# Connecting


def test_tokens_live_as_long_as_tiktok_says(account: Account) -> None:
    tokens = account.connection.tokens
    assert tokens.expires_at
    assert tokens.refresh_expires_at
    assert tokens.issued_at
    assert tokens.expires_at - tokens.issued_at == timedelta(hours=24)
    assert tokens.refresh_expires_at - tokens.issued_at == timedelta(days=365)
    assert tokens.scopes
    assert "video.publish" in tokens.scopes


def test_a_refresh_token_that_rotates_works_once(account: Account) -> None:
    account.tiktok.toggle["profile"] = "rotating"
    account.connection = account.remote.connect(account.provider)
    old = account.connection.tokens
    younger = account.provider.refresh(old)
    assert younger.refresh_token != old.refresh_token
    with pytest.raises(NotAuthorized):
        account.provider.refresh(old)
    account.tiktok.toggle["error_with_200"] = True
    with pytest.raises(NotAuthorized):
        account.provider.refresh(old)


def test_a_refresh_without_an_answer_is_made_once(account: Account) -> None:
    account.world.fault(action="lose_after", path="oauth/token", times=0)
    before = len(account.world.calls)
    with pytest.raises(Unavailable, match="refresh_retrying"):
        account.provider.refresh(account.connection.tokens)
    assert len(account.world.calls) == before + 1


def test_a_code_is_refused_by_name(account: Account) -> None:
    with pytest.raises(ConnectionFailed, match="code_expired"):
        account.provider.exchange("v2.gone", redirect_uri="http://localhost/", verifier="")


def test_the_challenge_is_written_as_the_kind_of_app_wants_it() -> None:
    assert Account(PKCE="hex").connection.username
    account = Account()
    account.tiktok.toggle["hexadecimal_challenge"] = False
    account.provider = TikTok(
        replace(account.remote.app, options={"PKCE": "base64url"}), account.provider.http
    )
    assert account.remote.connect(account.provider).username


def test_ending_the_grant_ends_its_tokens(account: Account) -> None:
    account.provider.revoke(account.connection.tokens)
    with pytest.raises(NotAuthorized):
        account.provider.profiles(account.connection.tokens)


# What may be chosen


def test_options_are_those_the_creator_has_now(account: Account) -> None:
    account.tiktok.toggle.update(private_account=True, duet_disabled=True)
    options = account.provider.options_for(account.connection)
    assert set(options["privacy_level"].choices) == {
        "FOLLOWER_OF_CREATOR",
        "MUTUAL_FOLLOW_FRIENDS",
        "SELF_ONLY",
    }
    assert "Juniper Shop" in options["privacy_level"].help
    assert "allow_duet" not in options
    assert "allow_comment" in options


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"privacy_level": ""}, "option_required"),
        ({"privacy_level": "PUBLIC"}, "option_invalid"),
        ({"post_mode": ""}, "option_required"),
        ({"music_usage_consent": False}, "option_required"),
        ({"music_usage_consent": None}, "option_required"),
        ({"privacy_level": "SELF_ONLY", "brand_content_toggle": True}, "branded_content_private"),
        ({"photo_cover_index": 1}, "option_not_available"),
    ],
)
def test_nothing_is_chosen_for_the_author(account: Account, changes: dict[str, Any], code: str) -> None:
    assert code in [problem.code for problem in account.provider.problems(film(**changes))]


def test_an_app_that_was_not_audited_posts_for_nobody_else() -> None:
    account = Account(AUDITED=False)
    codes = [problem.code for problem in account.provider.problems(film())]
    assert codes == ["app_not_audited"]
    assert not account.provider.problems(film(privacy_level="SELF_ONLY"))


def test_what_is_not_allowed_is_refused_to_others(account: Account) -> None:
    account.post(film(allow_comment=True))
    (post,) = account.world.posts()
    assert post["post_info"] == {
        "title": "Fresh rye",
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "disable_comment": False,
        "disable_duet": True,
        "disable_stitch": True,
    }


def test_a_choice_no_longer_offered_sends_nothing(account: Account) -> None:
    account.tiktok.toggle["private_account"] = True
    with pytest.raises(ContentRejected, match="privacy_not_offered"):
        account.post(film())
    assert not account.calls("/init/")


def test_a_film_longer_than_this_creator_may_post_is_refused(account: Account) -> None:
    account.tiktok.toggle["max_seconds"] = 3
    with pytest.raises(ContentRejected, match="media_too_long"):
        account.post(film())


def test_what_is_under_way_can_be_cancelled(account: Account) -> None:
    draft = film()
    pending = account.step(draft)
    while isinstance(pending, Pending) and pending.checkpoint["stage"] != "status":
        pending = account.step(draft, pending.checkpoint)
    assert isinstance(pending, Pending)
    account.provider.client(account.connection).cancel(pending.checkpoint["publish_id"])
    with pytest.raises(ContentRejected, match="publish_cancelled"):
        account.step(draft, pending.checkpoint)


@pytest.mark.parametrize(("text", "length"), [("abc", 3), ("面包", 2), ("🍞", 2)])
def test_text_counts_in_utf_16_units(account: Account, text: str, length: int) -> None:
    assert account.provider.length(text) == length


def test_what_the_creator_closed_since_stays_closed(account: Account) -> None:
    account.tiktok.toggle.update(comment_disabled=True, stitch_disabled=True)
    account.post(film(allow_comment=True, allow_duet=True, allow_stitch=True))
    (post,) = account.world.posts()
    closed = {name: value for name, value in post["post_info"].items() if name.startswith("disable_")}
    assert closed == {"disable_comment": True, "disable_duet": False, "disable_stitch": True}


def test_an_unaudited_app_posts_from_private_accounts_only() -> None:
    account = Account(AUDITED=False)
    account.tiktok.toggle["audited"] = False
    with pytest.raises(ContentRejected, match="app_not_audited"):
        account.post(film(privacy_level="SELF_ONLY"))
    account.tiktok.toggle["private_account"] = True
    assert account.post(film(privacy_level="SELF_ONLY")).remote_id
    assert set(account.provider.options_for(account.connection)["privacy_level"].choices) == {"SELF_ONLY"}


def test_an_unaudited_app_waits_when_enough_people_have_posted() -> None:
    account = Account(AUDITED=False)
    account.tiktok.toggle.update(audited=False, private_account=True, posting_users=0)
    with pytest.raises(RateLimited) as caught:
        account.step(film(privacy_level="SELF_ONLY"))
    assert (caught.value.code, caught.value.scope) == ("app_rate_limited", "app")


def test_a_draft_waits_while_too_many_lie_in_the_inbox(account: Account) -> None:
    account.tiktok.toggle["pending_drafts"] = 1
    draft = film(post_mode="MEDIA_UPLOAD")
    with pytest.raises(ActionNeeded, match="handed_over"):
        account.post(draft)
    pending = account.step(draft)
    assert isinstance(pending, Pending)
    with pytest.raises(RateLimited, match="too_many_pending_drafts"):
        account.step(draft, pending.checkpoint)


@pytest.mark.parametrize(
    ("text", "title", "refused"),
    [("x" * 4000, "x" * 90, False), ("x" * 4001, "", True), ("", "x" * 91, True)],
)
def test_texts_of_photos_are_as_long_as_tiktok_takes_them(
    account: Account, text: str, title: str, refused: bool
) -> None:
    draft = replace(sample_draft("photo"), text=text, options={**CHOSEN, "title": title})
    assert ("text_too_long" in [p.code for p in account.provider.problems(draft)]) is refused
    pending = account.step(replace(draft, text="", options=CHOSEN))
    assert isinstance(pending, Pending)
    if refused:  # by the platform too
        with pytest.raises(ContentRejected, match="request_refused"):
            account.step(draft, pending.checkpoint)
    else:
        assert isinstance(account.step(draft, pending.checkpoint), Pending)


# Numbers, and what it tells


def test_numbers_are_read_of_public_posts_and_the_account(account: Account) -> None:
    published = account.post(film())
    names = {r.name: r.value for r in account.provider.measure(account.connection, published.remote_id)}
    assert names == {"view_count": 0.0, "like_count": 0.0, "comment_count": 0.0, "share_count": 0.0}
    gone = {r.name: r.value for r in account.provider.measure(account.connection, "v_pub_file~v2-1.1")}
    assert set(gone.values()) == {None}
    assert {r.name for r in account.provider.measure(account.connection)} >= {"follower_count"}


def test_a_signed_webhook_tells_what_became_of_a_draft(account: Account) -> None:
    content = {"publish_id": "v_inbox_file~v2-1.7", "post_id": "7512345678901234567"}
    sent = account.tell("post.publish.publicly_available", content)
    (told,) = account.provider.receive(sent.body, sent.headers)
    assert told.account_id == account.connection.account_id
    assert told.remote_id == "v_inbox_file~v2-1.7"
    assert told.published
    assert told.published.remote_id == "7512345678901234567"
    with pytest.raises(InvalidRequest):
        account.provider.receive(sent.body + b" ", sent.headers)
    account.remote.advance(600)
    with pytest.raises(InvalidRequest):
        account.provider.receive(sent.body, sent.headers)


def test_access_that_was_removed_is_told(account: Account) -> None:
    sent = account.tell("authorization.removed", {"reason": 1})
    (told,) = account.provider.receive(sent.body, sent.headers)
    assert told.withdrawal
    assert told.withdrawal.user_id == account.connection.account_id


def test_each_thing_that_becomes_of_a_post_is_told_once_however_often_it_is_sent(account: Account) -> None:
    account.listen()
    account.tiktok.toggle["webhook_copies"] = 2
    account.post(film())
    account.provider.revoke(account.connection.tokens)
    deliveries = account.world.deliveries
    told = [account.provider.receive(sent.body, sent.headers)[0] for sent in deliveries]
    kinds = ["post.publish.complete", "post.publish.publicly_available", "authorization.removed"]
    assert [one.kind for one in told] == [kind for kind in kinds for _ in range(2)]
    assert len({one.key for one in told}) == len(kinds)

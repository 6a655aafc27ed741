"""What is LinkedIn's own: Pages, little text, versions, uploads by parts, and duplicates as proof."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_connected_accounts.exceptions import (
    ContentRejected,
    InvalidRequest,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    Unavailable,
)
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.linkedin import LinkedIn
from django_connected_accounts.providers.linkedin.littletext import RESERVED, escape, normal
from django_connected_accounts.providers.types import Connection, Draft, Media, Published
from django_connected_accounts.sandbox import samples
from django_connected_accounts.sandbox.linkedin_posts import _read
from django_connected_accounts.testing import drive, sample_draft
from tests.providers.linkedin.test_contract import MemberRemote, PageRemote

API = "api.linkedin.com"


class Account:
    """A member, or a Page, to post as."""

    def __init__(self, *, page: bool = False, **options: Any) -> None:
        self.remote = PageRemote() if page else MemberRemote()
        self.world = self.remote.world
        self.linkedin = self.world.platforms["linkedin"]
        http = Http(LinkedIn.hosts, provider="linkedin", adapter=self.remote.adapter, clock=self.remote.now)
        app = replace(self.remote.app, options={**self.remote.app.options, **options})
        self.provider = LinkedIn(app, http)
        self.connection: Connection = self.remote.connect(self.provider)

    def post(self, draft: Draft) -> Published:
        return drive(self.provider, self.connection, draft, self.remote)

    def calls(self, path: str, method: str = "POST") -> list[dict[str, Any]]:
        return [c for c in self.world.calls if path in c["path"] and c["method"] == method]


@pytest.fixture
def member() -> Account:
    return Account()


@pytest.fixture
def page() -> Account:
    return Account(page=True)


# Versions


@pytest.mark.parametrize(("version", "lives"), [("202608", False), ("202609", True)])
def test_the_sandbox_ends_versions_as_linkedin_does_but_for_the_newest_it_knows(
    version: str, lives: bool
) -> None:
    member = Account(API_VERSION=version)
    member.world.advance((datetime(2031, 1, 1, tzinfo=timezone.utc) - member.remote.now()).total_seconds())
    connection = member.remote.connect(member.provider)
    with nullcontext() if lives else pytest.raises(OperatorNeeded, match="api_version_ended"):
        drive(member.provider, connection, sample_draft("text"), member.remote)
    assert len(member.world.posts()) == lives


# Connecting


def test_consent_gives_the_member_and_the_pages_with_what_stands_in_the_way(page: Account) -> None:
    profiles = page.provider.profiles(page.connection.tokens)
    found = {profile.display_name: (profile.account_type, profile.unusable) for profile in profiles}
    assert found == {
        "Owner of Bakery Nord": ("member", ""),
        "Bakery Nord": ("page", ""),
        "Coffee Nord": ("page", ""),
        "Meadow Group": ("page", "page_role_missing"),
    }


def test_a_page_whose_name_may_not_be_read_hides_no_other(page: Account) -> None:
    refusal = {"status": 403, "code": "ACCESS_DENIED"}
    page.world.fault(action="status", path="rest/organizations/", nth=3, status=403, body=refusal)
    *_, unnamed = page.provider.profiles(page.connection.tokens)
    assert unnamed.display_name == unnamed.account_id
    assert unnamed.unusable == "page_role_missing"


def test_a_page_is_gone_once_the_member_has_no_role_there(page: Account) -> None:
    assert page.provider.verify(page.connection).account_type == "page"
    page.linkedin.organizations[page.connection.account_id].roles = {}
    with pytest.raises(NotAuthorized, match="account_gone"):
        page.provider.verify(page.connection)


def test_without_the_option_no_scope_of_pages_is_asked_for(member: Account) -> None:
    assert member.provider.scopes_for(("connect", "publish", "measure")) == (
        "openid",
        "profile",
        "w_member_social",
    )
    assert len(member.provider.profiles(member.connection.tokens)) == 1


def test_a_self_serve_app_has_no_refresh_token_and_lasts_sixty_days(member: Account) -> None:
    tokens = member.connection.tokens
    assert not tokens.refresh_token
    assert tokens.expires_at
    assert round((tokens.expires_at - member.remote.now()).total_seconds() / 86400) == 60
    assert not member.provider.can_refresh(tokens, now=member.remote.now())


def test_a_refresh_token_counts_down_from_the_consent(member: Account) -> None:
    member.linkedin.toggle["refreshable"] = True
    tokens = member.remote.connect(member.provider).tokens
    member.remote.advance(59 * 86400)
    younger = member.provider.refresh(tokens)
    assert younger.refresh_expires_at
    assert round((younger.refresh_expires_at - member.remote.now()).total_seconds() / 86400) == 306
    member.remote.advance(301 * 86400)
    last = member.provider.refresh(younger)
    assert last.expires_at
    assert last.expires_at == last.refresh_expires_at
    assert round((last.expires_at - member.remote.now()).total_seconds() / 86400) == 5


def test_a_refusal_of_the_app_ends_no_grant(member: Account) -> None:
    tokens = member.connection.tokens
    for error, expected in (("invalid_client", OperatorNeeded), ("server_error", OperatorNeeded)):
        member.world.fault(action="status", path="accessToken", status=401, body={"error": error})
        with pytest.raises(expected):
            member.provider.refresh(tokens)
    member.world.fault(action="status", path="accessToken", status=400, body={"error": "invalid_request"})
    with pytest.raises(NotAuthorized, match="token_refused"):
        member.provider.refresh(tokens)


# Little text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Plain", "Plain"),
        ("Open (finally)", r"Open \(finally\)"),
        ("a_b*c~d|e<f>g{h}i[j]", r"a\_b\*c\~d\|e\<f\>g\{h\}i\[j\]"),
        (r"back\slash", r"back\\slash"),
        ("#coffee and # alone", r"#coffee and \# alone"),
        ("#two_words", r"{hashtag|\#|two_words}"),
        ("Thanks @[Ada Roe](urn:li:person:782bbtaQ)!", "Thanks @[Ada Roe](urn:li:person:782bbtaQ)!"),
        ("me@example.com", r"me\@example.com"),
        ("https://a.example/x_y", r"https://a.example/x\_y"),
    ],
)
def test_what_is_reserved_is_escaped_but_not_mentions_and_hashtags(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text(alphabet=st.one_of(st.sampled_from(RESERVED), st.characters(exclude_categories=("Cs",)))))
def test_no_text_is_ever_cut(text: str) -> None:
    shown, truncated = _read(escape(text))
    assert not truncated
    assert normal(shown) == normal(escape(text)) or shown == text


def test_escaped_characters_count(member: Account) -> None:
    assert member.provider.length("(a)") == 5
    codes = [p.code for p in member.provider.problems(Draft(kind="text", text="(" * 1501))]
    assert codes == ["text_too_long"]


def test_a_whole_text_is_public(member: Account) -> None:
    member.post(Draft(kind="text", text="Open (finally) at #Bakery_Nord [new]"))
    (post,) = member.world.posts()
    assert post["caption"] == "Open (finally) at #Bakery_Nord [new]"
    assert not post["truncated"]


# What is posted


def test_a_film_goes_in_parts_without_our_token_and_waits_until_it_is_ready(page: Account) -> None:
    page.linkedin.toggle["part_bytes"] = 500
    body = samples.mp4()
    film = Media(kind="video", mime="video/mp4", size=len(body), duration=5.0, open=lambda: io.BytesIO(body))
    page.post(Draft(kind="video", text="Rye", media=(film,)))
    parts = page.calls("dms-uploads", "PUT")
    assert len(parts) == -(-len(body) // 500)
    assert not any("Authorization" in call["headers"] for call in parts)
    assert len(page.world.posts()) == 1


@pytest.mark.parametrize(("path", "nth"), [("dms-uploads", 1), ("/rest/videos$", 2)])
def test_a_film_whose_upload_has_expired_is_sent_anew(page: Account, path: str, nth: int) -> None:
    gone = {"status": 400, "code": "EXPIRED_UPLOAD_URL"}
    page.world.fault(action="status", path=path, nth=nth, status=400, body=gone)
    page.post(sample_draft("video"))
    begun = [call for call in page.calls("/rest/videos") if "initialize" in str(call["params"])]
    assert (len(begun), len(page.world.posts())) == (2, 1)


def test_a_film_whose_uploads_all_expire_is_given_up(page: Account) -> None:
    gone = {"status": 400, "code": "EXPIRED_UPLOAD_URL"}
    page.world.fault(action="status", path="dms-uploads", times=0, status=400, body=gone)
    with pytest.raises(ContentRejected, match="media_processing_failed"):
        page.post(sample_draft("video"))


def test_a_film_that_can_t_be_processed_is_refused_by_name(page: Account) -> None:
    page.linkedin.toggle["fails_processing"] = True
    with pytest.raises(ContentRejected, match="media_processing_failed"):
        page.post(sample_draft("video"))
    assert not page.world.posts()


def test_a_document_is_named_after_its_file(page: Account) -> None:
    page.post(sample_draft("document"))
    (post,) = page.world.posts()
    assert post["content"]["media"]["title"] == "Price list.pdf"


def test_that_pages_were_not_counted_is_said(page: Account) -> None:
    (told,) = page.provider.problems(sample_draft("document"))
    assert (told.code, told.severity, told.params) == ("pages_not_checked", "warning", {"max": 300})


def test_a_page_has_no_connections_to_post_to(page: Account) -> None:
    draft = Draft(kind="text", text="Rye", options={"visibility": "CONNECTIONS"})
    with pytest.raises(ContentRejected, match="option_not_available"):
        page.post(draft)
    member = Account()
    member.post(draft)
    assert member.linkedin.posts
    assert not member.world.posts()  # nobody else sees it


def test_a_link_and_a_poll_are_content_of_their_own(member: Account) -> None:
    article = {"source": "https://a.example/rye", "title": "Rye"}
    member.post(Draft(kind="text", text="Read", options={"article": article}))
    poll = {"question": "Rye?", "options": ["Yes", "No"]}
    member.post(Draft(kind="text", text="Vote", options={"poll": poll}))
    first, second = member.world.posts()
    assert first["content"] == {"article": article}
    assert second["content"]["poll"]["settings"] == {"duration": "THREE_DAYS"}


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft(kind="text"), "text_missing"),
        (Draft(kind="reel"), "kind_unknown"),
        (
            Draft(kind="text", text="x", options={"poll": {"question": "?", "options": ["a"]}}),
            "option_invalid",
        ),
        (Draft(kind="text", text="x", options={"article": {"source": "ftp://x"}}), "option_invalid"),
        (Draft(kind="text", text="x", options={"visibility": "NOBODY"}), "option_invalid"),
        (Draft(kind="text", text="x", first_comment="y" * 1251), "comment_too_long"),
        (
            Draft(kind="photo", media=(Media(kind="image", mime="image/webp", size=1),)),
            "media_format",
        ),
        (
            Draft(
                kind="photo",
                media=(Media(kind="image", mime="image/png", size=1, width=7000, height=7000),),
            ),
            "media_too_many_pixels",
        ),
        (
            Draft(kind="document", media=(Media(kind="document", mime="application/pdf", size=1),)),
            "option_required",
        ),
    ],
)
def test_what_linkedin_would_refuse_is_said_before(member: Account, draft: Draft, code: str) -> None:
    assert code in [problem.code for problem in member.provider.problems(draft)]


@pytest.mark.parametrize(
    "said",
    [
        {"visibility": "NOBODY"},
        {"lifecycleState": "DRAFT"},
        {"content": {"carousel": {}}},
        {"content": {"multiImage": {"images": [{"id": "urn:li:image:1"}]}}},
        {"content": {"article": {"title": "Rye"}}},
        {"content": {"poll": {"question": "Rye?", "options": [{"text": "Yes"}]}}},
    ],
)
def test_the_sandbox_refuses_what_linkedin_would(member: Account, said: dict[str, Any]) -> None:
    body = {
        "author": member.connection.account_id,
        "commentary": "Rye",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
    }
    client = member.provider.client(member.connection)
    with pytest.raises(ContentRejected, match="request_refused"):
        client.create_post({**body, **said})
    client.create_post(body)
    assert len(member.world.posts()) == 1


def test_a_comment_is_no_little_text(page: Account) -> None:
    page.post(Draft(kind="text", text="Rye", first_comment="More (here)"))
    (post,) = page.world.posts()
    assert [comment["text"] for comment in post["comments"]] == ["More (here)"]


# What became of it


def test_of_a_page_it_is_read_whether_a_post_is_live(page: Account) -> None:
    page.world.fault(action="lose_after", path="/rest/posts$", method="POST")
    published = page.post(Draft(kind="text", text="Rye (new) #bread"))
    assert published.permalink == f"https://www.linkedin.com/feed/update/{published.remote_id}/"
    assert len(page.calls("/rest/posts")) == 1


def test_a_member_s_text_is_proven_by_the_refusal_of_its_twin(member: Account) -> None:
    member.world.fault(action="lose_after", path="/rest/posts$", method="POST")
    published = member.post(Draft(kind="text", text="Rye"))
    (post,) = member.world.posts()
    assert published.remote_id == post["id"]
    assert len(member.calls("/rest/posts")) == 2


def test_a_member_s_text_that_did_not_arrive_goes_out_then(member: Account) -> None:
    member.world.fault(action="lose_before", path="/rest/posts$", method="POST")
    assert member.post(Draft(kind="text", text="Rye")).remote_id
    assert len(member.world.posts()) == 1


def test_a_twin_is_asked_for_only_while_linkedin_knows_it() -> None:
    member = Account(DUPLICATE_WINDOW=0)
    member.world.fault(action="lose_after", path="/rest/posts$", method="POST")
    with pytest.raises(OutcomeUnknown):
        member.post(Draft(kind="text", text="Rye"))
    assert len(member.calls("/rest/posts")) == 1


def test_a_member_s_picture_is_left_to_a_person(member: Account) -> None:
    member.world.fault(action="lose_after", path="/rest/posts$", method="POST")
    with pytest.raises(OutcomeUnknown):
        member.post(sample_draft("photo"))
    assert len(member.calls("/rest/posts")) == 1


def test_a_real_duplicate_names_the_post_that_is_there(member: Account) -> None:
    member.post(Draft(kind="text", text="Rye"))
    with pytest.raises(ContentRejected) as caught:
        member.post(Draft(kind="text", text="Rye"))
    assert (caught.value.code, caught.value.detail) == ("duplicate_post", member.world.posts()[0]["id"])
    assert caught.value.certain


REFUSALS: dict[str, tuple[int, dict[str, Any], type[ProviderError], str]] = {
    "an expired token": (401, {"serviceErrorCode": 65602}, NotAuthorized, "token_expired"),
    "refused media": (400, {"code": "INVALID_IMAGE_ID"}, ContentRejected, "media_processing_failed"),
    "a conflict": (409, {"code": "CONFLICT"}, Unavailable, "platform_unavailable"),
    "words we don't know": (400, {"message": "?"}, OutcomeUnknown, "outcome_unknown"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_each_refusal_of_a_post_asks_for_its_remedy(member: Account, what: str) -> None:
    status, body, error, code = REFUSALS[what]
    member.world.fault(action="status", path="/rest/posts$", times=0, status=status, body=body)
    pending = member.provider.publish(member.connection, Draft(kind="text", text="Rye"))
    with pytest.raises(error) as caught:
        member.provider.publish(member.connection, Draft(kind="text", text="Rye"), pending.checkpoint)  # type: ignore[union-attr]
    assert caught.value.code == code


def test_a_post_is_deleted_and_to_delete_it_again_does_no_harm(page: Account) -> None:
    published = page.post(Draft(kind="text", text="Rye"))
    page.provider.delete(page.connection, published.remote_id)
    page.provider.delete(page.connection, published.remote_id)
    assert not page.world.posts()


@pytest.mark.parametrize("status", [404, 410])
def test_what_linkedin_no_longer_knows_is_gone(page: Account, status: int) -> None:
    page.world.fault(action="status", method="DELETE", status=status, body={"status": status})
    page.provider.delete(page.connection, "urn:li:share:7350000000000000001")


def test_a_post_that_may_not_be_deleted_is_not_called_deleted(page: Account) -> None:
    published = page.post(Draft(kind="text", text="Rye"))
    page.linkedin.organizations[page.connection.account_id].roles = {}
    with pytest.raises(PermissionMissing):
        page.provider.delete(page.connection, published.remote_id)
    assert len(page.world.posts()) == 1


# Numbers, and what it tells


def test_numbers_of_a_page_and_of_a_post_are_read(page: Account) -> None:
    published = page.post(Draft(kind="text", text="Rye"))
    for remote_id in ("", published.remote_id):
        numbers = {r.name: r.value for r in page.provider.measure(page.connection, remote_id)}
        assert numbers["impressionCount"] == 940
        assert numbers.get("firstDegreeSize") == (None if remote_id else 42)


def test_followers_that_are_not_told_spoil_no_other_number(page: Account) -> None:
    refusal = {"status": 403, "code": "ACCESS_DENIED"}
    page.world.fault(action="status", path="networkSizes", status=403, body=refusal)
    numbers = {r.name: r.value for r in page.provider.measure(page.connection)}
    assert (numbers["impressionCount"], numbers["firstDegreeSize"]) == (940, None)


def test_a_post_that_nothing_was_done_with_has_zeros_and_not_nothing(page: Account) -> None:
    page.world.fault(action="status", path="ShareStatistics", status=200, body={"elements": []})
    numbers = {r.value for r in page.provider.measure(page.connection, "urn:li:share:7350000000000000001")}
    assert numbers == {0.0}


def test_one_number_that_can_t_be_had_spoils_no_other(page: Account) -> None:
    token = page.connection.tokens
    member = page.provider.profiles(token)[0]
    connection = Connection(account_id=member.account_id, tokens=token)
    body = {"status": 400, "code": "INVALID_VALUE_FOR_FIELD", "message": "?"}
    page.world.fault(action="status", path="memberCreatorPostAnalytics", nth=2, status=400, body=body)
    numbers = {r.name: r.value for r in page.provider.measure(connection)}
    assert [name for name, value in numbers.items() if value is None] == ["MEMBERS_REACHED"]


def test_the_challenge_is_answered_and_signed_notifications_are_believed(page: Account) -> None:
    secret = page.remote.app.client_secret.encode()
    answer = page.provider.handshake({"challengeCode": "c"})
    assert answer["challengeResponse"] == hmac.new(secret, b"c", hashlib.sha256).hexdigest()
    row = {"notificationId": 901, "organizationalEntity": page.connection.account_id, "action": "COMMENT"}
    body = json.dumps({"type": "X", "notifications": [row]}).encode()
    signature = hmac.new(secret, b"hmacsha256=" + body, hashlib.sha256).hexdigest()
    (told,) = page.provider.receive(body, {"X-LI-Signature": signature})
    assert (told.kind, told.account_id, told.key) == ("COMMENT", page.connection.account_id, "901")
    with pytest.raises(InvalidRequest):
        page.provider.receive(body, {"X-LI-Signature": "0"})

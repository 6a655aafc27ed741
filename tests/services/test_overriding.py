"""What differs on single accounts."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia, Publication
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing, copying, deleting, reviewing, scheduling
from django_connected_accounts.services.composing import NewMedia
from tests.brief_platform import brief, brief_account

__all__ = ["brief"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("brief")]


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def shop(user: Any) -> ConnectedAccount:
    return ConnectedAccount.objects.create(user=user, platform="instagram", account_id="1", username="shop")


@pytest.fixture
def short(user: Any) -> ConnectedAccount:
    return brief_account(user)


def picture(width: int = 400, **options: Any) -> NewMedia:
    return NewMedia(file=SimpleUploadedFile(f"{width}.jpg", samples.jpeg(width, 400)), **options)


def widths(post: Post, account: ConnectedAccount) -> list[int | None]:
    return [media.width for media in composing.draft(Post.objects.get(pk=post.pk), account).media]


def stored() -> int:
    storage = storages["default"]
    return len(storage.listdir("connected_accounts")[1]) if storage.exists("connected_accounts") else 0


def composed(user: Any, accounts: Any, **content: Any) -> Post:
    post = composing.compose(user, accounts=accounts, **content)
    return Post.objects.get(pk=post.pk)


def sent(post: Post, account: ConnectedAccount, status: str) -> Publication:
    now = timezone.now()
    return Publication.objects.create(
        post=post, account=account, status=status, remote_id="1", due_at=now, deadline_at=now
    )


def test_an_account_says_it_in_its_own_words_and_shares_the_rest(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    own = {"text": "Bread!", "first_comment": "", "options": {"mood": "happy"}}
    post = composed(
        user,
        [shop, short],
        text="Fresh bread, every day",
        first_comment="#bread",
        media=[picture()],
        overrides={short: own},
    )
    there, here = composing.draft(post, short), composing.draft(post, shop)
    assert (there.text, there.first_comment, there.options) == ("Bread!", "", {"mood": "happy"})
    assert (here.text, here.first_comment, here.options) == ("Fresh bread, every day", "#bread", {})
    assert there.media == here.media


def test_problems_are_those_of_what_each_account_gets(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(user, [shop, short], text="Too long for the brief", media=[picture()])
    found = composing.problems(post, [shop, short])
    assert [problem.code for problem in found[short.pk]] == ["text_too_long"]
    assert not found[shop.pk]
    composing.edit(post, by=user, overrides={short: {"text": "Bread"}})
    assert not composing.problems(post, [short])[short.pk]


def test_only_what_differs_is_stored(user: Any, shop: ConnectedAccount, short: ConnectedAccount) -> None:
    same = {"kind": "", "text": "Fresh", "options": {"mood": "happy", "audience": None}}
    post = composed(
        user, [shop, short], text="Fresh", options={"mood": "happy"}, overrides={shop: {}, short: same}
    )
    assert post.overrides == {}
    composing.edit(post, by=user, overrides={short: {"text": "Bread", "options": {"mood": "sad"}}})
    assert post.overrides == {str(short.pk): {"text": "Bread", "options": {"mood": "sad"}}}


def test_an_option_can_be_taken_away_for_one_account(user: Any, short: ConnectedAccount) -> None:
    post = composed(user, [short], options={"mood": "happy"}, overrides={short: {"options": {"mood": None}}})
    assert composing.draft(post, short).options == {}


def test_an_option_of_one_platform_is_not_sent_to_another_but_one_that_nobody_knows_is_told(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    options = {"mood": "happy", "share_to_feed": True, "misspelt": 1}
    post = composed(user, [shop, short], options=options, media=[picture()])
    assert composing.draft(post, short).options == {"mood": "happy", "misspelt": 1}
    assert composing.draft(post, shop).options == {"share_to_feed": True, "misspelt": 1}
    codes = [problem.code for problem in composing.problems(post, [short])[short.pk]]
    assert codes == ["option_unknown"]
    composing.edit(post, by=user, options={}, overrides={short: {"options": {"share_to_feed": True}}})
    assert composing.problems(post, [short])[short.pk][0].field == "options.share_to_feed"


def test_one_film_is_a_reel_here_and_a_video_there(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    film = NewMedia(file=SimpleUploadedFile("clip.mp4", samples.mp4(5.0)))
    post = composed(user, [shop, short], media=[film])
    assert composing.draft(post, shop).kind == "reel"
    assert composing.draft(post, short).kind == "video"


def test_an_account_may_have_pictures_of_its_own_and_the_kind_follows_them(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    own = {"media": [picture(500), picture(600)]}
    post = composed(user, [shop, short], media=[picture(400)], overrides={short: own})
    assert (widths(post, shop), widths(post, short)) == ([400], [500, 600])
    assert composing.draft(post, short).kind == "carousel"
    assert composing.draft(post, shop).kind == "photo"
    assert [media.width for media in post.shared_media] == [400]


@pytest.mark.databases
def test_an_account_may_have_some_of_the_pictures_in_another_order_or_none(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(user, [shop, short], media=[picture(400), picture(500), picture(600)])
    first, _, third = post.shared_media
    own = {"media": [NewMedia(existing=third), picture(700), NewMedia(existing=str(first.pk))]}
    composing.edit(post, by=user, overrides={short: own})
    assert widths(post, short) == [600, 700, 400]
    assert widths(post, shop) == [400, 500, 600]
    composing.edit(post, by=user, overrides={short: {"media": []}})
    assert widths(post, short) == []
    assert composing.draft(post, short).kind == "text"


@pytest.mark.databases
def test_media_of_its_own_goes_when_nothing_shows_it_any_more(
    user: Any, short: ConnectedAccount, django_capture_on_commit_callbacks: Any
) -> None:
    post = composed(
        user, [short], media=[picture(400)], overrides={short: {"media": [picture(500), picture(600)]}}
    )
    kept = post.media.get(width=600)
    with django_capture_on_commit_callbacks(execute=True):
        composing.edit(post, by=user, overrides={short: {"media": [NewMedia(existing=kept)]}})
    assert widths(post, short) == [600]
    assert stored() == 2
    with django_capture_on_commit_callbacks(execute=True):
        composing.edit(post, by=user, overrides={short: None})
    assert widths(post, short) == [400]
    assert stored() == 1


def test_editing_the_shared_pictures_leaves_those_of_single_accounts(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(
        user,
        [shop, short],
        media=[picture(400), picture(500)],
        overrides={short: {"media": [picture(600), picture(700)]}},
    )
    composing.edit(post, by=user, media=[picture(800)])
    assert (widths(post, shop), widths(post, short)) == ([800], [600, 700])


def test_a_picture_taken_out_of_the_post_is_taken_out_everywhere(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(user, [shop, short], media=[picture(400), picture(500), picture(600)])
    first, second, third = post.shared_media
    own = {"media": [NewMedia(existing=third), NewMedia(existing=second)]}
    composing.edit(post, by=user, overrides={short: own})
    composing.edit(post, by=user, media=[NewMedia(existing=first), NewMedia(existing=second)])
    assert widths(post, short) == [500]
    composing.edit(post, by=user, media=[NewMedia(existing=first)])
    assert widths(post, short) == [400]
    assert post.overrides == {}


def test_an_account_that_is_not_chosen_any_more_takes_its_differences_along(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(
        user, [shop, short], media=[picture()], overrides={short: {"text": "Hi", "media": [picture(500)]}}
    )
    composing.edit(post, by=user, accounts=[shop])
    assert post.overrides == {}
    assert post.media.count() == 1


@pytest.mark.parametrize(
    ("own", "field", "code"),
    [
        ({"text": "\0"}, "text", "invalid_characters"),
        ({"kind": "poem"}, "kind", "kind_unknown"),
        ({"options": {"a": object()}}, "options", "options_invalid"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"media": [NewMedia(), NewMedia(existing=uuid.uuid4())]}, "media.0", "media_missing"),
        ({"media": [NewMedia(existing=uuid.uuid4())]}, "media.0", "media_not_found"),
    ],
)
def test_what_will_not_do_is_told_with_the_account_and_nothing_is_kept(
    user: Any, short: ConnectedAccount, own: Any, field: str, code: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        composing.compose(user, accounts=[short], media=[picture()], overrides={short: own})
    problems = refusal.value.problems
    assert (problems[0].field if problems else refusal.value.field) == f"overrides.{short.pk}.{field}"
    assert refusal.value.code == code
    assert not Post.objects.exists()
    assert stored() == 0


def test_places_of_refused_media_are_told_as_they_were_given(user: Any, short: ConnectedAccount) -> None:
    post = composed(user, [short], media=[picture()])
    (shared,) = post.shared_media
    own = {"media": [NewMedia(existing=shared), NewMedia()]}
    with pytest.raises(InvalidRequest) as refusal:
        composing.edit(post, by=user, overrides={short: own})
    assert refusal.value.problems[0].field == f"overrides.{short.pk}.media.1"


def test_differences_need_an_account_the_post_is_meant_for(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    with pytest.raises(InvalidRequest, match="override_without_account"):
        composing.compose(user, accounts=[shop], overrides={short: {"text": "Hi"}})


def test_an_approval_covers_every_difference(user: Any, shop: ConnectedAccount) -> None:
    other = ConnectedAccount.objects.create(user=user, platform="instagram", account_id="2")
    post = composed(user, [shop, other], text="a", media=[picture()], overrides={shop: {"text": "b"}})
    changes = [
        {shop: {"text": "c"}},
        {other: {"text": "b"}},
        {shop: {"first_comment": "c"}},
        {shop: {"options": {"location_id": "1"}}},
        {shop: {"kind": "story"}},
        {shop: {"media": [picture(500)]}},
        {shop: {"media": []}},
        {shop: None},
    ]
    for change in changes:
        reviewing.approve(post, by=user)
        composing.edit(post, by=user, overrides=change)
        assert not reviewing.is_approved(post), change
        assert post.review == "draft"
    Post.objects.filter(pk=post.pk).update(overrides={})
    post.refresh_from_db()
    reviewing.approve(post, by=user)
    Post.objects.filter(pk=post.pk).update(overrides={str(shop.pk): {"text": "unseen"}})
    post.refresh_from_db()
    assert not reviewing.is_approved(post)


def test_other_words_for_one_picture_of_its_own_end_the_approval(user: Any, shop: ConnectedAccount) -> None:
    post = composed(user, [shop], overrides={shop: {"media": [picture(500)]}})
    reviewing.approve(post, by=user)
    PostMedia.objects.filter(post=post).update(alt_text="Something else")
    assert not reviewing.is_approved(Post.objects.get(pk=post.pk))


@pytest.mark.databases
def test_where_it_is_not_out_yet_a_post_that_is_out_elsewhere_can_still_differ(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(user, [shop, short], text="Too long for the brief", media=[picture()])
    out, failed = sent(post, shop, "published"), sent(post, short, "failed")
    composing.edit(post, by=user, overrides={short: {"text": "Bread"}})
    assert composing.draft(post, short).text == "Bread"
    assert composing.draft(post, shop).text == "Too long for the brief"
    for change in (
        {"text": "x"},
        {"overrides": {shop: {"text": "x"}}},
        {"text": "x", "overrides": {short: {"text": "x"}}},
        {"accounts": [short], "overrides": {short: {"text": "x"}}},
    ):
        with pytest.raises(InvalidRequest, match="post_already_sent"):
            composing.edit(post, by=user, **change)
    for publication, status in ((out, "published"), (failed, "failed")):
        publication.refresh_from_db()
        assert publication.status == status


def test_while_it_is_being_sent_elsewhere_a_difference_waits(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(user, [shop, short], text="Fresh", media=[picture()])
    sent(post, shop, "waiting")
    sent(post, short, "failed")
    with pytest.raises(InvalidRequest, match="post_being_sent"):
        composing.edit(post, by=user, overrides={short: {"text": "Bread"}})


@pytest.mark.databases
def test_a_copy_has_the_same_content_and_differences_and_hashes_alike(
    user: Any, shop: ConnectedAccount, short: ConnectedAccount
) -> None:
    post = composed(
        user,
        [shop, short],
        text="Fresh",
        options={"mood": "happy"},
        media=[picture(400), picture(450, alt_text="Bread")],
        overrides={short: {"text": "Bread", "media": [picture(500)]}},
    )
    (_, second) = post.shared_media
    composing.edit(post, by=user, overrides={shop: {"media": [NewMedia(existing=second)]}})
    made = Post.objects.get(pk=copying.copy(post, by=user).pk)
    assert made.pk != post.pk
    assert made.review == "draft"
    assert reviewing.content_hash(made) == reviewing.content_hash(post)
    assert set(made.accounts.all()) == {shop, short}
    for account in (shop, short):
        assert composing.draft(made, account) == composing.draft(post, account)
    assert not set(made.media.values_list("pk")) & set(post.media.values_list("pk"))


@pytest.mark.parametrize("first", ["original", "copy"])
def test_files_stay_as_long_as_a_copy_has_them(
    user: Any,
    shop: ConnectedAccount,
    short: ConnectedAccount,
    first: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    wide = picture(1000, fit="crop")
    post = composed(user, [shop, short], media=[wide], overrides={short: {"media": [picture(500)]}})
    made = copying.copy(post, by=user)
    posts = [post, made] if first == "original" else [made, post]
    assert stored() == 3
    with django_capture_on_commit_callbacks(execute=True):
        deleting.delete(posts[0], by=user)
    assert stored() == 3
    (left,) = Post.objects.get(pk=posts[1].pk).shared_media
    with django_capture_on_commit_callbacks(execute=True):
        composing.edit(posts[1], by=user, media=[NewMedia(existing=left)])
    assert stored() == 2
    with django_capture_on_commit_callbacks(execute=True):
        deleting.delete(posts[1], by=user)
    assert stored() == 0


def test_nobody_copies_the_post_of_another(user: Any) -> None:
    post = composed(user, [], text="Fresh")
    with pytest.raises(InvalidRequest, match="post_not_found"):
        copying.copy(post, by=get_user_model().objects.create_user("eve"))


def test_a_post_that_differs_on_fifty_accounts_is_written_and_scheduled_in_few_queries(user: Any) -> None:
    def asked(count: int) -> int:
        accounts = [brief_account(user, f"{count}-{number}") for number in range(count)]
        own = {account: {"text": f"Hi {account.account_id}"} for account in accounts}
        with CaptureQueriesContext(connection) as queries:
            post = composing.compose(user, text="Bread", accounts=accounts, overrides=own)
            scheduling.schedule(post, accounts, by=user)
        assert post.publications.count() == count
        return len(queries)

    assert asked(50) <= asked(2) + 3

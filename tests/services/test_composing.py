"""Writing posts: all of it or nothing."""

from __future__ import annotations

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Event, Post, PostMedia, Publication
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing, publishing, reviewing, storing
from django_connected_accounts.services.composing import NewMedia

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def account(user: Any) -> ConnectedAccount:
    return ConnectedAccount.objects.create(
        user=user, platform="instagram", account_id="17841", username="bakery"
    )


def picture(width: int = 400, height: int = 400, **options: Any) -> NewMedia:
    image_format = options.pop("image_format", "JPEG")
    content = samples.jpeg(width, height, image_format=image_format)
    return NewMedia(file=SimpleUploadedFile("holiday.jpg", content), **options)


def film(**options: Any) -> NewMedia:
    return NewMedia(file=SimpleUploadedFile("clip.mp4", samples.mp4(5.0)), **options)


def stored() -> list[str]:
    """Return the names of all files in the storage."""
    storage = storages["default"]
    return storage.listdir("connected_accounts")[1] if storage.exists("connected_accounts") else []


def schedule(post: Post, account: ConnectedAccount, status: str = "scheduled", **fields: Any) -> Publication:
    now = timezone.now()
    return Publication.objects.create(
        post=post, account=account, status=status, due_at=now, deadline_at=now, **fields
    )


def codes(post: Post, account: ConnectedAccount) -> list[tuple[str, str]]:
    return [(p.code, p.severity) for p in composing.problems(post, [account])[account.pk]]


def refused(user: Any, **content: Any) -> InvalidRequest:
    """Return why this is not saved, having seen that nothing was."""
    with pytest.raises(InvalidRequest) as refusal:
        composing.compose(user, **content)
    assert not Post.objects.exists()
    assert not PostMedia.objects.exists()
    assert not Event.objects.exists()
    assert stored() == []
    return refusal.value


def test_a_post_is_kept_with_its_media_in_order(user: Any, account: ConnectedAccount) -> None:
    tags = [{"username": "bo", "x": 0.5, "y": 0.5}]
    post = composing.compose(
        user,
        text="Fresh",
        media=[picture(400, 300, alt_text="Bread", user_tags=tags), picture(300, 400)],
        accounts=[account],
        options={"location_id": "7"},
        first_comment="#bread",
    )
    post = Post.objects.get(pk=post.pk)
    first, second = post.media.all()
    assert (post.kind, post.text, post.first_comment, post.options) == (
        "carousel",
        "Fresh",
        "#bread",
        {"location_id": "7"},
    )
    assert (first.position, first.width, first.alt_text, first.user_tags) == (0, 400, "Bread", tags)
    assert (second.position, second.width) == (1, 300)
    assert first.original_name == "holiday.jpg"
    assert "holiday" not in first.file.name
    assert len(stored()) == 2
    assert list(post.accounts.all()) == [account]
    assert Event.objects.get().verb == "post.created"


@pytest.mark.parametrize(
    ("media", "kind"),
    [([], "text"), ([picture], "photo"), ([film], "reel"), ([picture, film], "carousel")],
)
def test_the_kind_follows_from_the_media(user: Any, media: list[Any], kind: str) -> None:
    assert composing.compose(user, media=[make() for make in media]).kind == kind


def test_a_kind_that_was_chosen_stays(user: Any) -> None:
    assert composing.compose(user, kind="story", media=[picture()]).kind == "story"


def test_a_file_name_keeps_what_can_be_printed(user: Any) -> None:
    bad = SimpleUploadedFile("a.jpg", samples.jpeg())
    bad._name = "../\u202egpj.\x00\ud800exe\n"  # type: ignore[attr-defined]
    post = composing.compose(user, media=[NewMedia(file=bad)])
    assert post.media.get().original_name == "gpj.exe"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "media_empty"),
        (b"hello", "media_format_unknown"),
        (samples.jpeg()[:500], "media_unreadable"),
    ],
)
def test_media_that_can_not_be_read_keeps_everything_back(user: Any, content: bytes, code: str) -> None:
    bad = NewMedia(file=SimpleUploadedFile("a.jpg", content))
    error = refused(user, text="Fresh", media=[picture(), bad, picture(), bad])
    assert error.code == code
    assert [(problem.code, problem.field) for problem in error.problems] == [
        (code, "media.1"),
        (code, "media.3"),
    ]


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ({"kind": "poem"}, "kind_unknown", "kind"),
        ({"text": "a\0b"}, "invalid_characters", "text"),
        ({"first_comment": "\ud800"}, "invalid_characters", "first_comment"),
        ({"options": {"a": {"b": ["\0"]}}}, "invalid_characters", "options"),
        ({"options": {"a": float("nan")}}, "options_invalid", "options"),
        ({"options": {"a": object()}}, "options_invalid", "options"),
        ({"accounts": [uuid.uuid4()]}, "account_not_found", "accounts"),
        ({"accounts": ["7"]}, "account_not_found", "accounts"),
        ({"media": [NewMedia()]}, "media_missing", "media.0"),
        ({"media": [picture(url="https://example.com/a.jpg")]}, "media_ambiguous", "media.0"),
        ({"media": [NewMedia(existing=uuid.uuid4())]}, "media_not_found", "media.0"),
        ({"media": [NewMedia(url="http://127.0.0.1/a.jpg")]}, "media_url_refused", "media.0"),
        ({"media": [picture(fit="stretch")]}, "fit_unknown", "media.0.fit"),
        ({"media": [film(fit="crop")]}, "fit_not_possible", "media.0.fit"),
        ({"media": [picture(alt_text="\0")]}, "invalid_characters", "media.0.alt_text"),
        ({"media": [picture(user_tags=[{"x": 0.5}])]}, "user_tags_invalid", "media.0.user_tags"),
        (
            {"media": [picture(user_tags=[{"username": "bo", "x": float("inf")}])]},
            "user_tags_invalid",
            "media.0.user_tags",
        ),
        (
            {"media": [picture(cover=io.BytesIO(samples.jpeg()))]},
            "cover_not_available",
            "media.0.cover",
        ),
        ({"media": [film(cover=io.BytesIO(b""))]}, "media_empty", "media.0.cover"),
        (
            {"media": [film(cover=io.BytesIO(samples.mp4()))]},
            "cover_not_a_picture",
            "media.0.cover",
        ),
        ({"media": [NewMedia()] * 51}, "too_many_media", "media"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_refused_by_field(user: Any, content: dict[str, Any], code: str, field: str) -> None:
    error = refused(user, **content)
    assert (error.code, error.field) == (code, field)


def test_somebody_elses_account_is_as_unknown_as_none(user: Any, account: ConnectedAccount) -> None:
    other = get_user_model().objects.create_user("eve")
    for given in (account, account.pk, str(account.pk)):
        error = refused(other, text="Hello", accounts=[given])
        assert (error.code, error.field) == ("account_not_found", "accounts")


def test_when_the_transaction_fails_the_files_go_with_the_rows(user: Any, account: ConnectedAccount) -> None:
    def compose_and_fail() -> None:
        with storing.all_or_nothing():
            png = picture(image_format="PNG", fit="convert")
            composing.compose(user, media=[png, film(cover=io.BytesIO(samples.jpeg()))], accounts=[account])
            assert len(stored()) == 4
            raise InvalidRequest("past_date")

    with pytest.raises(InvalidRequest, match="past_date"):
        compose_and_fail()
    assert not Post.objects.exists()
    assert stored() == []


def test_a_storage_that_fails_half_way_leaves_nothing(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    storage, saved = storages["default"], []
    save = storage.save

    def full(name: str, *args: Any, **options: Any) -> str:
        saved.append(name)
        if len(saved) == 2:
            raise OSError("No space left on device")
        return save(name, *args, **options)

    monkeypatch.setattr(storage, "save", full)
    with pytest.raises(OSError, match="No space"):
        composing.compose(user, media=[picture(), picture()])
    assert not Post.objects.exists()
    assert stored() == []


def test_a_picture_is_made_fit_for_the_accounts_and_the_original_kept(
    user: Any, account: ConnectedAccount
) -> None:
    wide = picture(1000, 200, image_format="PNG", fit="crop")
    post = composing.compose(user, media=[wide], accounts=[account])
    media = post.media.get()
    assert (media.fit, media.mime, media.width, media.height) == ("crop", "image/png", 1000, 200)
    made = media.renditions.get()
    assert (made.platform, made.mime, made.width, made.height) == ("instagram", "image/jpeg", 382, 200)
    assert made.file.name.endswith(".jpg")
    assert made.file.size == made.size
    assert codes(post, account) == []


def test_a_cover_becomes_a_jpeg(user: Any) -> None:
    cover = io.BytesIO(samples.jpeg(90, 160, image_format="PNG"))
    media = composing.compose(user, media=[film(cover=cover)]).media.get()
    assert media.cover.name.endswith(".jpg")
    with media.cover.open("rb") as file:
        assert file.read(2) == b"\xff\xd8"


def test_a_draft_with_problems_is_saved_and_says_them(user: Any, account: ConnectedAccount) -> None:
    post = composing.compose(
        user, text="#a " * 31, media=[picture(1000, 200, image_format="PNG")], options={"mood": "good"}
    )
    found = composing.problems(post, [account])[account.pk]
    by_code = {problem.code: problem for problem in found}
    assert {"media_format", "aspect_ratio", "too_many_hashtags", "option_unknown"} <= set(by_code)
    assert by_code["aspect_ratio"].fix == ("crop", "pad")
    assert by_code["media_format"].field == "media.0"


def test_an_account_that_is_not_well_is_warned_of(user: Any, account: ConnectedAccount) -> None:
    post = composing.compose(user, media=[picture()], accounts=[account])
    assert codes(post, account) == []
    account.health = ConnectedAccount.Health.RECONNECT_NEEDED
    assert codes(post, account) == [("account_not_usable", "warning")]


def test_an_account_of_a_platform_that_is_gone_is_an_error(user: Any, account: ConnectedAccount) -> None:
    account.platform = "myspace"
    assert codes(Post(user=user, kind="text"), account) == [("platform_not_configured", "error")]


def test_a_draft_for_a_provider_has_facts_and_bytes_and_links_only_when_asked(
    user: Any, account: ConnectedAccount, rf: Any
) -> None:
    content = samples.jpeg(400, 300)
    media = NewMedia(file=io.BytesIO(content), alt_text="Bread")
    post = composing.compose(user, text="Fresh", media=[media], accounts=[account])
    (private,) = composing.draft(post, account).media
    assert (private.kind, private.mime, private.size, private.width) == (
        "image",
        "image/jpeg",
        len(content),
        400,
    )
    assert (private.url, private.alt_text) == ("", "Bread")
    assert private.open is not None
    with private.open() as file:
        assert file.read() == content
    (public,) = composing.draft(post, account, public=True).media
    assert public.url.startswith("http://testserver/connected-accounts/media/")
    assert public.url not in repr(public)


def test_an_edit_changes_what_is_given_and_keeps_the_rest(user: Any, account: ConnectedAccount) -> None:
    post = composing.compose(user, text="Fresh", media=[picture()], accounts=[account], first_comment="Hm")
    composing.edit(post, by=user, text="Fresher")
    post = Post.objects.get(pk=post.pk)
    assert (post.text, post.first_comment, post.kind, post.media.count()) == ("Fresher", "Hm", "photo", 1)
    assert list(post.accounts.all()) == [account]


def test_media_is_kept_moved_replaced_and_removed(user: Any, django_capture_on_commit_callbacks: Any) -> None:
    post = composing.compose(user, media=[picture(100, 100), picture(200, 200), picture(300, 300)])
    first, second, third = post.media.all()
    with django_capture_on_commit_callbacks(execute=True):
        composing.edit(
            post,
            by=user,
            media=[
                NewMedia(existing=third, alt_text="3"),
                picture(400, 400),
                NewMedia(existing=str(first.pk)),
            ],
        )
    rows = list(PostMedia.objects.filter(post=post))
    assert [(row.position, row.width) for row in rows] == [(0, 300), (1, 400), (2, 100)]
    assert (rows[0].pk, rows[2].pk, rows[0].alt_text) == (third.pk, first.pk, "3")
    assert not PostMedia.objects.filter(pk=second.pk).exists()
    assert len(stored()) == 3


def test_how_a_kept_picture_fits_can_be_changed(
    user: Any, account: ConnectedAccount, django_capture_on_commit_callbacks: Any
) -> None:
    post = composing.compose(user, media=[picture(1000, 200)], accounts=[account])
    (media,) = post.media.all()
    original, seen = media.file.name, []
    for fit in ("crop", "pad", ""):
        with django_capture_on_commit_callbacks(execute=True):
            composing.edit(post, by=user, media=[NewMedia(existing=media, fit=fit)])
        media = PostMedia.objects.get(post=post)
        seen.append((media.fit, [(made.width, made.height) for made in media.renditions.all()]))
    assert seen == [("crop", [(382, 200)]), ("pad", [(1000, 524)]), ("", [])]
    assert media.file.name == original
    assert len(stored()) == 1


def test_a_kept_rendition_that_fits_is_left_alone(user: Any, account: ConnectedAccount) -> None:
    post = composing.compose(user, media=[picture(1000, 200, fit="crop")], accounts=[account])
    before = post.media.get().renditions.get()
    composing.edit(post, by=user, media=[NewMedia(existing=post.media.get(), fit="crop", alt_text="Bread")])
    assert post.media.get().alt_text == "Bread"
    assert post.media.get().renditions.get().file.name == before.file.name


def test_an_edit_that_fails_changes_nothing(user: Any) -> None:
    post = composing.compose(user, text="Fresh", media=[picture()])
    before = stored()
    bad = NewMedia(file=io.BytesIO(b"hello"))
    with pytest.raises(InvalidRequest, match="media_format_unknown"):
        composing.edit(post, by=user, text="Fresher", media=[picture(), bad])
    post = Post.objects.get(pk=post.pk)
    assert (post.text, post.media.count(), stored()) == ("Fresh", 1, before)


def test_media_of_another_post_can_not_be_taken(user: Any) -> None:
    mine, other = (composing.compose(user, media=[picture()]) for _ in range(2))
    with pytest.raises(InvalidRequest, match="media_not_found"):
        composing.edit(mine, by=user, media=[NewMedia(existing=other.media.get())])


def test_an_edit_ends_the_approval_of_other_content(user: Any) -> None:
    post = composing.compose(user, text="Fresh")
    reviewing.approve(post, by=user)
    composing.edit(post, by=user, text="Fresh")
    assert reviewing.is_approved(post)
    composing.edit(post, by=user, text="Fresher")
    post = Post.objects.get(pk=post.pk)
    assert (post.review, post.approved_hash, post.approved_by) == ("draft", "", None)


def test_an_edited_rejection_is_a_draft_again(user: Any) -> None:
    post = composing.compose(user, text="Fresh")
    reviewing.submit(post, by=user)
    reviewing.reject(post, by=user, reason="No.")
    composing.edit(post, by=user, text="Fresher")
    assert post.review == "draft"


@pytest.mark.parametrize("status", ["sending", "waiting", "published", "unknown"])
def test_what_may_be_public_is_not_edited(user: Any, account: ConnectedAccount, status: str) -> None:
    post = composing.compose(user, text="Fresh", media=[picture()], accounts=[account])
    schedule(post, account, status, remote_id="1")
    with pytest.raises(InvalidRequest, match="post_already_sent"):
        composing.edit(post, by=user, text="Fresher", media=[picture()])
    assert Post.objects.get(pk=post.pk).text == "Fresh"
    assert len(stored()) == 1


@pytest.mark.parametrize("status", ["scheduled", "held", "failed", "missed", "cancelled"])
def test_what_is_surely_not_public_may_be_edited_and_is_not_sent_by_that(
    user: Any, account: ConnectedAccount, status: str
) -> None:
    post = composing.compose(user, text="Fresh", accounts=[account])
    publication = schedule(post, account, status)
    composing.edit(post, by=user, text="Fresher")
    before = publication.updated_at
    publication.refresh_from_db()
    assert (publication.status, publication.updated_at) == (status, before)


def test_while_a_runner_holds_it_a_post_is_not_edited(user: Any, account: ConnectedAccount) -> None:
    post = composing.compose(user, text="Fresh", accounts=[account])
    publication = schedule(post, account, lease_token="t", lease_until=timezone.now() + timedelta(minutes=5))
    with pytest.raises(InvalidRequest, match="post_being_sent"):
        composing.edit(post, by=user, text="Fresher")
    Publication.objects.filter(pk=publication.pk).update(lease_until=timezone.now() - timedelta(minutes=5))
    composing.edit(post, by=user, text="Fresher")
    Publication.objects.filter(pk=publication.pk).update(intent_at=timezone.now())
    with pytest.raises(InvalidRequest, match="post_being_sent"):
        composing.edit(post, by=user, text="Freshest")


def test_somebody_elses_post_is_not_edited(user: Any) -> None:
    post = composing.compose(user, text="Fresh")
    other = get_user_model().objects.create_user("eve")
    with pytest.raises(InvalidRequest, match="post_not_found"):
        composing.edit(post, by=other, text="Mine")


@pytest.mark.django_db(transaction=True)
def test_what_is_replaced_is_deleted_only_once_the_change_is_sure(user: Any) -> None:
    post = composing.compose(user, media=[picture()])
    (before,) = stored()
    with transaction.atomic():
        composing.edit(post, by=user, media=[])
        transaction.set_rollback(True)
    assert before in stored()
    composing.edit(post, by=user, media=[])
    assert stored() == []


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("not connection.features.has_select_for_update_skip_locked")
def test_no_runner_takes_a_post_while_it_is_edited(user: Any, account: ConnectedAccount) -> None:
    post = composing.compose(user, text="Fresh", accounts=[account])
    schedule(post, account, run_at=timezone.now() - timedelta(minutes=1))

    def claimed() -> int:
        with ThreadPoolExecutor(1) as runner:
            return runner.submit(_claim).result(timeout=20)

    with transaction.atomic():
        composing.edit(post, by=user, text="Fresher")
        assert claimed() == 0
    assert claimed() == 1
    with pytest.raises(InvalidRequest, match="post_being_sent"):
        composing.edit(post, by=user, text="Freshest")


def _claim() -> int:
    try:
        return len(publishing.claim(10)[0])
    finally:
        connection.close()

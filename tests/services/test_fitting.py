"""A picture is changed for the platforms that would refuse it, and for no other."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from django_connected_accounts.models import ConnectedAccount, Post
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing, copying, deleting, scheduling
from django_connected_accounts.services.composing import NewMedia

pytestmark = pytest.mark.django_db

Connected = Callable[[str], ConnectedAccount]


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def on(user: Any) -> Connected:
    """``on("linkedin")`` is an account on that platform."""
    return lambda platform: ConnectedAccount.objects.create(user=user, platform=platform, account_id=platform)


def picture(image_format: str = "PNG", width: int = 1000, height: int = 300, **options: Any) -> NewMedia:
    content = samples.jpeg(width, height, image_format=image_format)
    return NewMedia(file=SimpleUploadedFile(f"counter.{image_format.lower()}", content), **options)


def sent(post: Post, account: ConnectedAccount) -> tuple[str, int | None, int | None]:
    (media,) = composing.draft(Post.objects.get(pk=post.pk), account).media
    assert media.open
    with media.open() as file:
        image = Image.open(io.BytesIO(file.read()))
    assert (image.width, image.height) == (media.width, media.height)
    return media.mime, media.width, media.height


def test_what_instagram_wants_changed_goes_to_the_others_as_it_came(user: Any, on: Connected) -> None:
    accounts = [on(name) for name in ("instagram", "twitter", "linkedin", "threads")]
    post = composing.compose(user, media=[picture(fit="crop")], accounts=accounts)
    found = {account.platform: sent(post, account) for account in accounts}
    assert found["instagram"] == ("image/jpeg", 573, 300)
    assert {found[name] for name in ("twitter", "linkedin", "threads")} == {("image/png", 1000, 300)}
    assert not any(problem.fix for row in composing.problems(post, accounts).values() for problem in row)


def test_a_picture_every_platform_takes_is_not_touched(user: Any, on: Connected) -> None:
    account = on("linkedin")
    post = composing.compose(user, media=[picture(fit="convert")], accounts=[account])
    assert sent(post, account) == ("image/png", 1000, 300)
    assert not post.media.get().renditions.exists()


@pytest.mark.parametrize(
    ("image_format", "platform"), [("GIF", "linkedin"), ("WEBP", "tiktok"), ("PNG", "threads")]
)
def test_formats_beyond_jpeg_are_kept_where_they_are_taken(
    user: Any, on: Connected, image_format: str, platform: str
) -> None:
    account = on(platform)
    post = composing.compose(user, media=[picture(image_format, 800, 800)], accounts=[account])
    assert sent(post, account)[0] == f"image/{image_format.lower()}"
    assert "media_format" not in [problem.code for problem in composing.problems(post, [account])[account.pk]]


def test_one_picture_may_be_a_photo_here_and_a_story_there(user: Any, on: Connected) -> None:
    photo, story = on("instagram"), on("instagram_login")
    post = composing.compose(
        user, media=[picture(fit="crop")], accounts=[photo, story], overrides={story: {"kind": "story"}}
    )
    assert sent(post, photo)[1:] == (573, 300)
    width, height = sent(post, story)[1:]
    assert width
    assert height
    assert abs(width / height - 9 / 16) < 0.01


def test_an_account_that_comes_later_gets_its_own_when_it_is_scheduled(user: Any, on: Connected) -> None:
    first, later = on("twitter"), on("instagram")
    post = composing.compose(user, media=[picture(fit="crop")], accounts=[first])
    assert not post.media.get().renditions.exists()
    scheduling.schedule(post, [later], by=user)
    assert sent(post, later) == ("image/jpeg", 573, 300)
    assert sent(post, first) == ("image/png", 1000, 300)


def test_without_leave_nothing_is_changed_and_the_problem_is_told(user: Any, on: Connected) -> None:
    account = on("instagram")
    post = composing.compose(user, media=[picture()], accounts=[account])
    assert sent(post, account) == ("image/png", 1000, 300)
    fixes = {problem.code: problem.fix for problem in composing.problems(post, [account])[account.pk]}
    assert fixes["aspect_ratio"] == ("crop", "pad")


def test_copies_share_what_was_made_until_the_last_goes(
    user: Any, on: Connected, django_capture_on_commit_callbacks: Any
) -> None:
    account = on("instagram")
    post = composing.compose(user, media=[picture(fit="crop")], accounts=[account])
    made = copying.copy(post, by=user)
    assert sent(made, account) == ("image/jpeg", 573, 300)
    for one in (post, made):
        assert len(storages["default"].listdir("connected_accounts")[1]) == 2
        with django_capture_on_commit_callbacks(execute=True):
            deleting.delete(one, by=user)
    assert storages["default"].listdir("connected_accounts")[1] == []


def test_a_picture_that_can_not_be_made_fit_stays_as_it_is(
    user: Any, on: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = on("instagram")
    post = composing.compose(user, media=[picture()], accounts=[account])
    storages["default"].delete(post.media.get().file.name)
    row = post.media.get()
    with storages["default"].open(row.file.name, "wb") as file:
        file.write(b"no picture any more")
    composing.edit(post, by=user, media=[composing.again(row, fit="crop")])
    assert "aspect_ratio" in [problem.code for problem in composing.problems(post, [account])[account.pk]]

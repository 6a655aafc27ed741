"""A large film passes through in pieces: into the storage, and out of it to a platform."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files import File

from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.types import PIECE, Body
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing
from django_connected_accounts.services.composing import NewMedia

pytestmark = pytest.mark.django_db

SIZE = 48_000_000


@contextmanager
def little_memory(most: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.fixture
def film() -> Iterator[File[bytes]]:
    with tempfile.TemporaryFile() as file:
        head = samples.mp4()
        file.write(head + (SIZE - len(head)).to_bytes(4, "big") + b"free")
        file.truncate(SIZE)
        yield File(file, name="film.mp4")


def test_a_large_film_is_never_whole_in_memory(film: File[bytes], settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    user = get_user_model().objects.create_user("ada")
    account = ConnectedAccount.objects.create(user=user, platform="linkedin", account_id="1")
    with little_memory(8 * PIECE):
        post = composing.compose(user, media=[NewMedia(file=film)], accounts=[account])
    (media,) = composing.draft(post, account).media
    assert media.size == SIZE
    with little_memory(4 * PIECE):
        assert sum(map(len, Body(media))) == SIZE
        assert sum(map(len, Body(media, SIZE - 10))) == 10
        assert media.read(4, 4) == b"ftyp"

from __future__ import annotations

import pytest

from django_connected_accounts.models import PostMedia


@pytest.mark.django_db
def test_files_go_with_the_user_they_belong_to(account, photo, user, django_capture_on_commit_callbacks):
    account.publish(media=[photo()])
    media = PostMedia.objects.get()
    storage, name = media.file.storage, media.file.name
    assert storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        user.delete()
    assert not storage.exists(name)

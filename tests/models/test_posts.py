"""What posts are called."""

from __future__ import annotations

from django_connected_accounts.models import Post


def test_a_post_is_called_by_its_first_words_in_one_line() -> None:
    assert (
        str(Post(kind="photo", text="Fresh\n[ERROR] forged\r\n bread "))
        == "Photo: Fresh [ERROR] forged bread"
    )
    assert str(Post(kind="photo", text="\n")) == "Photo"
    assert len(str(Post(kind="reel", text="x" * 100))) == len("Reel: ") + 40

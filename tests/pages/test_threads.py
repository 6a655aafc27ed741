"""A thread is written on the composer's page."""

from __future__ import annotations

from django_connected_accounts.models import Post
from tests.pages.conftest import Browser
from tests.visitor import Visitor


def test_a_line_of_dashes_stands_between_the_texts_of_a_thread(browser: Browser, visitor: Visitor) -> None:
    account = visitor.connects("shop", "twitter")
    thread = "Two, with a comma\r\nand a second line\r\n---\r\nThree\r\n"
    data = {"accounts": [str(account.pk)], "text": "One", "zone": "UTC", "do": "save"}
    answer = browser.send("compose", **data, option_thread=thread, option_poll_options="Rye, Spelt")
    assert answer.status_code == 302
    post = Post.objects.get()
    assert post.options["thread"] == ["Two, with a comma\nand a second line", "Three"]
    assert post.options["poll_options"] == ["Rye", "Spelt"]
    form = browser.get(answer.headers["Location"]).context["form"]
    assert form["option_thread"].value() == "Two, with a comma\nand a second line\n---\nThree"

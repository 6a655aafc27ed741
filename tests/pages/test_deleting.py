"""What is live can be deleted there from its page, after one more question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_connected_accounts.models import Publication
from django_connected_accounts.services import scheduling
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor


def live(visitor: Visitor, run: Callable[[], None], platform: str, **post: Any) -> Publication:
    publication = scheduling.publish(visitor.connects("shop", platform), text="Rye at seven", **post)
    run()
    publication.refresh_from_db()
    return publication


def test_a_post_is_deleted_after_a_question(
    browser: Browser, visitor: Visitor, run: Callable[[], None]
) -> None:
    publication = live(visitor, run, "linkedin")
    said = text(browser.page("post", publication.post_id))
    assert "Delete it on LinkedIn" in said
    assert "can't be undone" in said
    assert "stays on LinkedIn" not in said
    answer = browser.send("publication-delete", publication.pk)
    page = browser.get(answer.headers["Location"])
    assert "Deleted there." in text(page)
    assert "Deleted on the platform" in text(page)
    assert "It was published:" in text(page)
    assert f'href="{publication.permalink}"' not in page.content.decode()
    assert f"/publications/{publication.pk}/" not in page.content.decode()
    assert visitor.world.posts() == []


def test_what_stays_of_a_thread_is_said_before_and_after(
    browser: Browser, visitor: Visitor, run: Callable[[], None]
) -> None:
    publication = live(visitor, run, "twitter", options={"thread": ["And spelt"]})
    assert "stays on X (Twitter) until you delete it there" in text(browser.page("post", publication.post_id))
    browser.send("publication-delete", publication.pk)
    assert "stay on X (Twitter)" in text(browser.page("post", publication.post_id))


def test_a_platform_that_is_down_is_told_and_the_post_stays_as_it_is(
    browser: Browser, visitor: Visitor, run: Callable[[], None]
) -> None:
    publication = live(visitor, run, "linkedin")
    visitor.world.fault(action="status", method="DELETE", status=503, times=0)
    answer = browser.send("publication-delete", publication.pk)
    said = text(browser.get(answer.headers["Location"]))
    assert "(platform_unavailable)" in said
    assert "See it on LinkedIn" in said

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import composing, publishing
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor

VERBS = ("cancel", "reschedule", "retry", "check", "live", "again")
Status = Publication.Status


@pytest.fixture
def publication(account: ConnectedAccount, picture: Callable[..., Any]) -> Publication:
    tomorrow = timezone.now() + timedelta(days=1)
    return publishing.publish(account, text="Fresh bread", media=[picture()], at=tomorrow)


def become(publication: Publication, status: str, **more: Any) -> None:
    more.setdefault("run_at", None)
    Publication.objects.filter(pk=publication.pk).update(status=status, **more)


def test_without_posts_there_is_one_line_and_one_button(browser: Browser) -> None:
    page = browser.page("posts")
    assert page.content.count(b"ca-button-primary") == 1


def test_publishing_now_names_the_accounts_and_asks_once_more(
    browser: Browser, account: ConnectedAccount, picture: Callable[..., Any]
) -> None:
    post = composing.compose(browser.visitor.user, media=[composing.NewMedia(file=picture())])
    said = text(browser.page("post-confirm", post.pk, account=str(account.pk)))
    assert "Publish now on 1 account?" in said
    assert "@juniper.shop" in said
    assert not Publication.objects.exists()


def test_from_now_to_live(
    browser: Browser, account: ConnectedAccount, picture: Callable[..., Any], run: Callable[[], None]
) -> None:
    post = composing.compose(browser.visitor.user, text="Hello", media=[composing.NewMedia(file=picture())])
    browser.send("post-publish", post.pk, account=str(account.pk))
    under_way = browser.page("post", post.pk)
    assert under_way.headers["Refresh"]
    assert "About to go out" in text(under_way)
    assert "Stop updating" in text(under_way)
    assert "Refresh" not in browser.page("post", post.pk, live="off").headers
    run()
    page = browser.page("post", post.pk)
    publication = Publication.objects.get()
    assert publication.status == "published"
    assert f'href="{publication.permalink}"' in page.content.decode()
    assert "Published" in text(page)
    assert "Refresh" not in page.headers
    assert 'title="' in page.content.decode()
    assert "Edit" not in text(page).split()


def test_a_publication_tells_what_happened_when(browser: Browser, publication: Publication) -> None:
    said = text(browser.page("post", publication.post_id))
    assert "What happened Scheduled" in said


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("scheduled", {"cancel", "reschedule"}),
        ("sending", set()),
        ("waiting", set()),
        ("published", set()),
        ("failed", {"retry", "reschedule"}),
        ("missed", {"retry", "reschedule"}),
        ("held", {"cancel", "retry", "reschedule"}),
        ("cancelled", {"reschedule"}),
        ("unknown", {"check", "live", "again"}),
    ],
)
def test_only_what_can_be_done_is_offered(
    browser: Browser, publication: Publication, status: str, offered: set[str]
) -> None:
    become(publication, status, remote_id="1", code="outcome_unknown" if status == "unknown" else "")
    markup = browser.page("post", publication.post_id).content.decode()
    found = {verb for verb in VERBS if f"/publications/{publication.pk}/{verb}/" in markup}
    assert found == offered


def test_what_is_in_doubt_shows_its_evidence_and_warns_before_posting_again(
    browser: Browser, publication: Publication
) -> None:
    become(publication, "unknown", code="outcome_unknown", trace_id="Trace123")
    said = text(browser.page("post", publication.post_id))
    assert "Check needed" in said
    assert "Trace123" in said
    assert "appear twice" in said


def test_nobody_is_told_to_act_on_what_is_still_looked_up(browser: Browser, publication: Publication) -> None:
    become(publication, "sending", code="request_refused", run_at=timezone.now())
    said = text(browser.page("post", publication.post_id))
    assert "It is looked up before anything is repeated." in said
    assert "Change the post" not in said
    assert "Change the post" not in text(browser.page("queue"))
    become(publication, "failed", code="request_refused")
    assert "Change the post" in text(browser.page("post", publication.post_id))


def test_pasting_the_link_settles_it(browser: Browser, publication: Publication) -> None:
    become(publication, "unknown")
    refused = browser.send("publication-live", publication.pk, permalink="not a link at all")
    assert refused.status_code == 400
    assert "aria-invalid" in refused.content.decode()
    link = "https://www.instagram.com/p/abc/"
    browser.send("publication-live", publication.pk, permalink=link)
    publication.refresh_from_db()
    assert (publication.status, publication.permalink) == ("published", link)


def test_cancelling(browser: Browser, publication: Publication) -> None:
    browser.send("publication-cancel", publication.pk)
    publication.refresh_from_db()
    assert publication.status == "cancelled"
    assert "Cancelled" in text(browser.page("post", publication.post_id))


def test_what_can_not_be_done_any_more_is_explained(browser: Browser, publication: Publication) -> None:
    become(publication, "published", remote_id="1")
    answer = browser.send("publication-cancel", publication.pk)
    assert "not_possible_now" in text(browser.get(answer.headers["Location"]))


def test_choosing_another_time(browser: Browser, publication: Publication) -> None:
    browser.send("publication-reschedule", publication.pk, at="2030-07-01T10:00", zone="Asia/Tokyo")
    publication.refresh_from_db()
    assert publication.due_at.isoformat() == "2030-07-01T01:00:00+00:00"
    refused = browser.send("publication-reschedule", publication.pk, at="2020-07-01T10:00", zone="UTC")
    assert refused.status_code == 400
    assert "past_date" in text(refused)


def test_failed_says_why_and_can_be_tried_again(
    browser: Browser, publication: Publication, run: Callable[[], None]
) -> None:
    become(publication, "failed", code="too_late")
    said = text(browser.page("post", publication.post_id))
    assert "What to do:" in said
    browser.send("publication-retry", publication.pk)
    run()
    publication.refresh_from_db()
    assert publication.status == "published"


def test_what_needs_someone_comes_first(
    browser: Browser, account: ConnectedAccount, picture: Callable[..., Any]
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    old = publishing.publish(account, text="failed one", media=[picture()], at=tomorrow)
    publishing.publish(account, text="newer one", media=[picture()], at=tomorrow)
    become(old, "failed", code="too_late")
    said = text(browser.page("posts"))
    assert said.index("failed one") < said.index("newer one")


def test_the_list_can_be_narrowed_to_an_account_or_a_status(
    browser: Browser, visitor: Visitor, publication: Publication
) -> None:
    creator = visitor.connects("creator", "instagram_login")
    composing.compose(visitor.user, text="just a draft")
    by_account = text(browser.page("posts", account=str(publication.account_id)))
    assert "Fresh bread" in by_account
    assert "just a draft" not in by_account
    assert "No post matches." in text(browser.page("posts", account=str(creator.pk)))
    assert "Fresh bread" not in text(browser.page("posts", status="draft"))
    assert "just a draft" in text(browser.page("posts", status="draft"))
    assert "Fresh bread" in text(browser.page("posts", status="scheduled"))


def test_the_list_takes_as_many_queries_for_many_posts_as_for_one(
    browser: Browser, publication: Publication, queries: Callable[[], Any], settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_PAGE_SIZE = 30
    with queries() as one:
        browser.page("posts")
    for _ in range(10):
        post = Post.objects.create(user=browser.visitor.user, kind="text", text="x")
        due = timezone.now()
        Publication.objects.create(
            post=post, account=publication.account, due_at=due, deadline_at=due + timedelta(hours=1)
        )
    with queries() as many:
        browser.page("posts")
    assert len(one) == len(many)


def test_one_of_two_live_is_partly_published(
    browser: Browser, visitor: Visitor, publication: Publication
) -> None:
    creator = visitor.connects("creator", "instagram_login")
    become(publication, "published", remote_id="1")
    due = timezone.now()
    Publication.objects.create(
        post=publication.post, account=creator, status="failed", code="too_late", due_at=due, deadline_at=due
    )
    assert "Partly published" in text(browser.page("posts"))


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_decided_by_get_or_without_a_csrf_token(
    browser: Browser, visitor: Visitor, publication: Publication, verb: str
) -> None:
    events = Event.objects.count()
    assert browser.page(f"publication-{verb}", publication.pk).status_code == 405
    assert browser.page("post-publish", publication.post_id).status_code == 405
    strict = Browser(visitor, enforce_csrf_checks=True)
    assert strict.send(f"publication-{verb}", publication.pk).status_code == 403
    assert strict.send("post-publish", publication.post_id).status_code == 403
    assert Event.objects.count() == events


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_decides_about_the_posts_of_another(
    other_browser: Browser, publication: Publication, verb: str
) -> None:
    become(publication, "unknown")
    data = {"permalink": "https://www.instagram.com/p/x/", "at": "2030-01-01T10:00", "zone": "UTC"}
    assert other_browser.send(f"publication-{verb}", publication.pk, **data).status_code == 404
    publication.refresh_from_db()
    assert publication.status == "unknown"
    assert "Fresh bread" not in text(other_browser.page("posts"))


def test_publishing_from_the_account_of_another_is_refused(
    browser: Browser, stranger: Visitor, picture: Callable[..., Any], world: World
) -> None:
    theirs = stranger.connects("shop", "instagram_login")
    post = composing.compose(browser.visitor.user, media=[composing.NewMedia(file=picture())])
    answer = browser.send("post-publish", post.pk, account=str(theirs.pk))
    assert "account_not_found" in text(browser.get(answer.headers["Location"]))
    assert not Publication.objects.exists()


def test_what_is_out_on_one_account_can_be_sent_from_another(
    browser: Browser, visitor: Visitor, publication: Publication
) -> None:
    creator = visitor.connects("creator", "instagram_login")
    assert "Also send it from" in text(browser.page("post", publication.post_id))
    said = text(browser.page("post", publication.post_id, account=str(creator.pk)))
    assert "Ready" in said
    browser.send("post-publish", publication.post_id, account=str(creator.pk))
    assert Publication.objects.count() == 2


def test_the_page_tells_every_try_with_what_the_platform_said(
    browser: Browser, account: ConnectedAccount, picture: Callable[..., Any]
) -> None:
    publication = account.publish(media=[picture()])
    told = {"step": 1, "seconds": 0.254, "attempts": 2, "platform_code": "4/2207051", "trace_id": "Az8or2"}
    Event.objects.create(
        verb="publication.attempt",
        code="platform_unavailable",
        publication=publication,
        data={**told, "detail": "for operators", "note": "container 123"},
    )

    said = text(browser.page("post", publication.post_id))

    assert "Tried again, not done yet platform_unavailable" in said
    assert "took 0.25 s · try 2" in said
    assert "The platform's code 4/2207051 Trace Az8or2" in said
    assert "for operators" not in said
    assert "container 123" not in said
    browser.visitor.user.is_staff = True
    browser.visitor.user.save()
    told = text(browser.page("post", publication.post_id))
    assert "for operators" in told
    assert "container 123" in told

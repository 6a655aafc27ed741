"""One state, one code, the same words: on the pages, in the API, in the admin and in e-mails."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_connected_accounts.codes import CODES, explain
from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication
from django_connected_accounts.services import mailing
from django_connected_accounts.services.notices import Notice

Health = ConnectedAccount.Health
Status = Publication.Status
pytestmark = pytest.mark.django_db

HEALTH_CODES = {
    Health.REFRESH_RETRYING: "refresh_retrying",
    Health.RECONNECT_NEEDED: "token_refused",
    Health.ACTION_NEEDED: "checkpoint",
    Health.PERMISSION_MISSING: "permission_missing",
    Health.PAUSED: "account_paused",
    Health.DISCONNECTED: "account_disconnected",
    Health.UNDECRYPTABLE: "unknown_key",
}
STATUS_CODES = {
    Status.SENDING: "not_taken",
    Status.PUBLISHED: "first_comment_failed",
    Status.FAILED: "request_refused",
    Status.HANDED_OVER: "handed_over",
    Status.UNKNOWN: "outcome_unknown",
    Status.MISSED: "too_late",
    Status.HELD: "account_reconnect_needed",
    Status.DELETED: "replies_stay",
}


@pytest.fixture
def staff() -> Client:
    user = get_user_model().objects.create_superuser("ada", "ada@example.com", "secret")
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def account(staff: Client) -> ConnectedAccount:
    owner = get_user_model().objects.get()
    return ConnectedAccount.objects.create(
        user=owner, platform="instagram", account_id="1", username="bakery", health_since=timezone.now()
    )


@pytest.fixture
def publication(account: ConnectedAccount) -> Publication:
    post = Post.objects.create(user=account.user, kind="photo", text="Spring is here")
    at = timezone.now() + timedelta(days=1)
    return Publication.objects.create(post=post, account=account, due_at=at, deadline_at=at)


def said(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def written(**what: Any) -> str:
    message = mailing.message(Notice(Event(verb="", **what)))
    assert message
    return " ".join(message.body.split())


def everywhere(code: str, params: dict[str, str], *texts: str) -> None:
    meaning = explain(code, params)
    for said_there in texts:
        assert meaning.cause in said_there
        assert meaning.action in said_there
        assert code in said_there


PARAMS = {"account": "@bakery", "platform": "Instagram"}


@pytest.mark.parametrize(("state", "code"), HEALTH_CODES.items())
def test_an_account_is_described_in_the_same_words(
    staff: Client, account: ConnectedAccount, state: str, code: str
) -> None:
    account.health, account.health_code, account.is_active = state, code, state in account.USABLE
    account.save()

    page = said(staff, "connected_accounts:account", account.pk)
    api = staff.get(reverse("connected_accounts_api:account", args=[account.pk])).json()
    admin = said(staff, "admin:connected_accounts_connectedaccount_change", account.pk)
    mail = written(account=account, notice=state, code=code)

    everywhere(code, PARAMS, page, " ".join(api["reason"].values()), admin, mail)
    assert api["health"] == state
    assert str(Health(state).label) in page or f"{Health(state).label} on Instagram" in page
    assert str(Health(state).label) in admin
    assert str(Health(state).label) in mail


@pytest.mark.parametrize(("status", "code"), STATUS_CODES.items())
def test_a_publication_is_described_in_the_same_words(
    staff: Client, publication: Publication, status: str, code: str
) -> None:
    publication.status, publication.code, publication.remote_id = status, code, "17"
    publication.save()

    post = said(staff, "connected_accounts:post", publication.post_id)
    api = staff.get(reverse("connected_accounts_api:post", args=[publication.post_id])).json()
    (row,) = api["publications"]
    admin = said(staff, "admin:connected_accounts_publication_change", publication.pk)
    event = {"account": publication.account, "post": publication.post, "publication": publication}
    mail = written(notice=status, code=code, **event)

    everywhere(code, PARAMS, post, " ".join(row["reason"].values()), admin, mail)
    assert row["status"] == status
    for there in (post, admin, mail):
        assert str(Status(status).label) in there


def test_every_state_that_has_a_reason_is_in_these_tables() -> None:
    assert set(Health) - set(HEALTH_CODES) == {Health.ACTIVE}
    assert set(Status) - set(STATUS_CODES) == {Status.SCHEDULED, Status.WAITING, Status.CANCELLED}


def cards(page: str) -> dict[str, str]:
    """Return the cards of a page by what they are about, like ``account-17``."""
    found = {}
    for card in page.split("<article ")[1:]:
        about = re.search(r'aria-labelledby="([^"]+)"', card)
        assert about
        found[about[1]] = card.partition("</article>")[0]
    return found


def test_every_code_reads_well_on_the_pages(
    staff: Client, account: ConnectedAccount, publication: Publication, settings: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_PAGE_SIZE = len(CODES) + 1
    account.health, account.is_active = Health.ACTION_NEEDED, False
    publication.status = Status.FAILED
    about = {}
    for code in CODES:
        account.pk, account.account_id, account.health_code = uuid4(), code, code
        account.save(force_insert=True)
        publication.pk, publication.account, publication.code = uuid4(), account, code
        publication.save(force_insert=True)
        about[code] = (f"account-{account.pk}", f"publication-{publication.pk}")

    shown = cards(said(staff, "connected_accounts:accounts"))
    shown |= cards(said(staff, "connected_accounts:post", publication.post_id))

    for code, places in about.items():
        meaning = explain(code, PARAMS)
        for place in places:
            assert " ".join(str(meaning.cause).split()) in shown[place], code
            assert " ".join(str(meaning.action).split()) in shown[place], code
            assert f"<code>{code}</code>" in shown[place]

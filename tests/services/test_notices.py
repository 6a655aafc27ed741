from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import override_settings
from django.utils import timezone, translation

from django_connected_accounts import registry, signals
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication
from django_connected_accounts.services import (
    accounts,
    events,
    foresight,
    health,
    mailing,
    notices,
    outcomes,
    publishing,
)
from tests.visitor import Visitor, at_once

Health = ConnectedAccount.Health
Status = Publication.Status
pytestmark = pytest.mark.django_db

TROUBLES = {
    Health.RECONNECT_NEEDED: "password_changed",
    Health.ACTION_NEEDED: "checkpoint",
    Health.PERMISSION_MISSING: "permission_missing",
    Health.UNDECRYPTABLE: "unknown_key",
}


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    visitor.user.email = "ada@example.com"
    visitor.user.save()
    return visitor.connects()


@pytest.fixture
def publication(account: ConnectedAccount) -> Publication:
    return scheduled(account)


@pytest.fixture(autouse=True)
def free_mail() -> Iterator[None]:
    mailing._stuck = None
    yield
    mailing._stuck = None


def scheduled(account: ConnectedAccount, due: timedelta = timedelta()) -> Publication:
    post = Post.objects.create(user=account.user, kind="photo", text="Spring is here")
    at = timezone.now() + due
    return Publication.objects.create(post=post, account=account, due_at=at, deadline_at=at)


def seen(visitor: Visitor) -> list[tuple[str, str]]:
    return [(event.notice, notices.Notice(event).code) for event in notices.visible_to(visitor.user)]


# What is told


@pytest.mark.parametrize(("state", "code"), TROUBLES.items())
def test_an_account_that_needs_someone_is_told_of_once(
    account: ConnectedAccount, visitor: Visitor, state: str, code: str
) -> None:
    health.change(account, state, code)
    for _ in range(3):
        mailing.send_due()

    assert seen(visitor) == [(state, code)]
    (message,) = mail.outbox
    assert message.to[0] == "ada@example.com"
    assert f"Code: {code}" in message.body
    assert f"http://testserver/connected-accounts/accounts/{account.pk}/" in message.body


def test_what_mends_itself_is_not_told(account: ConnectedAccount, visitor: Visitor) -> None:
    health.change(account, Health.REFRESH_RETRYING, "refresh_retrying")
    health.change(account, Health.PAUSED, "account_paused", by=visitor.user)

    assert mailing.send_due() == 0
    assert seen(visitor) == []


def test_the_same_trouble_twice_is_two_occurrences_and_another_reason_is_none(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    mailing.send_due()
    stale = ConnectedAccount.objects.get()
    stale.health = Health.ACTIVE
    health.change(stale, Health.RECONNECT_NEEDED, "password_changed")
    mailing.send_due()
    assert len(mail.outbox) == 1
    assert seen(visitor) == [("reconnect_needed", "password_changed")]

    health.change(account, Health.ACTIVE)
    assert seen(visitor) == []
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    mailing.send_due()
    assert len(mail.outbox) == 2
    assert seen(visitor) == [("reconnect_needed", "token_refused")]


def test_what_is_over_before_the_mail_went_out_is_not_sent(account: ConnectedAccount) -> None:
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    health.change(account, Health.ACTIVE)

    assert mailing.send_due() == 0
    assert not Event.objects.exclude(notify_at=None).exists()


@pytest.mark.parametrize("status", [Status.FAILED, Status.MISSED])
def test_a_post_that_ends_badly_is_told_to_its_author(
    publication: Publication, visitor: Visitor, status: Status
) -> None:
    outcomes.stop(publication, status, "too_late")
    mailing.send_due()

    assert seen(visitor) == [(status, "too_late")]
    (message,) = mail.outbox
    assert message.subject.startswith(f"{status.label}: Spring is here")
    assert str(publication.post_id) in message.body


def test_a_post_whose_outcome_stays_unknown_is_told(publication: Publication, visitor: Visitor) -> None:
    long_ago = timezone.now() - timedelta(days=1)
    publication.status, publication.intent_at, publication.repeatable = Status.SENDING, long_ago, False
    outcomes.doubt(publication, outcomes.OutcomeUnknown("outcome_unknown"))

    assert seen(visitor) == [("unknown", "outcome_unknown")]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("not_approved", True),
        ("publishing_quota_reached", False),
        ("account_paused", False),
        ("account_owner_inactive", False),
    ],
)
def test_a_post_on_hold_is_told_only_if_it_needs_someone_itself(
    publication: Publication, visitor: Visitor, code: str, told: bool
) -> None:
    outcomes.stop(publication, Status.HELD, code)
    assert bool(seen(visitor)) is told


def test_many_posts_held_by_one_account_are_one_notice(account: ConnectedAccount, visitor: Visitor) -> None:
    rows = [scheduled(account) for _ in range(3)]
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    for row in rows:
        row.refresh_from_db()
        outcomes.stop(row, Status.HELD, "account_reconnect_needed")
    mailing.send_due()

    assert seen(visitor) == [("reconnect_needed", "token_refused")]
    assert "3 posts are waiting" in mail.outbox[0].body


def test_a_post_that_fails_again_is_one_notice_and_two_mails(
    publication: Publication, visitor: Visitor
) -> None:
    for _ in range(2):
        publication.status = Status.SENDING
        outcomes.stop(publication, Status.FAILED, "request_refused")
        mailing.send_due()

    assert seen(visitor) == [("failed", "request_refused")]
    assert len(mail.outbox) == 2


def test_a_dismissed_notice_does_not_come_back_until_it_happens_again(
    publication: Publication, visitor: Visitor, stranger: Visitor
) -> None:
    outcomes.stop(publication, Status.FAILED, "request_refused")
    publication.status = Status.SENDING
    outcomes.stop(publication, Status.FAILED, "request_refused")
    (event,) = notices.visible_to(visitor.user)

    with pytest.raises(InvalidRequest, match="not_found"):
        notices.dismiss(stranger.user, event.pk)
    notices.dismiss(visitor.user, event.pk)
    assert seen(visitor) == []

    publication.status = Status.SENDING
    outcomes.stop(publication, Status.FAILED, "request_refused")
    assert seen(visitor) == [("failed", "request_refused")]


def test_nobody_sees_what_needs_others(account: ConnectedAccount, stranger: Visitor) -> None:
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    assert seen(stranger) == []


def test_every_notice_is_signalled_once(account: ConnectedAccount) -> None:
    heard: list[str] = []

    def listen(event: Event, **kwargs: Any) -> None:
        heard.append(event.notice)

    signals.notice_raised.connect(listen)
    try:
        health.change(account, Health.RECONNECT_NEEDED, "token_refused")
        health.change(account, Health.ACTIVE)
        events.dispatch(timedelta())
        events.dispatch(timedelta())
    finally:
        signals.notice_raised.disconnect(listen)
    assert heard == ["reconnect_needed"]


# Access that ends, versions that end


@pytest.mark.parametrize("field", ["token_expires_at", "data_access_expires_at"])
def test_posts_that_come_after_access_has_ended_are_told_once(
    account: ConnectedAccount, visitor: Visitor, field: str
) -> None:
    end = timezone.now() + timedelta(days=5)
    ConnectedAccount.objects.update(token_expires_at=None, refresh_at=None)
    ConnectedAccount.objects.update(**{field: end})
    scheduled(account, timedelta(days=3))
    assert foresight.look() == 0, "it is out before"

    for days in (6, 7):
        scheduled(account, timedelta(days=days))
    assert foresight.look() == 1
    assert foresight.look() == 0
    mailing.send_due()

    assert seen(visitor) == [("expiring", "access_ending")]
    (message,) = mail.outbox
    assert f"ends on {notices.day(end)}. Posts scheduled after that: 2." in message.body
    Publication.objects.all().delete()
    assert seen(visitor) == []


def test_access_that_renews_itself_is_no_worry_unless_renewing_has_failed_on_its_last_day(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    scheduled(account, timedelta(days=3))
    now = timezone.now()
    ConnectedAccount.objects.update(token_expires_at=now + timedelta(hours=9), refresh_at=now)
    assert foresight.look() == 0

    health.change(account, Health.REFRESH_RETRYING, "refresh_retrying")
    assert foresight.look() == 0

    ConnectedAccount.objects.update(health_since=now - timedelta(hours=2))
    assert foresight.look() == 1
    assert seen(visitor) == [("expiring", "access_ending")]


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_runners_that_look_at_once_tell_once(account: ConnectedAccount) -> None:
    end = timezone.now() + timedelta(days=5)
    ConnectedAccount.objects.update(token_expires_at=end, refresh_at=end)
    scheduled(account, timedelta(days=6))

    at_once(*[foresight.look] * 5)

    assert Event.objects.filter(verb="account.expiring").count() == 1


@override_settings(MANAGERS=["ops@example.com"])
def test_operators_are_told_once_that_an_api_version_ends(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = registry.get("instagram")
    ends = timezone.now().date() + timedelta(days=30)
    monkeypatch.setattr(type(provider), "api_versions", {provider.api_version: ends})

    assert foresight.look() == 1
    assert foresight.look() == 0
    mailing.send_due()

    (message,) = mail.outbox
    assert message.to == ["ops@example.com"]
    assert "version_ending" in message.body
    assert notices.day(str(ends)) in message.body
    assert seen(visitor) == []
    visitor.user.is_staff = True
    assert seen(visitor) == [("version_ending", "version_ending")]
    monkeypatch.setattr(type(provider), "api_versions", {provider.api_version: date(2999, 1, 1)})
    assert seen(visitor) == []


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"CONNECTED_ACCOUNTS_OPERATORS": ["a@example.com"], "ADMINS": ["b@example.com"]}, ["a@example.com"]),
        ({"MANAGERS": [("M", "m@example.com")], "ADMINS": [("B", "b@example.com")]}, ["m@example.com"]),
        ({"MANAGERS": [], "ADMINS": ["b@example.com"]}, ["b@example.com"]),
        ({}, []),
    ],
)
def test_operators_are_those_of_the_setting_or_of_django(named: dict[str, Any], expected: list[str]) -> None:
    with override_settings(**named):
        assert mailing.operators() == expected


# Sending


def test_mail_is_in_the_language_in_which_the_account_was_connected(visitor: Visitor) -> None:
    visitor.user.email = "ada@example.com"
    visitor.user.save()
    with translation.override("de"):
        account = visitor.connects()
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    heard: list[str | None] = []

    def listen(notice: notices.Notice, original: Any = mailing._readers) -> list[str]:
        heard.append(translation.get_language())
        return list(original(notice))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mailing, "_readers", listen)
        mailing.send_due()
    assert heard == ["de"]


def test_whoever_wants_no_mail_gets_none(account: ConnectedAccount, settings: Any, visitor: Visitor) -> None:
    settings.CONNECTED_ACCOUNTS_NOTIFY_BY_EMAIL = False
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    assert mailing.send_due() == 0

    settings.CONNECTED_ACCOUNTS_NOTIFY_BY_EMAIL = True
    assert mailing.send_due() == 0
    assert seen(visitor) == [("reconnect_needed", "token_refused")]


@pytest.mark.parametrize("change", [{"email": ""}, {"is_active": False}])
def test_whoever_can_not_be_written_to_is_not(account: ConnectedAccount, change: dict[str, Any]) -> None:
    type(account.user).objects.update(**change)
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    mailing.send_due()

    assert mail.outbox == []
    assert not Event.objects.exclude(notify_at=None).exists()


class Raising(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise OSError("no mail server here")


class Hanging(BaseEmailBackend):
    free = threading.Event()

    def send_messages(self, messages: Any) -> int:
        self.free.wait(30)
        return len(messages)


def backend(name: str) -> str:
    return f"{__name__}.{name}"


def test_a_mail_server_that_refuses_is_tried_again_and_given_up_in_the_end(
    account: ConnectedAccount, settings: Any
) -> None:
    settings.EMAIL_BACKEND = backend("Raising")
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")

    for _ in range(10):
        Event.objects.exclude(notify_at=None).update(notify_at=timezone.now())
        assert mailing.send_due() == 0

    event = Event.objects.exclude(notice="").get()
    assert (event.notify_at, event.notify_attempts) == (None, len(mailing.WAITS) + 1)


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_hangs_holds_up_no_post(
    account: ConnectedAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = backend("Hanging")
    monkeypatch.setattr(mailing, "PATIENCE_SECONDS", 0.2)
    Hanging.free.clear()
    other = ConnectedAccount.objects.create(user=account.user, platform="instagram", account_id="2")
    for broken in (account, other):
        health.change(broken, Health.RECONNECT_NEEDED, "token_refused")
    try:
        for _ in range(3):
            publication = scheduled(account)
            Publication.objects.filter(pk=publication.pk).update(run_at=timezone.now())
            begun = time.monotonic()
            assert publishing.tick() == 1
            assert time.monotonic() - begun < 5
            Event.objects.exclude(notify_at=None).update(notify_at=timezone.now())
        threads = [thread for thread in threading.enumerate() if thread.name == "connected-accounts-mail"]
        assert len(threads) == 1
    finally:
        Hanging.free.set()
        assert mailing._stuck
        mailing._stuck.join(5)


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_of_many_runners_one_sends_the_mail(account: ConnectedAccount) -> None:
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")

    at_once(*[mailing.send_due] * 5)

    assert len(mail.outbox) == 1


def test_a_project_may_write_its_own_mail(account: ConnectedAccount, settings: Any, tmp_path: Any) -> None:
    folder = tmp_path / "connected_accounts" / "email"
    folder.mkdir(parents=True)
    (folder / "reconnect_needed.subject.txt").write_text("Please\nreconnect {{ account.username }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    health.change(account, Health.RECONNECT_NEEDED, "token_refused")
    mailing.send_due()

    assert mail.outbox[0].subject == f"Please reconnect {account.username}"
    assert "token_refused" in mail.outbox[0].body


# Owners who left


def test_posts_of_an_owner_who_may_not_sign_in_are_held_and_nothing_is_refreshed(
    account: ConnectedAccount, visitor: Visitor, photo: Callable[..., Any]
) -> None:
    publication = publishing.publish(account, media=[photo()])
    type(account.user).objects.update(is_active=False)
    ConnectedAccount.objects.update(refresh_at=timezone.now())

    publishing.tick()

    publication.refresh_from_db()
    account.refresh_from_db()
    assert (publication.status, publication.code) == (Status.HELD, "account_owner_inactive")
    assert account.token_version == 0
    assert account.refresh_at
    assert account.refresh_at > timezone.now()


def test_an_account_that_may_not_publish_holds_its_posts_before_any_call(
    account: ConnectedAccount, photo: Callable[..., Any]
) -> None:
    publication = publishing.publish(account, media=[photo()])
    ConnectedAccount.objects.update(permissions={"publish": False})

    publishing.tick()

    publication.refresh_from_db()
    assert (publication.status, publication.code) == (Status.HELD, "account_permission_missing")


def test_the_posts_of_a_disconnected_account_can_be_cancelled_at_once(
    account: ConnectedAccount, visitor: Visitor
) -> None:
    waiting = [scheduled(account, timedelta(days=1)) for _ in range(2)]
    doubtful = scheduled(account)
    Publication.objects.filter(pk=doubtful.pk).update(
        status=Status.SENDING, intent_at=timezone.now(), repeatable=False
    )
    accounts.disconnect(account, by=visitor.user)

    from django_connected_accounts.services import scheduling

    assert scheduling.cancel_all(account, by=visitor.user) == 2
    for publication in waiting:
        publication.refresh_from_db()
        assert publication.status == Status.CANCELLED
    doubtful.refresh_from_db()
    assert doubtful.status == Status.SENDING


def test_declining_to_publish_is_told_from_the_start(visitor: Visitor) -> None:
    visitor.goes(decline={"instagram_business_content_publish"})
    assert seen(visitor) == [("permission_missing", "permission_missing")]

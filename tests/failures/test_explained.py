"""Failures nobody heard of, and reading that broke what it only looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from django_connected_accounts.codes import CODES, explain
from django_connected_accounts.exceptions import ConnectedAccountsError
from django_connected_accounts.models import Event, Publication
from django_connected_accounts.services import accounts, mailing, measuring, notices, publishing, scheduling

pytestmark = pytest.mark.django_db
Status = Publication.Status


def failed(account, world, photo, run) -> Publication:
    world.fault(action="status", path="/media$", method="POST", status=400, code=36003, subcode=2207009)
    publication = account.publish(media=[photo()], text="Refused")
    run()
    return publication


def failed_for_no_known_reason(account, world, photo, run) -> Publication:
    world.fault(
        action="status", path="/media$", method="POST", status=400, body={"error": {"code": 987654}}, times=0
    )
    publication = account.publish(media=[photo()], text="Who knows")
    run()
    return publication


def missed(account, world, photo, run) -> Publication:
    publication = account.publish(media=[photo()], text="Too late")
    Publication.objects.update(deadline_at=timezone.now() - timedelta(minutes=1))
    run()
    return publication


def unknown(account, world, photo, run) -> Publication:
    publication = account.publish(media=[photo()], text="Live?")
    world.fault(action="lose_after", path="media_publish")
    world.fault(action="status", status=503, method="GET", nth=3, times=0)
    run(steps=5)
    Publication.objects.update(intent_at=timezone.now() - timedelta(hours=2))
    run(steps=3)
    return publication


def held(account, world, photo, run) -> Publication:
    publication = account.publish(media=[photo()], text="On hold")
    accounts.pause(account, by=account.user)
    publishing.tick()
    return publication


def cancelled(account, world, photo, run) -> Publication:
    publication = account.publish(media=[photo()], text="Never mind")
    scheduling.cancel(publication, by=account.user)
    return publication


@pytest.mark.parametrize("ends", [failed, failed_for_no_known_reason, missed, unknown, held, cancelled])
def test_f41_however_it_ends_a_post_says_why_and_whoever_must_act_is_told(
    account, user, world, photo, run, ends
) -> None:
    type(user).objects.filter(pk=user.pk).update(email="ada@example.com")
    publication = ends(account, world, photo, run)
    publication.refresh_from_db()
    assert publication.status == ends.__name__.partition("_")[0]
    happened = Event.objects.filter(publication=publication, verb=f"publication.{publication.status}")
    assert happened.exists()
    if ends is cancelled:
        assert happened.get().actor == user
        return
    assert publication.code in CODES
    meaning = explain(publication.code)
    assert meaning.cause
    assert meaning.action
    if ends is not held:
        assert notices.visible_to(user).exists()
        mailing.send_due()
        assert [message.to for message in mail.outbox] == [["ada@example.com"]]


def test_f41_every_code_has_a_cause_an_action_and_somebody_who_acts() -> None:
    for code, meaning in CODES.items():
        assert str(meaning.cause), code
        assert str(meaning.action), code
        assert meaning.who in ("author", "owner", "operator", "nobody"), code


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_f21_reading_that_fails_disconnects_nobody(connect, world, photo, run, status) -> None:
    page = connect("two_businesses", "facebook")
    page.publish(text="Read me", media=[photo()])
    run()
    world.fault(action="status", path="insights", status=status, times=0)
    try:
        measuring.measure(page)
    except ConnectedAccountsError as error:
        assert error.code in CODES  # noqa: PT017
    page.refresh_from_db()
    assert page.health == page.Health.ACTIVE
    page.publish(text="Still there", media=[photo()])
    run()
    assert len(world.posts()) == 2

"""Posts that went out at another time than was meant, or once more because their time had passed."""

# ruff: noqa: DTZ001 - clocks on walls know no zone

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone as django_timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Publication
from django_connected_accounts.services import composing, recurring, scheduling

pytestmark = pytest.mark.django_db
Status = Publication.Status
SERVERS = ["UTC", "America/St_Johns", "Asia/Kolkata"]
NEXT = django_timezone.now().year + 1


@pytest.fixture(params=SERVERS)
def server(request, settings) -> Iterator[str]:
    """The zone of the machine and of the site, which is nobody's business."""
    before = os.environ.get("TZ")
    settings.TIME_ZONE = os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Pacific/Auckland"])
def test_f34_a_time_is_that_of_its_zone_wherever_the_server_stands(account, photo, server, zone) -> None:
    wall = datetime(NEXT, 7, 1, 9, 0)
    publication = account.publish(media=[photo()], at=wall, zone=zone)
    publication.refresh_from_db()
    assert publication.due_at == wall.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    assert publication.due_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
    assert publication.zone == zone
    scheduling.reschedule(publication, at=wall.replace(hour=17), zone=zone, by=account.user)
    publication.refresh_from_db()
    assert publication.due_at.astimezone(ZoneInfo(zone)).hour == 17


def test_f35_a_post_of_every_day_keeps_its_hour_across_both_switches(account, photo, user) -> None:
    zone = ZoneInfo("Europe/Vienna")
    post = composing.compose(
        user, text="Good morning", media=[composing.NewMedia(file=photo())], accounts=[account]
    )
    series = recurring.repeat(
        post, rule="FREQ=DAILY;COUNT=300", at=datetime(NEXT, 3, 1, 9, 0), zone="Europe/Vienna", by=user
    )
    planned = recurring.planned(series)
    assert len(planned) == 300
    assert {when.due_at.astimezone(zone).strftime("%H:%M") for when in planned} == {"09:00"}
    assert {when.due_at.astimezone(timezone.utc).hour for when in planned} == {7, 8}
    days = [when.due_at.astimezone(zone).date() for when in planned]
    assert days == [days[0] + timedelta(days=number) for number in range(300)]


def test_f37_what_is_published_is_not_published_again_by_saving_it(
    account, user, world, photo, run, client
) -> None:
    publication = account.publish(media=[photo()], text="Before")
    run()
    past = django_timezone.now() - timedelta(days=1)
    with pytest.raises(InvalidRequest):
        composing.edit(publication.post, by=user, text="After")
    for at in (past, None):
        with pytest.raises(InvalidRequest):
            scheduling.reschedule(publication, at=at, zone="UTC", by=user)
    for again in (scheduling.retry, scheduling.post_again):
        with pytest.raises(InvalidRequest):
            again(publication, by=user)
    client.force_login(user)
    root = "/api/connected-accounts"
    attempts = (
        client.patch(
            f"{root}/posts/{publication.post_id}/", {"text": "After"}, content_type="application/json"
        ),
        client.post(
            f"{root}/publications/{publication.pk}/reschedule",
            {"at": past.isoformat()},
            content_type="application/json",
        ),
        client.post(f"{root}/publications/{publication.pk}/retry", {}, content_type="application/json"),
    )
    assert all(400 <= answer.status_code < 500 and answer.status_code != 404 for answer in attempts)

    row = Publication.objects.get(pk=publication.pk)
    row.due_at = past
    row.save()
    run()
    assert [post["caption"] for post in world.posts()] == ["Before"]

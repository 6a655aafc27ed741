from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.services import leases
from tests.visitor import Visitor, at_once

pytestmark = pytest.mark.databases


@pytest.fixture
def row(db: None, visitor: Visitor) -> ConnectedAccount:
    return ConnectedAccount.objects.create(user=visitor.user, platform="instagram", account_id="1")


def test_a_lease_is_had_by_one(row: ConnectedAccount) -> None:
    assert leases.acquire(row, 60)
    assert leases.acquire(row, 60) == ""


def test_a_lease_given_back_can_be_taken_again(row: ConnectedAccount) -> None:
    token = leases.acquire(row, 60)

    assert leases.release(row, token)
    assert leases.acquire(row, 60) not in ("", token)


def test_a_lease_that_ran_out_is_free_and_its_old_token_opens_nothing(row: ConnectedAccount) -> None:
    late = leases.acquire(row, -1)
    current = leases.acquire(row, 60)

    assert current
    assert not leases.release(row, late)
    assert leases.release(row, current)


def test_the_time_of_a_lease_is_utc_whatever_zone_the_session_is_in(row: ConnectedAccount) -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")), connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute("SET time_zone = '+09:00'")
        try:
            leases.acquire(row, 60)
        finally:
            if connection.vendor == "mysql":
                cursor.execute("SET time_zone = 'SYSTEM'")
    row.refresh_from_db()

    assert row.lease_until is not None
    assert timedelta() < row.lease_until - timezone.now() < timedelta(seconds=70)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_gets_the_lease(transactional_db: None, visitor: Visitor) -> None:
    row = ConnectedAccount.objects.create(user=visitor.user, platform="instagram", account_id="1")
    for _ in range(10):
        tokens = at_once(*[lambda: leases.acquire(row, 60)] * 8)
        won = [token for token in tokens if token]
        assert len(won) == 1, tokens
        assert leases.release(row, won[0])

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ProviderError, RateLimited, Unavailable
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.services import renewal
from tests.strict_platform import Strict

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def account(
    platform: str = "instagram_login", life: timedelta | None = 60 * DAY, **more: Any
) -> ConnectedAccount:
    return ConnectedAccount(
        platform=platform,
        access_token="a",
        token_issued_at=NOW,
        token_expires_at=None if life is None else NOW + life,
        **more,
    )


def planned(row: ConnectedAccount) -> datetime | None:
    return renewal.planned(row, registry.get(row.platform), NOW)


# When


def test_access_of_sixty_days_is_renewed_with_six_to_eight_days_left() -> None:
    for _ in range(200):
        moment = planned(account())
        assert moment is not None
        assert 6 * DAY <= NOW + 60 * DAY - moment <= 7.5 * DAY


def test_accounts_of_one_moment_are_renewed_all_over_the_window() -> None:
    moments = [planned(account()) for _ in range(10_000)]
    hours = Counter((moment - NOW) // HOUR for moment in moments if moment)

    assert len(hours) == 36
    assert max(hours.values()) < 1.4 * 10_000 / 36


def test_one_account_always_has_the_same_moment() -> None:
    row = account()
    assert planned(row) == planned(row) == planned(account(id=row.pk))


def test_access_too_young_at_that_moment_is_looked_at_when_it_ends() -> None:
    assert planned(account(life=26 * HOUR)) == NOW + 26 * HOUR


def test_short_access_is_renewed_within_the_week_though_nobody_uses_it(strict: type[Strict]) -> None:
    moment = planned(account("strict", 2 * HOUR, refresh_token="r"))
    assert moment is not None
    assert 6 * DAY < moment - NOW < 7 * DAY


def test_before_the_refresh_token_itself_ends(strict: type[Strict]) -> None:
    moment = planned(account("strict", 2 * HOUR, refresh_token="r", refresh_expires_at=NOW + 2 * DAY))
    assert moment is not None
    assert DAY < moment - NOW < 2 * DAY


@pytest.mark.parametrize(
    "row",
    [
        {"refresh_token": ""},
        {"refresh_token": "r", "refresh_expires_at": NOW + 30 * DAY},
    ],
    ids=["no refresh token", "a refresh token that ends with it"],
)
def test_what_cannot_be_renewed_is_looked_at_when_it_ends(strict: type[Strict], row: dict[str, Any]) -> None:
    assert planned(account("strict", 30 * DAY, **row)) == NOW + 30 * DAY


def test_a_pages_token_has_no_end_and_is_looked_at_when_its_data_access_has() -> None:
    assert planned(account("instagram", None)) is None
    assert planned(account("instagram", None, data_access_expires_at=NOW + 90 * DAY)) == NOW + 90 * DAY
    assert planned(account("instagram", None, data_access_expires_at=NOW - DAY)) is None


# After trouble


@pytest.mark.parametrize(
    ("failing", "error", "waited"),
    [
        (None, Unavailable(), MINUTE),
        (10 * MINUTE, Unavailable(), 10 * MINUTE),
        (5 * DAY, Unavailable(), HOUR),
        (None, Unavailable(retry_after=600), 10 * MINUTE),
        (None, RateLimited(retry_after=7200), 2 * HOUR),
        (2 * HOUR, RateLimited(retry_after=60), HOUR),
        (None, RateLimited(retry_after=1e12), 2 * DAY),
        (None, ProviderError(), MINUTE),
    ],
)
def test_a_platform_is_left_alone_for_as_long_as_it_asks_or_has_failed(
    failing: timedelta | None, error: ProviderError, waited: timedelta
) -> None:
    row = account()
    if failing is not None:
        row.health, row.health_since = ConnectedAccount.Health.REFRESH_RETRYING, NOW - failing

    assert renewal.wait(row, error, NOW) == waited


def test_no_wait_lets_the_access_end() -> None:
    row = account(life=HOUR)
    assert renewal.wait(row, RateLimited(retry_after=86400), NOW) == 30 * MINUTE

    row = account(life=-HOUR)
    assert renewal.wait(row, RateLimited(retry_after=900), NOW) == 15 * MINUTE

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(("seconds", "wrong"), [(0, False), (60, True), (120, False), (300, False)])
def test_an_alarm_that_would_be_false_with_cron_is_a_warning(
    settings: Any, found: Any, seconds: int, wrong: bool
) -> None:
    settings.CONNECTED_ACCOUNTS_ALARM_SECONDS = seconds
    assert ("W070" in found()) is wrong


def test_endpoints_need_time_to_answer(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT = 0.0
    assert "E070" in found()


def test_users_who_could_reach_into_our_network_are_a_warning(settings: Any, found: Any) -> None:
    assert "W071" not in found(deploy=True)
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE = True
    assert "W071" not in found()
    assert "W071" in found(deploy=True)
    settings.CONNECTED_ACCOUNTS_WEBHOOKS_PER_USER = 0
    assert "W071" not in found(deploy=True)

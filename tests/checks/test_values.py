from __future__ import annotations

from typing import Any

import pytest

from django_connected_accounts.access import Access


class HalfAccess:
    def accounts(self, user: Any) -> None: ...


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("CONNECTED_ACCOUNTS_ENCRYPTION_KEY", "CONNECTED_ACCOUNTS_ENCRYPTION_KEYS"),
        ("CONNECTED_ACCOUNT_PROVIDERS", "CONNECTED_ACCOUNTS_PROVIDERS"),
        ("CONNECTEDACCOUNTS_BASE_URL", "CONNECTED_ACCOUNTS_BASE_URL"),
        ("CONNECTED_ACCOUNTS_LEASE_SECOND", "CONNECTED_ACCOUNTS_LEASE_SECONDS"),
    ],
)
def test_a_mistyped_setting_is_named_with_its_nearest(
    settings: Any, found: Any, name: str, nearest: str
) -> None:
    setattr(settings, name, "s3cret")
    message = found()["W020"]
    assert name in message.msg
    assert nearest in message.hint
    assert "s3cret" not in str(message)


def test_a_setting_that_never_was_is_named(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_UNICORNS = True
    assert found()["W020"].msg == "There is no setting CONNECTED_ACCOUNTS_UNICORNS."


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LEASE_SECONDS", "300", "a whole number, not str"),
        ("LEASE_SECONDS", True, "a whole number, not bool"),
        ("BATCH_SIZE", 2.5, "a whole number, not float"),
        ("POLL_SECONDS", "1", "a number, not str"),
        ("MEDIA_IMPORT_PRIVATE", "False", "True or False, not str"),
        ("BASE_URL", None, "a string, not NoneType"),
        ("LATE_SECONDS", -1, "must not be negative"),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error_and_no_crash(
    settings: Any, found: Any, name: str, value: Any, told: str
) -> None:
    setattr(settings, f"CONNECTED_ACCOUNTS_{name}", value)
    assert told in found(deploy=True)["E020"].msg


def test_a_whole_number_will_do_where_a_number_is_wanted(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT = 30
    assert found() == {}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("tests.nowhere.Access", "can't be imported"),
        ("", "can't be imported"),
        ("tests.checks.test_values.HalfAccess", "lacks posts, attempts, may_connect"),
        ("tests.checks.test_values.TEAM", "is no class"),
    ],
)
def test_access_rules_that_are_none_are_an_error(settings: Any, found: Any, path: str, told: str) -> None:
    settings.CONNECTED_ACCOUNTS_ACCESS = path
    assert told in found()["E021"].msg


def test_an_ownership_nobody_knows_is_an_error(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_OWNERSHIP = "per-owner"
    assert found()["E022"].hint == "Use 'per_owner' or 'exclusive'."


def test_a_media_storage_that_is_none_is_an_error(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_MEDIA_STORAGE = "private"
    assert "default" in found()["E023"].hint


@pytest.mark.parametrize(("seconds", "short"), [(156, True), (157, False)])
def test_a_lease_shorter_than_what_it_leases_is_an_error(
    settings: Any, found: Any, seconds: int, short: bool
) -> None:
    settings.CONNECTED_ACCOUNTS_LEASE_SECONDS = seconds
    assert ("E024" in found()) is short


def test_media_links_that_end_before_a_platform_is_done_are_a_warning(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_MEDIA_URL_SECONDS = 3600
    assert "86400" in found()["W021"].hint


TEAM = Access()

"""Numbers are read when their time has come, kept with their time, and never harm an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from django_connected_accounts import registry
from django_connected_accounts.exceptions import InvalidRequest, PermissionMissing
from django_connected_accounts.models import ConnectedAccount, Measurement, Publication
from django_connected_accounts.providers.types import Reading
from django_connected_accounts.services import measuring
from django_connected_accounts.testing import connect, publish_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(django_user_model: Any, sandbox: Any, settings: Any) -> ConnectedAccount:
    settings.CONNECTED_ACCOUNTS_CAPABILITIES = ("connect", "publish", "measure")
    return connect(sandbox, django_user_model.objects.create(username="ada"), "shop", "threads")


@pytest.fixture
def post(account: ConnectedAccount) -> Publication:
    publication = account.publish(text="Rye at seven")
    publish_everything()
    publication.refresh_from_db()
    assert publication.status == "published"
    return publication


def numbers(account: ConnectedAccount, publication: Publication | None = None) -> dict[str, float | None]:
    found = (
        measuring.latest_of([publication]).get(publication.pk, [])
        if publication
        else measuring.latest(account)
    )
    return {row.name: row.value for row in found}


def test_the_numbers_of_an_account_and_its_posts_are_kept(
    account: ConnectedAccount, post: Publication
) -> None:
    measuring.measure(account)
    assert numbers(account)["followers_count"] is not None
    assert numbers(account, post)["views"] is not None


def test_what_the_platform_does_not_give_is_said_and_is_not_zero(
    account: ConnectedAccount, post: Publication, sandbox: Any
) -> None:
    # All of them, then their first half, then its first: that one is to blame.
    sandbox.fault(action="status", path="insights", code=100, times=3)
    measuring.measure(account)
    found = numbers(account)
    assert None in found.values()
    assert sum(value is None for value in found.values()) == 1


def test_numbers_are_read_once_a_day(account: ConnectedAccount, sandbox: Any) -> None:
    assert measuring.measure_due() == 1
    assert measuring.measure_due() == 0
    sandbox.advance(24 * 3600 + 1)
    assert measuring.measure_due() == 1
    assert len({row.at for row in Measurement.objects.filter(name="views")}) == 2


def test_a_refused_number_never_changes_the_account(account: ConnectedAccount, sandbox: Any) -> None:
    sandbox.fault(action="status", path="insights", code=10, times=0)
    with pytest.raises(PermissionMissing):
        measuring.measure(account)
    measuring.measure_due()
    account.refresh_from_db()
    assert account.health == "active"
    assert account.measure_at
    assert account.measure_at - registry.now() < timedelta(hours=2)


def test_without_the_permission_nothing_is_asked(account: ConnectedAccount, sandbox: Any) -> None:
    ConnectedAccount.objects.filter(pk=account.pk).update(permissions={"measure": False})
    account.refresh_from_db()
    calls = len(sandbox.calls)
    with pytest.raises(InvalidRequest, match="measure_permission_missing"):
        measuring.measure(account)
    measuring.measure_due()
    assert len(sandbox.calls) == calls


def test_an_old_post_is_measured_no_more(account: ConnectedAccount, post: Publication, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_MEASURE_POST_DAYS = 0
    measuring.measure(account)
    assert not numbers(account, post)


def test_the_same_number_of_the_same_time_is_kept_once(
    account: ConnectedAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = registry.now().replace(hour=0, minute=0, second=0, microsecond=0)
    said = [
        Reading(name="page_media_view", value=310.0, at=ended),
        Reading(name="likes", value=None, at=ended),
    ]
    monkeypatch.setattr(registry.get("threads"), "measure", lambda connection, remote_id="": said)
    first = measuring.measure_account(account)
    assert [row.pk for row in measuring.measure_account(account)] == [row.pk for row in first]
    assert Measurement.objects.count() == len(said)


def test_a_post_that_is_not_out_has_no_numbers(account: ConnectedAccount) -> None:
    publication = account.publish(text="Later", at=registry.now() + timedelta(days=1))
    with pytest.raises(InvalidRequest, match="publication_not_live"):
        measuring.measure_publication(publication)

"""Numbers of accounts and posts: what was read, what is read now, and by whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Measurement, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.testing import connect, publish_everything

from .conftest import Api


@pytest.fixture
def account(ada: Api, world: World, settings: Any) -> ConnectedAccount:
    settings.CONNECTED_ACCOUNTS_MEASURE_SECONDS = 0
    settings.CONNECTED_ACCOUNTS_CAPABILITIES = ("connect", "publish", "measure")
    return connect(world, ada.user, "shop", "threads")


@pytest.fixture
def publication(account: ConnectedAccount) -> Publication:
    publication: Publication = account.publish(text="Rye at seven")
    publish_everything()
    return publication


def test_numbers_are_listed_newest_first(ada: Api, account: ConnectedAccount) -> None:
    now = timezone.now()
    for days, value in ((2, 4.0), (1, None), (0, 6.0)):
        Measurement.objects.create(account=account, name="views", value=value, at=now - timedelta(days=days))
    Measurement.objects.create(account=account, name="likes", value=1, at=now)
    found = ada.get(f"/{account.pk}/measurements/", name="views").json()
    assert [row["value"] for row in found["results"]] == [6.0, None, 4.0]
    assert ada.get(f"/{account.pk}/measurements/").json()["count"] == 4


def test_an_account_is_asked_now_and_not_for_its_posts(
    ada: Api, account: ConnectedAccount, publication: Publication
) -> None:
    found = {row["name"]: row["value"] for row in ada.post(f"/{account.pk}/measurements/").json()["results"]}
    assert found["followers_count"] is not None
    assert not publication.measurements.exists()
    assert ada.get(f"/{account.pk}/measurements/").json()["count"] == len(found)


def test_a_post_is_asked_for_now(ada: Api, publication: Publication) -> None:
    path = f"/publications/{publication.pk}/measurements/"
    found = {row["name"]: row["value"] for row in ada.post(path).json()["results"]}
    assert found["views"] is not None
    assert ada.get(path, name="views").json()["results"][0]["value"] == found["views"]


def test_what_is_not_published_has_no_numbers(ada: Api, account: ConnectedAccount) -> None:
    publication = account.publish(text="Later", at=timezone.now() + timedelta(days=1))
    answer = ada.post(f"/publications/{publication.pk}/measurements/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "publication_not_live")


def test_without_the_permission_it_is_said(ada: Api, account: ConnectedAccount) -> None:
    ConnectedAccount.objects.update(permissions={"publish": True, "measure": False})
    answer = ada.post(f"/{account.pk}/measurements/")
    assert answer.json()["error"]["code"] == "measure_permission_missing"


def test_nobody_reads_of_somebody_elses(
    ben: Api, account: ConnectedAccount, publication: Publication
) -> None:
    for path in (f"/{account.pk}", f"/publications/{publication.pk}"):
        assert ben.get(f"{path}/measurements/").status_code == 404
        assert ben.post(f"{path}/measurements/").status_code == 404

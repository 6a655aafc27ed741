from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.services import health

from .conftest import Api


def test_what_needs_someone_is_listed_until_it_is_over_or_dismissed(
    ada: Api, ben: Api, account: Callable[..., ConnectedAccount]
) -> None:
    mine = account(ada.user)
    assert ada.get("/notices/").json()["results"] == []

    health.change(mine, ConnectedAccount.Health.RECONNECT_NEEDED, "token_refused")
    (notice,) = ada.get("/notices/").json()["results"]
    assert (notice["kind"], notice["post"], notice["account"]["id"]) == (
        "reconnect_needed",
        None,
        str(mine.pk),
    )
    assert notice["reason"] == ada.get(f"/{mine.pk}/").json()["reason"]

    assert ben.get("/notices/").json()["count"] == 0
    assert ben.post(f"/notices/{notice['id']}/dismiss").status_code == 404
    assert ada.post(f"/notices/{uuid4()}/dismiss").status_code == 404
    assert ada.post(f"/notices/{notice['id']}/dismiss").status_code == 204
    assert ada.get("/notices/").json()["count"] == 0
    assert ada.post(f"/notices/{notice['id']}/dismiss").status_code == 404

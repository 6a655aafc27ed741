"""What was tried with a publication, for those who may see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Event, Publication

from .conftest import Api


@pytest.fixture
def publication(
    ada: Api, account: Callable[..., ConnectedAccount], photo: Callable[..., bytes]
) -> Publication:
    file = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    post = ada.form("/posts/", {"media": file, "accounts": [str(account(ada.user).pk)]}).json()["id"]
    ada.post(f"/posts/{post}/schedule", {"at": "2030-01-01T09:00:00Z"})
    return Publication.objects.get()


def test_every_try_is_told_with_what_came_of_it(ada: Api, publication: Publication) -> None:
    told = {
        "step": 1,
        "seconds": 0.25,
        "attempts": 2,
        "platform_code": "4/2207051",
        "trace_id": "Az8or2yhqkZfEZ",
    }
    Event.objects.create(
        verb="publication.attempt",
        code="platform_unavailable",
        publication=publication,
        at=timezone.now(),
        data={**told, "detail": "what only operators read"},
    )

    decided, tried = ada.get(f"/publications/{publication.pk}/timeline").json()["results"]

    assert (decided["verb"], decided["actor"], decided["step"]) == ("publication.scheduled", "ada", None)
    assert {name: tried[name] for name in told} == told
    assert (tried["verb"], tried["generation"], tried["reason"]["code"]) == (
        "publication.attempt",
        1,
        "platform_unavailable",
    )
    assert "operators" not in str(tried)


def test_nobody_reads_of_somebody_elses(ben: Api, publication: Publication) -> None:
    assert ben.get(f"/publications/{publication.pk}/timeline").status_code == 404

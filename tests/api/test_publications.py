"""What a person decides about one publication."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.testing import connect, publish_everything

from .conftest import Api

VERBS = {
    "retry": {},
    "cancel": {},
    "check": {},
    "live": {"permalink": "https://www.instagram.com/p/abc/"},
    "again": {},
    "reschedule": {"at": "2030-01-01T10:00:00Z"},
}


@pytest.fixture
def publication(
    ada: Api, account: Callable[..., ConnectedAccount], photo: Callable[..., bytes]
) -> Publication:
    file = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    post = ada.form("/posts/", {"media": file, "accounts": [str(account(ada.user).pk)]}).json()["id"]
    ada.post(f"/posts/{post}/schedule", {"at": "2030-01-01T09:00:00Z"})
    return Publication.objects.get()


def _stand(publication: Publication, status: str, **more: Any) -> None:
    Publication.objects.filter(pk=publication.pk).update(status=status, **more)


@pytest.mark.parametrize(
    ("status", "verb", "becomes"),
    [
        ("failed", "retry", "scheduled"),
        ("missed", "retry", "scheduled"),
        ("scheduled", "cancel", "cancelled"),
        ("held", "cancel", "cancelled"),
        ("unknown", "check", "sending"),
        ("unknown", "live", "published"),
        ("unknown", "again", "scheduled"),
        ("scheduled", "reschedule", "scheduled"),
    ],
)
def test_each_decision_where_it_is_possible(
    status: str, verb: str, becomes: str, ada: Api, publication: Publication
) -> None:
    unknown = {"intent_at": timezone.now() - timedelta(hours=2), "repeatable": False}
    _stand(publication, status, **(unknown if status == "unknown" else {}))
    answer = ada.post(f"/publications/{publication.pk}/{verb}", VERBS[verb])
    assert answer.status_code in (200, 202), answer.content
    assert answer.json()["status"] == becomes
    if verb == "live":
        assert answer.json()["permalink"] == VERBS["live"]["permalink"]
    if verb == "reschedule":
        assert answer.json()["due_at"] == "2030-01-01T10:00:00Z"


@pytest.mark.parametrize("verb", VERBS)
def test_a_decision_that_makes_no_sense_now_is_refused(verb: str, ada: Api, publication: Publication) -> None:
    _stand(publication, "published", remote_id="17")
    answer = ada.post(f"/publications/{publication.pk}/{verb}", VERBS[verb])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_possible_now")
    assert Publication.objects.get().status == "published"


def test_what_is_live_is_deleted_there(ada: Api, world: World) -> None:
    publication = connect(world, ada.user, "shop", "linkedin").publish(text="Rye at seven")
    publish_everything()
    answer = ada.post(f"/publications/{publication.pk}/delete")
    assert (answer.status_code, answer.json()["status"]) == (200, "deleted")
    assert ada.get(f"/posts/{publication.post_id}/").json()["delivery"]["status"] == "deleted"
    assert world.posts() == []
    assert ada.post(f"/publications/{publication.pk}/delete").json()["status"] == "deleted"


def test_what_is_not_live_is_not_deleted(ada: Api, publication: Publication) -> None:
    answer = ada.post(f"/publications/{publication.pk}/delete")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "publication_not_live")


@pytest.mark.parametrize("verb", [*VERBS, "delete"])
def test_nobody_decides_about_somebody_elses_publication(
    verb: str, ben: Api, publication: Publication
) -> None:
    known = ben.post(f"/publications/{publication.pk}/{verb}", VERBS.get(verb, {}))
    unknown = ben.post(f"/publications/{uuid4()}/{verb}", VERBS.get(verb, {}))
    assert known.status_code == unknown.status_code == 404
    assert known.content == unknown.content


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://[", "www.instagram.com/p/x"])
def test_a_link_that_is_none_is_refused(link: str, ada: Api, publication: Publication) -> None:
    _stand(publication, "unknown")
    answer = ada.post(f"/publications/{publication.pk}/live", {"permalink": link})
    assert (answer.status_code, set(answer.json()["error"]["fields"])) == (422, {"permalink"})


def test_a_refusal_that_is_looked_into_asks_nobody_to_act(ada: Api, publication: Publication) -> None:
    def reason() -> dict[str, Any]:
        return ada.get(f"/posts/{publication.post_id}/").json()["publications"][0]["reason"]

    _stand(publication, "sending", code="request_refused")
    assert reason()["code"] == "outcome_unknown"
    _stand(publication, "failed", code="request_refused")
    assert reason()["code"] == "request_refused"

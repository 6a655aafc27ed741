"""Publications in JSON: what a person decides about a post on one account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.timezone import is_naive

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Publication
from django_connected_accounts.services import deleting, delivery, scheduling

from .accounts import SECRETS, account_name, account_reason
from .envelope import Answer, moment
from .idempotency import Act
from .reading import Kind, fold, instant, integer, read, text


def retry(request: HttpRequest, publication_id: UUID) -> Act:
    """Try again what surely is not live."""
    return _decide(request, publication_id, scheduling.retry, status=202)


def cancel(request: HttpRequest, publication_id: UUID) -> Act:
    """Don't send it."""
    return _decide(request, publication_id, scheduling.cancel)


def check(request: HttpRequest, publication_id: UUID) -> Act:
    """Have the platform asked once more whether it is live."""
    return _decide(request, publication_id, scheduling.check_again, status=202)


def live(request: HttpRequest, publication_id: UUID) -> Act:
    """Take the person's word that it is live: ``{"permalink": "https://…"}``."""
    return _decide(request, publication_id, scheduling.mark_live, {"permalink": text}, required=["permalink"])


def again(request: HttpRequest, publication_id: UUID) -> Act:
    """Post what may be live already: a person has looked, and decides so."""
    return _decide(request, publication_id, scheduling.post_again, status=202)


def reschedule(request: HttpRequest, publication_id: UUID) -> Act:
    """Send it at another time: ``{"at": "2030-05-04T11:30", "zone": "Europe/Vienna"}``."""
    return _decide(request, publication_id, _reschedule, WHEN, required=["at"], status=202)


def delete(request: HttpRequest, publication_id: UUID) -> Act:
    """Delete on the platform what is live there."""
    return _decide(request, publication_id, deleting.take_down)


def when(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request says of its time; one without an offset needs its zone."""
    if is_naive(said["at"]) and "zone" not in said:
        raise InvalidRequest("missing_field", field="zone")
    return {name: said[name] for name in WHEN if name in said}


WHEN: Mapping[str, Kind] = {"at": instant, "zone": text, "fold": fold, "late_seconds": integer}


def publication_row(publication: Publication) -> dict[str, Any]:
    """Return a publication as JSON; ``due_at`` is UTC, ``zone`` the one its author thought in."""
    return {
        "id": str(publication.pk),
        "post": str(publication.post_id),
        "account": account_name(publication.account),
        "status": publication.status,
        "reason": account_reason(publication.account, delivery.code_of(publication)),
        "due_at": moment(publication.due_at),
        "zone": publication.zone,
        "wall_time": publication.wall_time,
        "fold": publication.fold,
        "deadline_at": moment(publication.deadline_at),
        "resumes_at": moment(publication.run_at) if publication.status == Publication.Status.HELD else None,
        "remote_id": publication.remote_id,
        "permalink": publication.permalink,
        "published_at": moment(publication.published_at),
        "created_at": moment(publication.created_at),
        "updated_at": moment(publication.updated_at),
    }


def _decide(
    request: HttpRequest,
    publication_id: UUID,
    verb: Callable[..., None],
    known: Mapping[str, Kind] | None = None,
    *,
    required: Sequence[str] = (),
    status: int = 200,
) -> Act:
    publication = own(request, publication_id)
    said = read(request, known or {}, required=required)

    def act() -> Answer:
        verb(publication, by=request.user, **said)
        publication.refresh_from_db()
        return Answer(body=publication_row(publication), status=status)

    return act


def _reschedule(publication: Publication, *, by: Any, **said: Any) -> None:
    scheduling.reschedule(publication, **when(said), by=by)


def own(request: HttpRequest, publication_id: UUID) -> Publication:
    """Return a publication this user may act on, or raise InvalidRequest("not_found")."""
    rows = Publication.objects.filter(post__in=access().posts(request.user)).select_related("post", "account")
    publication = rows.defer(*[f"account__{name}" for name in SECRETS]).filter(pk=publication_id).first()
    if publication is None:
        raise InvalidRequest("not_found")
    return publication

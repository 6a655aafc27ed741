"""What was tried with a publication, and what came of each try, in JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import Publication
from django_connected_accounts.services import timeline
from django_connected_accounts.services.timeline import Entry

from .accounts import account_reason
from .envelope import Answer, moment


def read(request: HttpRequest, publication_id: UUID) -> Answer:
    """Answer what happened with a publication, oldest first."""
    rows = Publication.objects.filter(post__in=access().posts(request.user)).select_related("account")
    publication = rows.defer("checkpoint").filter(pk=publication_id).first()
    if publication is None:
        raise InvalidRequest("not_found")
    return Answer(body={"results": [_row(publication, entry) for entry in timeline.of(publication)]})


def _row(publication: Publication, entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": moment(entry.at),
        "verb": entry.verb,
        "actor": str(entry.actor) if entry.actor else None,
        "reason": account_reason(publication.account, entry.code),
        "step": entry.step,
        "generation": entry.generation,
        "attempts": entry.attempts,
        "seconds": entry.seconds,
        "platform_code": entry.platform_code,
        "trace_id": entry.trace_id,
        "note": entry.note,
    }

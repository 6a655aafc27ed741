"""What needs somebody, in JSON: list, dismiss."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from django_connected_accounts.models import Event
from django_connected_accounts.services import notices
from django_connected_accounts.services.notices import Notice

from .accounts import account_name
from .envelope import Answer, explained, moment
from .paging import page
from .reading import read


def listing(request: HttpRequest) -> Answer:
    """Answer what needs this user and nobody has dismissed, newest first."""
    return page(request, notices.visible_to(request.user), notice_row)


def dismiss(request: HttpRequest, notice_id: UUID) -> Answer:
    """Take a notice out of the list."""
    read(request, {})
    notices.dismiss(request.user, notice_id)
    return Answer(status=204)


def notice_row(event: Event) -> dict[str, Any]:
    """Return a notice as JSON."""
    notice = Notice(event)
    return {
        "id": str(event.pk),
        "kind": event.notice,
        "at": moment(event.at),
        "reason": explained(notice.code, notice.params),
        "account": account_name(event.account) if event.account else None,
        "post": str(event.post_id) if event.post_id else None,
        "publication": str(event.publication_id) if event.publication_id else None,
    }

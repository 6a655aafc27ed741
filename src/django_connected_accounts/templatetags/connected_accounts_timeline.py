"""What was tried with a publication, for the pages."""

from __future__ import annotations

from typing import Any

from django import template

from django_connected_accounts.models import Publication
from django_connected_accounts.services.timeline import entries

register = template.Library()


@register.inclusion_tag("connected_accounts/parts/timeline.html", takes_context=True)
def timeline(context: dict[str, Any], publication: Publication) -> dict[str, Any]:
    """Show what happened with a publication, oldest first. Prefetch its events."""
    user = getattr(context.get("request"), "user", None)
    return {
        "entries": entries(publication, publication.events.all()),
        "zone": publication.zone,
        "staff": getattr(user, "is_staff", False),
    }

"""Words for what has happened: in the history of an account, the timeline of a post, and notices."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import ConnectedAccount, Event
from django_connected_accounts.services.timeline import Entry

register = template.Library()

EVENTS: Mapping[str, Promise] = {
    "account.connected": _("Connected"),
    "account.reconnected": _("Reconnected"),
    "account.connection_failed": _("A connection did not come about"),
    "account.verified": _("Tested: the connection works"),
    "account.refreshed": _("Access renewed"),
    "account.refresh_failed": _("Renewing access failed"),
    "account.disconnected": _("Disconnected"),
    "account.expiring": _("Access ends before all posts are out"),
    "account.revoked": _("Access withdrawn at the platform"),
    "account.revoke_failed": _("The platform was not reached to withdraw access"),
    "account.erased": _("Data deleted, as its owner asked the platform"),
    "callback.deauthorized": _("Access was withdrawn on the platform"),
    "callback.deleted": _("Data was deleted, as a person asked the platform"),
    "platform.refused": _("A platform does not let the app in"),
    "platform.version_ending": _("An API version ends"),
    "queue.still": _("Nobody publishes what is due"),
    "webhook.test": _("A webhook endpoint was tried out"),
    "webhook.stopped": _("A webhook endpoint is told nothing any more"),
    "notification.received": _("The platform told something"),
    "post.created": _("Draft written"),
    "post.edited": _("Edited"),
    "post.submitted": _("Handed in for approval"),
    "post.approved": _("Approved"),
    "post.rejected": _("Rejected"),
    "series.started": _("Repeats from now on"),
    "series.changed": _("Repeats otherwise from now on"),
    "series.paused": _("Repeating paused"),
    "series.resumed": _("Repeating resumed"),
    "series.ended": _("Repeating ended"),
    "publication.scheduled": _("Scheduled"),
    "publication.step": _("A step finished"),
    "publication.attempt": _("Tried again, not done yet"),
    "publication.published": _("Published"),
    "publication.linked": _("Its link is known"),
    "publication.warning": _("Published, with a remark"),
    "publication.retrying": _("Trying again"),
    "publication.held": _("On hold"),
    "publication.handed_over": _("In the inbox there, not published"),
    "publication.unknown": _("Check needed"),
    "publication.cancelled": _("Cancelled"),
    "publication.deleted": _("Deleted on the platform"),
    "publication.rescheduled": _("Scheduled anew"),
    "publication.missed": _("Missed"),
    "publication.failed": _("Failed"),
}


@register.filter
def event_words(event: Event | Entry) -> str:
    """Return what an event, or an entry of a timeline, tells, in words."""
    if isinstance(event, Event) and event.verb == "account.health":
        label = dict(ConnectedAccount.Health.choices).get(event.data.get("health", ""), "")
        return gettext("Now: %(health)s") % {"health": label}
    if (event.verb, event.code) == ("publication.retrying", "outcome_unknown"):
        return gettext("No clear answer: it is looked up")
    return str(EVENTS.get(event.verb, event.verb))

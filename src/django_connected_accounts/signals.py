"""What a host project can listen to: each signal is sent after commit, with an ``event`` (`models.Event`).

A receiver that raises is logged and harms nothing. A process that dies before sending leaves the event in the
outbox for the next `services.events.dispatch`, so a receiver may see one ``event.id`` again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.dispatch import Signal

account_connected = Signal()
account_changed = Signal()
account_disconnected = Signal()
publication_scheduled = Signal()
publication_published = Signal()
publication_failed = Signal()
publication_changed = Signal()
post_changed = Signal()
account_erased = Signal()
"""A person had their data deleted through the platform: delete yours about ``event.account`` too."""
notification_received = Signal()
"""A platform told something: ``event.notification``, about ``event.account``, None where it is not ours."""
notice_raised = Signal()
"""Something needs a person: ``event.notice`` says what, beside the signal of the event itself."""

VERBS: Mapping[str, Signal | None] = {
    "account.connected": account_connected,
    "account.reconnected": account_connected,
    "account.connection_failed": None,
    "account.health": account_changed,
    "account.verified": account_changed,
    "account.refreshed": account_changed,
    "account.refresh_failed": account_changed,
    "account.disconnected": account_disconnected,
    "account.expiring": account_changed,
    "account.revoked": None,
    "account.revoke_failed": None,
    "account.erased": account_erased,
    "callback.deauthorized": None,
    "callback.deleted": None,
    "notification.received": notification_received,
    "platform.refused": None,
    "platform.version_ending": None,
    "queue.still": None,
    "webhook.stopped": None,
    "webhook.test": None,
    "post.created": post_changed,
    "post.edited": post_changed,
    "post.submitted": post_changed,
    "post.approved": post_changed,
    "post.rejected": post_changed,
    "series.started": post_changed,
    "series.changed": post_changed,
    "series.paused": post_changed,
    "series.resumed": post_changed,
    "series.ended": post_changed,
    "publication.scheduled": publication_scheduled,
    "publication.attempt": None,
    "publication.published": publication_published,
    "publication.linked": publication_changed,
    "publication.warning": publication_changed,
    "publication.retrying": publication_changed,
    "publication.held": publication_changed,
    "publication.handed_over": publication_changed,
    "publication.unknown": publication_changed,
    "publication.cancelled": publication_changed,
    "publication.deleted": publication_changed,
    "publication.rescheduled": publication_changed,
    "publication.missed": publication_failed,
    "publication.failed": publication_failed,
}

WEBHOOK_TYPES: Sequence[str] = tuple(
    verb for verb, signal in VERBS.items() if signal and verb != "notification.received"
)
"""What webhooks may tell of: what signals do, but for what others wrote on a platform."""

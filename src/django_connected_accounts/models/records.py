"""What happened (`Event`), what was measured (`Measurement`), what was answered (`IdempotencyKey`)."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.providers.types import Notification

from .accounts import ConnectedAccount
from .exact import ExactCharField
from .posts import Post, Publication


class Event(models.Model):
    """Who or what did what, when, and how it ended. Never changed, but for noting what was told.

    Rows with ``dispatched_at`` None are the outbox: written with the change, told to `signals` after commit.
    Those with ``notify_at`` wait for their e-mail.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    verb = models.CharField(max_length=64)
    """A name from `signals.VERBS`: "account.connected", "publication.published" …"""
    code = models.CharField(max_length=64, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Who did it; None when the app did by itself."""
    account = models.ForeignKey(
        ConnectedAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="events"
    )
    post = models.ForeignKey(Post, null=True, blank=True, on_delete=models.CASCADE, related_name="events")
    publication = models.ForeignKey(
        Publication, null=True, blank=True, on_delete=models.CASCADE, related_name="events"
    )
    data = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    key = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001 - NULLs don't clash
    """What must happen only once: a second event with the same key can't be written."""
    dispatched_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    notice = models.CharField(max_length=32, blank=True, default="", editable=False)
    """What somebody is to be told: the health or status it began, or a name of `services.notices.OTHERS`."""
    notify_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    """When its e-mail is tried next; None once nothing remains to be sent."""
    notify_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    tell_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    """Since when webhooks are to be made of it; None once that is done, and where nobody may ask for them."""
    dismissed_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When a person took note and wanted it out of the list."""

    class Meta:
        db_table = "connected_accounts_event"
        ordering = ("-at", "-id")
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = (models.UniqueConstraint(fields=("key",), name="connected_accounts_once"),)
        indexes = (
            models.Index(fields=("account", "-at"), name="connected_accounts_history"),
            models.Index(fields=("publication", "-at"), name="connected_accounts_timeline"),
            models.Index(fields=("account", "notice", "-at"), name="connected_accounts_notices"),
            models.Index(fields=("verb", "at"), name="connected_accounts_verbs"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.code}".strip()

    @property
    def notification(self) -> Notification:
        """Return what a platform told, of an event "notification.received"."""
        told = self.data
        return Notification(
            kind=told.get("kind", ""),
            account_id=told.get("account_id", ""),
            key=self.key or "",
            payload=told.get("payload", {}),
        )


class Measurement(models.Model):
    """A number with a name and a time, about an account or one of its publications.

    ``value`` is None where the platform had none to give then, which is not zero.
    """

    account = models.ForeignKey(ConnectedAccount, on_delete=models.CASCADE, related_name="measurements")
    publication = models.ForeignKey(
        Publication, null=True, blank=True, on_delete=models.CASCADE, related_name="measurements"
    )
    name = models.CharField(max_length=64)
    value = models.FloatField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "connected_accounts_measurement"
        ordering = ("-at",)
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")
        indexes = (
            models.Index(
                fields=("account", "publication", "name", "-at"), name="connected_accounts_measured"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} = {'unavailable' if self.value is None else format(self.value, 'g')}"


class IdempotencyKey(models.Model):
    """The answer already given to a write of the JSON API, given again when the same request comes again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = ExactCharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body: Any = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "connected_accounts_idempotency_key"
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="connected_accounts_one_answer"),)

    def __str__(self) -> str:
        return str(self.key)

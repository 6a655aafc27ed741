"""Who else is told what happens (`WebhookEndpoint`), and what became of each telling (`WebhookDelivery`)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.fields import EncryptedTextField

from .records import Event


class WebhookEndpoint(models.Model):
    """An address that is told of events by signed HTTP requests; `services.telling` writes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    """Whose accounts and posts it is told of: those this user may see; None for everybody's."""
    url = models.URLField(max_length=2000)
    types = models.JSONField(default=list, blank=True)
    """Names of `services.telling.TYPES`, or "publication.*"; empty for all."""
    secret = EncryptedTextField(label="connected_accounts.webhook.secret", binding=("id",))
    old_secret = EncryptedTextField(
        label="connected_accounts.webhook.old_secret", binding=("id",), blank=True, default=""
    )
    """The secret before; until ``old_secret_until`` it signs too."""
    old_secret_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, editable=False)
    """How many requests in a row were not taken."""
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    rest_until = models.DateTimeField(null=True, blank=True, editable=False)
    """Until when it is left alone after a failure."""
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Since when it is told nothing: it failed for days, or said that it is gone; None while it is told."""
    stopped_key = models.CharField(max_length=64, blank=True, default="", editable=False)
    """The key of the event that tells so."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "connected_accounts_webhook"
        ordering = ("created_at", "id")
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """An event for an endpoint: told, to be told, or given up."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    run_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When it is tried next; None once nothing remains to be done."""
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    seconds = models.FloatField(null=True, blank=True, editable=False)
    """How long the last try took."""
    status = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    """The HTTP status of the last answer, None where none came."""
    error = models.CharField(max_length=255, blank=True, editable=False)
    """Why the last try did not count, "" where it did."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "connected_accounts_delivery"
        ordering = ("-created_at", "-id")
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "event"), name="connected_accounts_told_once"),
        )
        indexes = (
            models.Index(fields=("run_at",), name="connected_accounts_to_tell"),
            models.Index(fields=("endpoint", "-created_at"), name="connected_accounts_told"),
            models.Index(fields=("state", "created_at"), name="connected_accounts_tellings"),
        )

    def __str__(self) -> str:
        return f"{self.event_id} {self.state}"

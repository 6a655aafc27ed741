"""Posts that repeat."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from .posts import Post


class Series(models.Model):
    """A post that goes out again and again: each time as a post of its own, made of this one in advance."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Repeats")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="repeats")
    """What every occurrence is a copy of, from the accounts it is meant for. Never sent itself."""
    rule = models.CharField(max_length=255)
    """When, as an RRULE of RFC 5545 with an end: ``FREQ=WEEKLY;BYDAY=MO,TH;COUNT=12``."""
    starts = models.CharField(max_length=32)
    """From when on, as the clocks of ``zone`` show it, in ISO 8601. Its time is that of every occurrence."""
    zone = models.CharField(max_length=64)
    ends_at = models.DateTimeField()
    """When the last occurrence is due."""
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    made_until = models.CharField(max_length=32, blank=True, default="", editable=False)
    """The last occurrence that was made, or passed over, as ``starts`` is written."""
    run_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    """When more occurrences are to be made; None when nothing remains to be."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "connected_accounts_series"
        ordering = ("-created_at", "-id")
        verbose_name = _("series")
        verbose_name_plural = _("series")

    def __str__(self) -> str:
        return f"{self.rule} {self.zone}"

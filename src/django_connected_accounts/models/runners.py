from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Runner(models.Model):
    """A process that publishes what is due, and when it last said so; `services.presence` writes it."""

    name = models.CharField(max_length=191, primary_key=True)
    """Host and process id; without the latter for what cron starts anew each time."""
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "connected_accounts_runner"
        ordering = ("-seen_at", "name")
        verbose_name = _("runner")
        verbose_name_plural = _("runners")

    def __str__(self) -> str:
        return self.name

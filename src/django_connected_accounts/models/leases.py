from __future__ import annotations

from django.db import models


class Leased(models.Model):
    """A row that one runner at a time may act on; `services.leases` takes and gives back the lease."""

    lease_token = models.CharField(max_length=32, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

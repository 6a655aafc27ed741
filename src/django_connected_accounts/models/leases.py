from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now


class DatabaseNow(Now):
    """The database's clock in UTC; Django's `Now` is in the session's time zone on MariaDB and MySQL."""

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra_context)


class Leased(models.Model):
    """A row that one runner at a time may act on; `services.leases` takes and gives back the lease."""

    lease_token = models.CharField(max_length=32, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

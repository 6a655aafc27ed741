"""The right to act on a row for a while: taken by one UPDATE, timed by the database, no transaction held.

Whoever does not give a lease back loses it when its time is up. A token names each lease, so a late holder
can tell the row is no longer theirs: put ``lease_token=token`` in the condition of every write.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from django_connected_accounts.models.leases import DatabaseNow, Leased


def acquire(row: Leased, seconds: float) -> str:
    """Return the token of a new lease on this row, "" while another holds one."""
    token = secrets.token_hex(16)
    free = Q(lease_until=None) | Q(lease_until__lte=DatabaseNow())
    until = DatabaseNow() + timedelta(seconds=seconds)
    taken = _same(row).filter(free).update(lease_token=token, lease_until=until)
    return token if taken else ""


def release(row: Leased, token: str) -> bool:
    """Give the lease back. False: it was no longer ours, and nothing changed."""
    return bool(_same(row).filter(lease_token=token).update(lease_token="", lease_until=None))


def _same(row: Leased) -> QuerySet[Any]:
    return type(row)._base_manager.filter(pk=row.pk)

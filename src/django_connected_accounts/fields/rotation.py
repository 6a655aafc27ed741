"""Counting rows per key, and re-encrypting those that are not under the primary one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.db.models import Count, ExpressionWrapper, F, TextField
from django.db.models.functions import Substr

from django_connected_accounts import crypto
from django_connected_accounts.exceptions import UndecryptableToken

from .columns import EncryptedField
from .sealed import AS_IS, Sealed


@dataclass
class Progress:
    """How far a rotation is: rows re-encrypted, and rows that don't open, with the code that says why."""

    rotated: int = 0
    unreadable: list[tuple[Any, str]] = field(default_factory=list)


def encrypted_fields() -> Iterator[EncryptedField]:
    """Yield every encrypted column of the project once."""
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy:
            yield from (column for column in model._meta.local_fields if isinstance(column, EncryptedField))


def count(column: EncryptedField, using: str) -> Counter[str]:
    """Return how many rows each kid has; "fernet" and "plaintext" stand for the old formats."""
    counted: Counter[str] = Counter()
    groups = _filled(column, using).values_list("header").annotate(rows=Count("pk")).order_by()
    for header, rows in groups.iterator():
        counted[_key_of(header)] += rows
    return counted


def primary(column: EncryptedField) -> str:
    """Return the kid of the key that encrypts this column now, or raise ImproperlyConfigured."""
    return crypto.boxes[column.label].header[len(crypto.SUITE) : -1]


def trial(column: EncryptedField, using: str) -> dict[str, str]:
    """Open one row of each kid. Return why it doesn't open, "" where it does."""
    found: dict[str, str] = {}
    filled = _filled(column, using)
    for header in list(filled.values_list("header", flat=True).order_by().distinct()):
        if (kid := _key_of(header)) not in found:
            rows = filled.filter(header=header).order_by("pk")
            sealed, *bound = rows.values_list(column.name, *column.binding)[0]
            found[kid] = _trial(column, sealed.text, tuple(bound))
    return found


def rotate(column: EncryptedField, using: str, batch_size: int) -> Iterator[Progress]:
    """Re-encrypt what is not under the primary key, and yield the progress after each batch.

    A row that somebody else wrote meanwhile is left as they wrote it. What is done stays done: a run that was
    cut off is continued by the next.
    """
    progress = Progress()
    header = crypto.boxes[column.label].header
    waiting = _filled(column, using).exclude(header=header).order_by("pk")
    batch = list(waiting.values_list("pk", column.name, *column.binding)[:batch_size])
    while batch:
        with transaction.atomic(using=using):
            for pk, sealed, *bound in batch:
                try:
                    progress.rotated += _rotate_row(column, using, pk, sealed.text, tuple(bound))
                except UndecryptableToken as error:
                    progress.unreadable.append((pk, error.code))
        yield progress
        later = waiting.filter(pk__gt=batch[-1][0])
        batch = list(later.values_list("pk", column.name, *column.binding)[:batch_size])


def _trial(column: EncryptedField, stored: str, bound: tuple[Any, ...]) -> str:
    try:
        column.open(stored, bound)
    except UndecryptableToken as error:
        return error.code
    except ImproperlyConfigured:
        return "unknown_key"
    return ""


def _rotate_row(column: EncryptedField, using: str, pk: Any, stored: str, bound: tuple[Any, ...]) -> int:
    text = column.open(stored, bound)
    column.load(text)
    sealed = Sealed(column, column.seal(text, bound), AS_IS)
    unchanged = _filled(column, using).filter(pk=pk, raw=stored)
    return unchanged.update(**{column.name: sealed})


def _filled(column: EncryptedField, using: str) -> models.QuerySet[Any]:
    """Return the rows that hold a secret, with ``raw`` as stored and its ``header``."""
    raw = ExpressionWrapper(F(column.name), output_field=TextField())
    rows = column.model._base_manager.using(using).filter(**{f"{column.name}__isnull": False})
    filled = rows.annotate(raw=raw, header=Substr(raw, 1, 14)).exclude(header__in=("", *column.blanks))
    return cast("models.QuerySet[Any]", filled)


def _key_of(header: str) -> str:
    if header.startswith(crypto.SUITE):
        return header[len(crypto.SUITE) :].rstrip(".")
    return "fernet" if header.startswith("gAAAAA") else "plaintext"

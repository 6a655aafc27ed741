"""Files that share the fate of the transaction they were written in: neither without the other."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_delete
from django.dispatch import receiver

from django_connected_accounts.models import PostMedia, Rendition

log = logging.getLogger("django_connected_accounts")

_written: ContextVar[list[tuple[Storage, str]] | None] = ContextVar("written", default=None)


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """A transaction that, when it fails, also takes back what `write` wrote in it. May be nested."""
    outer, written = _written.get(), list[tuple[Storage, str]]()
    token = _written.set(written)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        for storage, name in written:
            _delete(storage, name)
        raise
    finally:
        _written.reset(token)
    if outer is not None:
        outer.extend(written)


def write(field: FieldFile, name: str, content: IO[bytes]) -> None:
    """Store content under a name like this, within `all_or_nothing`. The row is the caller's to save."""
    written = _written.get()
    if written is None:
        raise RuntimeError("files are written within all_or_nothing()")
    field.save(name, content if isinstance(content, File) else File(content), save=False)
    written.append((field.storage, str(field.name)))


def discard(field: FieldFile) -> None:
    """Delete a file once the transaction is committed, unless a copy still has it.

    The row is the caller's to change.
    """
    if field:
        # Copies of a post share all files of a media; the first is among them, and its column indexed.
        row: Any = field.instance
        same = type(row).objects.filter(file=str(row.file.name))
        same = same.filter(**{field.field.name: str(field.name)})
        transaction.on_commit(partial(_delete_last, field.storage, str(field.name), same), robust=True)


@receiver(post_delete, sender=PostMedia)
@receiver(post_delete, sender=Rendition)
def _discard_files(instance: PostMedia | Rendition, **kwargs: Any) -> None:
    """However a media is deleted, with its post or its user, its files go too."""
    discard(instance.file)
    if isinstance(instance, PostMedia):
        discard(instance.cover)


def _delete_last(storage: Storage, name: str, same: QuerySet[Any]) -> None:
    if not same.exists():
        _delete(storage, name)


def _delete(storage: Storage, name: str) -> None:
    try:
        storage.delete(name)
    except Exception:
        # What failed already, or is done already, must not fail for a file left behind.
        log.exception("The file %s could not be deleted", name)

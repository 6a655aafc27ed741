"""Giving a row to another owner, with its secrets; and refusing to do so by accident."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db import models, router, transaction
from django.dispatch import receiver

from .sealed import Sealed, SealedInRow, moved

if TYPE_CHECKING:
    from .columns import EncryptedField


def rebind(instance: models.Model, **changes: Any) -> None:
    """Save ``changes`` to columns that secrets are bound to, the secrets re-encrypted in the same UPDATE.

    ::

        rebind(account, user=new_owner)

    Reads the row afresh and locked, so that a token refreshed meanwhile is not lost; nothing else of
    ``instance`` is saved. Raise UndecryptableToken, with nothing saved, where a secret can't be read.
    """
    model = type(instance)
    using = instance._state.db or router.db_for_write(model, instance=instance)
    with transaction.atomic(using=using):
        row = model._base_manager.using(using).select_for_update().get(pk=instance.pk)
        secrets = {field.name: getattr(row, field.name) for field in bound_fields(model)}
        written = {**secrets, **changes}
        for name, value in written.items():
            setattr(row, name, value)
        row.save(using=using, update_fields=written.keys())
    instance.refresh_from_db(using=using, fields=written.keys())


def bound_fields(model: type[models.Model]) -> list[EncryptedField]:
    """Return the encrypted fields of a model that are bound to columns."""
    return [field for field in model._meta.concrete_fields if getattr(field, "binding", ())]  # type: ignore[misc]


@receiver(models.signals.class_prepared)
def watch(sender: type[models.Model], **kwargs: Any) -> None:
    """Have `refuse_moving` see the saves of each model, or child of one, with bound secrets."""
    if bound_fields(sender):
        models.signals.pre_save.connect(refuse_moving, sender=sender, dispatch_uid=__name__)


def refuse_moving(
    sender: type[models.Model],
    instance: models.Model,
    raw: bool,
    using: str,
    update_fields: Collection[str] | None,
    **kwargs: Any,
) -> None:
    """Raise FieldError before a save that would part secrets from the columns they are bound to."""
    for field in () if raw else bound_fields(sender):
        if update_fields is None or not {field.name, field.attname}.isdisjoint(update_fields):
            saved = getattr(instance, field.attname)
            if isinstance(saved, SealedInRow):
                saved.refuse_moving()
        elif _changes(field, update_fields) and _parts(field, instance, using):
            raise FieldError(moved(field))


def _changes(field: EncryptedField, update_fields: Collection[str]) -> bool:
    columns = (field.model._meta.get_field(name) for name in field.binding)
    return any(column.name in update_fields or column.attname in update_fields for column in columns)  # type: ignore[union-attr]


def _parts(field: EncryptedField, instance: models.Model, using: str) -> bool:
    """Tell whether the instance's binding is another than the one its stored secret was encrypted for."""
    now = field.row.encode(field.row.of(instance))
    known = instance.__dict__.get(field.attname)
    if isinstance(known, Sealed) and isinstance(known.bound, tuple) and field.row.encode(known.bound) == now:
        return False
    rows = type(instance)._base_manager.using(using).filter(pk=instance.pk)
    return any(
        isinstance(secret, Sealed)
        and secret.text not in field.blanks
        and field.row.encode(tuple(bound)) != now
        for secret, *bound in rows.values_list(field.name, *field.binding)
    )

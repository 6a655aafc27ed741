"""Stored secrets on their way between a row and the program: masked until they are opened.

An encrypted field ``token`` has two attributes on an instance, as a foreign key has: ``instance.token`` is
the secret, opened when it is read; ``instance.token_sealed`` is what Django loads and saves, always masked.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import FieldError
from django.db.models import Model
from django.db.models.query_utils import DeferredAttribute

from django_connected_accounts import crypto
from django_connected_accounts.exceptions import UndecryptableToken

if TYPE_CHECKING:
    from .columns import EncryptedField

MASK = "••••••••"


class _Marker:
    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> str:
        return self.name  # pickled as the module's global, so that it stays the same object


CLOSED: Any = _Marker("CLOSED")
"""The value of a secret nobody has opened."""
AS_IS: Any = _Marker("AS_IS")
"""In place of a snapshot: written unread, as fixtures and the rotation want it."""


class Masked:
    """Something holding a secret that no ``str``, ``repr``, ``format`` or JSON encoder shows."""

    __slots__ = ()

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)


class Sealed(Masked):
    """A stored secret. ``values()`` and annotations give it, as they have no row to open it with.

    ``text`` is what is stored, None while a value the program assigned is not encrypted yet; ``bound`` is a
    snapshot of the binding columns it is known to belong to, None where that is not known.
    """

    __slots__ = ("bound", "dumped", "field", "text", "value")

    def __init__(
        self,
        field: EncryptedField,
        text: str | None,
        bound: Any = None,
        value: Any = CLOSED,
        dumped: str | None = None,
    ) -> None:
        self.field = field
        self.text = text
        self.bound = bound
        self.value = value
        self.dumped = dumped

    def __repr__(self) -> str:
        return f"<sealed {self.field.label}>"

    def open(self, **binding: Any) -> Any:
        """Return the secret, given its row's binding columns, or raise UndecryptableToken."""
        if binding.keys() != set(self.field.binding):
            raise TypeError(f"To open {self.field.label}, name exactly its binding: {self.field.binding}.")
        if self.text is None:
            return self.value
        return self.field.load(
            self.field.open(self.text, tuple(binding[name] for name in self.field.binding))
        )

    open.alters_data = True  # type: ignore[attr-defined]  # templates never call it

    def open_in(self, instance: Model) -> Any:
        """Return the secret, and remember it; raise UndecryptableToken where the row is not its own."""
        if self.value is CLOSED:
            field, bound = self.field, self.bound
            if bound is None or bound is AS_IS:
                bound = field.row.of(instance)
            dumped = field.open(cast(str, self.text), bound)
            value = field.load(dumped)
            self.dumped, self.bound, self.value = dumped, bound, value
        return self.value

    @property
    def changed(self) -> bool:
        """Whether the program assigned a value, or changed the opened one in place."""
        if self.text is None:
            return True
        return self.value is not CLOSED and self.field.dump(self.value) != self.dumped

    def __copy__(self) -> Sealed:
        return Sealed(self.field, self.text, self.bound, self.value, self.dumped)

    def __deepcopy__(self, memo: dict[int, Any]) -> Sealed:
        value = self.value if self.value is CLOSED else copy.deepcopy(self.value, memo)
        return Sealed(self.field, self.text, self.bound, value, self.dumped)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what is stored, never what was opened; a value not stored yet travels encrypted."""
        if self.changed:
            return _unpickle_changed, (self.field, _travel_box(self.field).seal(self.field.dump(self.value)))
        return Sealed, (self.field, self.text, self.bound)


class SealedInRow(Masked):
    """A stored secret seen in its row: what Django gets from an instance to save, validate or serialize."""

    __slots__ = ("instance", "sealed")

    def __init__(self, instance: Model, sealed: Sealed) -> None:
        self.instance = instance
        self.sealed = sealed

    def __repr__(self) -> str:
        return repr(self.sealed)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.sealed.__reduce__()

    def ciphertext(self) -> str:
        """Return what to store: untouched text as it was, anything else encrypted under the primary key.

        Raise FieldError where the binding columns are not settled, or are no longer those it was loaded with.
        """
        sealed, field = self.sealed, self.sealed.field
        if sealed.text is not None:
            self.refuse_moving()
            if not sealed.changed and not (field.is_outdated(sealed.text) and self._opens()):
                return sealed.text
        now = field.row.of(self.instance)
        if not self.is_blank:
            field.prepare(now)
        dumped = field.dump(sealed.value)
        text = field.seal(dumped, now)
        self.sealed = self.instance.__dict__[field.attname] = Sealed(field, text, now, sealed.value, dumped)
        return text

    @property
    def is_blank(self) -> bool:
        """Whether it holds an empty object or list."""
        sealed, field = self.sealed, self.sealed.field
        return (field.dump(sealed.value) if sealed.changed else sealed.text) in field.blanks

    def refuse_moving(self) -> None:
        """Raise FieldError where the row's binding columns are no longer those of this secret."""
        sealed, field = self.sealed, self.sealed.field
        if sealed.text is None or sealed.text in field.blanks or sealed.bound is AS_IS:
            return
        if sealed.bound is None:
            sealed.open_in(self.instance)  # Only its own row opens it.
            return
        now = field.row.of(self.instance)
        if now != sealed.bound and field.row.encode(now) != field.row.encode(sealed.bound):
            raise FieldError(moved(field))

    def _opens(self) -> bool:
        try:
            self.sealed.open_in(self.instance)
        except UndecryptableToken:
            return False  # Left as it is, for the day its key is back.
        return True


class SecretAttribute:
    """``instance.token``: the secret itself, opened when it is first read."""

    def __init__(self, field: EncryptedField) -> None:
        self.field = field

    def __get__(self, instance: Model | None, owner: type[Model] | None = None) -> Any:
        if instance is None:
            return self
        attname = self.field.attname
        if attname not in instance.__dict__:
            getattr(instance, attname)  # deferred: loads it
        stored = instance.__dict__[attname]
        return stored.open_in(instance) if type(stored) is Sealed else stored

    def __set__(self, instance: Model, value: Any) -> None:
        if isinstance(value, Masked):
            value = copy.copy(value.sealed if isinstance(value, SealedInRow) else value)
        instance.__dict__[self.field.attname] = self.field.wrap(value)

    def __delete__(self, instance: Model) -> None:
        del instance.__dict__[self.field.attname]


class SealedAttribute(DeferredAttribute):
    """``instance.token_sealed``: the secret as Django handles it, masked."""

    field: EncryptedField

    def __get__(self, instance: Model | None, owner: type[Model] | None = None) -> Any:
        stored = super().__get__(instance, owner)
        return SealedInRow(instance, stored) if type(stored) is Sealed and instance is not None else stored

    def __set__(self, instance: Model, value: Any) -> None:
        data = instance.__dict__
        if type(value) is not Sealed:
            data[self.field.attname] = value.sealed if type(value) is SealedInRow else self.field.wrap(value)
            return
        if value.bound is None:  # from the database, after the columns declared before it
            try:  # noqa: SIM105  suppress() costs as much as the rest of loading a field
                value.bound = self.field.row.loaded(data)
            except KeyError:
                pass
        data[self.field.attname] = value

    def __delete__(self, instance: Model) -> None:
        del instance.__dict__[self.field.attname]


def moved(field: EncryptedField) -> str:
    """Say what is wrong when binding columns changed, and the remedy."""
    columns = ", ".join(field.binding)
    return (
        f"{columns} changed, and {field.label} is encrypted for what it was: change it with "
        "django_connected_accounts.fields.rebind()."
    )


def _travel_box(field: EncryptedField) -> crypto.Box:
    return crypto.boxes[f"{field.label} in a pickle"]


def _unpickle_changed(field: EncryptedField, text: str) -> Sealed:
    return Sealed(field, None, value=field.load(_travel_box(field).open(text)))

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import models
from django.db.models import Case, Model, Value, When
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, IsNull
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_connected_accounts import crypto
from django_connected_accounts.exceptions import UndecryptableToken

from .binding import Binding, Snapshot
from .sealed import AS_IS, Sealed, SealedAttribute, SealedInRow, SecretAttribute
from .write_only import KEEP, WriteOnlyField, WriteOnlyJSONField

TAG = "$sealed"
"""The only key of the dict that stands for a stored secret in fixtures."""

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


class EncryptedField(_Field):
    """What `EncryptedTextField` and `EncryptedJSONField` share.

    ``label`` names what is encrypted and never changes, not even with the model's name. ``binding`` names the
    columns a secret is tied to ("owner_id", not "owner"): in a row that holds others, it does not open.
    """

    descriptor_class = SealedAttribute
    form_class: ClassVar[type[forms.Field]]
    blanks: ClassVar[tuple[str, ...]]
    """Texts that hold no secret, and are stored as they are."""
    nothing: ClassVar[tuple[str | None, ...]]
    """Values that are kept as they are, unmasked."""
    row: Binding

    def __init__(
        self, verbose_name: Any = None, *, label: str, binding: Iterable[str] = (), **options: Any
    ) -> None:
        for option in ("unique", "db_index", "primary_key", "db_default", "choices"):
            if options.get(option) not in (None, False, models.NOT_PROVIDED):
                raise ImproperlyConfigured(f"{type(self).__name__} takes no {option}: it is encrypted.")
        self.label = label
        self.binding = tuple(binding)
        super().__init__(verbose_name, **options)

    # What a subclass says of its values

    def accept(self, value: Any) -> Any:
        """Return an assigned value as it is kept, or raise TypeError without showing it."""
        raise NotImplementedError

    def dump(self, value: Any) -> str:
        """Return the text to encrypt."""
        raise NotImplementedError

    def load(self, text: str) -> Any:
        """Return the value of a decrypted text."""
        raise NotImplementedError

    # Sealing

    def prepare(self, snapshot: Snapshot) -> None:
        """Raise what `seal` would for want of a key or a binding, with no secret in a stack frame yet."""
        crypto.boxes[self.label].header  # noqa: B018
        self.row.encode(snapshot)

    def seal(self, text: str, snapshot: Snapshot) -> str:
        return text if text in self.blanks else crypto.boxes[self.label].seal(text, self.row.encode(snapshot))

    def open(self, text: str, snapshot: Snapshot) -> str:
        if text in self.blanks:
            return text
        try:
            row = self.row.encode(snapshot)
        except (FieldError, ValidationError):
            row = None  # A binding column that was emptied in the database.
        if row is None:
            raise UndecryptableToken("tampered", self.label)
        return crypto.boxes[self.label].open(text, row)

    def is_outdated(self, text: str) -> bool:
        """Tell whether a stored text is under another key than the primary one, or in an old format."""
        return text not in self.blanks and not text.startswith(crypto.boxes[self.label].header)

    def wrap(self, value: Any) -> Any:
        """Return an assigned value as an instance keeps it: masked, but for None and an empty text."""
        if isinstance(value, SealedInRow):
            value = value.sealed
        if isinstance(value, Sealed):
            if value.field.label != self.label:
                raise TypeError(f"What is sealed as {value.field.label} can't become {self.label}.")
            return Sealed(self, value.text, value.bound, value.value, value.dumped)
        if value in self.nothing:
            return value
        if hasattr(value, "resolve_expression"):
            raise FieldError(f"{self.name} takes no expressions: the database can't encrypt.")
        return Sealed(self, None, value=self.accept(value))

    # The model field

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options["label"] = self.label
        if self.binding:
            options["binding"] = self.binding
        return name, path.replace(__name__, __package__), args, options

    def get_internal_type(self) -> str:
        return "TextField"

    def get_attname(self) -> str:
        return f"{self.name}_sealed"

    def get_attname_column(self) -> tuple[str, str]:
        return self.get_attname(), self.db_column or self.name

    def contribute_to_class(self, cls: type[Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, SecretAttribute(self))
        self.row = Binding(cls, self.binding)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        for problem in self.row.problems():
            hint = "Bind it to what names the row and never changes, as its owner and the remote id."
            found.append(
                checks.Error(
                    f"It is bound to nothing: {problem}", hint=hint, obj=self, id="connected_accounts.E011"
                )
            )
        if self._is_indexed():
            message = "An encrypted field can't be part of an index or a unique constraint."
            hint = "Index a digest of it, in a column of its own."
            found.append(checks.Error(message, hint=hint, obj=self, id="connected_accounts.E012"))
        return found

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return Sealed(self, value) if value or value not in self.nothing else value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value in self.nothing or _writes_rows(value):
            return value
        if isinstance(value, SealedInRow):
            return value.ciphertext()
        if isinstance(value, Sealed) and value.bound is AS_IS:
            return value.text
        raise FieldError(
            f"{self.name} is encrypted for its row, which update() and expressions don't see: assign it to "
            "an instance, then save(), bulk_create() or bulk_update()."
        )

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None:
            raise FieldError(f"{self.name} is encrypted: the database can't compare it with a value.")
        return None

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name in _LOOKUPS:
            return _LOOKUPS[lookup_name]
        raise FieldError(_NO_LOOKUP.format(self.name))

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} is encrypted: it takes no {lookup_name}.")

    # Fixtures

    def value_to_string(self, obj: Model) -> Any:
        """Return ciphertext in a tagged dict, or raise UndecryptableToken where what is stored is none."""
        value = self.value_from_object(obj)
        if not isinstance(value, SealedInRow):
            return value
        text = value.ciphertext()
        if not text.startswith(crypto.SUITE) and text not in self.blanks:
            raise UndecryptableToken("not_encrypted", self.label)
        return {TAG: text}

    def to_python(self, value: Any) -> Any:
        """Take a fixture's tagged dict as ciphertext, and nothing else, whatever it looks like."""
        if isinstance(value, dict) and value.keys() == {TAG}:
            text = value[TAG]
            if isinstance(text, str) and (text.startswith(crypto.SUITE) or text in self.blanks):
                return Sealed(self, text, AS_IS)
        return value

    # Forms

    def formfield(self, **kwargs: Any) -> Any:
        options: dict[str, Any] = {"label": capfirst(self.verbose_name)}
        if self.help_text:
            options["help_text"] = self.help_text
        return kwargs.pop("form_class", self.form_class)(**{**options, **kwargs})

    def save_form_data(self, instance: Model, data: Any) -> None:
        if data is not KEEP:
            setattr(instance, self.name, data)

    def clean(self, value: Any, model_instance: Model | None) -> Any:
        """Validate a newly assigned value; what is stored was valid, and stays closed."""
        if not isinstance(value, SealedInRow):
            self.validate(value, model_instance)
        elif value.sealed.text is None:
            self.run_validators(value.sealed.value)
        if isinstance(value, SealedInRow) and value.is_blank and not self.blank:
            raise ValidationError(self.error_messages["blank"], code="blank")
        return value

    def _is_indexed(self) -> bool:
        options = self.model._meta
        together = [*options.unique_together, *(index.fields for index in options.indexes)]
        together += [getattr(constraint, "fields", ()) for constraint in options.constraints]
        return any(self.name in names for names in together)


class EncryptedTextField(EncryptedField):
    """Text, encrypted; the empty text is stored as it is."""

    description = _("Encrypted text")
    form_class = WriteOnlyField
    blanks = ()
    nothing = (None, "")

    def accept(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes text, not {type(value).__name__}.")
        return str(value)

    def dump(self, value: str) -> str:
        return value

    def load(self, text: str) -> str:
        return text


class EncryptedJSONField(EncryptedField):
    """A JSON value, encrypted; an empty object or list is stored as it is, and None as NULL."""

    description = _("Encrypted JSON")
    form_class = WriteOnlyJSONField
    blanks = ("{}", "[]")
    nothing = (None,)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value in ({}, []):
            return self.dump(value)
        return super().get_db_prep_save(value, connection)

    def accept(self, value: Any) -> Any:
        return value

    def dump(self, value: Any) -> str:
        return json.dumps(value, separators=(",", ":"))

    def load(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            pass  # The exception holds the text.
        raise UndecryptableToken("tampered", self.label)


_NO_LOOKUP = "{} is encrypted: of lookups it takes isnull, and exact with None."


class _OnlyNone(Exact):
    def __init__(self, lhs: Any, rhs: Any) -> None:
        if rhs is not None:
            raise FieldError(_NO_LOOKUP.format(lhs.output_field.name))
        super().__init__(lhs, rhs)


_LOOKUPS = {"isnull": IsNull, "exact": _OnlyNone}


def _writes_rows(expression: Any) -> bool:
    """Tell whether this is what ``bulk_update()`` writes: for each row its own secret, none computed."""
    if isinstance(expression, Value):
        return expression.value in (None, "") or isinstance(expression.value, SealedInRow)
    if isinstance(expression, When):
        return _writes_rows(expression.result)
    return isinstance(expression, (Case, Cast)) and all(
        map(_writes_rows, expression.get_source_expressions())
    )

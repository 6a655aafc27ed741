"""Model fields whose values are encrypted in the database, tied to their row, and opened when they are read.

::

    token = EncryptedTextField(label="shop.subscription.token", binding=("owner_id",))

See docs/reference/encrypted-fields.md.
"""

from .columns import EncryptedField, EncryptedJSONField, EncryptedTextField
from .moving import rebind
from .sealed import Sealed

__all__ = ["EncryptedField", "EncryptedJSONField", "EncryptedTextField", "Sealed", "rebind"]

"""System checks of what a project sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from . import crypto
from .fields import rotation

GENERATE = "Print one with “manage.py connected_accounts_generate_key”, and keep it out of the repository."


@register(Tags.security)
def check_encryption_keys(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Return errors where secrets can't be encrypted, or not told apart by their key."""
    if settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEY_PROVIDER:
        return list(_provider_problems(settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEY_PROVIDER))
    return list(_key_problems(settings.CONNECTED_ACCOUNTS_ENCRYPTION_KEYS))


@register(Tags.security)
def check_migration_modes(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    admitted = settings.CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM
    if not isinstance(admitted, str) and set(admitted) <= crypto.OLD_FORMATS:
        return []
    known = ", ".join(sorted(crypto.OLD_FORMATS))
    message = f"CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM must be a list of some of: {known}."
    return [Error(message, id="connected_accounts.E006")]


@register(Tags.security, deploy=True)
def check_migration_is_over(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if not settings.CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM:
        return []
    return [
        Warning(
            "Unbound secrets in old formats are still admitted, and could be planted.",
            hint="Run connected_accounts_rotate_keys, then empty CONNECTED_ACCOUNTS_ENCRYPTION_MIGRATE_FROM.",
            id="connected_accounts.W001",
        )
    ]


@register(Tags.models)
def check_labels(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Return errors for labels used twice: secrets could be moved from one field to the other."""
    used = Counter(column.label for column in rotation.encrypted_fields())
    return [
        Error(f"The label “{column.label}” is used more than once.", obj=column, id="connected_accounts.E010")
        for column in rotation.encrypted_fields()
        if used[column.label] > 1
    ]


def _key_problems(keys: Any) -> Iterator[CheckMessage]:
    if isinstance(keys, str) or not keys:
        message = "CONNECTED_ACCOUNTS_ENCRYPTION_KEYS must be a list with at least one key."
        yield Error(message, hint=GENERATE, id="connected_accounts.E001")
        return
    first_at: dict[bytes, int] = {}
    kids: dict[str, int] = {}
    for position, key in enumerate(keys, start=1):
        try:
            master = crypto.decode_key(key)
        except ImproperlyConfigured as error:
            message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEYS, key {position}: {error}"
            yield Error(message, hint=GENERATE, id="connected_accounts.E002")
            continue
        if master in first_at:
            message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEYS, key {position} repeats key {first_at[master]}."
            yield Error(message, id="connected_accounts.E003")
        elif crypto.kid(master) in kids:
            message = f"Encryption keys {kids[crypto.kid(master)]} and {position} have the same key id."
            yield Error(message, hint="Replace the newer one.", id="connected_accounts.E004")
        first_at.setdefault(master, position)
        kids.setdefault(crypto.kid(master), position)


def _provider_problems(path: str) -> Iterator[CheckMessage]:
    try:
        provider = import_string(path)
    except ImportError:
        message = f"CONNECTED_ACCOUNTS_ENCRYPTION_KEY_PROVIDER: there is no {path}."
        yield Error(message, id="connected_accounts.E005")
        return
    if not (callable(getattr(provider, "primary", None)) and callable(getattr(provider, "get", None))):
        message = f"{path} is no key provider: it needs primary() and get(kid)."
        yield Error(message, id="connected_accounts.E005")

"""The platforms in JSON: what each can do, what it takes, what it limits, and whether it is set up here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string

from django_connected_accounts import registry
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.base import Provider, Publishes
from django_connected_accounts.providers.types import Option
from django_connected_accounts.services import options

from .accounts import own
from .envelope import Answer, explained


def listing(request: HttpRequest) -> Answer:
    """Answer every platform, also those that are not set up, with the settings they lack."""
    platforms = dict.fromkeys([*registry.BUILT_IN, *registry.ids()])
    return Answer(body={"results": [provider_row(platform) for platform in platforms]})


def provider_row(platform: str) -> dict[str, Any]:
    """Return a platform as JSON: the data that forms, preflight and documentation read too."""
    provider: Provider | type[Provider]
    try:
        provider, configured = registry.get(platform), True
    except (InvalidRequest, ImproperlyConfigured):
        provider, configured = import_string(registry.BUILT_IN[platform]), False
    return {
        "id": provider.id,
        "name": provider.name,
        "configured": configured,
        "requirements": [explained(code, {"platform": provider.name}) for code in provider.requirements],
        "capabilities": {name: list(scopes) for name, scopes in provider.scopes.items()},
        "publishes": _publishing(provider) if _publishes(provider) else None,
    }


def of_account(request: HttpRequest, account_id: UUID) -> Answer:
    """Answer what can be chosen for posts on one account now, as its platform says."""
    return Answer(body={"options": option_rows(options.asked(own(request, account_id)))})


def option_rows(choices: Mapping[str, Option]) -> dict[str, Any]:
    """Return options as JSON, by name."""
    return {
        name: {
            "type": option.type,
            "kinds": list(option.kinds),
            "help": str(option.help),
            "choices": dict(option.choices),
            "required": option.required,
            "parts": option_rows(option.parts),
        }
        for name, option in choices.items()
    }


def _publishes(provider: Any) -> bool:
    return issubclass(provider if isinstance(provider, type) else type(provider), Publishes)


def _publishing(provider: Any) -> dict[str, Any]:
    return {
        "kinds": list(provider.kinds),
        "options": option_rows(provider.options),
        "limits": {
            name: {
                "value": limit.value,
                "unit": limit.unit,
                "source": limit.source,
                "date": limit.date.isoformat(),
                "note": limit.note,
            }
            for name, limit in provider.limits.items()
        },
    }

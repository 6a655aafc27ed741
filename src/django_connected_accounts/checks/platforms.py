"""Whether each platform of ``CONNECTED_ACCOUNTS_PROVIDERS`` can be used, and for how long yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from django_connected_accounts import registry
from django_connected_accounts.providers.base import Provider, Publishes
from django_connected_accounts.services import foresight

NAME = "CONNECTED_ACCOUNTS_PROVIDERS"
OPTIONS = (
    "CLASS",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "API_VERSION",
    "AUTHORIZE_URL",
    "SANDBOX",
    "SCOPES",
    "STEPS",
)
"""What every platform takes; `Provider.app_options` are a platform's own."""

ABILITIES: Mapping[type, str] = {Provider: "connect", Publishes: "publish"}
"""The capability whose scopes an ability can't do without; a project may do without numbers."""


def shapes() -> Iterator[CheckMessage]:
    providers: Any = settings.CONNECTED_ACCOUNTS_PROVIDERS
    hint = 'As in {"instagram": {"CLIENT_ID": "…", "CLIENT_SECRET": "…"}}.'
    if not isinstance(providers, Mapping):
        yield Error(f"{NAME} must be a dictionary.", hint=hint, id="connected_accounts.E050")
        return
    for platform, options in providers.items():
        if not isinstance(options, Mapping):
            yield Error(
                f"{NAME}[{platform!r}] must be a dictionary.", hint=hint, id="connected_accounts.E050"
            )


def apps() -> Iterator[CheckMessage]:
    for platform, options in _named():
        given = [key for key in ("CLIENT_ID", "CLIENT_SECRET") if options.get(key)]
        if len(given) == 1:
            (missing,) = {"CLIENT_ID", "CLIENT_SECRET"} - set(given)
            message = f"{NAME}[{platform!r}] has a {given[0]} but no {missing}."
            hint = "Copy both from the platform's developer pages, or leave both empty to switch it off."
            yield Error(message, hint=hint, id="connected_accounts.E051")


def classes() -> Iterator[CheckMessage]:
    for platform, _ in _named():
        try:
            registry.class_of(platform)
        except ImproperlyConfigured as error:
            known = ", ".join(registry.BUILT_IN)
            hint = f"Use a built-in one ({known}), or a CLASS that is a Provider, under its own id."
            yield Error(f"A platform can't be used: {error}.", hint=hint, id="connected_accounts.E052")


def unknown_options() -> Iterator[CheckMessage]:
    for platform, options in _named():
        provider = _class_of(platform)
        known = {*OPTIONS, *(provider.all_app_options() if provider else options)}
        for name in options:
            if name not in known:
                nearest = get_close_matches(str(name), sorted(known), n=len(known), cutoff=0)
                hint = f"It has, the nearest first: {', '.join(nearest)}."
                message = f"{NAME}[{platform!r}] has no option {name}."
                yield Warning(message, hint=hint, id="connected_accounts.W050")


def steps() -> Iterator[CheckMessage]:
    for platform, options in _named():
        limit = options.get("STEPS", 0)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            message = f"{NAME}[{platform!r}]['STEPS'] must be a whole number, 0 or more, not {limit!r}."
            hint = "It is how many posts are worked on at the same time there; 0 for any number."
            yield Error(message, hint=hint, id="connected_accounts.E057")


def scopes() -> Iterator[CheckMessage]:
    for platform, options in _named():
        provider = _class_of(platform)
        if provider is None:
            continue
        replaced = options.get("SCOPES", {})
        where = f"{NAME}[{platform!r}]['SCOPES']"
        hint = f"It may have: {', '.join(provider.scopes)}; each a list of the platform's scopes."
        if not isinstance(replaced, Mapping):
            yield Error(f"{where} must be a dictionary.", hint=hint, id="connected_accounts.E055")
            continue
        for capability, names in replaced.items():
            if capability not in provider.scopes:
                message = f"{where} names {capability!r}, which {platform} has no use for."
                yield Error(message, hint=hint, id="connected_accounts.E055")
            elif isinstance(names, str) or not isinstance(names, Sequence):
                message = f"{where}[{capability!r}] must be a list."
                yield Error(message, hint=hint, id="connected_accounts.E055")
        asked = {**provider.scopes, **replaced}
        for ability, capability in ABILITIES.items():
            if issubclass(provider, ability) and not asked.get(capability):
                message = f"{platform} is to {capability}, but asks people for no scope that allows it."
                hint = f"Name the scopes under {capability!r} in its class, or in {where}."
                yield Error(message, hint=hint, id="connected_accounts.E054")


def capabilities() -> Iterator[CheckMessage]:
    wanted: Any = settings.CONNECTED_ACCOUNTS_CAPABILITIES
    platforms = {*registry.BUILT_IN, *(platform for platform, _ in _named())}
    known = {name for p in platforms if (provider := _class_of(p)) for name in provider.scopes}
    unknown = [wanted] if isinstance(wanted, str) else [str(name) for name in wanted if name not in known]
    if unknown:
        message = f"CONNECTED_ACCOUNTS_CAPABILITIES has what no platform knows: {', '.join(unknown)}."
        hint = f"It is a list of some of: {', '.join(sorted(known))}."
        yield Error(message, hint=hint, id="connected_accounts.E056")


def versions() -> Iterator[CheckMessage]:
    """A platform goes on answering past the end of a version, as another one that nobody has tested."""
    today = registry.now().date()
    for platform in registry.ids():
        provider = _class_of(platform)
        if provider is None or not provider.api_versions:
            continue
        pinned = settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {}).get("API_VERSION")
        version, known = pinned or provider.api_version, provider.api_versions
        newest = list(known)[-1]
        remedy = "Remove it, or set it to" if pinned else "Upgrade django-connected-accounts, or set it to"
        hint = f"{NAME}[{platform!r}]['API_VERSION']: {remedy} {newest}."
        ends = known.get(version)
        if version not in known:
            message = f"{platform} has no API version {version!r} that we know of."
            yield Warning(message, hint=hint, id="connected_accounts.W052")
        elif ends and ends <= today:
            message = f"API version {version} of {platform} ended on {ends}: another answers in its place."
            if version == newest:  # no error, as a date must not stop a project that can do nothing about it
                hint = "Upgrade django-connected-accounts: no newer one is known here."
                yield Warning(message, hint=hint, id="connected_accounts.W054")
            else:
                yield Error(message, hint=hint, id="connected_accounts.E053")
        elif ends and ends - today <= foresight.VERSION_AHEAD:
            message = f"API version {version} of {platform} ends on {ends}."
            yield Warning(message, hint=hint, id="connected_accounts.W051")


def any_configured() -> Iterator[CheckMessage]:
    if not registry.ids():
        message = "No platform is set up: nobody can connect an account."
        hint = f"Give one a CLIENT_ID and CLIENT_SECRET in {NAME}."
        yield Warning(message, hint=hint, id="connected_accounts.W053")


def _named() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the platforms the settings name, but for those `shapes` complains of."""
    providers: Any = settings.CONNECTED_ACCOUNTS_PROVIDERS
    if isinstance(providers, Mapping):
        yield from ((name, options) for name, options in providers.items() if isinstance(options, Mapping))


def _class_of(platform: str) -> type[Provider] | None:
    """Return the class of a platform, None where `classes` complains."""
    try:
        return registry.class_of(platform)
    except ImproperlyConfigured:
        return None

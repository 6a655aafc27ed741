"""What platforms let an author choose: for all their accounts alike, or as each account says."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.core.exceptions import ImproperlyConfigured

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Option

from . import tokens

log = logging.getLogger("django_connected_accounts")


@dataclass(frozen=True, slots=True)
class Group:
    """Options that the same platforms have, by name."""

    platforms: tuple[str, ...]
    options: Mapping[str, Option]


def shared(platforms: Iterable[str]) -> list[Group]:
    """Return what is chosen once for all accounts on these platforms, each option once.

    Where platforms call different things alike, the first's words are used, and the choices of all.
    """
    found: dict[str, Option] = {}
    having: dict[str, tuple[str, ...]] = {}
    for platform in platforms:
        publishes = publishing(platform)
        if publishes is None or asks_accounts(publishes):
            continue
        for name, option in publishes.options.items():
            if name in found:
                choices = {**option.choices, **found[name].choices}
                kinds = tuple(dict.fromkeys((*found[name].kinds, *option.kinds)))
                option = replace(found[name], choices=choices, kinds=kinds)
            found[name], having[name] = option, (*having.get(name, ()), platform)
    groups: dict[tuple[str, ...], dict[str, Option]] = {}
    for name in sorted(found):
        groups.setdefault(having[name], {})[name] = found[name]
    return [Group(platforms, options) for platforms, options in groups.items()]


def of_account(account: ConnectedAccount, *, ask: bool = False) -> tuple[Mapping[str, Option], str]:
    """Return what can be chosen for one account; ``ask`` its platform, where accounts differ there.

    Where it names an obstacle instead, or does not answer, the code of that is returned, with what the
    platform has in general: all is checked again when the post is sent.
    """
    publishes = publishing(account.platform)
    if publishes is None:
        return {}, ""
    try:
        return (asked(account) if ask else publishes.options), ""
    except ConnectedAccountsError as error:
        log.info("Account %s: its options are not known now (%s)", account.pk, error.code)
        return publishes.options, error.code


def asked(account: ConnectedAccount) -> Mapping[str, Option]:
    """Return what can be chosen for one account now, asked of its platform where accounts differ there.

    Raise what keeps the platform from answering.
    """
    publishes = publishing(account.platform)
    if publishes is None:
        raise InvalidRequest("platform_does_not_publish", platform=registry.name(account.platform))
    if not asks_accounts(publishes):
        return publishes.options
    return publishes.options_for(tokens.fresh(account))


def asks_accounts(publishes: Publishes) -> bool:
    """Say whether accounts of this platform differ in what can be chosen."""
    return type(publishes).options_for is not Publishes.options_for


def publishing(platform: str) -> Publishes | None:
    """Return the provider of a platform that is set up here and publishes, else None."""
    try:
        provider = registry.get(platform)
    except (ConnectedAccountsError, ImproperlyConfigured):
        return None
    return provider if isinstance(provider, Publishes) else None

"""Platform ids to ready providers, made from ``CONNECTED_ACCOUNTS_PROVIDERS`` when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from .exceptions import InvalidRequest
from .providers.base import Provider
from .providers.http import Http
from .providers.types import App

BUILT_IN: Mapping[str, str] = {
    "instagram": "django_connected_accounts.providers.instagram.Instagram",
    "instagram_login": "django_connected_accounts.providers.instagram.InstagramLogin",
    "facebook": "django_connected_accounts.providers.facebook.Facebook",
    "linkedin": "django_connected_accounts.providers.linkedin.LinkedIn",
    "threads": "django_connected_accounts.providers.threads.Threads",
    "tiktok": "django_connected_accounts.providers.tiktok.TikTok",
    "twitter": "django_connected_accounts.providers.twitter.Twitter",
}
_SANDBOX_NAMES = {"instagram": "sandbox", "facebook": "sandbox", "instagram_login": "sandbox-instagram"}
T = TypeVar("T")


def get(platform: str) -> Provider:
    """Return the provider of a platform, or raise InvalidRequest: unknown, or not configured here."""
    if not _is_set_up(platform):
        known = platform in BUILT_IN
        raise InvalidRequest("platform_not_configured" if known else "unknown_platform", platform=platform)
    return _provider(platform)


def all() -> list[Provider]:
    """Return the providers people can connect with here, built-in ones first."""
    return [_provider(platform) for platform in ids()]


def ids() -> list[str]:
    """Return the ids of the platforms that are configured here."""
    return [
        name
        for name in dict.fromkeys((*BUILT_IN, *settings.CONNECTED_ACCOUNTS_PROVIDERS))
        if _is_set_up(name)
    ]


def class_of(platform: str) -> type[Provider]:
    """Return the class that serves a platform, configured or not, or raise ImproperlyConfigured."""
    path = settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {}).get("CLASS") or BUILT_IN.get(platform)
    where = f"CONNECTED_ACCOUNTS_PROVIDERS[{platform!r}]"
    if not path:
        raise ImproperlyConfigured(f"{where} is no built-in platform and names no CLASS")
    found = _class(path, Provider, f"{where}['CLASS']")  # type: ignore[type-abstract]
    if found.id != platform:
        raise ImproperlyConfigured(f"{where}['CLASS'] {path} is the provider {found.id!r}")
    return found


def name(platform: str) -> str:
    """Return what people call a platform, also one that is no longer configured."""
    try:
        return class_of(platform).name
    except ImproperlyConfigured:
        return platform


def sandbox_app(platform: str) -> App:
    """Return the app a sandbox knows there: it stands in for the project's, whose secret no sandbox needs."""
    name = _SANDBOX_NAMES.get(platform, f"sandbox-{platform}")
    return App(client_id=f"{name}-app", client_secret=f"{name}-secret")


def sandbox_platforms() -> list[str]:
    """Return the dotted paths of what the sandbox is to play beside the platforms it knows."""
    named = settings.CONNECTED_ACCOUNTS_PROVIDERS.values()
    return [options["SANDBOX"] for options in named if options.get("SANDBOX")]


def now() -> datetime:
    """Return the time as the platforms have it: the sandbox's, where one is in this process."""
    return _clock()()


def reset() -> None:
    """Forget the providers made so far."""
    _provider.cache_clear()


@receiver(setting_changed)
def _reset_on_change(*, setting: str, **kwargs: Any) -> None:
    if setting.startswith("CONNECTED_ACCOUNTS_"):
        reset()


@cache
def _provider(platform: str) -> Provider:
    provider_class = class_of(platform)
    return provider_class(_app(platform), http(provider_class))


def http(provider_class: type[Provider]) -> Http:
    """Return the HTTP client for a provider, as the settings have it."""
    options: dict[str, Any] = {"sandbox_url": settings.CONNECTED_ACCOUNTS_SANDBOX}
    if settings.CONNECTED_ACCOUNTS_SANDBOX == "in-process":
        from .sandbox import URL, Platform, SandboxAdapter, in_process

        world = in_process()
        for path in sandbox_platforms():
            world.add_platform(_class(path, Platform, f"{provider_class.id}: SANDBOX"))
        options = {"sandbox_url": URL, "adapter": SandboxAdapter(world)}
    return Http(
        provider_class.hosts,
        provider=provider_class.id,
        connect_timeout=settings.CONNECTED_ACCOUNTS_HTTP_CONNECT_TIMEOUT,
        read_timeout=settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT,
        max_bytes=settings.CONNECTED_ACCOUNTS_HTTP_MAX_BYTES,
        clock=_clock(),
        **options,
    )


def _is_set_up(platform: str) -> bool:
    options = settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {})
    return bool(options.get("CLIENT_ID")) or _is_simulated(platform)


def _is_simulated(platform: str) -> bool:
    known = platform in BUILT_IN or settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {}).get("SANDBOX")
    return bool(settings.CONNECTED_ACCOUNTS_SANDBOX and known)


def _class(path: str, base: type[T], where: str) -> type[T]:
    try:
        found = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"{where} {path}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ImproperlyConfigured(f"{where} {path} is no {base.__name__}")
    return found


def _clock() -> Callable[[], datetime]:
    if settings.CONNECTED_ACCOUNTS_SANDBOX != "in-process":
        return lambda: datetime.now(timezone.utc)
    from .sandbox import in_process

    world = in_process()
    return lambda: datetime.fromtimestamp(world.now(), tz=timezone.utc)


def _app(platform: str) -> App:
    options = dict(settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {}))
    client_id, client_secret = options.pop("CLIENT_ID", ""), options.pop("CLIENT_SECRET", "")
    if _is_simulated(platform):
        return replace(sandbox_app(platform), options=options)
    if not client_secret:
        raise ImproperlyConfigured(f"CONNECTED_ACCOUNTS_PROVIDERS[{platform!r}] has no CLIENT_SECRET")
    return App(client_id=str(client_id), client_secret=client_secret, options=options)

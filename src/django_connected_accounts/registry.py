"""Platform ids to ready providers, made from ``CONNECTED_ACCOUNTS_PROVIDERS`` when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import cache
from typing import Any

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
SANDBOX_APPS: Mapping[str, App] = {
    platform: App(client_id=f"{name}-app", client_secret=f"{name}-secret")
    for platform in BUILT_IN
    for name in [_SANDBOX_NAMES.get(platform, f"sandbox-{platform}")]
}
"""The apps a sandbox knows. They stand in for the project's own, whose secrets no sandbox needs."""


def get(platform: str) -> Provider:
    """Return the provider of a platform, or raise InvalidRequest: unknown, or not configured here."""
    if platform not in ids():
        known = platform in BUILT_IN
        raise InvalidRequest("platform_not_configured" if known else "unknown_platform", platform=platform)
    return _provider(platform)


def all() -> list[Provider]:
    """Return the providers people can connect with here, built-in ones first."""
    return [_provider(platform) for platform in ids()]


def ids() -> list[str]:
    """Return the ids of the platforms that are configured here."""
    configured = [
        name for name, options in settings.CONNECTED_ACCOUNTS_PROVIDERS.items() if options.get("CLIENT_ID")
    ]
    usable = {*configured, *(SANDBOX_APPS if settings.CONNECTED_ACCOUNTS_SANDBOX else ())}
    return sorted(usable, key=lambda name: [*BUILT_IN, *configured].index(name))


def class_of(platform: str) -> type[Provider]:
    """Return the class that serves a platform, configured or not, or raise ImproperlyConfigured."""
    path = settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {}).get("CLASS") or BUILT_IN.get(platform)
    where = f"CONNECTED_ACCOUNTS_PROVIDERS[{platform!r}]"
    if not path:
        raise ImproperlyConfigured(f"{where} is no built-in platform and names no CLASS")
    try:
        found = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"{where}['CLASS'] {path}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Provider)):
        raise ImproperlyConfigured(f"{where}['CLASS'] {path} is no Provider")
    if found.id != platform:
        raise ImproperlyConfigured(f"{where}['CLASS'] {path} is the provider {found.id!r}")
    return found


def name(platform: str) -> str:
    """Return what people call a platform, also one that is no longer configured."""
    try:
        return class_of(platform).name
    except ImproperlyConfigured:
        return platform


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
        from .sandbox import URL, SandboxAdapter, in_process

        options = {"sandbox_url": URL, "adapter": SandboxAdapter(in_process())}
    return Http(
        provider_class.hosts,
        provider=provider_class.id,
        connect_timeout=settings.CONNECTED_ACCOUNTS_HTTP_CONNECT_TIMEOUT,
        read_timeout=settings.CONNECTED_ACCOUNTS_HTTP_READ_TIMEOUT,
        max_bytes=settings.CONNECTED_ACCOUNTS_HTTP_MAX_BYTES,
        clock=_clock(),
        **options,
    )


def _clock() -> Callable[[], datetime]:
    if settings.CONNECTED_ACCOUNTS_SANDBOX != "in-process":
        return lambda: datetime.now(timezone.utc)
    from .sandbox import in_process

    world = in_process()
    return lambda: datetime.fromtimestamp(world.now(), tz=timezone.utc)


def _app(platform: str) -> App:
    options = dict(settings.CONNECTED_ACCOUNTS_PROVIDERS.get(platform, {}))
    client_id, client_secret = options.pop("CLIENT_ID", ""), options.pop("CLIENT_SECRET", "")
    if settings.CONNECTED_ACCOUNTS_SANDBOX and platform in SANDBOX_APPS:
        client_id, client_secret = SANDBOX_APPS[platform].client_id, SANDBOX_APPS[platform].client_secret
    if not client_secret:
        raise ImproperlyConfigured(f"CONNECTED_ACCOUNTS_PROVIDERS[{platform!r}] has no CLIENT_SECRET")
    return App(client_id=str(client_id), client_secret=client_secret, options=options)

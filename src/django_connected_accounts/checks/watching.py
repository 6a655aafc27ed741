"""Whether alarms come when they should, and webhooks go where they may."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

CRON_SECONDS = 60
"""The shortest time between two ticks of cron."""


def alarm() -> Iterator[CheckMessage]:
    seconds = settings.CONNECTED_ACCOUNTS_ALARM_SECONDS
    if 0 < seconds <= CRON_SECONDS:
        message = f"CONNECTED_ACCOUNTS_ALARM_SECONDS is {seconds}: cron alone lets posts lie as long."
        hint = "Make it 120 or more; 0 for no alarm."
        yield Warning(message, hint=hint, id="connected_accounts.W070")


def webhook_timeout() -> Iterator[CheckMessage]:
    if not settings.CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT:
        message = "CONNECTED_ACCOUNTS_WEBHOOKS_TIMEOUT is 0: no endpoint can answer so fast."
        hint = "Give endpoints some seconds, as 15."
        yield Error(message, hint=hint, id="connected_accounts.E070")


def private_webhooks() -> Iterator[CheckMessage]:
    if settings.CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE and settings.CONNECTED_ACCOUNTS_WEBHOOKS_PER_USER:
        message = "Users can make this server send requests into its own network, by webhooks."
        hint = (
            "Set CONNECTED_ACCOUNTS_WEBHOOKS_PER_USER to 0, "
            "or leave CONNECTED_ACCOUNTS_WEBHOOKS_TO_PRIVATE False."
        )
        yield Warning(message, hint=hint, id="connected_accounts.W071")

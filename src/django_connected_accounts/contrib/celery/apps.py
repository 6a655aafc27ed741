from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class ConnectedAccountsCeleryConfig(AppConfig):
    name = "django_connected_accounts.contrib.celery"
    label = "connected_accounts_celery"
    verbose_name = "Connected accounts by Celery"

    def ready(self) -> None:
        from . import checks
        from .tasks import queue

        register(checks.celery, Tags.compatibility, "connected_accounts")
        queue.listen()

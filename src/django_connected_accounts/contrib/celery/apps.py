from __future__ import annotations

from django.apps import AppConfig


class ConnectedAccountsCeleryConfig(AppConfig):
    name = "django_connected_accounts.contrib.celery"
    label = "connected_accounts_celery"
    verbose_name = "Connected accounts by Celery"

    def ready(self) -> None:
        from . import checks  # noqa: F401
        from .tasks import queue

        queue.listen()

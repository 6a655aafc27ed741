from __future__ import annotations

import django
from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

FIRST = (6, 0)
"""The first Django that has tasks."""


class ConnectedAccountsTasksConfig(AppConfig):
    name = "django_connected_accounts.contrib.tasks"
    label = "connected_accounts_tasks"
    verbose_name = "Connected accounts by Django's tasks"

    def ready(self) -> None:
        if django.VERSION < FIRST:
            raise ImproperlyConfigured(
                f"{self.name} needs Django 6.0 or newer, which brings django.tasks; this is "
                f"{django.get_version()}. Remove it from INSTALLED_APPS, and run connected_accounts_worker, "
                "connected_accounts_tick or Celery instead."
            )
        from .tasks import queue

        queue.listen()

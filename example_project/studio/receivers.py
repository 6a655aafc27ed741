"""What this project does when something happens to its accounts and posts."""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import receiver

from django_connected_accounts.models import Event
from django_connected_accounts.signals import publication_failed, publication_published

log = logging.getLogger("django_connected_accounts.studio")


@receiver(publication_published)
def tell_that_it_is_live(event: Event, **kwargs: Any) -> None:
    log.info("Live: %s", event.post)


@receiver(publication_failed)
def tell_that_it_failed(event: Event, **kwargs: Any) -> None:
    log.warning("Not published: %s (%s)", event.post, event.code)

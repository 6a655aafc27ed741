"""What ``connected_accounts_webhooks`` does for operators."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_connected_accounts.models import Event, WebhookDelivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

URL = "https://hooks.invalid/posts"


def said(*arguments: Any) -> str:
    out = StringIO()
    call_command("connected_accounts_webhooks", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def endpoint() -> WebhookEndpoint:
    said("--add", URL, "--types", "publication.*, account.health")
    return WebhookEndpoint.objects.get()


def test_an_endpoint_is_added_listed_and_removed(endpoint: WebhookEndpoint) -> None:
    assert endpoint.types == ["publication.*", "account.health"]
    assert re.search(rf"{endpoint.pk}  {URL}\n +publication.*of everybody; 0 waiting; well", said())
    said("--remove", endpoint.pk)
    assert said() == ""


def test_its_secret_is_printed_once_and_anew(endpoint: WebhookEndpoint) -> None:
    assert endpoint.secret not in said()
    printed = said("--rotate", endpoint.pk)
    assert WebhookEndpoint.objects.get().secret in printed
    assert endpoint.secret not in printed


def test_one_of_a_user_belongs_to_them() -> None:
    ada = get_user_model().objects.create_user("ada")
    assert "whsec_" in said("--add", URL, "--user", "ada")
    assert WebhookEndpoint.objects.get().user == ada
    with pytest.raises(CommandError, match="no user bob"):
        said("--add", URL, "--user", "bob")


def test_what_it_missed_is_replayed(endpoint: WebhookEndpoint) -> None:
    now = timezone.now()
    for days in (1, 2, 10):
        Event.objects.create(verb="publication.failed", at=now - timedelta(days=days))
    WebhookEndpoint.objects.update(stopped_at=now)
    assert "STOPPED" in said()
    assert said("--replay", endpoint.pk).startswith("2 events")
    assert said("--replay", endpoint.pk, "--since", f"{now - timedelta(days=20):%Y-%m-%d}").startswith("1 ")
    assert "2 waiting" not in said()
    assert "3 waiting; well" in said()
    assert WebhookDelivery.objects.count() == 3


def test_a_test_that_is_not_taken_is_an_error(endpoint: WebhookEndpoint) -> None:
    with pytest.raises(CommandError, match="no such host"):
        said("--test", endpoint.pk)
    assert "failing since" in said()
    said("--start", endpoint.pk)
    assert "failing" not in said()


@pytest.mark.parametrize("arguments", [("--add", "http://example.com/"), ("--test", str(uuid4()))])
def test_what_is_not_possible_is_said(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"can't be sent|no webhook endpoint"):
        said(*arguments)

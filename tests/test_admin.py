from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from django_connected_accounts.fields import EncryptedJSONField, EncryptedTextField
from django_connected_accounts.models import (
    ConnectedAccount,
    Event,
    Hold,
    Measurement,
    Post,
    Publication,
    Rendition,
    Revocation,
    Runner,
    Series,
    WebhookDelivery,
    WebhookEndpoint,
)
from django_connected_accounts.services import publishing
from tests.visitor import Visitor

ALL = apps.get_app_config("connected_accounts").get_models()
MODELS = [model for model in ALL if model.__name__ != "IdempotencyKey"]


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


@pytest.fixture
def account(visitor: Visitor) -> ConnectedAccount:
    """An account with something in every table that the admin shows."""
    account = visitor.connects("shop", "instagram_login")
    visitor.goes("two_businesses", "instagram")
    picture = BytesIO()
    Image.new("RGB", (400, 400)).save(picture, "JPEG")
    file = ContentFile(picture.getvalue(), "a.jpg")
    tomorrow = timezone.now() + timedelta(days=1)
    publication = publishing.publish(account, text="Hello", media=[file], at=tomorrow)
    publication.checkpoint = {"secret": "checkpoint-secret"}
    publication.save()
    Revocation.objects.create(
        account=account, platform="instagram", name="ada", secrets={"access_token": "revocation-secret"}
    )
    Measurement.objects.create(account=account, name="reach", value=1, at=timezone.now())
    Rendition.objects.create(
        media=publication.post.media.get(), platform="instagram", post_kind="photo", file="a.jpg", size=1
    )
    Runner.objects.create(name="here:1")
    Hold.objects.create(
        key=str(account.pk),
        platform=account.platform,
        account=account,
        code="account_rate_limited",
        since=timezone.now(),
        until=tomorrow,
    )
    rule = {"rule": "FREQ=DAILY;COUNT=3", "starts": "2030-01-01T09:00:00", "zone": "UTC", "ends_at": tomorrow}
    Series.objects.create(post=Post.objects.create(user=account.user, kind="text"), **rule)
    endpoint = WebhookEndpoint.objects.create(url="https://example.com/", secret="webhook-secret")
    WebhookDelivery.objects.create(endpoint=endpoint, event=Event.objects.latest("at"))
    return account


def pages(operator: Client, model: Any) -> list[str]:
    label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    rows = list(model.objects.defer(*secret_fields(model)))
    assert rows, f"no {model.__name__} to look at"
    addresses = [reverse(f"{label}_changelist")]
    for row in rows:
        addresses += [reverse(f"{label}_{page}", args=[row.pk]) for page in ("change", "history", "delete")]
    answers = [operator.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content.decode() for answer in answers]


def secret_fields(model: Any) -> list[str]:
    encrypted = (EncryptedTextField, EncryptedJSONField)
    return [field.name for field in model._meta.concrete_fields if isinstance(field, encrypted)]


@pytest.mark.parametrize("model", MODELS)
def test_no_page_of_the_admin_shows_a_secret(operator: Client, account: ConnectedAccount, model: Any) -> None:
    secrets = [account.access_token, "checkpoint-secret", "revocation-secret", "webhook-secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM connected_accounts")
        secrets += [value for (value,) in cursor.fetchall() if value]
        cursor.execute("SELECT state_hash, browser_hash, candidates FROM connected_accounts_attempt")
        secrets += [str(value) for row in cursor.fetchall() for value in row if value and len(str(value)) > 4]
    for page in pages(operator, model):
        assert not [secret for secret in secrets if secret in page]


@pytest.mark.parametrize("model", MODELS)
def test_no_secret_is_a_column_a_filter_or_searched(model: Any) -> None:
    shown = admin.site.get_model_admin(model)
    used = {*shown.list_display, *shown.list_filter, *shown.search_fields, shown.date_hierarchy}
    assert not used & set(secret_fields(model))


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_or_changed_there(operator: Client, account: ConnectedAccount, model: Any) -> None:
    label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert operator.get(reverse(f"{label}_add")).status_code == 403
    row = model.objects.defer(*secret_fields(model)).first()
    assert operator.post(reverse(f"{label}_change", args=[row.pk]), {}).status_code == 403


def test_an_account_whose_tokens_cannot_be_opened_can_be_looked_at(
    operator: Client, account: ConnectedAccount
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_accounts SET access_token = 'not sealed at all'")
    pages(operator, ConnectedAccount)


def test_searching_for_an_account_finds_it(operator: Client, account: ConnectedAccount) -> None:
    found = operator.get(reverse("admin:connected_accounts_connectedaccount_changelist"), {"q": "juniper"})
    assert account.username in found.content.decode()


@pytest.mark.parametrize("model", [ConnectedAccount, Event, Post, Publication])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    operator: Client, account: ConnectedAccount, model: Any
) -> None:
    address = reverse(f"admin:connected_accounts_{model._meta.model_name}_changelist")
    with CaptureQueriesContext(connection) as few:
        operator.get(address)
    for number in range(5):
        user = get_user_model().objects.create_user(f"user{number}")
        other = ConnectedAccount.objects.create(user=user, platform="instagram", account_id="1")
        post = Post.objects.create(user=user, kind="text")
        due = timezone.now()
        publication = Publication.objects.create(post=post, account=other, due_at=due, deadline_at=due)
        Event.objects.create(verb="publication.attempt", actor=user, account=other, publication=publication)
    with CaptureQueriesContext(connection) as many:
        operator.get(address)
    assert len(many) == len(few)


def test_a_publication_shows_its_timeline(operator: Client, account: ConnectedAccount) -> None:
    publication = Publication.objects.get()
    told = {"step": 1, "seconds": 0.25, "trace_id": "Az8or2"}
    Event.objects.create(verb="publication.attempt", publication=publication, data=told)
    page = operator.get(
        reverse("admin:connected_accounts_publication_change", args=[publication.pk])
    ).content.decode()
    assert "publication.scheduled" in page
    assert "step: 1, seconds: 0.25, trace_id: Az8or2" in page


def test_an_endpoint_is_told_again_by_an_action(operator: Client, account: ConnectedAccount) -> None:
    endpoint = WebhookEndpoint.objects.get()
    WebhookDelivery.objects.update(state="given_up")
    WebhookEndpoint.objects.update(stopped_at=timezone.now())
    chosen = {"action": "replay", "_selected_action": [str(endpoint.pk)]}
    operator.post(reverse("admin:connected_accounts_webhookendpoint_changelist"), chosen)
    endpoint.refresh_from_db()
    assert endpoint.stopped_at is None
    assert endpoint.deliveries.filter(state="waiting").count() > 1


def test_who_may_only_look_has_no_action(account: ConnectedAccount, django_user_model: Any) -> None:
    viewer = django_user_model.objects.create_user("vera", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_webhookendpoint"))
    client = Client()
    client.force_login(viewer)
    page = client.get(reverse("admin:connected_accounts_webhookendpoint_changelist"))
    assert page.status_code == 200
    assert b"switch_on" not in page.content

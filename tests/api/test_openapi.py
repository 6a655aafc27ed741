"""openapi.yaml and the code say the same: by the list of addresses, and by requests made from the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import URLPattern
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from django_connected_accounts.api import urls
from django_connected_accounts.models import (
    ConnectedAccount,
    ConnectionAttempt,
    Event,
    Post,
    Publication,
    Series,
    WebhookEndpoint,
)
from django_connected_accounts.sandbox import World

from .conftest import OPENAPI, Api

METHODS = {"get", "post", "patch", "put", "delete"}
CHECKS = [
    not_a_server_error,
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]

ROWS = {
    name: f"00000000-0000-4000-8000-00000000000{number}"
    for number, name in enumerate(
        ("account_id", "attempt_id", "post_id", "publication_id", "notice_id", "webhook_id", "series_id")
    )
}
"""The ids in the addresses tried: rows that exist, so that requests get further than 404."""

api = schemathesis.openapi.from_path(
    OPENAPI,
    config=schemathesis.Config.from_dict(
        {
            # What is not described in a query is ignored, as ``connect`` must.
            "generation": {
                "allow-extra-parameters": False,
                "deterministic": True,
                "with-security-parameters": False,
            },
            "parameters": {**ROWS, "platform": "instagram"},
        }
    ),
)
api.app = get_wsgi_application()


def _served() -> set[tuple[str, str]]:
    found = set()
    for pattern in urls.urlpatterns:
        if isinstance(pattern, URLPattern) and pattern.name != "nothing":
            address = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
            found |= {(f"/{address}", name.lower()) for name in pattern.callback.methods if name != "HEAD"}
    return found


def _described() -> set[tuple[str, str]]:
    paths = yaml.safe_load(OPENAPI.read_text())["paths"]
    return {(address, name) for address, item in paths.items() for name in METHODS & set(item)}


def test_every_method_of_every_address_is_described_and_nothing_else() -> None:
    assert _described() == _served()


def test_every_operation_has_a_name_of_its_own() -> None:
    paths = yaml.safe_load(OPENAPI.read_text())["paths"]
    names = [item[name]["operationId"] for item in paths.values() for name in METHODS & set(item)]
    assert len(set(names)) == len(names)


@pytest.fixture
def kept_open() -> Iterator[None]:
    """The connection of the test's transaction stays open over requests, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def session(
    ada: Api, account: Callable[..., ConnectedAccount], world: World, kept_open: None
) -> dict[str, str]:
    """The cookies of somebody who has one of everything."""
    now = timezone.now()
    mine = account(ada.user, id=ROWS["account_id"])
    post = Post.objects.create(id=ROWS["post_id"], user=ada.user, kind="text", text="Hello")
    Publication.objects.create(
        id=ROWS["publication_id"], post=post, account=mine, due_at=now, deadline_at=now
    )
    ConnectionAttempt.objects.create(
        id=ROWS["attempt_id"], user=ada.user, platform="instagram", state_hash="s", expires_at=now
    )
    WebhookEndpoint.objects.create(
        id=ROWS["webhook_id"], user=ada.user, url="https://example.com/", secret="whsec_c2VjcmV0"
    )
    repeated = Post.objects.create(user=ada.user, kind="text", text="Hello again")
    rule = {"rule": "FREQ=DAILY;COUNT=3", "starts": "2030-01-01T09:00:00", "zone": "UTC"}
    Series.objects.create(id=ROWS["series_id"], post=repeated, ends_at=now, **rule)
    broken = account(ada.user, health="reconnect_needed")
    Event.objects.create(
        id=ROWS["notice_id"],
        verb="account.health",
        code="token_refused",
        account=broken,
        notice=broken.health,
    )
    return {"sessionid": ada.http.cookies["sessionid"].value, "csrftoken": ada.csrf}


@api.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_the_answer_is_one_that_is_described(case: Any, session: dict[str, str]) -> None:
    case.call_and_validate(cookies=session, headers={"X-CSRFToken": session["csrftoken"]}, checks=CHECKS)

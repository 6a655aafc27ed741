"""A JSON client that sends what a front end sends, and holds every answer against openapi.yaml."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

import django_connected_accounts.api
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.sandbox import World, consent, in_process, samples

ROOT = "/api/connected-accounts"
OPENAPI = Path(django_connected_accounts.api.__file__).with_name("openapi.yaml")


@pytest.fixture(scope="session")
def schema() -> Any:
    """openapi.yaml, ready to check answers against."""
    return schemathesis.openapi.from_path(OPENAPI)


class Api:
    """A signed-in user's browser session, speaking JSON."""

    def __init__(self, schema: Any, user: Any = None) -> None:
        self.schema, self.user = schema, user
        self.http = Client(enforce_csrf_checks=True)
        if user is not None:
            self.http.force_login(user)
        self.http.cookies["csrftoken"] = self.csrf = "c" * 32

    def get(self, path: str, **query: Any) -> Any:
        return self.send("GET", path, query_params=query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path)

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> Any:
        """Return Django's answer to this request, after checking that openapi.yaml promises it."""
        sent = {"X-CSRFToken": self.csrf, **(headers or {})}
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        more.setdefault("content_type", "application/json")
        answer = self.http.generic(method, ROOT + path, content, headers=sent, **more)
        self.promised(method, path, answer)
        return answer

    def form(self, path: str, data: dict[str, Any], **headers: str) -> Any:
        """Send a multipart form, as a browser sends files."""
        answer = self.http.post(ROOT + path, data, headers={"X-CSRFToken": self.csrf, **headers})
        self.promised("POST", path, answer)
        return answer

    def promised(self, method: str, path: str, answer: Any) -> None:
        route = answer.resolver_match.route.removeprefix(ROOT[1:])
        template = re.sub(r"<\w+:(\w+)>", r"{\1}", route)
        described = self.schema.raw_schema["paths"].get(template, {})
        if answer.resolver_match.url_name == "nothing" or method.lower() not in described:
            assert answer.status_code in (404, 405)
            return
        operation = self.schema[template][method]
        assert str(answer.status_code) in operation.responses.status_codes, answer.content
        operation.validate_response(
            schemathesis.Response(
                status_code=answer.status_code,
                headers={name.lower(): [value] for name, value in answer.headers.items()},
                content=answer.content,
                request=requests.Request(method, f"http://testserver{ROOT}{path}").prepare(),
                elapsed=0.0,
                verify=False,
            )
        )

    def connect(self, platform: str, person: str, **choices: Any) -> Any:
        """Go the whole way to the platform and back; return the answer of the attempt it leads to."""
        begun = self.get(f"/{platform}/connect").json()
        back = consent.visit(in_process(), begun["authorization_url"], person, **choices)
        answer = self.follow(back)
        assert answer.status_code == 303, answer.content
        return self.get(answer["Location"].removeprefix(ROOT))

    def follow(self, url: str) -> Any:
        """Open an address of ours as the browser does when a platform sends it there."""
        parts = urlsplit(url)
        path = parts.path.removeprefix(ROOT)
        answer = self.http.get(f"{parts.path}?{parts.query}")
        self.promised("GET", path, answer)
        return answer


@pytest.fixture
def world() -> Iterator[World]:
    """The simulated platforms, as they are at first."""
    world = in_process()
    world.reset()
    yield world
    world.reset()


@pytest.fixture
def people(db: None) -> Callable[[str], Any]:
    """``people("ada")`` is a user of the host project."""
    return lambda name: get_user_model().objects.get_or_create(username=name)[0]


@pytest.fixture
def ada(people: Callable[[str], Any], schema: Any) -> Api:
    return Api(schema, people("ada"))


@pytest.fixture
def ben(people: Callable[[str], Any], schema: Any) -> Api:
    return Api(schema, people("ben"))


@pytest.fixture
def anonymous(db: None, schema: Any) -> Api:
    return Api(schema)


@pytest.fixture
def account() -> Callable[..., ConnectedAccount]:
    """``account(user)`` is an Instagram account of theirs, with tokens that must never be seen."""

    def make(user: Any, **facts: Any) -> ConnectedAccount:
        number = uuid.uuid4().int % 10**17
        values = {
            "platform": "instagram",
            "account_id": f"{number:017}",
            "username": f"account{number}",
            "access_token": "EAAsecret-access",
            "refresh_token": "secret-refresh",
            "extra_tokens": {"user": "secret-user"},
            "granted_scopes": ["instagram_basic", "instagram_content_publish"],
            "permissions": {"publish": True},
            "token_expires_at": timezone.now() + timedelta(days=50),
            **facts,
        }
        return ConnectedAccount.objects.create(user=user, **values)

    return make


@pytest.fixture
def photo() -> Callable[..., bytes]:
    """``photo(1080, 1080)`` is a picture's bytes."""
    return samples.jpeg

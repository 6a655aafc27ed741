from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware


class OwnSessions(SessionMiddleware):
    """A project's own middleware in the place of Django's."""


def without(names: list[str], part: str) -> list[str]:
    return [name for name in names if part not in name]


def test_the_settings_of_these_tests_are_fine(found: Any) -> None:
    assert found() == {}


def test_a_project_set_up_for_production_is_fine(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""
    settings.CONNECTED_ACCOUNTS_BASE_URL = "https://example.com/"
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLIENT_ID": "1", "CLIENT_SECRET": "s"}}
    assert found(deploy=True).keys() <= {"W002", "W041"}  # the key and the database of these tests


@pytest.mark.parametrize(
    "url",
    ["example.com", "ftp://example.com", "https://", "https://example.com/app", "https://example.com/?a=1"],
)
def test_a_base_url_that_is_no_address_of_a_site_is_an_error(settings: Any, found: Any, url: str) -> None:
    settings.CONNECTED_ACCOUNTS_BASE_URL = url
    assert "E030" in found()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("", {"E031"}),
        ("http://example.com", {"E032"}),
        ("https://localhost:8000", {"W030"}),
        ("https://192.168.0.7", {"W030"}),
        ("https://studio.internal", {"W030"}),
        ("http://127.0.0.1:8000", {"E032", "W030"}),
        ("https://example.com", set()),
    ],
)
def test_where_callbacks_would_lead_nowhere_is_told_before_deployment(
    settings: Any, found: Any, url: str, wrong: set[str]
) -> None:
    settings.CONNECTED_ACCOUNTS_BASE_URL = url
    assert found() == {}
    assert found(deploy=True).keys() & {"E031", "E032", "W030"} == wrong


def test_the_sandbox_in_production_is_an_error(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = "http://127.0.0.1:8765"
    assert "E033" not in found()
    assert found(deploy=True)["E033"].is_serious()


def test_imports_from_ones_own_network_are_a_warning_for_deployment(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_MEDIA_IMPORT_PRIVATE = True
    assert "W031" in found(deploy=True)


@pytest.mark.parametrize(
    ("same_site", "wrong"), [("Strict", True), ("Lax", False), ("None", False), (False, False)]
)
def test_a_session_that_does_not_come_back_from_another_site_is_an_error(
    settings: Any, found: Any, same_site: Any, wrong: bool
) -> None:
    settings.SESSION_COOKIE_SAMESITE = same_site
    assert ("E034" in found()) is wrong


@pytest.mark.parametrize("part", ["SessionMiddleware", "AuthenticationMiddleware"])
def test_a_middleware_that_is_missing_is_an_error(settings: Any, found: Any, part: str) -> None:
    settings.MIDDLEWARE = without(settings.MIDDLEWARE, part)
    assert part in found()["E035"].msg


def test_a_middleware_made_from_the_one_needed_will_do(settings: Any, found: Any) -> None:
    own = f"{__name__}.OwnSessions"
    settings.MIDDLEWARE = [own, "tests.nowhere.Other", *without(settings.MIDDLEWARE, "SessionMiddleware")]
    assert found() == {}


@pytest.mark.parametrize(
    ("engine", "wrong"),
    [
        ("django.contrib.sessions.backends.db", True),
        ("django.contrib.sessions.backends.cached_db", True),
        ("django.contrib.sessions.backends.signed_cookies", False),
        ("django.contrib.sessions.backends.cache", False),
    ],
)
def test_sessions_kept_in_rows_need_their_app(settings: Any, found: Any, engine: str, wrong: bool) -> None:
    settings.INSTALLED_APPS = without(settings.INSTALLED_APPS, "contrib.sessions")
    settings.SESSION_ENGINE = engine
    assert ("E035" in found()) is wrong


def test_pages_that_can_not_say_what_was_done_are_a_warning(settings: Any, found: Any) -> None:
    settings.MIDDLEWARE = without(settings.MIDDLEWARE, "MessageMiddleware")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {}}]
    hint = found()["W032"].hint
    assert "to MIDDLEWARE" in hint
    assert "context processors" in hint
    assert "INSTALLED_APPS" not in hint

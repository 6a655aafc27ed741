from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any

import pytest

from django_connected_accounts.providers.base import Measures, Provider
from django_connected_accounts.providers.types import Connection, Profile, Reading, Tokens

APP = {"CLIENT_ID": "1", "CLIENT_SECRET": "s3cret"}


class Counting(Measures, Provider):
    """A platform that measures, but asks for no scope to do so."""

    id = "counting"
    name = "Counting"
    hosts = frozenset({"counting.example"})
    authorize_url = "https://counting.example/authorize"
    token_url = "https://counting.example/token"
    scopes = {"connect": ("read",)}
    api_version = "2"
    api_versions = {"1": date(2026, 1, 1), "2": date(2027, 1, 1), "3": None}
    app_options = ("REGION",)

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        raise NotImplementedError

    def profiles(self, tokens: Tokens) -> Sequence[Profile]:
        raise NotImplementedError

    def measure(self, connection: Connection, remote_id: str = "") -> list[Reading]:
        raise NotImplementedError


class Measuring(Counting):
    id = "counting"
    scopes = {"connect": ("read",), "measure": ("insights",)}
    app_options = ("SEASON",)


COUNTING = {**APP, "CLASS": f"{__name__}.Counting"}
MEASURING = {**APP, "CLASS": f"{__name__}.Measuring"}


@pytest.fixture(autouse=True)
def _real_platforms(settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """``on("2026-12-01")`` makes it that day."""

    def day(iso: str) -> None:
        settings.SILENCED_SYSTEM_CHECKS = []
        now = datetime.fromisoformat(iso).replace(tzinfo=timezone.utc)
        monkeypatch.setattr("django_connected_accounts.registry.now", lambda: now)

    return day


@pytest.mark.parametrize("providers", [["instagram"], {"instagram": "app"}, None])
def test_providers_of_another_shape_are_an_error(settings: Any, found: Any, providers: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = providers
    assert "E050" in found(deploy=True)


@pytest.mark.parametrize(
    ("given", "missing"), [("CLIENT_ID", "CLIENT_SECRET"), ("CLIENT_SECRET", "CLIENT_ID")]
)
def test_half_an_app_is_an_error_that_shows_no_secret(
    settings: Any, found: Any, given: str, missing: str
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {given: "s3cret", missing: ""}}
    message = found()["E051"]
    assert f"has a {given} but no {missing}" in message.msg
    assert "s3cret" not in str(message)


def test_a_platform_switched_off_is_fine_until_none_is_left(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLIENT_ID": "", "CLIENT_SECRET": ""}}
    assert found() == {}
    assert "W053" in found(deploy=True)


@pytest.mark.parametrize(
    ("platform", "options", "told"),
    [
        ("instagramm", APP, "Use a built-in one (instagram, "),
        ("elsewhere", {**APP, "CLASS": "no.such.Thing"}, "or a CLASS that is a Provider"),
        ("elsewhere", {**APP, "CLASS": "decimal.Decimal"}, "or a CLASS that is a Provider"),
        ("elsewhere", COUNTING, "under its own id"),
    ],
)
def test_a_class_that_can_not_serve_is_an_error(
    settings: Any, found: Any, platform: str, options: Any, told: str
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {platform: options}
    assert told in found()["E052"].hint


@pytest.mark.parametrize(
    ("platform", "options", "hint"),
    [
        ("instagram", {"CLIENT_KEY": "s3cret"}, "the nearest first: CLIENT_"),
        ("instagram", {"API_VERSIONS": "v26.0"}, "the nearest first: API_VERSION,"),
        ("instagram_login", {"CONFIG_ID": "1"}, "META_APP_SECRET"),
        ("counting", {**MEASURING, "REGIONS": "eu"}, "the nearest first: REGION,"),
    ],
)
def test_an_option_nobody_reads_is_a_warning(
    settings: Any, found: Any, platform: str, options: Any, hint: str
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {platform: {**APP, **options}}
    message = found()["W050"]
    assert hint in message.hint
    assert "s3cret" not in str(message)


@pytest.mark.parametrize(
    ("platform", "options"),
    [
        ("instagram", {"CONFIG_ID": "1", "VERIFY_TOKEN": "v", "API_VERSION": "v26.0"}),
        ("instagram_login", {"META_APP_SECRET": "m", "VERIFY_TOKEN": "v"}),
        ("counting", {**MEASURING, "REGION": "eu", "SEASON": "spring", "API_VERSION": "3"}),
    ],
)
def test_options_of_a_platform_and_its_bases_are_known(
    settings: Any, found: Any, platform: str, options: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {platform: {**APP, **options}}
    assert found() == {}


@pytest.mark.parametrize(
    ("scopes", "id"),
    [
        ({"publihs": ["a"]}, "E055"),
        ({"publish": "instagram_content_publish"}, "E055"),
        (["publish"], "E055"),
        ({"publish": []}, "E054"),
        ({"connect": ()}, "E054"),
    ],
)
def test_scopes_that_ask_for_the_wrong_thing_are_an_error(
    settings: Any, found: Any, scopes: Any, id: str
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {**APP, "SCOPES": scopes}}
    assert id in found()


@pytest.mark.parametrize(("steps", "wrong"), [(0, False), (8, False), (-1, True), ("8", True), (None, True)])
def test_a_limit_of_steps_is_a_whole_number(settings: Any, found: Any, steps: Any, wrong: bool) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {**APP, "STEPS": steps}}
    assert ("E057" in found()) == wrong


def test_an_ability_without_scopes_is_an_error(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {
        "counting": {**COUNTING, "API_VERSION": "3", "SCOPES": {"connect": []}}
    }
    assert "counting is to connect" in found()["E054"].msg


def test_numbers_may_be_done_without(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"counting": {**COUNTING, "API_VERSION": "3"}}
    assert found() == {}
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"linkedin": APP}  # a member's numbers need another scope
    assert found() == {}


@pytest.mark.parametrize("wanted", [["connect", "publihs"], "publish"])
def test_a_capability_no_platform_knows_is_an_error(settings: Any, found: Any, wanted: Any) -> None:
    settings.CONNECTED_ACCOUNTS_CAPABILITIES = wanted
    assert "publish" in found()["E056"].hint


@pytest.mark.parametrize(
    ("day", "id"),
    [("2026-11-01", ""), ("2026-11-02", "W051"), ("2026-12-31", "W051"), ("2027-01-01", "E053")],
)
def test_the_end_of_an_api_version_is_told_sixty_days_ahead(
    settings: Any, found: Any, on: Any, day: str, id: str
) -> None:
    on(day)
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"counting": MEASURING}
    assert list(found()) == ([id] if id else [])


def test_linkedins_versions_are_taken_to_end_a_year_after_they_came(
    settings: Any, found: Any, on: Any
) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"linkedin": APP}
    for day, id in (("2027-07-01", ""), ("2027-08-01", "W051"), ("2027-09-15", "W054")):
        on(day)
        assert list(found()) == ([id] if id else [])


def test_a_version_the_settings_pin_is_the_one_that_counts(settings: Any, found: Any, on: Any) -> None:
    on("2026-11-22")
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {**APP, "API_VERSION": "v18.0"}}
    message = found()["E053"]
    assert "v18.0 of instagram ended on 2026-01-26" in message.msg
    assert "v26.0" in message.hint


def test_a_version_we_do_not_know_is_a_warning(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {**APP, "API_VERSION": "18"}}
    assert "W052" in found()


def test_versions_are_told_where_the_sandbox_stands_in_too(settings: Any, found: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = "http://127.0.0.1:8765"
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"API_VERSION": "v17.0"}}
    assert "E053" in found()

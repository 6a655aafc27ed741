from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_connected_accounts import registry
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.providers.instagram import Instagram, InstagramLogin

REAL = {"instagram": {"CLIENT_ID": "1", "CLIENT_SECRET": "real-secret", "API_VERSION": "v25.0"}}


class Elsewhere(Instagram):
    id = "elsewhere"
    name = "Elsewhere"


@pytest.fixture
def configured(settings: Any) -> Any:
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""
    settings.CONNECTED_ACCOUNTS_PROVIDERS = REAL
    return settings


def test_a_configured_platform_is_made_once(configured: Any) -> None:
    provider = registry.get("instagram")
    assert isinstance(provider, Instagram)
    assert registry.get("instagram") is provider
    assert (provider.app.client_id, provider.api_version) == ("1", "v25.0")
    assert provider.http.browser_url("https://graph.facebook.com/x") == "https://graph.facebook.com/x"


def test_a_change_of_settings_is_noticed(configured: Any) -> None:
    before = registry.get("instagram")
    configured.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLIENT_ID": "2", "CLIENT_SECRET": "s"}}
    assert registry.get("instagram") is not before
    assert registry.get("instagram").app.client_id == "2"


@pytest.mark.parametrize(
    ("platform", "code"), [("myspace", "unknown_platform"), ("instagram_login", "platform_not_configured")]
)
def test_other_platforms_are_refused(configured: Any, platform: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        registry.get(platform)
    assert caught.value.code == code
    assert caught.value.params == {"platform": platform}


def test_a_platform_without_client_id_is_not_configured(configured: Any) -> None:
    configured.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLIENT_ID": "", "CLIENT_SECRET": ""}}
    assert registry.all() == []
    with pytest.raises(InvalidRequest, match="platform_not_configured"):
        registry.get("instagram")


@pytest.mark.parametrize(
    ("platform", "options", "complaint"),
    [
        ("instagram", {"CLIENT_ID": "1"}, "no CLIENT_SECRET"),
        ("other", {"CLIENT_ID": "1", "CLIENT_SECRET": "s3cret"}, "names no CLASS"),
        ("other", {"CLIENT_ID": "1", "CLIENT_SECRET": "s3cret", "CLASS": "no.such.Thing"}, "no.such"),
        ("other", {"CLIENT_ID": "1", "CLIENT_SECRET": "s3cret", "CLASS": "decimal.Decimal"}, "no Provider"),
        (
            "other",
            {"CLIENT_ID": "1", "CLIENT_SECRET": "s3cret", "CLASS": "tests.test_registry.Elsewhere"},
            "is the provider 'elsewhere'",
        ),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(
    configured: Any, platform: str, options: dict[str, str], complaint: str
) -> None:
    configured.CONNECTED_ACCOUNTS_PROVIDERS = {platform: options}
    with pytest.raises(ImproperlyConfigured, match=complaint) as caught:
        registry.get(platform)
    assert "s3cret" not in str(caught.value)


def test_a_third_partys_platform_needs_only_its_class(configured: Any) -> None:
    options = {"CLIENT_ID": "9", "CLIENT_SECRET": "s", "CLASS": "tests.test_registry.Elsewhere"}
    configured.CONNECTED_ACCOUNTS_PROVIDERS = {"elsewhere": options, **REAL}
    assert [provider.id for provider in registry.all()] == ["instagram", "elsewhere"]
    assert isinstance(registry.get("elsewhere"), Elsewhere)


def test_a_sandbox_offers_every_built_in_platform_and_never_sees_a_real_secret(configured: Any) -> None:
    configured.CONNECTED_ACCOUNTS_SANDBOX = "http://127.0.0.1:8765"
    assert [provider.id for provider in registry.all()] == list(registry.BUILT_IN)
    instagram, login = registry.all()[:2]
    assert isinstance(login, InstagramLogin)
    assert instagram.app.client_secret == "sandbox-secret"
    assert instagram.api_version == "v25.0"
    url = instagram.authorization_url(redirect_uri="https://e.com/cb", state="s", verifier="v", scopes=())
    assert url.startswith("http://127.0.0.1:8765/www.facebook.com/v25.0/dialog/oauth?")


def test_names_are_known_also_of_platforms_that_are_not_configured(configured: Any) -> None:
    assert registry.name("instagram_login") == "Instagram"
    assert registry.name("gone") == "gone"

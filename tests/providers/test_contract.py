"""Both Instagram logins hold to what every provider must hold to."""

from __future__ import annotations

from django_connected_accounts.providers.instagram import Instagram, InstagramLogin
from django_connected_accounts.testing import ProviderContract, SandboxRemote


class FacebookRemote(SandboxRemote):
    platform, person = "instagram", "two_businesses"


class InstagramRemote(SandboxRemote):
    platform, person, variant = "instagram_login", "shop", "B"


class TestInstagram(ProviderContract):
    provider_class, remote_class, first_comment = Instagram, FacebookRemote, "More in the comments"


class TestInstagramLogin(ProviderContract):
    provider_class, remote_class = InstagramLogin, InstagramRemote

"""X holds to what every provider must hold to."""

from __future__ import annotations

from django_connected_accounts.providers.twitter import Twitter
from django_connected_accounts.providers.types import Draft
from django_connected_accounts.testing import ProviderContract

from .conftest import TwitterRemote, film, picture


class TestTwitter(ProviderContract):
    provider_class, remote_class = Twitter, TwitterRemote

    def drafts(self) -> list[Draft]:
        return [
            Draft(
                kind="text", text="Rye at 7 & spelt at 8: bakery.com/rye", options={"thread": ["Come early"]}
            ),
            Draft(kind="carousel", text="", media=(picture("1", alt_text="One"), picture("2"))),
            Draft(kind="video", text="Kneading", media=(film(),), first_comment="By hand"),
        ]

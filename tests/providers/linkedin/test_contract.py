"""LinkedIn holds to what every provider must hold to: as a member, and as a Page."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.linkedin import LinkedIn
from django_connected_accounts.providers.types import Connection, Draft
from django_connected_accounts.testing import ProviderContract, SandboxRemote


class MemberRemote(SandboxRemote):
    platform, person = "linkedin", "shop"


class PageRemote(SandboxRemote):
    platform, person = "linkedin", "two_businesses"

    def __init__(self) -> None:
        super().__init__()
        self.app = replace(self.app, options={"PAGES": True})

    def connect(self, provider: Provider) -> Connection:
        tokens = self._granted(provider)
        page = next(profile for profile in provider.profiles(tokens) if profile.account_type == "page")
        return Connection(account_id=page.account_id, username=page.username, tokens=tokens)


class LinkedInContract(ProviderContract):
    provider_class = LinkedIn
    first_comment = "More in the comments"

    kinds: ClassVar[tuple[str, ...]]

    def drafts(self) -> list[Draft]:
        # LinkedIn's carousels hold pictures only.
        return [
            replace(draft, media=(draft.media[0],) * 2) if draft.kind == "carousel" else draft
            for draft in super().drafts()
            if draft.kind in self.kinds
        ]


class TestMember(LinkedInContract):
    remote_class, kinds = MemberRemote, ("text", "photo", "video")
    can_always_tell = False


class TestPage(LinkedInContract):
    remote_class, kinds = PageRemote, ("text", "carousel", "document")

"""Facebook Pages hold to what every provider must hold to."""

from __future__ import annotations

from dataclasses import replace

from django_connected_accounts.providers.facebook import Facebook
from django_connected_accounts.providers.types import Draft
from django_connected_accounts.testing import ProviderContract, SandboxRemote, sample_draft


class FacebookRemote(SandboxRemote):
    platform, person = "facebook", "two_businesses"

    def __init__(self) -> None:
        super().__init__()
        self.world.toggles.video_polls = 1


class TestFacebook(ProviderContract):
    provider_class, remote_class, first_comment = Facebook, FacebookRemote, "More in the comments"

    def drafts(self) -> list[Draft]:
        """Return one draft of each kind; an album has pictures only, and a story may be a film."""
        made: dict[str, Draft] = {draft.kind: draft for draft in super().drafts()}
        picture, film = made["photo"].media[0], made["reel"].media[0]
        made["carousel"] = replace(made["carousel"], media=(picture, picture))
        made["story of a film"] = replace(sample_draft("story"), media=(film,))
        for kind in ("photo", "video"):  # they take the steps of an album and a reel
            made[kind] = replace(made[kind], first_comment="")
        return list(made.values())

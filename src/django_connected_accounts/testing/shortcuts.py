"""What tests of a project do over and over: have an account, have everything published."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django_connected_accounts.models import ConnectedAccount, Hold, Publication
from django_connected_accounts.models.leases import DatabaseNow
from django_connected_accounts.sandbox import World, consent
from django_connected_accounts.services import connecting, publishing

BROWSER = "the browser of a test"


def connect(
    sandbox: World, user: Any, person: str = "shop", platform: str = "instagram_login"
) -> ConnectedAccount:
    """Return an account of this user, connected by a person of the sandbox who allowed everything.

    Where one consent gives several accounts, the first that can be published to.
    """
    begun = connecting.begin(user, platform, browser=BROWSER, redirect_uri="http://testserver/callback/")
    address = consent.visit(sandbox, begun.authorization_url, person)
    query = parse_qs(urlsplit(address).query)
    attempt = connecting.complete(user, platform, browser=BROWSER, params=query)
    if attempt.status == attempt.Status.CHOOSING:
        usable = (found for found in connecting.candidates(attempt) if not found.unusable)
        return connecting.choose(user, attempt, [next(usable).account_id])[0]
    return ConnectedAccount.objects.get(pk=attempt.connected[0])


def publish_everything(steps: int = 100) -> int:
    """Do what a worker does, every pause and every time to wait for skipped. Return the steps taken."""
    unfinished = Publication.objects.exclude(run_at=None)
    taken = 0
    while taken < steps and unfinished.update(run_at=DatabaseNow()):
        Hold.objects.all().delete()
        taken += publishing.tick(limit=1)
    return taken

"""What platforms show when asked, or tell later: whose post it is that is live."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.db.models import F

from django_connected_accounts.exceptions import OutcomeUnknown, ProviderError
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.providers.types import HandedOver, Pending, Published

from . import heartbeat, leases, outcomes
from .links import remote_id_of, web_link

Status = Publication.Status


def adopt(
    publication: Publication,
    found: Published | Pending | HandedOver,
    refusal: ProviderError | None = None,
) -> None:
    """What the platform shows came of the step in doubt, unless another publication has that post already.

    Then it does not tell whether ours is there too.
    """
    remote_id = "" if isinstance(found, Pending) else found.remote_id
    account = publication.account
    same = ConnectedAccount.objects.filter(platform=account.platform, account_id=account.account_id)
    with transaction.atomic():
        if remote_id:  # their rows are locked: of two who find the same post one is the first
            same.order_by("pk").update(updated_at=F("updated_at"))
        named = {remote_id, remote_id_of(web_link(getattr(found, "permalink", "")))} - {""}
        others = Publication.objects.filter(account__in=same, remote_id__in=named).exclude(pk=publication.pk)
        if not (named and others.exists()):
            outcomes.finish(publication, found)
            return
    outcomes.doubt(publication, OutcomeUnknown("found_another", remote_id), refusal)


def tell(account: ConnectedAccount, remote_id: str, published: Published) -> None:
    """The platform told that what was handed over to its owner, as ``remote_id``, was published after all."""
    if not (published.warning or web_link(published.permalink)):
        published = replace(published, warning="permalink_unknown")
    known = Publication.objects.filter(account=account, remote_id=remote_id, status=Status.HANDED_OVER)
    for publication in known:
        publication.lease_token = leases.acquire(publication, heartbeat.lease().total_seconds())
        if publication.lease_token and known.filter(pk=publication.pk).exists():
            outcomes.finish(publication, published)

"""Posts: the list, what became of each on every account, and what people decide about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from django_connected_accounts.access import access
from django_connected_accounts.forms import FilterForm, Form, LinkForm, TimeForm, ZoneSelect
from django_connected_accounts.models import ConnectedAccount, Event, Measurement, Post, Publication
from django_connected_accounts.providers.types import Problem
from django_connected_accounts.services import composing, deleting, delivery, measuring, remarks

from .page import SECRETS, Page
from .picking import chosen_accounts, connected
from .preview import checks, previews

Status = Publication.Status

NEEDS_SOMEONE = (Status.UNKNOWN, Status.FAILED, Status.MISSED, Status.HANDED_OVER)
FEW = 3
"""Up to so many accounts, each can be moved to any time zone right on the page of the post."""
REFRESH_SECONDS = 4
SOON = timedelta(minutes=2)


class Posts(Page):
    """The list: what needs someone first, then the newest."""

    template_name = "connected_accounts/posts.html"
    section = "posts"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = FilterForm(request.GET or None, accounts=access().accounts(request.user).defer(*SECRETS))
        posts = access().posts(request.user).filter(repeats=None)
        filtered = form.is_valid() and any(form.cleaned_data.values())
        if filtered:
            posts = _filtered(posts, **form.cleaned_data)
        posts = posts.annotate(needs_someone=_has(status__in=NEEDS_SOMEONE)).order_by(
            "-needs_someone", "-created_at", "-id"
        )
        listed = posts.prefetch_related("media", Prefetch("publications", _publications()))
        page = Paginator(listed, settings.CONNECTED_ACCOUNTS_PAGE_SIZE).get_page(request.GET.get("page"))
        return self.show(page_obj=page, form=form, filtered=filtered)


class PostPage(Page):
    """A post: how it will look and what stands in its way, or what became of it, step by step."""

    template_name = "connected_accounts/post.html"
    section = "posts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.shown(request, pk, form=TimeForm(request.GET) if "at" in request.GET else None)

    def shown(
        self,
        request: HttpRequest,
        pk: UUID,
        *,
        form: TimeForm | None = None,
        refused: Mapping[UUID, Form] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        post = self.post_of(pk)
        # Read once, lest the heading be younger than what is below it.
        prefetch_related_objects(
            [post], Prefetch("publications", _publications().prefetch_related(_events()))
        )
        publications = list(post.publications.all())
        told = remarks.of(publications)
        numbers = measuring.latest_of(p for p in publications if p.status == Status.PUBLISHED)
        deliveries = [
            Delivery(
                publication,
                (refused or {}).get(publication.pk),
                told.get(publication.pk, ()),
                len(publications) > FEW,
                numbers.get(publication.pk, ()),
            )
            for publication in publications
        ]
        chosen = chosen_accounts(request, post)
        sent = {d.publication.account_id for d in deliveries}
        unsent = [account for account in chosen if account.pk not in sent]
        editable = all(d.publication.status in composing.EDITABLE for d in deliveries)
        shown = previews(post, unsent)
        accounts = [account for account in connected(request) if account.pk not in sent]
        moving = any(d.moving for d in deliveries)
        live = moving and request.method == "GET" and request.GET.get("live") != "off"
        response = self.show(
            post=post,
            media=post.shared_media,
            deliveries=deliveries,
            previews=shown,
            checks=checks(shown),
            unsent=unsent,
            remarked=_remarked(post, unsent, form),
            accounts=accounts,
            choosing=len(accounts) > 1 or (not shown and (accounts or not deliveries)),
            chosen={account.pk for account in chosen},
            editable=editable,
            failed=[d for d in deliveries if d.publication.status in delivery.FAILED],
            moving=moving,
            live=live,
            form=form or TimeForm(),
            status=status,
        )
        if live:
            # Unlike a meta element, it works whatever base template the project has.
            response.headers["Refresh"] = str(REFRESH_SECONDS)
        return response


@dataclass(frozen=True, slots=True)
class Delivery:
    """A publication with what a person may do about it now."""

    publication: Publication
    refused: Form | None = None
    remarks: Sequence[Problem] = ()
    among_many: bool = False
    numbers: Sequence[Measurement] = ()

    @property
    def may_measure(self) -> bool:
        """Whether its numbers can be read now."""
        live = self.publication.status == Status.PUBLISHED
        return live and measuring.can_measure(self.publication.account)

    @property
    def may_delete(self) -> bool:
        """Whether it can be deleted on the platform from here."""
        return deleting.can_take_down(self.publication)

    @property
    def leaves(self) -> bool:
        """Whether deleting it leaves something of it public."""
        return deleting.leaves(self.publication)

    @property
    def own_text(self) -> str:
        """What is said on this account alone, "" where it says what all say, or nothing."""
        own: Mapping[str, Any] = self.publication.post.overrides.get(str(self.publication.account_id), {})
        return str(own.get("text", ""))

    @property
    def moving(self) -> bool:
        due = self.publication.status == Status.SCHEDULED and self.publication.due_at < timezone.now() + SOON
        return due or self.publication.status in Publication.UNDER_WAY

    @property
    def may(self) -> Mapping[str, bool]:
        """Which verbs apply, by name."""
        status = Status(self.publication.status)
        return {verb: status in statuses for verb, statuses in ALLOWED.items()}

    @property
    def time_form(self) -> TimeForm:
        if isinstance(self.refused, TimeForm):
            return self.refused
        form = TimeForm(auto_id=f"at-{self.publication.pk}-%s", initial=_time_of(self.publication))
        if self.among_many:
            # Hundreds of zones, dozens of times over, would be a megabyte: the one it has will do.
            form.fields["zone"].widget = ZoneSelect(others=False)
        return form

    @property
    def link_form(self) -> LinkForm:
        if isinstance(self.refused, LinkForm):
            return self.refused
        return LinkForm(auto_id=f"link-{self.publication.pk}-%s")


ALLOWED: Mapping[str, tuple[Status, ...]] = {
    "cancel": (Status.SCHEDULED, Status.HELD),
    "reschedule": (Status.SCHEDULED, Status.HELD, Status.FAILED, Status.MISSED, Status.CANCELLED),
    "retry": (Status.HELD, Status.FAILED, Status.MISSED),
    "check": (Status.UNKNOWN,),
    "live": (Status.UNKNOWN,),
    "again": (Status.UNKNOWN,),
}


def _remarked(
    post: Post, accounts: Sequence[ConnectedAccount], form: TimeForm | None
) -> list[tuple[ConnectedAccount, Sequence[Problem]]] | None:
    """Return what to think about the time that was looked at, None where none was."""
    if form is None or not form.is_valid() or form.due_at is None:
        return None
    found = remarks.before(post, accounts, form.due_at)
    return [(account, found[account.pk]) for account in accounts if found[account.pk]]


def _time_of(publication: Publication) -> dict[str, Any]:
    """Return what a form to move a publication shows at first."""
    late = publication.post.late_seconds
    return {"zone": publication.zone, "late_minutes": None if late is None else late // 60}


def _filtered(posts: QuerySet[Post], account: ConnectedAccount | None, status: str) -> QuerySet[Post]:
    if status == "draft":
        posts = posts.filter(~_has())
    elif status:
        posts = posts.filter(_has(status=status, **({"account": account} if account else {})))
    return posts.filter(_has(account=account)) if account else posts


def _has(**publication: Any) -> Exists:
    return Exists(Publication.objects.filter(post=OuterRef("pk"), **publication))


def _publications() -> QuerySet[Publication]:
    secrets = ("checkpoint", *(f"account__{secret}" for secret in SECRETS))
    return Publication.objects.select_related("account", "post").defer(*secrets)


def _events() -> Prefetch[Any]:
    return Prefetch("events", Event.objects.select_related("actor").order_by("at", "id"))
